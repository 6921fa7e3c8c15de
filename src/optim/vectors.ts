// What is calculated with the values of all parameters as one vector of float32. Sums are those of the kernels; numbers that leave here are float32's,
// so that a state dict has all of them.
import * as calls from '../calls.generated';
import { allocatePersistent } from '../memory';

export type Vector = Float32Array;

/** `y += factor * x`. */
export function add(y: Vector, x: Vector, factor: number): void {
  if (y.length > 0) calls.sgdStep({ param: y, grad: x, n: y.length, lr: -factor });
}

/** `factor * x`, in memory of its own. */
export function scaled(x: Vector, factor: number): Vector {
  const y = allocatePersistent(x.length);
  add(y, x, factor);
  return y;
}

export function dot(a: Vector, b: Vector): number {
  const sum = new Float32Array(1);
  calls.matmul({ c: sum, a, b, m: 1, n: 1, k: a.length });
  return sum[0]!;
}

/** The size of the largest element; NaN where one is, 0 of none. */
export function largest(x: Vector): number {
  let most = 0;
  for (const value of x) {
    const size = Math.abs(value);
    if (!(size <= most)) most = size;
    if (Number.isNaN(size)) return size;
  }
  return most;
}

export function sumOfSizes(x: Vector): number {
  let sum = 0;
  for (const value of x) sum += Math.abs(value);
  return sum;
}
