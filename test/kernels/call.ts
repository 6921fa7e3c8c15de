// A call of a public kernel as data, with the kind of each argument, so that arguments can be made invalid or moved to other memory.
import * as K from '../../src/kernels';

export type Numbers = number[];
export type Typed = Float32Array | Int32Array;

/** An argument and its kind. The fields of an object are arguments too. */
export type Argument =
  | { is: 'array'; value: Typed; optional?: boolean; extends?: boolean; either?: boolean }
  | { is: 'size'; value: number }
  | { is: 'number'; value: number; optional?: boolean }
  | { is: 'object'; fields: Record<string, Argument> }
  | { is: 'other'; value: unknown };

export interface Call {
  name: keyof typeof K;
  args: Argument[];
  /** The expected contents of the array arguments after the call, by position ("0") or position and field ("0.loss"). */
  gives: Record<string, Numbers>;
}

/** The arrays of a call, by position. */
export function arraysOf(args: Argument[]): Map<string, Extract<Argument, { is: 'array' }>> {
  const found = new Map<string, Extract<Argument, { is: 'array' }>>();
  const visit = (path: string, argument: Argument): void => {
    if (argument.is === 'array') found.set(path, argument);
    if (argument.is === 'object') for (const [name, field] of Object.entries(argument.fields)) visit(`${path}.${name}`, field);
  };
  args.forEach((argument, i) => {
    visit(String(i), argument);
  });
  return found;
}

/** The values for the call, some of them replaced. */
export function valuesOf(args: Argument[], replaced: Record<string, unknown> = {}): unknown[] {
  const value = (path: string, argument: Argument): unknown => {
    if (path in replaced) return replaced[path];
    if (argument.is !== 'object') return argument.is === 'array' ? argument.value.slice() : argument.value;
    return Object.fromEntries(Object.entries(argument.fields).map(([name, field]) => [name, value(`${path}.${name}`, field)]));
  };
  return args.map((argument, i) => value(String(i), argument));
}

/** Memory that can be resized, which TypeScript's library does not know yet. */
export const resizable = (bytes: number, most: number): ArrayBuffer & { resize(bytes: number): void } =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => never)(bytes, { maxByteLength: most });

const functions = { ...K } as Record<string, (...args: unknown[]) => void>;

export const invoke = (call: Call, values: unknown[]): void => functions[call.name]!(...values);

export const f = (...values: Numbers): Argument => ({ is: 'array', value: Float32Array.from(values) });
export const ints = (...values: Numbers): Argument => ({ is: 'array', value: Int32Array.from(values) });
/** Memory for a result, whose contents must not matter. */
export const out = (n: number): Argument => f(...new Array<number>(n).fill(77));
export const outInt = (n: number): Argument => ints(...new Array<number>(n).fill(77));
export const optional = (a: Argument): Argument => ({ ...a, optional: true }) as Argument;
/** An array whose length determines the amount of work, so that a shorter one is valid too. */
export const extending = (a: Argument): Argument => ({ ...a, extends: true }) as Argument;
/** An array that may be float32 or int32. */
export const either = (a: Argument): Argument => ({ ...a, either: true }) as Argument;
export const size = (value: number): Argument => ({ is: 'size', value });
export const number = (value: number): Argument => ({ is: 'number', value });
export const setting = (value: number): Argument => ({ is: 'number', value, optional: true });
export const object = (fields: Record<string, Argument>): Argument => ({ is: 'object', fields });
export const other = (value: unknown): Argument => ({ is: 'other', value });

export const numbers = (a: Argument): Numbers => (a.is === 'array' ? Array.from(a.value) : []);
export const sumOf = (values: Numbers): number => values.reduce((total, value) => total + value, 0);
