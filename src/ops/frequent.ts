// The element that occurs most often.
import { rangeError } from '../errors';
import { normalizeDim, shapeText } from '../shape';
import { Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import type { Extremes } from './extremum';
import { cat } from './join';
import { onesLike } from './likes';
import { keepdimOf } from './reduce';
import { placesAlong } from './running-extremes';
import './arithmetic';
import './compare';
import './select';
import './sort';
import './views';

declare module '../tensor' {
  interface Tensor {
    /**
     * The most frequent element along `dim` (the last by default), of equally frequent ones the smallest, and the last index (int32) at which it occurs. As
     * `torch.mode`. Each NaN counts as different from the others.
     *
     * A RangeError if the dimension is empty.
     *
     * @example
     * const { values, indices } = tensor([3, 1, 3, 2]).mode();
     * [values.item(), indices.item()]; // [3, 2]
     */
    mode(dim?: number, options?: { keepdim?: boolean }): Extremes;
  }
}

Tensor.prototype.mode = function (this: Tensor, dim = -1, options) {
  const where = 'Tensor.mode';
  const keepdim = keepdimOf(where, options);
  const scalarGiven = this.shape.length === 0;
  const d = normalizeDim(where, dim, this.shape.length);
  const x = scalarGiven ? this.reshape([1]) : this;
  const n = x.shape[d]!;
  if (n === 0) throw rangeError(where, `dim ${d} of ${shapeText(x.shape)} is empty`);
  // After sorting, equal elements are neighbours: the most frequent element is the longest run, and its count is largest at the run's end.
  const { values, indices } = x.detach().sort(d);
  const places = placesAlong(where, x.shape, d);
  const differs = values.narrow(d, 1, n - 1).ne(values.narrow(d, 0, n - 1));
  const begins = cat([onesLike(indices.narrow(d, 0, 1)), differs], d);
  const starts = choose(where, begins, places, scalar(0, 'int32')).cummax(d).values;
  const end = places.sub(starts).argmax(d, { keepdim: true });
  const index = indices.gather(d, end);
  const shaped = (t: Tensor): Tensor => (scalarGiven ? t.reshape([]) : keepdim ? t : t.squeeze(d));
  return { values: shaped(x.gather(d, index)), indices: shaped(index) };
};
