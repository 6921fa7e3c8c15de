// The result of a compiled function: which tensors it has, where they lie, and how to build a result of the same structure from other tensors.
import { typeError } from '../errors';
import type { TensorData } from '../memory';
import { Tensor } from '../tensor';

/** What a compiled function may return: nothing, a tensor, or a list or record of tensors. */
export type CompiledOutput =
  | Tensor
  | readonly Tensor[]
  | { readonly [name: string]: Tensor }
  | null
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: what a function without `return` returns
  | void;

/** The tensors in a function's result. Throws a TypeError if there is anything else in it. */
export function tensorsOf(result: unknown): Tensor[] {
  if (result === null || result === undefined) return [];
  const foreign = !Array.isArray(result) && typeof result === 'object' && Symbol.iterator in result; // a Map, say
  const list = typeof result !== 'object' || foreign ? [result] : result instanceof Tensor ? [result] : Object.values(result);
  for (const t of list) {
    if (!(t instanceof Tensor)) throw typeError('compile', 'expected the function to return tensors, or a list or record of them');
  }
  return list;
}

/** Returns a function that builds a result of the same structure from other tensors. */
export function rebuilder(result: unknown): (fresh: Tensor[]) => unknown {
  if (result === null || result === undefined) return () => result;
  if (result instanceof Tensor) return (fresh) => fresh[0];
  if (Array.isArray(result)) return (fresh) => fresh;
  const names = Object.keys(result as object);
  return (fresh) => Object.fromEntries(names.map((name, i) => [name, fresh[i]]));
}

/** The range of elements of a piece of memory that a tensor occupies. */
interface Place {
  shape: number[];
  begin: number;
  length: number;
}

export const placeIn = (region: TensorData, t: Tensor): Place => ({
  shape: t.shape.slice(),
  begin: (t.values.byteOffset - region.byteOffset) / 4,
  length: t.numel,
});

export const cut = (memory: TensorData, { begin, length }: Place): TensorData =>
  memory.length === length ? memory : memory.subarray(begin, begin + length);

export const partOf = (t: Tensor, place: Place): Tensor => new Tensor(cut(t.values, place), place.shape.slice(), t.version);

/** A returned tensor: an argument, a view of a part of one, another persistent tensor, or a new tensor in memory that each replay allocates. */
export type Output =
  | { kind: 'argument'; index: number }
  | ({ kind: 'part'; index: number } & Place)
  | { kind: 'persistent'; tensor: Tensor }
  | ({ kind: 'fresh'; region: number } & Place);
