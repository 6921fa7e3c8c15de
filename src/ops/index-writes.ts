// Copies of a tensor with elements of another one written to the places that indices or a mask name.
import { checkBoolean, rangeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { broadcastShapes, sameShape, shapeText } from '../shape';
import { checkTensor, constant, Tensor } from '../tensor';
import { choose } from './choose';
import { expanded } from './expand';
import { cat } from './join';
import { type Places, placesIn } from './places';
import { slicesNamed } from './scatter-reduce';
import { indexed } from './take';
import { permute } from './transpose';
import { view } from './views';
import './index-changes';
import './scans';
import './scatter';

declare module '../tensor' {
  interface Tensor {
    /**
     * A copy in which slice i of `source` replaces the slice of `dim` that `index[i]` (int32, `[count]`) names. If an index repeats, the last slice stays,
     * where PyTorch leaves the choice open. As `torch.index_copy`. A RangeError for an index outside.
     *
     * @example
     * zeros([3]).indexCopy(0, tensor([2, 0], { dtype: 'int32' }), tensor([5, 6])).toArray(); // [6, 0, 5]
     */
    indexCopy(dim: number, index: Tensor, source: Tensor): Tensor;
    /**
     * A copy in which `values`, which broadcast, replace the elements that `index(indices)` selects, or with `accumulate` are added to them: `torch.index_put`.
     * If a place repeats, the last value stays, where PyTorch leaves the choice open.
     *
     * `indices` are those of `index`, not masks: `maskedFill` and `maskedScatter` accept masks.
     *
     * @example
     * zeros([2, 2]).indexPut([[0, 1], [1, 0]], tensor([5, 6])).toArray(); // [[0, 5], [6, 0]]
     * zeros([2]).indexPut([[1, 1]], tensor([5, 6]), { accumulate: true }).toArray(); // [0, 11]
     */
    indexPut(
      indices: readonly (Tensor | readonly number[] | Int32Array | null)[],
      values: Tensor,
      options?: { accumulate?: boolean },
    ): Tensor;
    /**
     * A copy in which the elements of `source` replace those at these indices of the flattened tensor, or with `accumulate` are added to them: `torch.put`.
     * `index` is an int32 tensor or an array of integers, with as many elements as `source`. If a place repeats, the last element stays, where PyTorch leaves
     * the choice open.
     *
     * Negative indices count from the end. A RangeError for one outside.
     *
     * @example
     * zeros([2, 2]).put([1, -1], tensor([5, 6])).toArray(); // [[0, 5], [0, 6]]
     */
    put(index: Tensor | readonly number[] | Int32Array, source: Tensor, options?: { accumulate?: boolean }): Tensor;
    /**
     * A copy in which the elements of `source`, in order, replace the elements where `mask` (int32) is not 0; the shapes of x and mask broadcast. As
     * `torch.masked_scatter`. A RangeError if `source` has too few elements.
     *
     * @example
     * zeros([4]).maskedScatter(tensor([0, 1, 1, 0], { dtype: 'int32' }), tensor([5, 6])).toArray(); // [0, 5, 6, 0]
     */
    maskedScatter(mask: Tensor, source: Tensor): Tensor;
  }
}

Tensor.prototype.indexCopy = function (this: Tensor, dim, index, source) {
  const { d, places } = slicesNamed('Tensor.indexCopy', this, dim, index, source);
  return this.scatter(d, places, source);
};

Tensor.prototype.indexPut = function (this: Tensor, indices: readonly (Places | null)[], values, options) {
  const where = 'Tensor.indexPut';
  checkTensor(where, 'values', values, this.dtype);
  const { accumulate } = withDefaults(where, options, { accumulate: false });
  checkBoolean(where, 'accumulate', accumulate);
  const { order, joined, before, places, shape } = indexed(where, this, indices);
  if (!sameShape(broadcastShapes(where, values.shape, shape), shape)) {
    throw rangeError(where, `expected values to broadcast to ${shapeText(shape)}, got ${shapeText(values.shape)}`);
  }
  const index = view(places, [places.numel]);
  const source = view(expanded(where, values, shape), joined.shape.with(before, index.numel));
  const changed = accumulate ? joined.indexAdd(before, index, source) : joined.indexCopy(before, index, source);
  const ordered = order.map((d) => this.shape[d]!);
  return permute('indexPut', view(changed, ordered), order.map((_, d) => order.indexOf(d))); // biome-ignore format: one line
};

Tensor.prototype.put = function (this: Tensor, index, source, options) {
  const where = 'Tensor.put';
  checkTensor(where, 'source', source, this.dtype);
  const { accumulate } = withDefaults(where, options, { accumulate: false });
  checkBoolean(where, 'accumulate', accumulate);
  const places = placesIn(where, 'index', index, this.numel);
  if (places.numel !== source.numel) throw rangeError(where, `expected ${places.numel} elements in source, got ${source.numel}`);
  const [flat, to, from] = [view(this, [this.numel]), view(places, [places.numel]), view(source, [source.numel])];
  const changed = accumulate ? flat.indexAdd(0, to, from) : flat.indexCopy(0, to, from);
  return view(changed, this.shape.slice(), 'put');
};

Tensor.prototype.maskedScatter = function (this: Tensor, mask, source) {
  const where = 'Tensor.maskedScatter';
  checkTensor(where, 'mask', mask, 'int32');
  checkTensor(where, 'source', source, this.dtype);
  const shape = broadcastShapes(where, this.shape, mask.shape);
  const chosen = expanded(where, mask, shape).ne(0);
  const flat = view(chosen, [chosen.numel]);
  const most = chosen.numel === 0 || recorder !== null ? 0 : flat.sum().ints[0]!; // in a recorded step the kernel checks it
  if (most > source.numel)
    throw rangeError(where, `expected source to have ${most} elements or more, one for each that mask chooses, got ${source.numel}`);
  // Place 0 is for elements that are not replaced, so that an empty source has a place too.
  const from = cat([constant([1], this.dtype), view(source, [source.numel])]);
  const places = placesIn(where, 'the place in source', flat.cumsum(0).mul(flat), source.numel + 1, 1, 'front');
  return choose(where, chosen, view(from.indexSelect(0, places), shape), this);
};
