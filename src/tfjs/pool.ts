// A pool of buffers for the results of operations. TensorFlow.js says when a tensor is disposed, so its memory can serve the next result of the same length:
// fresh memory would have to be cleared, and is not in any cache.
import { allocateFloat } from '../memory';
import { recorder } from '../recorder';

/** The fewest numbers of a pooled buffer, because fresh memory for fewer costs less; and the most bytes of the buffers that wait. */
export const limits = { least: 4096, mostBytes: 256 << 20 };

const waiting = new Map<number, Float32Array[]>();
let waitingBytes = 0;
const lent = new WeakSet<object>();

/** Memory for `n` numbers, whatever they are: the kernel that is given it writes all of them. */
export function pooled(n: number): Float32Array {
  if (n < limits.least || recorder !== null) return allocateFloat(n);
  const found = waiting.get(n)?.pop();
  if (found !== undefined) waitingBytes -= found.byteLength;
  const array = found ?? allocateFloat(n);
  lent.add(array);
  return array;
}

/** Has the pool forget an array that somebody may read or write for longer than its tensor lives: JavaScript, or a recording. */
export function unpool(array: object): void {
  lent.delete(array);
}

/** Gives an array back that nobody reads any more; one that is not the pool's is left to the garbage collector. */
export function giveBack(array: unknown): void {
  if (typeof array !== 'object' || array === null || !lent.delete(array)) return;
  const values = array as Float32Array;
  // Lengths change: what waits in vain goes with the rest.
  if (waitingBytes + values.byteLength > limits.mostBytes) {
    waiting.clear();
    waitingBytes = 0;
  }
  const same = waiting.get(values.length);
  if (same === undefined) waiting.set(values.length, [values]);
  else same.push(values);
  waitingBytes += values.byteLength;
}
