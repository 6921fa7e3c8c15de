// Matrix products.
import { checkBoolean, checkInteger, withDefaults } from '../errors';
import { kernels, packedLength } from '../native';

/**
 * `y = x weight^T + bias`.
 *
 * Shapes: y `[rows, out]`, x `[rows, in]`, weight `[out, in]`, bias `[out]` or null. y is written whole and must overlap nothing.
 *
 * @example
 * const y = new Float32Array(1);
 * linearForward(y, Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(0.5), 1, 2, 1);
 * y; // [11.5]
 */
export function linearForward(
  y: Float32Array,
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array | null,
  rows: number,
  in_: number,
  out: number,
): void {
  kernels.linearForward(y, x, weight, bias, rows, in_, out, 0, 0, 0);
}

/** The results of `linearForwardColumns`, each where it is wanted; n filled up to a multiple of 16 is written p(n). */
export interface LinearColumns {
  /** `[rows, out]`. */
  y?: Float32Array | null;
  /** `y^T`, the first `out` rows and `rows` columns of `[p(out), p(rows)]`. */
  yColumns?: Float32Array | null;
}

/**
 * `linearForward` for small layers, with the batch along the lanes: the same bits, in either layout or both.
 *
 * Shapes: x `[rows, in]`, or with `xColumns` its transpose in `[p(in), p(rows)]`, where p(n) is n filled up to a multiple of 16; the rest as
 * for `linearForward`. The layers of a network hand `yColumns` on as x. Nothing may overlap.
 *
 * @example
 * const yColumns = new Float32Array(16 * 16);
 * linearForwardColumns({ yColumns }, Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(0.5), 1, 2, 1);
 * const y = new Float32Array(1);
 * linearForwardColumns({ y }, yColumns, Float32Array.of(2), null, 1, 1, 1, { xColumns: true });
 * y; // [23]
 */
export function linearForwardColumns(
  results: LinearColumns,
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array | null,
  rows: number,
  in_: number,
  out: number,
  options?: { xColumns?: boolean },
): void {
  const { y, yColumns } = withDefaults('linearForwardColumns', results, { y: null, yColumns: null } as Required<LinearColumns>);
  const { xColumns } = withDefaults('linearForwardColumns', options, { xColumns: false });
  checkBoolean('linearForwardColumns', 'xColumns', xColumns);
  kernels.linearForwardColumns(y, yColumns, x, xColumns ? x : null, weight, bias, rows, in_, out, 0, 0, 0);
}

/**
 * The length of the array in which `linearPack` lays a weight `[out, in]`.
 *
 * @example
 * linearPackedLength(13, 30); // 928
 */
export function linearPackedLength(in_: number, out: number): number {
  checkInteger('linearPackedLength', 'in', in_);
  checkInteger('linearPackedLength', 'out', out);
  return packedLength(in_, out);
}

/**
 * Lays a weight `[out, in]` out as `linearForwardPacked` reads it, for many calls with the same weight. The order depends on the machine's instruction
 * set, so that it is nothing to keep in a file. `panels` has `linearPackedLength(in, out)` elements and overlaps nothing.
 *
 * @example
 * const panels = new Float32Array(linearPackedLength(2, 1));
 * linearPack(panels, Float32Array.of(3, 4), 2, 1);
 */
export function linearPack(panels: Float32Array, weight: Float32Array, in_: number, out: number): void {
  kernels.linearPack(panels, weight, in_, out);
}

/**
 * `linearForward` with its bits, from `panels` that `linearPack` made of the weight.
 *
 * @example
 * const panels = new Float32Array(linearPackedLength(2, 1));
 * linearPack(panels, Float32Array.of(3, 4), 2, 1);
 * const y = new Float32Array(1);
 * linearForwardPacked(y, Float32Array.of(1, 2), panels, Float32Array.of(0.5), 1, 2, 1);
 * y; // [11.5]
 */
export function linearForwardPacked(
  y: Float32Array,
  x: Float32Array,
  panels: Float32Array,
  bias: Float32Array | null,
  rows: number,
  in_: number,
  out: number,
): void {
  kernels.linearForwardPacked(y, x, panels, bias, rows, in_, out, 0, 0, 0);
}

/** The gradients of `linearForward`, each where it is wanted. */
export interface LinearGradients {
  /** `[rows, in]`: `dy weight`. */
  dx?: Float32Array | null;
  /** `[out, in]`: `dy^T x`. */
  dweight?: Float32Array | null;
  /** `[out]`: the sums of the columns of dy. */
  dbias?: Float32Array | null;
}

const addToAll = 1 | 2 | 4; // enum Accumulate in native/kernels/table.h

