// Sizes that may depend on the batch: their values in recordings with three batch sizes.

/** The batch sizes of the recordings, divisible by what a model is likely to divide a batch by. With a fixed batch all three are the example's size. */
export type Batches = readonly [number, number, number];
export const dynamicBatches: Batches = [12, 24, 36];

/** A number in the three recordings. */
export type Size = readonly [number, number, number];

export const fixed = (n: number): Size => [n, n, n];
export const one = fixed(1);
export const isFixed = ([a, b, c]: Size): boolean => Object.is(a, b) && Object.is(a, c);
export const isSame = (a: Size, b: Size): boolean => a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
export const sameSizes = (a: readonly Size[], b: readonly Size[]): boolean =>
  a.length === b.length && a.every((size, i) => isSame(size, b[i]!));

const each =
  (of: (a: number, b: number) => number) =>
  (a: Size, b: Size): Size => [of(a[0], b[0]), of(a[1], b[1]), of(a[2], b[2])];

export const plus = each((a, b) => a + b);
export const minus = each((a, b) => a - b);
export const times = each((a, b) => a * b);
export const over = each((a, b) => a / b);
export const quotient = each((a, b) => Math.floor(a / b));

export const all = (test: (n: number) => boolean, size: Size): boolean => size.every(test);
export const isAtMost = (a: Size, b: Size): boolean => all((n) => n >= 0, minus(b, a));
export const product = (sizes: readonly Size[]): Size => sizes.reduce<Size>(times, one);

/** Finds `size = batch * a + b` with integers; null if the size is not such a function. */
export function linearIn(batches: Batches, size: Size): { per: number; rest: number } | null {
  const per = (size[1] - size[0]) / (batches[1] - batches[0]);
  const rest = size[0] - per * batches[0];
  return Number.isInteger(per) && Number.isInteger(rest) && size[2] === per * batches[2] + rest ? { per, rest } : null;
}
