// A recorded kernel call: its arguments by name, its arrays as parts of known memory.
import { isFloat32Array, isInt32Array } from '../brands';
import { type ArgumentKind, type KernelArgument, type KernelTable, kernelArguments, kernelNames } from '../kernels.generated';
import type { TensorData } from '../memory';

/** A kernel call as it was made. */
export type RawCall = [name: keyof KernelTable, ...args: unknown[]];

/**
 * What a piece of memory is to the recorded function. The first three are made anew for each replay: what the function is called with, what it
 * returns, what lies between. The others outlast it.
 */
export type Role = 'argument' | 'result' | 'temporary' | 'constant' | 'parameter' | 'gradient' | 'state' | 'buffer' | 'packed' | 'captured';

/** One piece of memory. Two of them never overlap. */
export class Base {
  constructor(
    readonly memory: TensorData,
    public role: Role,
  ) {}

  /** Whether its values outlast a replay. */
  get lasts(): boolean {
    return this.role !== 'argument' && this.role !== 'result' && this.role !== 'temporary';
  }
}

/** An array of a call: so many elements of a base. */
export interface Value {
  readonly base: Base;
  /** Its first element there. */
  readonly begin: number;
  readonly array: TensorData;
  /** That of the tensor whose elements they are; of what is no tensor's the number of elements. */
  readonly shape: readonly number[];
}

/** A choice is its name, a flag true or false. */
export type Argument = Value | Int32Array | number | string | boolean | null;

/** A call of a trace. */
export interface TracedCall {
  readonly kernel: keyof KernelTable;
  readonly args: Readonly<Record<string, Argument>>;
  /** The recorded calls whose work it does; -1: none, it makes a constant anew. */
  readonly from: readonly number[];
}

/** A value that is all of a base. */
export const whole = (base: Base): Value => ({ base, begin: 0, array: base.memory, shape: [base.memory.length] });

export const isValue = (arg: Argument | undefined): arg is Value => typeof arg === 'object' && arg !== null && 'base' in arg;

export const isArray = (arg: unknown): arg is TensorData => isFloat32Array(arg) || isInt32Array(arg);

/** Whether both are the same elements. */
export const same = (a: Argument | undefined, b: Argument | undefined): boolean =>
  isValue(a) && isValue(b) && a.base === b.base && a.begin === b.begin && a.array.length === b.array.length;

/** Whether they have elements in common. */
export const meets = (a: Value, b: Value): boolean =>
  a.base === b.base && a.begin < b.begin + b.array.length && b.begin < a.begin + a.array.length;

const isWritten = (kind: ArgumentKind): boolean => kind === 'out' || kind === 'inout';
const isMemory = (kind: ArgumentKind): boolean => isWritten(kind) || kind === 'in';

/** The arrays of a call. */
export function valuesOf({ args }: TracedCall): Value[] {
  const values: Value[] = []; // every pass over the calls asks this: no other lists are made
  for (const name in args) if (isValue(args[name])) values.push(args[name]);
  return values;
}

// For each kernel something of those of its arguments whose kind is one of these.
const ofArguments = <T>(kinds: (kind: ArgumentKind) => boolean, what: (argument: KernelArgument, place: number) => T) =>
  Object.fromEntries(
    kernelNames.map((name) => [name, kernelArguments[name].flatMap((argument, i) => (kinds(argument.kind) ? [what(argument, i)] : []))]),
  ) as unknown as Readonly<Record<keyof KernelTable, readonly T[]>>;

const writtenNames = ofArguments(isWritten, ({ name }) => name);

/** The arrays that a call writes. */
export const writtenBy = ({ kernel, args }: TracedCall): Value[] => writtenNames[kernel].map((name) => args[name]).filter(isValue);

const arraysWhere = (kinds: (kind: ArgumentKind) => boolean): ((call: RawCall) => TensorData[]) => {
  const places = ofArguments(kinds, (_, i) => i + 1); // behind the name
  return (call) => places[call[0]].map((place) => call[place]).filter((arg): arg is TensorData => arg !== null);
};

/** The arrays of a call as it was made, and those of them that it writes. */
export const arraysOf = arraysWhere(isMemory);
export const writtenArrays = arraysWhere(isWritten);

/** The numbers that a replay may read anew, by their place in a call as it was made. */
export const liveArguments = Object.fromEntries(
  kernelNames.map((name) => [
    name,
    kernelArguments[name].flatMap(({ kind, live }, index) => (live ? [{ index, counter: kind === 'counter' }] : [])),
  ]),
) as unknown as Readonly<Record<keyof KernelTable, readonly { index: number; counter: boolean }[]>>;

/** The names of an argument: of flags one for each. */
export const namesIn = ({ name, flags }: KernelArgument): readonly string[] => flags ?? [name];

/** The call with its arguments by name; `placeOf` finds the memory of an array. */
export function traced([kernel, ...given]: RawCall, from: number, placeOf: (array: TensorData) => Value): TracedCall {
  const args: Record<string, Argument> = {};
  const all = kernelArguments[kernel];
  for (let i = 0; i < all.length; i++) {
    const { name, kind, values, flags } = all[i]!;
    const arg = given[i] as Argument;
    if (flags !== undefined) for (let bit = 0; bit < flags.length; bit++) args[flags[bit]!] = (((arg as number) >> bit) & 1) === 1;
    else if (values !== undefined) args[name] = values[arg as number]!;
    else args[name] = isMemory(kind) && arg !== null ? placeOf(given[i] as TensorData) : arg;
  }
  return { kernel, args, from: [from] };
}

/** The call as the addon takes it. */
export const untraced = ({ kernel, args }: TracedCall): RawCall => [
  kernel,
  ...kernelArguments[kernel].map(({ name, values, flags }) => {
    if (flags !== undefined) return flags.reduce((bits, flag, bit) => bits | (args[flag] ? 1 << bit : 0), 0);
    const arg = args[name];
    if (values !== undefined) return values.indexOf(arg as string);
    return isValue(arg) ? arg.array : arg;
  }),
];

/** How many of the calls use elements of a value. */
export function usesIn(calls: readonly TracedCall[]): (value: Value) => number {
  const users = new Map<Base, { value: Value; call: number }[]>();
  for (const [call, traced] of calls.entries()) {
    for (const value of valuesOf(traced)) {
      const known = users.get(value.base);
      if (known === undefined) users.set(value.base, [{ value, call }]);
      else known.push({ value, call });
    }
  }
  return (value) => new Set(users.get(value.base)?.flatMap((user) => (meets(user.value, value) ? [user.call] : []))).size;
}

/** Whether this is the whole of memory that nothing outside of the calls sees. */
export const isTemporary = (arg: Argument | undefined): arg is Value =>
  isValue(arg) && arg.base.role === 'temporary' && arg.array.length === arg.base.memory.length;
