// Explains a kernel's refusal of an index.
import { isRangeError } from '../brands';
import { rangeError } from '../errors';
import { stridesOf } from '../shape';
import type { Tensor } from '../tensor';

/** The error to throw in place of a kernel's error: `[where] index[1][2] = 9 is out of range [0, 5)`. */
export function explainIndex(error: unknown, where: string, name: string, index: Tensor): unknown {
  const refused = isRangeError(error) && /\[(\d+)\]( = -?\d+ is out of range .*)$/.exec(error.message);
  if (!refused) return error;
  const [, position, what] = refused;
  const path = stridesOf(index.shape).map((stride, d) => `[${Math.floor(Number(position) / stride) % index.shape[d]!}]`);
  return rangeError(where, `${name}${path.join('')}${what}`);
}
