// Running sums and products, and the product along a dimension.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { around, normalizeDim } from '../shape';
import { empty, Tensor } from '../tensor';
import { cat } from './join';
import { keepdimOf } from './reduce';
import './arithmetic';
import './narrow';
import './views';

declare module '../tensor' {
  interface Tensor {
    /**
     * The running sums along `dim`: `y[i] = x[0] + ... + x[i]`, added in float64; int32 wraps. As `torch.cumsum`.
     *
     * @example
     * tensor([1, 2, 3]).cumsum(0).toArray(); // [1, 3, 6]
     */
    cumsum(dim: number): Tensor;
    /**
     * The running products along `dim`: `y[i] = x[0] ... x[i]`, multiplied in float64; int32 wraps. The gradient is correct where elements are 0. As
     * `torch.cumprod`.
     *
     * @example
     * tensor([2, 3, 4]).cumprod(0).toArray(); // [2, 6, 24]
     */
    cumprod(dim: number): Tensor;
    /**
     * The product of all elements, or of those along `dim`; 1 of nothing. int32 gives int32, which wraps. As `torch.prod`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).prod(1).toArray(); // [2, 12]
     */
    prod(dim?: number, options?: { keepdim?: boolean }): Tensor;
  }
}

Tensor.prototype.cumsum = function (this: Tensor, dim) {
  const { outer, n, inner } = around(this.shape, normalizeDim('Tensor.cumsum', dim, this.shape.length));
  const y = empty(this.shape.slice(), this.dtype);
  if (this.dtype === 'int32') calls.cumsumInt({ out: y.ints, x: this.ints, outer, n, inner });
  else calls.cumsum({ out: y.floats, x: this.floats, outer, n, inner });
  return record(y, 'cumsum', [this], [], (dy) => {
    const dx = empty(this.shape.slice());
    calls.cumsum({ out: dx.floats, x: dy.floats, outer, n, inner, reverse: true });
    give(this, dx);
  });
};

// The running products of integers, which wrap, so that any order of the factors gives the same: each round doubles how many are multiplied.
function runningIntegers(x: Tensor, d: number): Tensor {
  const n = x.shape[d] ?? 1;
  let y = x.clone();
  for (let step = 1; step < n; step *= 2) {
    const [first, rest, before] = [y.narrow(d, 0, step), y.narrow(d, step, n - step), y.narrow(d, 0, n - step)];
    y = cat([first, rest.mul(before)], d);
  }
  return y;
}

function runningProduct(where: string, x: Tensor, dim: number): Tensor {
  if (x.dtype === 'int32') return runningIntegers(x, normalizeDim(where, dim, x.shape.length));
  const { outer, n, inner } = around(x.shape, normalizeDim(where, dim, x.shape.length));
  const y = empty(x.shape.slice());
  calls.cumprod({ out: y.floats, x: x.floats, outer, n, inner });
  return record(y, where.slice(7), [x], [x], (dy) => {
    const dx = empty(x.shape.slice());
    calls.cumprodBackward({ dx: dx.floats, dy: dy.floats, x: x.floats, outer, n, inner });
    give(x, dx);
  });
}

Tensor.prototype.cumprod = function (this: Tensor, dim) {
  return runningProduct('Tensor.cumprod', this, dim);
};

// The last of the running products.
Tensor.prototype.prod = function (this: Tensor, dim, options) {
  const where = 'Tensor.prod';
  const keepdim = keepdimOf(where, options);
  const x = dim === undefined ? this.reshape([this.numel]) : this.shape.length === 0 ? this.reshape([1]) : this;
  const d = normalizeDim(where, dim ?? 0, x.shape.length);
  const n = x.shape[d]!;
  // The product of no factors is 1: 1 more than their sum.
  const y = n === 0 ? x.sum(d, { keepdim: true }).add(1) : runningProduct(where, x, d).narrow(d, n - 1, 1);
  if (!keepdim) return dim === undefined || this.shape.length === 0 ? y.reshape([]) : y.squeeze(d);
  return dim === undefined || this.shape.length === 0 ? y.reshape(this.shape.map(() => 1)) : y;
};
