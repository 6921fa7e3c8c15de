// Arithmetic and comparisons of two arrays with NumPy's broadcasting: `add(out, a, b, layout)`. out is contiguous over the layout's index
// space; it may be a or b itself where that operand is contiguous, and otherwise overlaps nothing. Comparisons give int32 1 or 0. The
// names that end in Int take int32, whose arithmetic wraps.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { kernels } from '../native';
import { checkShape, layoutOf, type Strided } from '../shape';

/**
 * The index space of a kernel with two strided operands: its sizes, and for each operand its strides in elements (0 repeats it) and offset.
 *
 * At most 8 dimensions after neighbours that both operands step through as one are merged. For the arithmetic kernels the operands are a and b; for `copyStrided` out and x.
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

/**
 * `out = a + b`.
 *
 * @example
 * const out = new Float32Array(2);
 * add(out, Float32Array.of(6, 8), Float32Array.of(2), layout([2], { strides: [1] }, { strides: [0] }));
 * out; // [8, 10]
 */
export const add = kernels.add;
/**
 * `out = a - b`.
 *
 * @example
 * const out = new Float32Array(2);
 * sub(out, Float32Array.of(6, 8), Float32Array.of(2), layout([2], { strides: [1] }, { strides: [0] }));
 * out; // [4, 6]
 */
export const sub = kernels.sub;
/**
 * `out = a b`.
 *
 * @example
 * const out = new Float32Array(2);
 * mul(out, Float32Array.of(6, 8), Float32Array.of(2), layout([2], { strides: [1] }, { strides: [0] }));
 * out; // [12, 16]
 */
export const mul = kernels.mul;
/**
 * `out = a / b`.
 *
 * @example
 * const out = new Float32Array(2);
 * div(out, Float32Array.of(6, 8), Float32Array.of(2), layout([2], { strides: [1] }, { strides: [0] }));
 * out; // [3, 4]
 */
export const div = kernels.div;
/**
 * `out = a^b`.
 *
 * @example
 * const out = new Float32Array(2);
 * pow(out, Float32Array.of(6, 8), Float32Array.of(2), layout([2], { strides: [1] }, { strides: [0] }));
 * out; // [36, 64]
 */
export const pow = kernels.pow;
/**
 * `out = a == b`.
 *
 * @example
 * const out = new Int32Array(3);
 * eq(out, Float32Array.of(1, 2, 3), Float32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [0, 1, 0]
 */
export const eq = kernels.eq;
/**
 * `out = a != b`.
 *
 * @example
 * const out = new Int32Array(3);
 * ne(out, Float32Array.of(1, 2, 3), Float32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [1, 0, 1]
 */
export const ne = kernels.ne;
/**
 * `out = a < b`.
 *
 * @example
 * const out = new Int32Array(3);
 * lt(out, Float32Array.of(1, 2, 3), Float32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [1, 0, 0]
 */
export const lt = kernels.lt;
/**
 * `out = a <= b`.
 *
 * @example
 * const out = new Int32Array(3);
 * le(out, Float32Array.of(1, 2, 3), Float32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [1, 1, 0]
 */
export const le = kernels.le;
/**
 * `out = a > b`.
 *
 * @example
 * const out = new Int32Array(3);
 * gt(out, Float32Array.of(1, 2, 3), Float32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [0, 0, 1]
 */
export const gt = kernels.gt;
/**
 * `out = a >= b`.
 *
 * @example
 * const out = new Int32Array(3);
 * ge(out, Float32Array.of(1, 2, 3), Float32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [0, 1, 1]
 */
export const ge = kernels.ge;
/**
 * `out = a + b` of int32.
 *
 * @example
 * const out = new Int32Array(3);
 * addInt(out, Int32Array.of(1, 2, 3), Int32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [3, 4, 5]
 */
export const addInt = kernels.addInt;
/**
 * `out = a - b` of int32.
 *
 * @example
 * const out = new Int32Array(3);
 * subInt(out, Int32Array.of(1, 2, 3), Int32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [-1, 0, 1]
 */
export const subInt = kernels.subInt;
/**
 * `out = a b` of int32.
 *
 * @example
 * const out = new Int32Array(3);
 * mulInt(out, Int32Array.of(1, 2, 3), Int32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [2, 4, 6]
 */
export const mulInt = kernels.mulInt;
/**
 * `out = a == b` of int32.
 *
 * @example
 * const out = new Int32Array(3);
 * eqInt(out, Int32Array.of(1, 2, 3), Int32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [0, 1, 0]
 */
export const eqInt = kernels.eqInt;
/**
 * `out = a != b` of int32.
 *
 * @example
 * const out = new Int32Array(3);
 * neInt(out, Int32Array.of(1, 2, 3), Int32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [1, 0, 1]
 */
export const neInt = kernels.neInt;
/**
 * `out = a < b` of int32.
 *
 * @example
 * const out = new Int32Array(3);
 * ltInt(out, Int32Array.of(1, 2, 3), Int32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [1, 0, 0]
 */
export const ltInt = kernels.ltInt;
/**
 * `out = a <= b` of int32.
 *
 * @example
 * const out = new Int32Array(3);
 * leInt(out, Int32Array.of(1, 2, 3), Int32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [1, 1, 0]
 */
export const leInt = kernels.leInt;
/**
 * `out = a > b` of int32.
 *
 * @example
 * const out = new Int32Array(3);
 * gtInt(out, Int32Array.of(1, 2, 3), Int32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [0, 0, 1]
 */
export const gtInt = kernels.gtInt;
/**
 * `out = a >= b` of int32.
 *
 * @example
 * const out = new Int32Array(3);
 * geInt(out, Int32Array.of(1, 2, 3), Int32Array.of(2), layout([3], { strides: [1] }, { strides: [0] }));
 * out; // [0, 1, 1]
 */
export const geInt = kernels.geInt;
