// What to say when a kernel refuses an index.
import { rangeError } from '../errors';
import { stridesOf } from '../shape';
import type { Tensor } from '../tensor';

/** The error to throw for one that a kernel threw: `[where] index[1][2] = 9 is outside 0..4`. */
export function explainIndex(error: unknown, where: string, name: string, index: Tensor, limit: number): unknown {
  const position = error instanceof RangeError && /\[(\d+)\] is out of range$/.exec(error.message)?.[1];
  if (!position) return error;
  const path = stridesOf(index.shape).map((stride, d) => `[${Math.floor(Number(position) / stride) % index.shape[d]!}]`);
  return rangeError(where, `${name}${path.join('')} = ${index.values[Number(position)]} is outside 0..${limit - 1}`);
}
