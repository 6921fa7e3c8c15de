// Sorting, and operations on sorted elements.
import { give, noGrad, record, share } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkInteger, checkNumber, checkOneOf, rangeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { around, normalizeDim, shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import type { Extremes } from './extremum';
import { keepdimOf } from './reduce';
import './arithmetic';
import './compare';
import { stack as stacked } from './join';
import './narrow';
import { view } from './views';
import './where';

// The sorted elements along `dim` and their indices in x; nothing is recorded.
function sorted(x: Tensor, dim: number, descending: boolean): Extremes {
  const { outer, n, inner } = around(x.shape, dim);
  const values = empty(x.shape.slice(), x.dtype);
  const indices = empty(x.shape.slice(), 'int32');
  if (x.dtype === 'int32') calls.sortInt({ values: values.ints, indices: indices.ints, x: x.ints, outer, n, inner, descending });
  else calls.sort({ values: values.floats, indices: indices.ints, x: x.floats, outer, n, inner, descending });
  return { values, indices };
}

// The elements of x at `indices` along `dim`, with their gradient.
function taken(name: string, x: Tensor, dim: number, { values, indices }: Extremes): Extremes {
  record(values, name, [x], [indices], (dy) => {
    const { outer, n, inner } = around(x.shape, dim);
    const dx = empty(x.shape.slice());
    calls.fill({ out: dx.floats, n: dx.numel, value: 0 });
    calls.scatterAdd({ dx: dx.floats, dy: dy.floats, index: indices.ints, outer, n, inner, count: values.shape[dim] ?? 1 });
    give(x, dx);
  });
  return { values, indices };
}

/** The options of `sort` and `argsort`. */
export interface SortOptions {
  /** Whether the largest comes first (false). */
  descending?: boolean;
  /** Accepted for compatibility: the sort is always stable (true). */
  stable?: boolean;
}

function sortOptions(where: string, options: SortOptions | undefined): boolean {
  const { descending, stable } = withDefaults<Required<SortOptions>>(where, options, { descending: false, stable: true });
  checkBoolean(where, 'stable', stable);
  return checkBoolean(where, 'descending', descending);
}

/** The options of `topk`. */
export interface TopkOptions {
  /** Whether the largest are wanted instead of the smallest (true). */
  largest?: boolean;
  /** Accepted for compatibility: the result is always sorted (true). */
  sorted?: boolean;
}

/** How `quantile` finds a value between two elements. */
export type Interpolation = 'linear' | 'lower' | 'higher' | 'nearest' | 'midpoint';

declare module '../tensor' {
  interface Tensor {
    /**
     * The elements along `dim` (the last by default) in ascending order, and their indices in x (int32): `torch.sort`. Equal elements keep their order; NaN is
     * larger than all.
     *
     * @example
     * tensor([3, 1, 2]).sort().indices.toArray(); // [1, 2, 0]
     */
    sort(dim?: number, options?: SortOptions): Extremes;
    /** The sorted elements along the last dimension; see `sort`. */
    sort(options: SortOptions): Extremes;
    /**
     * The indices (int32) that sort x along `dim`: the indices of `sort`.
     *
     * @example
     * tensor([3, 1, 2]).argsort(0, { descending: true }).toArray(); // [0, 2, 1]
     */
    argsort(dim?: number, options?: SortOptions): Tensor;
    /** The indices that sort x along the last dimension; see `argsort`. */
    argsort(options: SortOptions): Tensor;
    /**
     * The elements in ascending order along the first dimension: `torch.msort`, `sort(0).values`.
     *
     * @example
     * tensor([[3, 1], [2, 4]]).msort().toArray(); // [[2, 1], [3, 4]]
     */
    msort(): Tensor;
    /**
     * The `k` largest elements along `dim` (the last by default), or the smallest, with their indices (int32), the most extreme first: `torch.topk`.
     *
     * A RangeError if k exceeds the size of the dimension.
     *
     * @example
     * tensor([3, 1, 2]).topk(2).values.toArray(); // [3, 2]
     */
    topk(k: number, dim?: number, options?: TopkOptions): Extremes;
    /**
     * The `k`-th smallest element along `dim` (the last by default), counted from 1, and its index: `torch.kthvalue`.
     *
     * @example
     * tensor([3, 1, 2]).kthvalue(2).values.item(); // 2
     */
    kthvalue(k: number, dim?: number, options?: { keepdim?: boolean }): Extremes;
    /**
     * The median of all elements as a scalar, or along `dim` with its index. Of an even number of elements it is the lower of the two in the middle, as
     * in `torch.median`. NaN if any element is, and without elements. Without `dim` all elements that are equal to the median get the same part of the gradient.
     *
     * @example
     * tensor([3, 1, 2, 4]).median().item(); // 2
     */
    median(): Tensor;
    /** The median along `dim` and its index (int32); see `median`. */
    median(dim: number, options?: { keepdim?: boolean }): Extremes;
    /**
     * The quantile `q`: the value below which a part `q` (0 to 1, a number or a tensor `[m]`) of the elements lies, over all elements or along `dim`: `torch.quantile`.
     *
     * Between two elements it is interpolated: "linear" (default), "lower", "higher", "nearest" or "midpoint". With q `[m]` the result has a leading
     * dimension of size m, and q has a gradient where it is interpolated linearly. NaN if any element is. A RangeError for q outside [0, 1] and if there are no elements.
     *
     * @example
     * tensor([1, 2, 3, 4]).quantile(0.5).item(); // 2.5
     */
    quantile(q: number | Tensor, dim?: number, options?: { keepdim?: boolean; interpolation?: Interpolation }): Tensor;
    /**
     * The number of times that each of the numbers 0, 1, ... occurs in an int32 tensor `[n]`, int32 `[max(minlength, 1 + the largest)]`; with `weights`
     * (float32 `[n]`) the sum of the weights of each: `torch.bincount`. Values are read, so this cannot be recorded. A RangeError for an element that is
     * negative or at least 2^28.
     *
     * @example
     * tensor([1, 3, 1], { dtype: 'int32' }).bincount().toArray(); // [0, 2, 0, 1]
     */
    bincount(options?: { weights?: Tensor | null; minlength?: number }): Tensor;
  }
}

const lastDim = (dim: number | undefined): number => dim ?? -1;

// The dimension to sort along, and whether the largest comes first; the dimension may be left out before the options.
function orderOf(where: string, x: Tensor, first: number | SortOptions | undefined, second: SortOptions | undefined): [number, boolean] {
  const [dim, options] = typeof first === 'object' && second === undefined ? [undefined, first] : [first as number | undefined, second];
  const descending = sortOptions(where, options);
  return [normalizeDim(where, lastDim(dim), x.shape.length), descending];
}

Tensor.prototype.sort = function (this: Tensor, dim?: number | SortOptions, options?: SortOptions) {
  const [d, descending] = orderOf('Tensor.sort', this, dim, options);
  return taken('sort', this, d, sorted(this, d, descending));
};

Tensor.prototype.argsort = function (this: Tensor, dim?: number | SortOptions, options?: SortOptions) {
  return sorted(this, ...orderOf('Tensor.argsort', this, dim, options)).indices;
};

// The first k of the sorted elements.
function first(name: string, x: Tensor, k: number, dim: number | undefined, largest: boolean): { d: number; all: Extremes; k: number } {
  const where = `Tensor.${name}`;
  const d = normalizeDim(where, lastDim(dim), x.shape.length);
  const size = x.shape[d] ?? 1;
  checkInteger(where, 'k', k);
  if (k > size) throw rangeError(where, `k ${k} is above the size of dim ${d} of ${shapeText(x.shape)}`);
  return { d, all: sorted(x, d, largest), k };
}

Tensor.prototype.topk = function (this: Tensor, k, dim, options) {
  const where = 'Tensor.topk';
  const given = withDefaults<Required<TopkOptions>>(where, options, { largest: true, sorted: true });
  checkBoolean(where, 'sorted', given.sorted);
  const { d, all } = first('topk', this, k, dim, checkBoolean(where, 'largest', given.largest));
  if (this.shape.length === 0) {
    if (k === 0) throw rangeError(where, 'expected k to be 1 for a scalar, got 0');
    return taken('topk', this, 0, all);
  }
  return taken('topk', this, d, { values: all.values.narrow(d, 0, k), indices: all.indices.narrow(d, 0, k) });
};

// Element `at` along d in ascending order.
function ranked(name: string, x: Tensor, d: number, at: number, keepdim: boolean): Extremes {
  const all = sorted(x, d, false);
  const scalar = x.shape.length === 0;
  const pick = (t: Tensor): Tensor => (scalar ? t : t.narrow(d, at, 1));
  const { values, indices } = taken(name, x, d, { values: pick(all.values), indices: pick(all.indices) });
  return keepdim || scalar ? { values, indices } : { values: values.squeeze(d), indices: indices.squeeze(d) };
}

Tensor.prototype.kthvalue = function (this: Tensor, k, dim, options) {
  const where = 'Tensor.kthvalue';
  const keepdim = keepdimOf(where, options);
  const d = normalizeDim(where, lastDim(dim), this.shape.length);
  checkInteger(where, 'k', k, 1, this.shape[d] ?? 1);
  return ranked('kthvalue', this, d, k - 1, keepdim);
};

/** The value of x that `pick` finds, of which all elements with this value, or all NaN, get an equal part of the gradient. */
export function pickedValue(name: string, x: Tensor, pick: (x: Tensor) => Tensor): Tensor {
  const own = x.detach();
  const y = pick(own);
  if (x.dtype === 'int32') return y;
  return record(y, name, [x], [own, y], (dy) => {
    const value = y.detach();
    const equal = own
      .eq(value)
      .logicalOr(own.ne(own).logicalAnd(value.ne(value)))
      .to('float32');
    give(x, equal.mul(dy.div(equal.sum())));
  });
}

function medians(x: Tensor, d: number, n: number, keepdim: boolean): Extremes {
  if (x.dtype === 'int32') return ranked('median', x, d, Math.floor((n - 1) / 2), keepdim);
  // NaN counts as largest: if the largest element is NaN, so is the median, with the index of the first.
  const middle = ranked('median', x, d, Math.floor((n - 1) / 2), keepdim);
  const most = x.max(d, { keepdim });
  const hasNaN = most.values.detach().isnan();
  return { values: middle.values.where(hasNaN.eq(0), most.values), indices: middle.indices.where(hasNaN.eq(0), most.indices) };
}

Tensor.prototype.median = function (this: Tensor, dim?: number, options?: { keepdim?: boolean }) {
  const where = 'Tensor.median';
  const keepdim = keepdimOf(where, options);
  const d = normalizeDim(where, dim ?? 0, dim === undefined ? 1 : this.shape.length);
  const n = dim === undefined ? this.numel : (this.shape[d] ?? 1);
  if (n === 0 && dim === undefined && this.dtype === 'float32') return this.sum().mul(Number.NaN);
  if (n === 0) throw rangeError(where, `the tensor ${shapeText(this.shape)} has no elements to choose from`);
  if (dim !== undefined) return medians(this, d, n, keepdim);
  return pickedValue('median', this, (x) => medians(x.reshape([n]), 0, n, false).values);
} as Tensor['median'];

/** Finds in sorted `values` the quantile `part` along d. */
type Find = (values: Tensor, d: number, part: number, how: Interpolation) => Found;

/** A quantile, and the difference of the elements between which it lies times the number of steps between all: its derivative by q where it is linear. */
interface Found {
  value: Tensor;
  slope: () => Tensor;
}

/** All requested quantiles of x, by `find`, in their result's shape. */
export function quantilesOf(
  where: string,
  x: Tensor,
  q: number | Tensor,
  dim: number | undefined,
  options: object | undefined,
  find: Find,
): Tensor {
  checkTensor(where, 'x', x, 'float32');
  const given = withDefaults<{ keepdim: boolean; interpolation: Interpolation }>(where, options, {
    keepdim: false,
    interpolation: 'linear',
  });
  const keepdim = checkBoolean(where, 'keepdim', given.keepdim);
  const how = checkOneOf(where, 'interpolation', given.interpolation, ['linear', 'lower', 'higher', 'nearest', 'midpoint']);
  const parts = partsOf(where, q);
  const shaped = dim === undefined ? x.reshape([x.numel]) : x.shape.length === 0 ? x.reshape([1]) : x;
  const d = normalizeDim(where, dim ?? 0, shaped.shape.length);
  if (shaped.shape[d] === 0) throw rangeError(where, `the tensor ${shapeText(x.shape)} has no elements to choose from`);
  const { values } = taken(where.slice(where.indexOf('.') + 1), shaped, d, sorted(shaped, d, false));
  const kept = (t: Tensor): Tensor => {
    if (!keepdim) return t.squeeze(d);
    return dim === undefined ? t.reshape(x.shape.map(() => 1)) : x.shape.length === 0 ? t.reshape([]) : t;
  };
  const all = parts.map((part, i) => {
    const { value, slope } = find(values, d, part, how);
    const own = q instanceof Tensor && q.needsGrad && how === 'linear' ? (q.shape.length === 0 ? q : q.narrow(0, i, 1)) : null;
    return kept(own === null ? value : byShare(value, own, noGrad(slope)));
  });
  return q instanceof Tensor && q.shape.length > 0 ? stacked(all) : all[0]!;
}

// The quantile with a gradient to q too; where it is NaN it does not depend on q.
function byShare(value: Tensor, q: Tensor, slope: Tensor): Tensor {
  const y = new Tensor(value.values, value.shape.slice());
  return record(y, 'quantile', [value, q], [slope], (dy) => {
    if (q.needsGrad) give(q, view(dy.mul(slope).nansum(), q.shape.slice()));
    if (value.needsGrad) share(value, dy);
  });
}

/** The indices of the two of n sorted elements between which a quantile lies, and the weight of the second; both are the same if the second has no weight. */
export function between(part: number, n: number, how: Interpolation): { low: number; high: number; weight: number } {
  const at = part * (n - 1);
  const [low, high] = [Math.floor(at), Math.ceil(at)];
  const weight = { linear: at - low, midpoint: low === high ? 0 : 0.5, lower: 0, higher: 1, nearest: roundToEven(at) - low }[how];
  if (low === high || weight === 0) return { low, high: low, weight: 0 };
  return weight === 1 ? { low: high, high, weight: 0 } : { low, high, weight };
}

Tensor.prototype.quantile = function (this: Tensor, q, dim, options) {
  return quantilesOf('Tensor.quantile', this, q, dim, options, (values, d, part, how) => {
    const n = values.shape[d]!;
    const { low, high, weight } = between(part, n, how);
    const element = (i: number): Tensor => values.narrow(d, i, 1);
    const found = low === high ? element(low) : blend(element(low), element(high), weight);
    const last = element(n - 1);
    const value = found.where(last.detach().ne(last.detach()).eq(0), last);
    return {
      value,
      slope: () =>
        element(high)
          .sub(element(low))
          .mul(n - 1),
    };
  });
};

// a + (b - a) weight, calculated from the nearer end, as torch.lerp does.
const blend = (a: Tensor, b: Tensor, weight: number): Tensor =>
  weight < 0.5 ? a.add(b.sub(a).mul(weight)) : b.sub(b.sub(a).mul(1 - weight));

function roundToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}

