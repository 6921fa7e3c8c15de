// Medians and quantiles of the elements that are not NaN.
import { rangeError } from '../errors';
import { normalizeDim, shapeText } from '../shape';
import { constant, Tensor } from '../tensor';
import { choose } from './choose';
import type { Extremes } from './extremum';
import { keepdimOf } from './reduce';
import { between, type Interpolation, pickedValue, quantilesOf } from './sort';
import './arithmetic';
import './compare';
import './select';
import './take';
import './truth';

declare module '../tensor' {
  interface Tensor {
    /**
     * The median of the elements that are not NaN, over all elements, or along `dim` with its index; of an even number of elements the lower of the two in the
     * middle; NaN if all are NaN. As `torch.nanmedian`. Without `dim` all elements that are equal to the median get the same part of the gradient.
     *
     * @example
     * tensor([3, NaN, 1, 2]).nanmedian().item(); // 2
     */
    nanmedian(): Tensor;
    /** The median along `dim` of the elements that are not NaN, and its index (int32); see `nanmedian`. */
    nanmedian(dim: number, options?: { keepdim?: boolean }): Extremes;
    /**
     * `quantile` of the elements that are not NaN; NaN if all are. As `torch.nanquantile`.
     *
     * @example
     * tensor([4, NaN, 2]).nanquantile(0.5).item(); // 3
     */
    nanquantile(q: number | Tensor, dim?: number, options?: { keepdim?: boolean; interpolation?: Interpolation }): Tensor;
  }
}

// `of(count)` for each row, where count is the number of elements along d that are not NaN; `of` is evaluated beforehand for each count from 1 on.
function byCount(x: Tensor, d: number, dtype: 'float32' | 'int32', of: (count: number) => number): Tensor {
  const own = x.detach();
  const table = constant([x.shape[d]! + 1], dtype);
  for (let count = 0; count < table.numel; count++) table.values[count] = of(Math.max(1, count));
  return table.take(own.eq(own).sum(d, { keepdim: true }));
}

Tensor.prototype.nanmedian = function (this: Tensor, dim?: number, options?: { keepdim?: boolean }) {
  const where = 'Tensor.nanmedian';
  const keepdim = keepdimOf(where, options);
  const d = normalizeDim(where, dim ?? 0, dim === undefined ? 1 : this.shape.length);
  const x = dim === undefined || this.shape.length === 0 ? this.reshape([this.numel]) : this;
  if (x.shape[d] === 0) throw rangeError(where, `the tensor ${shapeText(this.shape)} has no elements to choose from`);
  if (dim === undefined) return pickedValue('nanmedian', this, (own) => own.reshape([own.numel]).nanmedian(0).values);
  const place = byCount(x, d, 'int32', (count) => (count - 1) >> 1); // NaN is sorted last
  const index = x.detach().argsort(d).gather(d, place);
  const shaped = (t: Tensor): Tensor => (this.shape.length === 0 ? t.reshape([]) : keepdim ? t : t.squeeze(d));
  const values = shaped(x.gather(d, index));
  return { values, indices: shaped(index) };
} as Tensor['nanmedian'];

Tensor.prototype.nanquantile = function (this: Tensor, q, dim, options) {
  const where = 'Tensor.nanquantile';
  return quantilesOf(where, this, q, dim, options, (values, d, part, how) => {
    const found = (name: 'low' | 'high'): Tensor =>
      values.gather(
        d,
        byCount(values, d, 'int32', (n) => between(part, n, how)[name]),
      );
    const [low, high] = [found('low'), found('high')];
    const way = high.sub(low);
    const weighted = (of: (weight: number) => number): Tensor => byCount(values, d, 'float32', (n) => of(between(part, n, how).weight));
    const weight = weighted((w) => w);
    const fromLow = low.add(way.mul(weight));
    const fromHigh = high.sub(way.mul(weighted((w) => 1 - w)));
    // With weight 0 an infinite element stays itself.
    const value = choose(where, weight.eq(0), low, choose(where, weight.lt(0.5), fromLow, fromHigh));
    return { value, slope: () => way.mul(byCount(values, d, 'float32', (n) => n - 1)) };
  });
};
