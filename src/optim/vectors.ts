// Arithmetic on the values of all parameters as one float32 vector. Sums are those of the kernels. Results are float32 numbers,
// so that a state dict can store them exactly.
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

/** The magnitude of the largest element; NaN if one is NaN, 0 if there are none. */
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