// The requested quantiles as numbers; the values of a tensor are read.
function partsOf(where: string, q: number | Tensor): number[] {
  if (typeof q !== 'number') {
    recorder?.reading(where);
    checkTensor(where, 'q', q, 'float32');
  }
  const parts = typeof q === 'number' ? [q] : [...q.floats];
  if (typeof q !== 'number' && q.shape.length > 1) throw rangeError(where, `expected q to be a number or [m], got ${shapeText(q.shape)}`);
  if (parts.length === 0) throw rangeError(where, 'expected at least one q, got none');
  for (const part of parts) checkNumber(where, 'q', part, 0, 1);
  return parts;
}

// A limit, because a single large element determines how much memory is allocated.
const mostBins = 2 ** 28;

Tensor.prototype.bincount = function (this: Tensor, options) {
  const where = 'Tensor.bincount';
  const { weights, minlength } = withDefaults<{ weights: Tensor | null; minlength: number }>(where, options, {
    weights: null,
    minlength: 0,
  });
  recorder?.reading(where);
  checkTensor(where, 'x', this, 'int32');
  if (this.shape.length !== 1) throw rangeError(where, `expected x [n], got ${shapeText(this.shape)}`);
  checkInteger(where, 'minlength', minlength, 0, mostBins);
  if (weights !== null) {
    checkTensor(where, 'weights', weights, 'float32');
    if (shapeText(weights.shape) !== shapeText(this.shape)) {
      throw rangeError(where, `expected weights ${shapeText(this.shape)}, got ${shapeText(weights.shape)}`);
    }
  }
  let length = minlength;
  for (const value of this.ints) {
    if (value < 0 || value >= mostBins) throw rangeError(where, `expected elements from 0 to 2^28 - 1, got ${value}`);
    if (value >= length) length = value + 1;
  }
  const sums = new Float64Array(length);
  this.ints.forEach((value, i) => {
    sums[value]! += weights === null ? 1 : weights.floats[i]!;
  });
  return weights === null ? new Tensor(Int32Array.from(sums), [length]) : new Tensor(Float32Array.from(sums), [length]);
};

Tensor.prototype.msort = function (this: Tensor) {
  return this.sort(0).values;
};
