// The index space of two strided operands.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { checkShape, layoutOf, type Strided } from '../shape';

/**
 * The index space of a kernel with two strided operands: its sizes, and for each operand its strides in elements (0 repeats it) and offset.
 *
 * At most 8 dimensions after neighbours that both operands step through as one are merged. For the arithmetic kernels the operands are a and b; for
 * `copyStrided` out and x.
 *
 * @example
 * const out = new Float32Array(6);
 * add(out, Float32Array.of(10, 20), Float32Array.of(1, 2, 3), layout([2, 3], { strides: [1, 0] }, { strides: [0, 1] }));
 * out; // [11, 12, 13, 21, 22, 23]
 */
export function layout(sizes: number[], first: Strided, second: Strided): Int32Array {
  checkShape('layout', sizes);
  for (const operand of [first, second]) {
    if (!Array.isArray(operand?.strides)) throw typeError('layout', `expected an operand { strides, offset }, got ${describe(operand)}`);
    if (operand.strides.length !== sizes.length) {
      throw rangeError('layout', `expected ${sizes.length} strides, got ${operand.strides.length}`);
    }
    for (const stride of operand.strides) checkInteger('layout', 'every stride', stride);
    checkInteger('layout', 'offset', operand.offset ?? 0);
  }
  return layoutOf('layout', sizes, first, second);
}
