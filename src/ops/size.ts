// Questions about a shape, and PyTorch's further names for `shape` and `reshape`.

import { rangeError } from '../errors';
import { normalizeDim, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { fullShape, view } from './views';

declare module '../tensor' {
  interface Tensor {
    /**
     * The shape, a copy of it, or the size of dimension `dim`: `torch.Tensor.size`.
     *
     * @example
     * zeros([2, 3]).size(); // [2, 3]
     * zeros([2, 3]).size(-1); // 3
     */
    size(): number[];
    size(dim: number): number;
    /**
     * The number of dimensions: `torch.Tensor.dim`.
     *
     * @example
     * zeros([2, 3]).dim(); // 2
     */
    dim(): number;
    /** The number of dimensions. */
    readonly ndim: number;
    /**
     * `reshape` under the name that PyTorch uses where memory is shared, which is always the case here, because tensors are contiguous. As `torch.Tensor.view`.
     *
     * @example
     * tensor([1, 2, 3, 4]).view([2, -1]).toArray(); // [[1, 2], [3, 4]]
     */
    view(shape: readonly number[]): Tensor;
    /**
     * The same elements under the shape of `other`, on the same memory: `torch.Tensor.view_as`.
     *
     * @example
     * tensor([1, 2, 3, 4]).viewAs(zeros([2, 2])).toArray(); // [[1, 2], [3, 4]]
     */
    viewAs(other: Tensor): Tensor;
    /**
     * The same elements under the shape of `other`, on the same memory: `torch.Tensor.reshape_as`.
     *
     * @example
     * tensor([1, 2, 3, 4]).reshapeAs(zeros([2, 2])).toArray(); // [[1, 2], [3, 4]]
     */
    reshapeAs(other: Tensor): Tensor;
    /**
     * All elements in one dimension, on the same memory: `torch.ravel`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).ravel().toArray(); // [1, 2, 3, 4]
     */
    ravel(): Tensor;
    /**
     * This tensor: all are contiguous. As `torch.Tensor.contiguous`.
     *
     * @example
     * tensor([[1, 2]]).t().contiguous().toArray(); // [[1], [2]]
     */
    contiguous(): this;
  }
}

function size(this: Tensor): number[];
function size(this: Tensor, dim: number): number;
function size(this: Tensor, dim?: number): number[] | number {
  if (dim === undefined) return this.shape.slice();
  const d = normalizeDim('Tensor.size', dim, this.shape.length);
  if (this.shape.length === 0) throw rangeError('Tensor.size', 'a scalar has no dimensions');
  return this.shape[d]!;
}
Tensor.prototype.size = size;

Tensor.prototype.dim = function (this: Tensor) {
  return this.shape.length;
};

Object.defineProperty(Tensor.prototype, 'ndim', {
  configurable: true,
  get(this: Tensor): number {
    return this.shape.length;
  },
});

Tensor.prototype.view = function (this: Tensor, shape) {
  return view(this, fullShape('Tensor.view', this, shape), 'view');
};

function asOther(name: 'viewAs' | 'reshapeAs') {
  return function (this: Tensor, other: Tensor): Tensor {
    const where = `Tensor.${name}`;
    checkTensor(where, 'other', other);
    if (this.numel !== other.numel) {
      throw rangeError(where, `${shapeText(this.shape)} with ${this.numel} elements does not fit into ${shapeText(other.shape)}`);
    }
    return view(this, other.shape.slice(), name);
  };
}
Tensor.prototype.viewAs = asOther('viewAs');
Tensor.prototype.reshapeAs = asOther('reshapeAs');

Tensor.prototype.ravel = function (this: Tensor) {
  return view(this, [this.numel], 'ravel');
};

Tensor.prototype.contiguous = function (this: Tensor) {
  return this;
};
