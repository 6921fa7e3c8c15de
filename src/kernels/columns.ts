// The products of small layers, whose arrays have one of two layouts, and the length of packed weights.
import * as calls from '../calls.generated';
import { checkBoolean, checkInteger, withDefaults } from '../errors';
import { packed } from '../kernels.generated';
import type { LinearGradients } from './products.generated';

/** The results of `linearForwardColumns`, each of them optional; p(n) is n rounded up to a multiple of 16. */
export interface LinearColumns {
  /** `[rows, out]`. */
  y?: Float32Array | null;
  /** `y^T`, the first `out` rows and `rows` columns of `[p(out), p(rows)]`. */
  yColumns?: Float32Array | null;
}

/**
 * `linearForward` for small layers, with the batch along the lanes: the same bits, in either layout or both.
 *
 * Shapes: x `[rows, in]`, or with `xColumns` its transpose in `[p(in), p(rows)]`, where p(n) is n rounded up to a multiple of 16; the others as
 * for `linearForward`. Pass `yColumns` to the next layer as x. Nothing may overlap.
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
  calls.linearForwardColumns({ y, yColumns, x, xColumns: xColumns ? x : null, weight, bias, rows, in: in_, out });
}

/** The gradients of `linearForwardColumns`, each of them optional; p(n) is n rounded up to a multiple of 16. */
export interface LinearColumnsGradients extends LinearGradients {
  /** `dx^T`, the first `in` rows and `rows` columns of `[p(in), p(rows)]`. */
  dxColumns?: Float32Array | null;
}

/**
 * `linearBackward` for small layers, with the batch along the lanes: the same bits, dx in either layout or both.
 *
 * Shapes: dy `[rows, out]`, or with `dyColumns` its transpose in `[p(out), p(rows)]`, where p(n) is n rounded up to a multiple of 16; the others as
 * for `linearBackward`. Pass `dxColumns` to the layer before as dy. `accumulate` adds to dweight and dbias; dx is always overwritten. Nothing
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
  calls.linearBackwardColumns({
    ...{ dx, dxColumns, dweight, dbias, dy, dyColumns: dyColumns ? dy : null, x, weight, rows, in: in_, out },
    ...{ accumulateDweight: accumulate, accumulateDbias: accumulate },
  });
}

/**
 * The length of the array into which `linearPack` packs a weight `[out, in]`.
 *
 * @example
 * linearPackedLength(13, 30); // 928
 */
export function linearPackedLength(in_: number, out: number): number {
  checkInteger('linearPackedLength', 'in', in_);
  checkInteger('linearPackedLength', 'out', out);
  return packed(in_, out);
}
