// A recorded kernel call, with its arguments by name and each array as a range of elements of a known piece of memory.
import { isFloat32Array, isInt32Array } from '../brands';
import { type ArgumentKind, type KernelArgument, type KernelTable, kernelArguments, kernelNames } from '../kernels.generated';
import type { TensorData } from '../memory';

/** A kernel call as it was made. */
export type RawCall = [name: keyof KernelTable, ...args: unknown[]];

/**
 * The role of a piece of memory in the recorded function. The first three are new in each replay: the arguments of the function, the tensors that it
 * returns, and its intermediate results. The memory of all other roles is persistent: it outlasts the replay.
 */
export type Role = 'argument' | 'result' | 'temporary' | 'constant' | 'parameter' | 'gradient' | 'state' | 'buffer' | 'packed' | 'captured';

/** A contiguous piece of memory. No two bases of a trace overlap. */
export class Base {
  constructor(
    readonly memory: TensorData,
    public role: Role,
  ) {}

  /** Whether its values outlast a replay. */
  get isPersistent(): boolean {
    return this.role !== 'argument' && this.role !== 'result' && this.role !== 'temporary';
  }
}

/** An array argument of a call: a range of elements of a base. */
export interface Value {
  readonly base: Base;
  /** The index of its first element in the base. */
  readonly begin: number;
  readonly array: TensorData;
  /** The shape of the tensor that owns the elements; where no tensor does, the number of elements. */
  readonly shape: readonly number[];
}

/** The value of one argument. An enumerator is given by its name, a flag as a boolean. */
export type Argument = Value | Int32Array | number | string | boolean | null;

/** A call of a trace. */
export interface TracedCall {
  readonly kernel: keyof KernelTable;
  readonly args: Readonly<Record<string, Argument>>;
  /** The indices of the recorded calls that it replaces; -1 for a call that was added to restore a constant. */
  readonly from: readonly number[];
}

/** The value that covers a whole base. */
export const whole = (base: Base): Value => ({ base, begin: 0, array: base.memory, shape: [base.memory.length] });

export const isValue = (arg: Argument | undefined): arg is Value => typeof arg === 'object' && arg !== null && 'base' in arg;

export const isArray = (arg: unknown): arg is TensorData => isFloat32Array(arg) || isInt32Array(arg);

/** Whether both are the same range of elements. */
export const same = (a: Argument | undefined, b: Argument | undefined): boolean =>
  isValue(a) && isValue(b) && a.base === b.base && a.begin === b.begin && a.array.length === b.array.length;

/** Whether they have elements in common. */
export const meets = (a: Value, b: Value): boolean =>
  a.base === b.base && a.begin < b.begin + b.array.length && b.begin < a.begin + a.array.length;

const isWritten = (kind: ArgumentKind): boolean => kind === 'out' || kind === 'inout';
const isMemory = (kind: ArgumentKind): boolean => isWritten(kind) || kind === 'in';

/** The arrays of a call. */
export function valuesOf({ args }: TracedCall): Value[] {
  const values: Value[] = []; // a plain loop, without temporary lists: every pass over the calls runs it
  for (const name in args) if (isValue(args[name])) values.push(args[name]);
  return values;
}

// A table by kernel: the result of `what` for each of its arguments whose kind satisfies `kinds`.
const ofArguments = <T>(kinds: (kind: ArgumentKind) => boolean, what: (argument: KernelArgument, place: number) => T) =>
  Object.fromEntries(
    kernelNames.map((name) => [name, kernelArguments[name].flatMap((argument, i) => (kinds(argument.kind) ? [what(argument, i)] : []))]),
  ) as unknown as Readonly<Record<keyof KernelTable, readonly T[]>>;

const writtenNames = ofArguments(isWritten, ({ name }) => name);

/** The arrays that a call writes. */
export function writtenBy({ kernel, args }: TracedCall): Value[] {
  const values: Value[] = [];
  for (const name of writtenNames[kernel]) {
    const arg = args[name];
    if (isValue(arg)) values.push(arg);
  }
  return values;
}

const arraysWhere = (kinds: (kind: ArgumentKind) => boolean): ((call: RawCall) => TensorData[]) => {
  const places = ofArguments(kinds, (_, i) => i + 1); // behind the name
  return (call) => {
    const arrays: TensorData[] = [];
    for (const place of places[call[0]]) if (call[place] !== null) arrays.push(call[place] as TensorData);
    return arrays;
  };
};

/** The arrays of a call in the form in which it was recorded: all of them, and only those that it writes. */
export const arraysOf = arraysWhere(isMemory);
export const writtenArrays = arraysWhere(isWritten);