/**
 * The gradients of `linearForward`: `dx = dy weight`, `dweight = dy^T x`, `dbias = sum over rows of dy`, as many as are given.
 *
 * Shapes: dy `[rows, out]`, x `[rows, in]`, weight `[out, in]`. They are written whole, or with `accumulate` added to. They must
 * overlap nothing.
 *
 * @example
 * const [dx, dweight, dbias] = [new Float32Array(2), new Float32Array(2), new Float32Array(1)];
 * linearBackward({ dx, dweight, dbias }, Float32Array.of(1), Float32Array.of(1, 2), Float32Array.of(3, 4), 1, 2, 1);
 * dx; // [3, 4]
 * dweight; // [1, 2]
 * dbias; // [1]
 */
export function linearBackward(
  gradients: LinearGradients,
  dy: Float32Array,
  x: Float32Array,
  weight: Float32Array,
  rows: number,
  in_: number,
  out: number,
  options?: { accumulate?: boolean },
): void {
  const { dx, dweight, dbias } = withDefaults('linearBackward', gradients, {
    dx: null,
    dweight: null,
    dbias: null,
  } as Required<LinearGradients>);
  const { accumulate } = withDefaults('linearBackward', options, { accumulate: false });
  checkBoolean('linearBackward', 'accumulate', accumulate);
  kernels.linearBackward(dx, dweight, dbias, dy, x, weight, rows, in_, out, accumulate ? addToAll : 0, 0, 0, 0);
}

/** The gradients of `linearForwardColumns`, each where it is wanted; n filled up to a multiple of 16 is written p(n). */
export interface LinearColumnsGradients extends LinearGradients {
  /** `dx^T`, the first `in` rows and `rows` columns of `[p(in), p(rows)]`. */
  dxColumns?: Float32Array | null;
}

/**
 * `linearBackward` for small layers, with the batch along the lanes: the same bits, dx in either layout or both.
 *
 * Shapes: dy `[rows, out]`, or with `dyColumns` its transpose in `[p(out), p(rows)]`, where p(n) is n filled up to a multiple of 16; the rest as
 * for `linearBackward`. The layers of a network hand `dxColumns` on as dy. `accumulate` adds to dweight and dbias; dx is always written. Nothing
 * may overlap.
 *
 * @example
 * const dxColumns = new Float32Array(16 * 16);
 * linearBackwardColumns({ dxColumns }, Float32Array.of(2), Float32Array.of(5), Float32Array.of(3), 1, 1, 1);
 * const [dx, dweight, dbias] = [new Float32Array(2), new Float32Array(2), new Float32Array(1)];
 * linearBackwardColumns({ dx, dweight, dbias }, dxColumns, Float32Array.of(1, 2), Float32Array.of(3, 4), 1, 2, 1, { dyColumns: true });
 * dx; // [18, 24]
 * dweight; // [6, 12]
 * dbias; // [6]
 */
export function linearBackwardColumns(
  gradients: LinearColumnsGradients,
  dy: Float32Array,
  x: Float32Array,
  weight: Float32Array,
  rows: number,
  in_: number,
  out: number,
  options?: { dyColumns?: boolean; accumulate?: boolean },
): void {
  const { dx, dxColumns, dweight, dbias } = withDefaults('linearBackwardColumns', gradients, {
    dx: null,
    dxColumns: null,
    dweight: null,
    dbias: null,
  } as Required<LinearColumnsGradients>);
  const { dyColumns, accumulate } = withDefaults('linearBackwardColumns', options, { dyColumns: false, accumulate: false });
  checkBoolean('linearBackwardColumns', 'dyColumns', dyColumns);
  checkBoolean('linearBackwardColumns', 'accumulate', accumulate);
  const add = accumulate ? addToAll : 0;
  kernels.linearBackwardColumns(dx, dxColumns, dweight, dbias, dy, dyColumns ? dy : null, x, null, weight, rows, in_, out, add, 0, 0, 0);
}

/** The options of `matmul`. */
export interface MatmulOptions {
  /** a is stored as `[k, m]` (false). */
  transA?: boolean;
  /** b is stored as `[n, k]` (false). */
  transB?: boolean;
  /** The product is added to what `out` holds (false). */
  accumulate?: boolean;
}

/**
 * `c = op(a) op(b)`, where op transposes when asked to.
 *
 * Shapes: c `[m, n]`, op(a) `[m, k]`, op(b) `[k, n]`. c must overlap neither; k = 0 gives zeros.
 *
 * @example
 * const c = new Float32Array(1);
 * matmul(c, Float32Array.of(1, 2), Float32Array.of(3, 4), 1, 1, 2);
 * c; // [11]
 */
export function matmul(c: Float32Array, a: Float32Array, b: Float32Array, m: number, n: number, k: number, options?: MatmulOptions): void {
  const o = withDefaults('matmul', options, { transA: false, transB: false, accumulate: false });
  checkBoolean('matmul', 'transA', o.transA);
  checkBoolean('matmul', 'transB', o.transB);
  checkBoolean('matmul', 'accumulate', o.accumulate);
  kernels.matmul(c, a, b, m, n, k, Number(o.transA), Number(o.transB), Number(o.accumulate));
}
