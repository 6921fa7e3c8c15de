// Kernels that move elements: copies, gathers, scatters, fills, conversions.
import type { TensorData } from '../memory';
import { kernels } from '../native';
import { checkSameKind, lengthOf } from './checks';

/**
 * `out[i, :] = x[index[i], :]` for every i of `index`.
 *
 * Shapes: out `[index.length, columns]`, x `[rows, columns]`; float32 or int32. out must overlap nothing. A RangeError for an index outside
 * `[0, rows)`; all the other rows are written nonetheless.
 *
 * @example
 * const out = new Float32Array(2);
 * gatherRows(out, Float32Array.of(1, 2, 3), Int32Array.of(2, 0), 3, 1);
 * out; // [3, 1]
 */
export function gatherRows(out: TensorData, x: TensorData, index: Int32Array, rows: number, columns: number): void {
  checkSameKind('gatherRows', out, x);
  kernels.gatherRows(out, x, index, 1, rows, columns, lengthOf('gatherRows', 'index', index, Int32Array));
}

/**
 * The reverse of `gatherRows`: `dx[index[i], :] += dy[i, :]`, in the order of i. Shapes: dx `[rows, columns]`, dy `[index.length, columns]`.
 *
 * @example
 * const dx = new Float32Array(3);
 * scatterAddRows(dx, Float32Array.of(1, 2, 4), Int32Array.of(2, 0, 2), 3, 1);
 * dx; // [2, 0, 5]
 */
export function scatterAddRows(dx: Float32Array, dy: Float32Array, index: Int32Array, rows: number, columns: number): void {
  kernels.scatterAddRows(dx, dy, index, 1, rows, columns, lengthOf('scatterAddRows', 'index', index, Int32Array));
}

/**
 * `out[o, c, i] = x[o, index[o, c, i], i]`: `torch.gather` along the middle dimension.
 *
 * Shapes: out and index `[outer, count, inner]`, x `[outer, n, inner]`. A RangeError
 * for an index outside `[0, n)`.
 *
 * @example
 * const out = new Float32Array(2);
 * gather(out, Float32Array.of(1, 2, 3, 4), Int32Array.of(1, 0), 2, 2, 1, 1);
 * out; // [2, 3]
 */
export function gather(out: TensorData, x: TensorData, index: Int32Array, outer: number, n: number, inner: number, count: number): void {
  checkSameKind('gather', out, x);
  kernels.gather(out, x, index, outer, n, inner, count);
}

/**
 * The reverse of `gather`: `dx[o, index[o, c, i], i] += dy[o, c, i]`. Called as `scatterAdd(dx, dy, index, outer, n, inner, count)`.
 *
 * @example
 * const dx = new Float32Array(4);
 * scatterAdd(dx, Float32Array.of(5, 6), Int32Array.of(1, 0), 2, 2, 1, 1);
 * dx; // [0, 5, 6, 0]
 */
export const scatterAdd = kernels.scatterAdd;

/**
 * `out = x` over the index space of a `layout`: its first operand is out, its second x. Elements of out that it does not reach stay.
 *
 * @example
 * const out = new Float32Array(6); // [3, 2], the transpose of x [2, 3]
 * copyStrided(out, Float32Array.of(1, 2, 3, 4, 5, 6), layout([2, 3], { strides: [1, 2] }, { strides: [3, 1] }));
 * out; // [1, 4, 2, 5, 3, 6]
 */
export function copyStrided(out: TensorData, x: TensorData, layout: Int32Array): void {
  checkSameKind('copyStrided', out, x);
  kernels.copyStrided(out, x, layout);
}

/**
 * `out[i] = value`, for the first n elements: `fill(out, n, value)`.
 *
 * @example
 * const out = new Float32Array(2);
 * fill(out, 2, 7);
 * out; // [7, 7]
 */
export const fill = kernels.fill;

/**
 * `out[i] = value`, for the first n elements: `fillInt(out, n, value)`.
 *
 * @example
 * const out = new Int32Array(2);
 * fillInt(out, 2, 7);
 * out; // [7, 7]
 */
export const fillInt = kernels.fillInt;

/**
 * `out[i] = x[i]` toward zero: `floatToInt(out, x, n)`. NaN and what int32 cannot hold become -2147483648.
 *
 * @example
 * const out = new Int32Array(2);
 * floatToInt(out, Float32Array.of(1.7, -1.7), 2);
 * out; // [1, -1]
 */
export const floatToInt = kernels.floatToInt;

/**
 * `out[i] = x[i]` to the nearest float32: `intToFloat(out, x, n)`.
 *
 * @example
 * const out = new Float32Array(2);
 * intToFloat(out, Int32Array.of(1, -1), 2);
 * out; // [1, -1]
 */
export const intToFloat = kernels.intToFloat;

/**
 * `out[i] += x[i]`: `accumulate(out, x, n)`.
 *
 * @example
 * const out = Float32Array.of(1, 2);
 * accumulate(out, Float32Array.of(10, 20), 2);
 * out; // [11, 22]
 */
export const accumulate = kernels.accumulate;

/**
 * `out[r, :] = x[r, :] scale[r]`: `scaleRows(out, x, scale, rows, columns)`. out may be x.
 *
 * @example
 * const out = new Float32Array(4);
 * scaleRows(out, Float32Array.of(1, 2, 3, 4), Float32Array.of(10, 100), 2, 2);
 * out; // [10, 20, 300, 400]
 */
export const scaleRows = kernels.scaleRows;