/** For each kernel the positions, in a recorded call, of the numbers that are read again at each replay. */
export const liveArguments = Object.fromEntries(
  kernelNames.map((name) => [
    name,
    kernelArguments[name].flatMap(({ kind, live }, index) => (live ? [{ index, counter: kind === 'counter' }] : [])),
  ]),
) as unknown as Readonly<Record<keyof KernelTable, readonly { index: number; counter: boolean }[]>>;

/** The names of an argument. An argument of flags has one name for each flag. */
export const namesIn = ({ name, flags }: KernelArgument): readonly string[] => flags ?? [name];

// For each kernel an object that has all its arguments as properties, to be copied and filled in. Adding properties one by one, or spreading one object into
// another, takes ten times as long, and a recording has hundreds of calls.
const blanks = Object.fromEntries(
  kernelNames.map((name) => {
    const blank: Record<string, Argument> = {};
    for (const argument of kernelArguments[name]) for (const own of namesIn(argument)) blank[own] = null;
    return [name, blank];
  }),
) as Readonly<Record<keyof KernelTable, Record<string, Argument>>>;

/** The arguments for a call of `kernel`: those of another kernel's call, with `others` in place of some of them. */
export function argumentsFor(
  kernel: keyof KernelTable,
  args: TracedCall['args'],
  others: Readonly<Record<string, Argument>>,
): Record<string, Argument> {
  const own = { ...blanks[kernel] };
  for (const name in args) own[name] = args[name]!;
  for (const name in others) own[name] = others[name]!;
  return own;
}

/** Converts a recorded call to arguments by name. `placeOf` finds the memory of an array. */
export function traced(call: RawCall, from: number, placeOf: (array: TensorData) => Value): TracedCall {
  const kernel = call[0];
  const args = { ...blanks[kernel] };
  const all = kernelArguments[kernel];
  for (let i = 0; i < all.length; i++) {
    const { name, kind, values, flags } = all[i]!;
    const arg = call[i + 1] as Argument; // behind the name
    if (flags !== undefined) for (let bit = 0; bit < flags.length; bit++) args[flags[bit]!] = (((arg as number) >> bit) & 1) === 1;
    else if (values !== undefined) args[name] = values[arg as number]!;
    else args[name] = isMemory(kind) && arg !== null ? placeOf(call[i + 1] as TensorData) : arg;
  }
  return { kernel, args, from: [from] };
}

const arrayOf = ({ array }: Value): unknown => array;

/** Converts a call back to positional arguments, which the addon takes; `of` gives what stands for an array. */
export function untraced({ kernel, args }: TracedCall, of = arrayOf): RawCall {
  const call: RawCall = [kernel];
  for (const { name, values, flags } of kernelArguments[kernel]) {
    if (flags !== undefined) {
      let bits = 0;
      for (let bit = 0; bit < flags.length; bit++) if (args[flags[bit]!]) bits |= 1 << bit;
      call.push(bits);
      continue;
    }
    const arg = args[name];
    if (values !== undefined) call.push(values.indexOf(arg as string));
    else call.push(isValue(arg) ? of(arg) : arg);
  }
  return call;
}

// For each base the indices of the calls that use elements of it, in ascending order.
function usersIn(calls: readonly TracedCall[]): Map<Base, number[]> {
  const users = new Map<Base, number[]>();
  for (let call = 0; call < calls.length; call++) {
    const { args } = calls[call]!;
    for (const name in args) {
      const arg = args[name];
      if (!isValue(arg)) continue;
      const known = users.get(arg.base);
      if (known === undefined) users.set(arg.base, [call]);
      else if (known[known.length - 1] !== call) known.push(call);
    }
  }
  return users;
}

function uses({ args }: TracedCall, value: Value): boolean {
  for (const name in args) {
    const arg = args[name];
    if (isValue(arg) && meets(arg, value)) return true;
  }
  return false;
}

/** Returns a function that counts the calls which use elements of a value. */
export function usesIn(calls: readonly TracedCall[]): (value: Value) => number {
  let users: Map<Base, number[]> | null = null; // made on first use: most passes never ask
  return (value) => {
    users ??= usersIn(calls);
    let count = 0;
    for (const call of users.get(value.base) ?? []) if (uses(calls[call]!, value)) count++;
    return count;
  };
}

/** Whether this covers a whole temporary, which nothing outside of the calls can see. */
export const isTemporary = (arg: Argument | undefined): arg is Value =>
  isValue(arg) && arg.base.role === 'temporary' && arg.array.length === arg.base.memory.length;
