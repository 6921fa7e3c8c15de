// Elements that an index assigns to the same place, reduced to their sum, product, mean, largest or smallest.
import { give, record } from '../autograd';
import { checkBoolean, checkOneOf, rangeError, withDefaults } from '../errors';
import { normalizeDim, sameShape, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import { expanded } from './expand';
import { fullLike, onesLike, zerosLike } from './likes';
import { checkFlat, placesIn } from './places';
import { scanned } from './running-extremes';
import { view } from './views';
import './arithmetic';
import './compare';
import './pairs';
import './scatter';
import './select';
import './sort';

/** How `scatterReduce` and `indexReduce` combine elements. */
export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

declare module '../tensor' {
  interface Tensor {
    /**
     * For `dim` 1, and in the same way for every `dim`: `y[i][c]` is `reduce` of all `source[i][j]` with `index[i][j] = c` and, unless `includeSelf` is false,
     * of `x[i][c]`. An element to which nothing is assigned stays as it is. As `torch.scatter_reduce`.
     *
     * `reduce` is "sum", "prod", "mean", "amax" or "amin"; index and source as for `scatter`. Equal largest or smallest elements share the gradient evenly.
     * int32 means are rounded down. A RangeError for an index outside.
     *
     * @example
     * const index = tensor([0, 2, 0], { dtype: 'int32' });
     * zeros([3]).scatterReduce(0, index, tensor([1, 2, 3]), 'sum').toArray(); // [4, 0, 2]
     * ones([3]).scatterReduce(0, index, tensor([4, 2, 3]), 'mean', { includeSelf: false }).toArray(); // [3.5, 1, 2]
     */
    scatterReduce(dim: number, index: Tensor, source: Tensor, reduce: ScatterReduction, options?: { includeSelf?: boolean }): Tensor;
    /**
     * Combines slice i of `source` along `dim` with the slice of x that `index[i]` (int32, `[count]`) names, by "prod", "mean", "amax" or "amin"; `includeSelf`
     * and gradients as for `scatterReduce`. As `torch.index_reduce`. For sums use `indexAdd`.
     *
     * @example
     * ones([3]).indexReduce(0, tensor([0, 2, 0], { dtype: 'int32' }), tensor([4, 2, 3]), 'prod').toArray(); // [12, 1, 2]
     */
    indexReduce(
      dim: number,
      index: Tensor,
      source: Tensor,
      reduce: Exclude<ScatterReduction, 'sum'>,
      options?: { includeSelf?: boolean },
    ): Tensor;
  }
}

interface Joining {
  combine: (x: Tensor, y: Tensor) => Tensor;
  /** Combined with an element it gives that element. */
  neutral: (x: Tensor) => number;
}
const least = (x: Tensor): number => (x.dtype === 'int32' ? -(2 ** 31) : -Infinity);
const most = (x: Tensor): number => (x.dtype === 'int32' ? 2 ** 31 - 1 : Infinity);
const joinings: Record<Exclude<ScatterReduction, 'mean'>, Joining> = {
  sum: { combine: (x, y) => x.add(y), neutral: () => 0 },
  prod: { combine: (x, y) => x.mul(y), neutral: () => 1 },
  amax: { combine: (x, y) => x.maximum(y), neutral: least },
  amin: { combine: (x, y) => x.minimum(y), neutral: most },
};

/** The checked arguments of an operation. */
interface Task {
  where: string;
  x: Tensor;
  d: number;
  index: Tensor;
  source: Tensor;
  includeSelf: boolean;
}

// The elements are sorted by place, and a scan combines each with all before it of the same place. `scatter` keeps the last of a place, which has combined all of them.
function brought({ where, x, d, index, source, includeSelf }: Task, { combine, neutral }: Joining): Tensor {
  const order = index.argsort(d);
  const places = index.gather(d, order);
  const [sums] = scanned([source.gather(d, order), places], d, ([before, earlier], [after, later]) => {
    const same = later!.eq(earlier!);
    return [combine(after!, choose(where, same, before!, scalar(neutral(x), x.dtype))), later!];
  });
  if (!includeSelf) return x.scatter(d, places, sums!);
  return combine(x, fullLike(x, neutral(x)).scatter(d, places, sums!));
}

function mean(task: Task): Tensor {
  const { where, x, includeSelf } = task;
  const own = includeSelf ? onesLike(x) : zerosLike(x);
  const counts = brought({ ...task, x: own, source: onesLike(task.source), includeSelf: true }, joinings.sum);
  const sums = brought(task, joinings.sum);
  const by = choose(where, counts.eq(0), scalar(1, x.dtype), counts);
  return x.dtype === 'float32' ? sums.div(by) : sums.floorDivide(by);
}

// Equal elements share the gradient.
function extreme(task: Task, joining: Joining): Tensor {
  const { where, x, d, index, source, includeSelf } = task;
  const [ownX, own] = [x.detach(), source.detach()];
  const y = brought({ ...task, x: ownX, source: own }, joining);
  if (x.dtype === 'int32') return y;
  return record(y, where.slice(7), [x, source], [ownX, own, y, index], (dy) => {
    const result = new Tensor(y.values, y.shape.slice());
    const untouched = onesLike(ownX).scatter(d, index, zerosLike(own));
    const keeps = includeSelf ? ownX.eq(result) : untouched.eq(1);
    const chosen = own.eq(result.gather(d, index)).to('float32');
    const part = dy.div(keeps.to('float32').scatterAdd(d, index, chosen));
    const zero = scalar(0);
    if (x.needsGrad) give(x, choose(where, keeps, part, zero));
    if (source.needsGrad) give(source, choose(where, chosen.ne(0), part.gather(d, index), zero));
  });
}

function reduced(task: Task, reduce: ScatterReduction): Tensor {
  if (task.index.numel === 0) return task.x.clone();
  if (reduce === 'mean') return mean(task);
  return reduce === 'amax' || reduce === 'amin' ? extreme(task, joinings[reduce]) : brought(task, joinings[reduce]);
}

const selfIncluded = (where: string, options: { includeSelf?: boolean } | undefined): boolean => {
  const { includeSelf } = withDefaults(where, options, { includeSelf: true });
  return checkBoolean(where, 'includeSelf', includeSelf);
};

Tensor.prototype.scatterReduce = function (this: Tensor, dim, index, source, reduce, options) {
  const where = 'Tensor.scatterReduce';
  const rank = this.shape.length;
  const d = normalizeDim(where, dim, rank);
  if (rank === 0) throw rangeError(where, 'a scalar has no dimension to scatter along');
  checkTensor(where, 'index', index, 'int32');
  checkTensor(where, 'source', source, this.dtype);
  checkOneOf(where, 'reduce', reduce, ['sum', 'prod', 'mean', 'amax', 'amin']);
  const includeSelf = selfIncluded(where, options);
  if (index.shape.length !== rank || index.shape.some((size, k) => k !== d && size > this.shape[k]!)) {
    const expected = this.shape.map((size, k) => (k === d ? '*' : `<=${size}`));
    throw rangeError(where, `expected index ${shapeText(expected)}, got ${shapeText(index.shape)}`);
  }
  if (source.shape.length !== rank || source.shape.some((size, k) => size < index.shape[k]!)) {
    throw rangeError(where, `expected source ${shapeText(index.shape.map((size) => `>=${size}`))}, got ${shapeText(source.shape)}`);
  }
  const places = placesIn(where, 'index', index, this.shape[d]!, 1, 'front');
  const used = index.shape.reduce<Tensor>((t, size, k) => (size === t.shape[k] ? t : t.narrow(k, 0, size)), source);
  return reduced({ where, x: this, d, index: places, source: used, includeSelf }, reduce);
};

/** Expands an index of slices along d to an index for each element of `source`, which has as many slices as the index names. */
export function slicesNamed(where: string, x: Tensor, dim: unknown, index: Tensor, source: Tensor): { d: number; places: Tensor } {
  const d = normalizeDim(where, dim, x.shape.length);
  checkFlat(where, checkTensor(where, 'index', index, 'int32'));
  checkTensor(where, 'source', source, x.dtype);
  if (x.shape.length === 0) throw rangeError(where, 'a scalar has no slices');
  const expected = x.shape.with(d, index.numel);
  if (!sameShape(source.shape, expected)) throw rangeError(where, `expected source ${shapeText(expected)}, got ${shapeText(source.shape)}`);
  const flat = placesIn(where, 'index', index, x.shape[d]!, 1, 'front');
  const sizes = x.shape.map((_, k) => (k === d ? index.numel : 1));
  return { d, places: expanded(where, view(flat, sizes), expected) };
}

Tensor.prototype.indexReduce = function (this: Tensor, dim, index, source, reduce, options) {
  const where = 'Tensor.indexReduce';
  const { d, places } = slicesNamed(where, this, dim, index, source);
  checkOneOf(where, 'reduce', reduce, ['prod', 'mean', 'amax', 'amin']);
  return reduced({ where, x: this, d, index: places, source, includeSelf: selfIncluded(where, options) }, reduce);
};
