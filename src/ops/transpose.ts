// Copies with the dimensions in another order.
import { give, record } from '../autograd';
import { describe, rangeError, typeError } from '../errors';
import { kernels } from '../native';
import { layoutOf, normalizeDim, shapeText, stridesOf } from '../shape';
import { empty, Tensor } from '../tensor';
import { view } from './views';

/** A copy without history whose dimension d is x's dimension `order[d]`. */
export function permuted(x: Tensor, order: readonly number[]): Tensor {
  const strides = stridesOf(x.shape);
  const shape = order.map((d) => x.shape[d]!);
  const y = empty(shape, x.dtype);
  kernels.copyStrided(
    y.values,
    x.values,
    layoutOf('Tensor.permute', shape, { strides: stridesOf(shape) }, { strides: order.map((d) => strides[d]!) }),
  );
  return y;
}

/** The inverse permutation of `order`. */
export function inverse(order: readonly number[]): number[] {
  const back = new Array<number>(order.length);
  order.forEach((from, to) => {
    back[from] = to;
  });
  return back;
}

/** The order of the dimensions with two of them exchanged. */
export function swapped(rank: number, dim0: number, dim1: number): number[] {
  const order = Array.from({ length: rank }, (_, d) => d);
  order[dim0] = dim1;
  order[dim1] = dim0;
  return order;
}

/** A copy of x whose dimension d is its dimension `order[d]`; gradients pass. */
export function permute(name: string, x: Tensor, order: readonly number[]): Tensor {
  return record(permuted(x, order), name, [x], [], (dy) => give(x, permuted(dy, inverse(order))));
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The transposed matrix, a copy, where PyTorch shares memory. A tensor with fewer than two dimensions is returned as it is, on the same memory.
     *
     * A RangeError for more than two dimensions.
     *
     * @example
     * tensor([[1, 2, 3]]).t().toArray(); // [[1], [2], [3]]
     */
    t(): Tensor;
    /**
     * The tensor with dimensions `dim0` and `dim1` exchanged: a copy, where PyTorch shares memory.
     *
     * @example
     * zeros([2, 3, 4]).transpose(0, 2).shape; // [4, 3, 2]
     */
    transpose(dim0: number, dim1: number): Tensor;
    /**
     * The tensor with its dimensions in the order `dims`: a copy, where PyTorch shares memory. Dimension d of the result is dimension `dims[d]` of this.
     *
     * @example
     * zeros([2, 3, 4]).permute([2, 0, 1]).shape; // [4, 2, 3]
     */
    permute(dims: readonly number[]): Tensor;
  }
}

Tensor.prototype.t = function (this: Tensor) {
  if (this.shape.length > 2) {
    throw rangeError('Tensor.t', `expected at most two dimensions, got ${shapeText(this.shape)}`, 'transpose(dim0, dim1) takes any');
  }
  return this.shape.length < 2 ? view(this, this.shape.slice(), 't') : permute('t', this, [1, 0]);
};

Tensor.prototype.transpose = function (this: Tensor, dim0, dim1) {
  const rank = this.shape.length;
  const a = normalizeDim('Tensor.transpose', dim0, rank);
  const b = normalizeDim('Tensor.transpose', dim1, rank);
  return permute('transpose', this, rank === 0 ? [] : swapped(rank, a, b));
};

Tensor.prototype.permute = function (this: Tensor, dims) {
  const rank = this.shape.length;
  if (!Array.isArray(dims)) throw typeError('Tensor.permute', `expected an array of dimensions, got ${describe(dims)}`);
  const order = dims.map((dim) => normalizeDim('Tensor.permute', dim, rank));
  if (order.length !== rank || new Set(order).size !== rank) {
    throw rangeError('Tensor.permute', `expected each of ${rank} dimensions once, got ${shapeText(dims)}`);
  }
  return permute('permute', this, order);
};
