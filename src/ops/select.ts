// Elements chosen by index: whole rows, or one by one.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { rangeError } from '../errors';
import { around, normalizeDim, shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { explainIndex } from './indices';
import './narrow';

declare module '../tensor' {
  interface Tensor {
    /**
     * The elements of dimension `dim` that `index` (int32, `[count]`) names, in its order: `torch.index_select`.
     *
     * A RangeError for an index outside the dimension; negative ones are outside. Gradients of an element chosen twice add up.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).indexSelect(0, tensor([1, 1], { dtype: "int32" })).toArray(); // [[3, 4], [3, 4]]
     */
    indexSelect(dim: number, index: Tensor): Tensor;
    /**
     * One element for each index: `out[i][j] = x[i][index[i][j]]` for `dim` 1, and in the same way for every `dim`: `torch.gather`.
     *
     * `index` is int32 with as many dimensions as this, and no larger than it except along `dim`. A RangeError for an index outside.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).gather(1, tensor([[1], [0]], { dtype: "int32" })).toArray(); // [[2], [3]]
     */
    gather(dim: number, index: Tensor): Tensor;
  }
}

Tensor.prototype.indexSelect = function (this: Tensor, dim, index) {
  const where = 'Tensor.indexSelect';
  const d = normalizeDim(where, dim, this.shape.length);
  checkTensor(where, 'index', index, 'int32');
  if (index.shape.length > 1) throw rangeError(where, `expected index [count], got ${shapeText(index.shape)}`);
  const { outer, n, inner } = around(this.shape, d);
  const count = index.numel;
  const y = empty(this.shape.length === 0 ? [] : this.shape.with(d, count), this.dtype);
  if (y.numel !== outer * count * inner) throw rangeError(where, `a scalar takes one index, got ${count}`);
  try {
    calls.gatherRows({ out: y.values, x: this.values, index: index.ints, outer, rows: n, columns: inner, count });
  } catch (error) {
    throw explainIndex(error, where, 'index', index);
  }
  return record(y, 'indexSelect', [this], [index], (dy) => {
    const dx = empty(this.shape.slice());
    calls.fill({ out: dx.floats, n: dx.numel, value: 0 });
    calls.scatterAddRows({ dx: dx.floats, dy: dy.floats, index: index.ints, outer, rows: n, columns: inner, count });
    give(this, dx);
  });
};

Tensor.prototype.gather = function (this: Tensor, dim, index) {
  const where = 'Tensor.gather';
  const d = normalizeDim(where, dim, this.shape.length);
  checkTensor(where, 'index', index, 'int32');
  if (index.shape.length !== this.shape.length || index.shape.some((size, k) => k !== d && size > this.shape[k]!)) {
    const expected = this.shape.map((size, k) => (k === d ? '*' : `<=${size}`));
    throw rangeError(where, `expected index ${shapeText(expected)}, got ${shapeText(index.shape)}`);
  }
  // A smaller index uses only the first part of x.
  const x = index.shape.reduce<Tensor>((t, size, k) => (k === d || size === t.shape[k] ? t : t.narrow(k, 0, size)), this);
  const { outer, n, inner } = around(x.shape, d);
  const count = index.shape[d] ?? 1;
  const y = empty(index.shape.slice(), x.dtype);
  try {
    calls.gather({ out: y.values, x: x.values, index: index.ints, outer, n, inner, count });
  } catch (error) {
    throw explainIndex(error, where, 'index', index);
  }
  return record(y, 'gather', [x], [index], (dy) => {
    const dx = empty(x.shape.slice());
    calls.fill({ out: dx.floats, n: dx.numel, value: 0 });
    calls.scatterAdd({ dx: dx.floats, dy: dy.floats, index: index.ints, outer, n, inner, count });
    give(x, dx);
  });
};
