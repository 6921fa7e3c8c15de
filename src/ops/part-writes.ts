// Copies of a tensor with a part of it replaced: a slice, a range or a diagonal.
import { isRangeError, isTypeError } from '../brands';
import { rangeError } from '../errors';
import { sameShape, shapeText } from '../shape';
import { checkTensor, constant, Tensor } from '../tensor';
import { view } from './views';
import './diagonal';
import './scatter';
import './slice';

declare module '../tensor' {
  interface Tensor {
    /**
     * A copy in which `source` replaces the part that `select(dim, index)` returns: `torch.select_scatter`.
     *
     * @example
     * zeros([2, 2]).selectScatter(tensor([1, 2]), 1, 0).toArray(); // [[1, 0], [2, 0]]
     */
    selectScatter(source: Tensor, dim: number, index: number): Tensor;
    /**
     * A copy in which `source` replaces the part that `slice(dim, start, end, step)` returns: `torch.slice_scatter`.
     *
     * @example
     * zeros([4]).sliceScatter(tensor([1, 2]), 0, 0, 4, 2).toArray(); // [1, 0, 2, 0]
     */
    sliceScatter(source: Tensor, dim?: number, start?: number, end?: number, step?: number): Tensor;
    /**
     * A copy in which `source` replaces the part that `diagonal(options)` returns: `torch.diagonal_scatter`.
     *
     * @example
     * zeros([2, 2]).diagonalScatter(tensor([1, 2])).toArray(); // [[1, 0], [0, 2]]
     */
    diagonalScatter(source: Tensor, options?: { offset?: number; dim1?: number; dim2?: number }): Tensor;
  }
}

// Finds the places of the part by taking the same part of a tensor of the numbers 0, 1, ...
function withPart(
  name: 'selectScatter' | 'sliceScatter' | 'diagonalScatter',
  x: Tensor,
  source: Tensor,
  partOf: (x: Tensor) => Tensor,
): Tensor {
  const where = `Tensor.${name}`;
  checkTensor(where, 'source', source, x.dtype);
  const numbers = constant(x.shape.slice(), 'int32');
  for (let i = 0; i < numbers.numel; i++) numbers.values[i] = i;
  const part = inItsName(where, () => partOf(numbers));
  if (!sameShape(part.shape, source.shape)) {
    throw rangeError(where, `expected source ${shapeText(part.shape)}, got ${shapeText(source.shape)}`);
  }
  const changed = view(x, [x.numel]).scatter(0, view(part, [part.numel]), view(source, [source.numel]));
  return view(changed, x.shape.slice(), name);
}

// Rethrows the errors of `select`, `slice` and `diagonal` in the name of the operation that calls them.
function inItsName<T>(where: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    const named = (message: string): string => message.replace(/^\[Tensor\.\w+\]/, `[${where}]`).replace(/^Tensor\.\w+/, where);
    if (isRangeError(error)) throw new RangeError(named(error.message));
    if (isTypeError(error)) throw new TypeError(named(error.message));
    throw error;
  }
}

Tensor.prototype.selectScatter = function (this: Tensor, source, dim, index) {
  return withPart('selectScatter', this, source, (x) => x.select(dim, index));
};
Tensor.prototype.sliceScatter = function (this: Tensor, source, dim, start, end, step) {
  return withPart('sliceScatter', this, source, (x) => x.slice(dim, start, end, step));
};
Tensor.prototype.diagonalScatter = function (this: Tensor, source, options) {
  return withPart('diagonalScatter', this, source, (x) => x.diagonal(options));
};
