// Copies of a tensor with some slices of a dimension changed.
import { give, record, share } from '../autograd';
import * as calls from '../calls.generated';
import { checkNumber, rangeError, withDefaults } from '../errors';
import { around, normalizeDim, sameShape, shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { choose } from './choose';
import { copyOf } from './convert';
import { explainIndex } from './indices';
import { valueFor } from './masks';
import { checkFlat } from './places';
import { slicesNamed } from './scatter-reduce';
import { view } from './views';

declare module '../tensor' {
  interface Tensor {
    /**
     * A copy in which `alpha` (default 1) times slice i of `source` is added to the slice of `dim` that `index[i]` (int32, `[count]`) names; a slice that is named
     * twice gets both. As `torch.index_add`.
     *
     * A RangeError for an index outside, if `source` has not this shape with size `count` in dimension `dim`, or for an `alpha` that is no integer for int32.
     *
     * @example
     * zeros([3]).indexAdd(0, tensor([0, 2, 0], { dtype: "int32" }), tensor([1, 2, 3])).toArray(); // [4, 0, 2]
     */
    indexAdd(dim: number, index: Tensor, source: Tensor, options?: { alpha?: number }): Tensor;
    /**
     * A copy with `value` (a number or a scalar tensor) in all slices of `dim` that `index` (int32, `[count]`) names: `torch.index_fill`.
     *
     * A RangeError for an index outside.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).indexFill(1, tensor([0], { dtype: "int32" }), 9).toArray(); // [[9, 2], [9, 4]]
     */
    indexFill(dim: number, index: Tensor, value: number | Tensor): Tensor;
  }
}

Tensor.prototype.indexAdd = function (this: Tensor, dim, index, source, options) {
  const where = 'Tensor.indexAdd';
  const d = normalizeDim(where, dim, this.shape.length);
  checkFlat(where, checkTensor(where, 'index', index, 'int32'));
  checkTensor(where, 'source', source, this.dtype);
  const { alpha } = withDefaults(where, options, { alpha: 1 });
  checkNumber(where, 'alpha', alpha);
  if (this.dtype === 'int32' && (alpha | 0) !== alpha) throw rangeError(where, `expected alpha to be an int32, got ${alpha}`);
  if (this.shape.length === 0) throw rangeError(where, 'a scalar has no slices', 'add() adds to it');
  const expected = this.shape.with(d, index.numel);
  if (!sameShape(source.shape, expected)) {
    throw rangeError(where, `expected source ${shapeText(expected)}, got ${shapeText(source.shape)}`);
  }
  const added = alpha === 1 ? source : source.mul(alpha);
  if (this.dtype === 'int32') {
    const { places } = slicesNamed(where, this, d, index, added);
    return this.scatterAdd(d, places, added);
  }
  const { outer, n, inner } = around(this.shape, d);
  const y = copyOf(this);
  try {
    const count = index.numel;
    calls.scatterAddRows({ dx: y.floats, dy: added.floats, index: index.ints, outer, rows: n, columns: inner, count });
  } catch (error) {
    throw explainIndex(error, where, 'index', index);
  }
  return record(y, 'indexAdd', [this, added], [index], (dy) => {
    if (added.needsGrad) {
      const part = empty(expected);
      calls.gatherRows({ out: part.floats, x: dy.floats, index: index.ints, outer, rows: n, columns: inner, count: index.numel });
      give(added, part);
    }
    share(this, dy);
  });
};

Tensor.prototype.indexFill = function (this: Tensor, dim, index, value) {
  const where = 'Tensor.indexFill';
  const d = normalizeDim(where, dim, this.shape.length);
  checkFlat(where, checkTensor(where, 'index', index, 'int32'));
  const filler = valueFor(where, this, value);
  if (this.shape.length === 0) throw rangeError(where, 'a scalar has no slices', 'fill_() fills it');
  const size = this.shape[d]!;
  const [named, ones] = [empty([size]), empty([index.numel])];
  calls.fill({ out: named.floats, n: size, value: 0 });
  calls.fill({ out: ones.floats, n: ones.numel, value: 1 });
  try {
    calls.scatterAddRows({ dx: named.floats, dy: ones.floats, index: index.ints, outer: 1, rows: size, columns: 1, count: index.numel });
  } catch (error) {
    throw explainIndex(error, where, 'index', index);
  }
  return choose(where, view(named.ne(0), [size, ...this.shape.slice(d + 1).map(() => 1)]), filler, this);
};
