// A pool of buffers for the results of operations. TensorFlow.js says when a tensor is disposed, so its memory can serve the next result of the same length:
// fresh memory would have to be cleared, and is not in any cache.
import { allocateFloat } from '../memory';
import { recorder } from '../recorder';

/** The least length of a pooled buffer, because fresh memory for a shorter one costs less; and the most bytes of all free buffers. */
export const limits = { least: 4096, mostBytes: 256 << 20 };

const free = new Map<number, Float32Array[]>();
let freeBytes = 0;
const lent = new WeakSet<object>(); // buffers of the pool that are in use

/** Memory for `n` numbers with arbitrary values: the caller writes all of them. */
export function pooled(n: number): Float32Array {
  if (n < limits.least || recorder !== null) return allocateFloat(n);
  const found = free.get(n)?.pop();
  if (found !== undefined) freeBytes -= found.byteLength;
  const array = found ?? allocateFloat(n);
  lent.add(array);
  return array;
}

/** Removes an array from the pool for good, because JavaScript or a recording may read it after its tensor is disposed. */
export function unpool(array: object): void {
  lent.delete(array);
}

/** Returns an array that nothing reads any more to the pool. Does nothing with arrays that are not the pool's. */
export function giveBack(array: unknown): void {
  if (typeof array !== 'object' || array === null || !lent.delete(array)) return;
  const values = array as Float32Array;
  // Lengths that no longer occur would fill the pool, so a full pool frees all of its buffers.
  if (freeBytes + values.byteLength > limits.mostBytes) {
    free.clear();
    freeBytes = 0;
  }
  const same = free.get(values.length);
  if (same === undefined) free.set(values.length, [values]);
  else same.push(values);
  freeBytes += values.byteLength;
}
