// Tensors repeated along dimensions.
import { record } from '../autograd';
import * as calls from '../calls.generated';
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { layoutOf, numelOf, sameShape, shapeText, stridesOf } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { flatLayout, giveSummed, repeatStrides } from './broadcast';
import { view } from './views';

/** x repeated to `shape`, to which it broadcasts: a copy. Its gradient is summed over the repetitions. */
export function expanded(where: string, x: Tensor, shape: readonly number[]): Tensor {
  const y = empty(shape.slice(), x.dtype);
  const layout = sameShape(x.shape, shape)
    ? flatLayout(x.numel)
    : layoutOf(where, shape, { strides: stridesOf(shape) }, { strides: repeatStrides(x.shape, shape) });
  calls.copyStrided({ out: y.values, x: x.values, layout });
  return record(y, where.slice(where.indexOf('.') + 1), [x], [], (dy) => giveSummed(x, dy, false));
}

function repeated(where: string, x: Tensor, times: unknown, missing: 'refuse' | 'fill'): Tensor {
  if (!Array.isArray(times)) throw typeError(where, `expected an array of how often to repeat each dimension, got ${describe(times)}`);
  const given = times.map((n) => checkInteger(where, 'how often to repeat', n));
  if (given.length < x.shape.length && missing === 'refuse') {
    throw rangeError(where, `expected a number for each dimension of ${shapeText(x.shape)}, got ${shapeText(given)}`);
  }
  const repeats = [...new Array<number>(Math.max(0, x.shape.length - given.length)).fill(1), ...given];
  const sizes = [...new Array<number>(repeats.length - x.shape.length).fill(1), ...x.shape];
  const total = sizes.map((size, d) => size * repeats[d]!);
  if (!Number.isSafeInteger(numelOf(total))) throw rangeError(where, `the shape ${shapeText(total)} has too many elements`);
  const apart = view(
    x,
    sizes.flatMap((size) => [1, size]),
  );
  const all = expanded(
    where,
    apart,
    sizes.flatMap((size, d) => [repeats[d]!, size]),
  );
  return view(all, total, where.slice(7));
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The tensor with dimensions of size 1 repeated to the sizes in `shape`, where -1 keeps a size; new dimensions come first. As
     * `torch.Tensor.expand`, but a copy, because tensors are contiguous here. Arithmetic broadcasts by itself and needs no `expand`.
     *
     * A RangeError for a size other than 1 that would change.
     *
     * @example
     * tensor([[1], [2]]).expand([-1, 3]).toArray(); // [[1, 1, 1], [2, 2, 2]]
     */
    expand(shape: readonly number[]): Tensor;
    /**
     * The tensor repeated to the shape of `other`, a copy: `torch.Tensor.expand_as`.
     *
     * @example
     * tensor([1, 2]).expandAs(zeros([2, 2])).toArray(); // [[1, 2], [1, 2]]
     */
    expandAs(other: Tensor): Tensor;
    /**
     * The tensor repeated `sizes[d]` times along dimension d; further sizes in front make new dimensions. As `torch.Tensor.repeat`.
     *
     * A RangeError for fewer sizes than dimensions, for which `tile` uses 1.
     *
     * @example
     * tensor([1, 2]).repeat([2, 2]).toArray(); // [[1, 2, 1, 2], [1, 2, 1, 2]]
     */
    repeat(sizes: readonly number[]): Tensor;
    /**
     * As `repeat`, with 1 for leading dimensions that `dims` does not have: `torch.tile`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).tile([2]).toArray(); // [[1, 2, 1, 2], [3, 4, 3, 4]]
     */
    tile(dims: readonly number[]): Tensor;
  }
}

function expandTo(where: string, x: Tensor, shape: readonly number[]): Tensor {
  const missing = shape.length - x.shape.length;
  const sizes = shape.map((size, d) => (size === -1 && d >= missing ? x.shape[d - missing]! : size));
  if (missing < 0 || x.shape.some((size, d) => size !== 1 && size !== sizes[d + missing])) {
    throw rangeError(where, `${shapeText(x.shape)} cannot be repeated to ${shapeText(shape)}`);
  }
  for (const size of sizes) checkInteger(where, 'every size', size);
  if (!Number.isSafeInteger(numelOf(sizes))) throw rangeError(where, `the shape ${shapeText(sizes)} has too many elements`);
  return expanded(where, x, sizes);
}

Tensor.prototype.expand = function (this: Tensor, shape) {
  if (!Array.isArray(shape)) throw typeError('Tensor.expand', `expected a shape, an array of sizes, got ${describe(shape)}`);
  return expandTo('Tensor.expand', this, shape);
};
Tensor.prototype.expandAs = function (this: Tensor, other) {
  return expandTo('Tensor.expandAs', this, checkTensor('Tensor.expandAs', 'other', other).shape);
};
Tensor.prototype.repeat = function (this: Tensor, sizes) {
  return repeated('Tensor.repeat', this, sizes, 'refuse');
};
Tensor.prototype.tile = function (this: Tensor, dims) {
  return repeated('Tensor.tile', this, dims, 'fill');
};
