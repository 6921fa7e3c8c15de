// A range of one dimension.
import { give, hasGradient, open, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkInteger, rangeError } from '../errors';
import { around, layoutOf, normalizeDim, shapeText } from '../shape';
import { empty, refuseLost, Tensor } from '../tensor';

// The layout of a contiguous [outer, length, inner] and of the rows from `start` on of an [outer, n, inner]; with `wideFirst` the latter is the first operand.
function rangeLayout(wide: readonly number[], dim: number, start: number, length: number, wideFirst: boolean): Int32Array {
  const { outer, n, inner } = around(wide, dim);
  const all = { strides: [n * inner, 1], offset: start * inner };
  const range = { strides: [length * inner, 1] };
  return layoutOf('Tensor.narrow', [outer, length * inner], wideFirst ? all : range, wideFirst ? range : all);
}

/** Elements `start` to `start + length` of dimension `dim`, without history: for dimension 0 on x's memory, else a copy. */
export function rangeOf(x: Tensor, dim: number, start: number, length: number): Tensor {
  const shape = x.shape.with(dim, length);
  if (dim === 0) {
    const { inner } = around(x.shape, 0);
    refuseLost('Tensor.narrow', x);
    return new Tensor(x.values.subarray(start * inner, (start + length) * inner), shape, x.version);
  }
  const y = empty(shape, x.dtype);
  calls.copyStrided({ out: y.values, x: x.values, layout: rangeLayout(x.shape, dim, start, length, false) });
  return y;
}

/** Writes `part` to the elements of x from `start` on along dimension `dim`. */
export function writeRange(x: Tensor, dim: number, start: number, part: Tensor): void {
  calls.copyStrided({ out: x.values, x: part.values, layout: rangeLayout(x.shape, dim, start, part.shape[dim]!, true) });
}

/**
 * Adds `dy` to the gradient of x at the elements from `start` on along dimension `dim`. If there is a gradient already, only those elements are touched:
 * otherwise a tensor whose rows were taken one by one would need a whole cleared gradient, and an addition over it, for each row.
 */
export function giveRange(x: Tensor, dim: number, start: number, dy: Tensor): void {
  if (!x.needsGrad) return;
  if (dim === 0 && hasGradient(x)) {
    const { inner } = around(x.shape, 0);
    calls.accumulate({ out: open(x)!.subarray(start * inner, start * inner + dy.numel), x: dy.floats, n: dy.numel });
    return;
  }
  const dx = empty(x.shape.slice());
  calls.fill({ out: dx.floats, n: dx.numel, value: 0 });
  writeRange(dx, dim, start, dy);
  give(x, dx);
}

declare module '../tensor' {
  interface Tensor {
    /**
     * Elements `start` to `start + length` of dimension `dim`: for dimension 0 on the same memory, else a copy (PyTorch always shares).
     *
     * A negative `start` counts from the end. A RangeError if the range exceeds the dimension.
     *
     * @example
     * tensor([[1, 2, 3], [4, 5, 6]]).narrow(1, 1, 2).toArray(); // [[2, 3], [5, 6]]
     */
    narrow(dim: number, start: number, length: number): Tensor;
  }
}

Tensor.prototype.narrow = function (this: Tensor, dim, start, length) {
  const where = 'Tensor.narrow';
  const rank = this.shape.length;
  if (rank === 0) throw rangeError(where, 'a scalar has no dimension to narrow');
  const d = normalizeDim(where, dim, rank);
  const size = this.shape[d]!;
  checkInteger(where, 'start', start, -size, size);
  const from = start < 0 ? start + size : start;
  checkInteger(where, 'length', length);
  if (from + length > size) throw rangeError(where, `elements ${from} to ${from + length} of dim ${d} leave ${shapeText(this.shape)}`);
  return record(rangeOf(this, d, from, length), 'narrow', [this], [], (dy) => {
    giveRange(this, d, from, dy);
  });
};
