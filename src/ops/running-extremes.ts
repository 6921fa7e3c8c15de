// Running maximum, minimum and logarithm of the sum of exponentials, by a parallel scan: in steps with `by` = 1, 2, 4, ... each element is combined with the
// one `by` places before it, so that after log2(n) steps it has the result for all elements up to it.

import { give, record } from '../autograd';
import { normalizeDim } from '../shape';
import { checkTensor, constant, Tensor } from '../tensor';
import { choose } from './choose';
import { expanded } from './expand';
import type { Extremes } from './extremum';
import { cat } from './join';
import { view } from './views';
import './arithmetic';
import './compare';
import './composed-forms';
import './flip';
import './narrow';
import './select';
import './truth';

declare module '../tensor' {
  interface Tensor {
    /**
     * The largest of the elements up to each one along `dim`, and its index (int32), of equal elements the last; NaN from the first NaN on. As `torch.cummax`.
     *
     * The gradient goes to the elements returned.
     *
     * @example
     * const { values, indices } = tensor([1, 3, 2, 3]).cummax(0);
     * values.toArray(); // [1, 3, 3, 3]
     * indices.toArray(); // [0, 1, 1, 3]
     */
    cummax(dim: number): Extremes;
    /**
     * The smallest of the elements up to each one along `dim`, and its index; see `cummax`. As `torch.cummin`.
     *
     * @example
     * tensor([3, 1, 2]).cummin(0).values.toArray(); // [3, 1, 1]
     */
    cummin(dim: number): Extremes;
    /**
     * The logarithm of the sum of the exponentials of all elements up to each one along `dim`, without overflow; float32. As `torch.logcumsumexp`.
     *
     * @example
     * tensor([1000, 1000]).logcumsumexp(0).toArray().map((v) => v.toFixed(2)); // ["1000.00", "1000.69"]
     */
    logcumsumexp(dim: number): Tensor;
  }
}

/** The indices 0, 1, ... along dimension d, repeated over `shape`; int32. */
export function placesAlong(where: string, shape: readonly number[], d: number): Tensor {
  const n = shape[d] ?? 1;
  const places = constant([n], 'int32');
  for (let i = 0; i < n; i++) places.values[i] = i;
  return expanded(
    where,
    view(
      places,
      shape.map((_, k) => (k === d ? n : 1)),
    ),
    shape,
  );
}

/** Scans `parts` along d: in steps of 1, 2, 4, ... places each element that has one so many places before it becomes `joined(earlier, later)`. */
export function scanned(parts: Tensor[], d: number, joined: (earlier: Tensor[], later: Tensor[]) => Tensor[]): Tensor[] {
  const n = parts[0]!.shape[d] ?? 1;
  let now = parts;
  for (let by = 1; by < n; by *= 2) {
    const range = (start: number, length: number): Tensor[] => now.map((t) => t.narrow(d, start, length));
    const last = joined(range(0, n - by), range(by, n - by));
    now = range(0, by).map((first, i) => cat([first, last[i]!], d));
  }
  return now;
}

function running(name: 'cummax' | 'cummin', compared: 'ge' | 'le') {
  return function (this: Tensor, dim: number): Extremes {
    const where = `Tensor.${name}`;
    const d = normalizeDim(where, dim, this.shape.length);
    const start = [this.detach(), placesAlong(where, this.shape, d)];
    const [, indices] = scanned(start, d, ([before, at], [after, here]) => {
      const later = after!.isnan().logicalOr(before!.isnan().logicalNot().logicalAnd(after![compared](before!)));
      return [choose(where, later, after!, before!), choose(where, later, here!, at!)];
    });
    return { values: this.gather(d, indices!), indices: indices! };
  };
}
Tensor.prototype.cummax = running('cummax', 'ge');
Tensor.prototype.cummin = running('cummin', 'le');

Tensor.prototype.logcumsumexp = function (this: Tensor, dim) {
  const where = 'Tensor.logcumsumexp';
  checkTensor(where, 'x', this, 'float32');
  const d = normalizeDim(where, dim, this.shape.length);
  if ((this.shape[d] ?? 1) < 2) return this.clone();
  const scan = (t: Tensor): Tensor => scanned([t], d, ([before], [after]) => [before!.logaddexp(after!)])[0]!;
  const x = this.detach();
  const sums = scan(x);
  return record(sums, 'logcumsumexp', [this], [this, sums], (dy) => {
    // exp(x) times the sum of dy exp(-sums) from each element on, calculated separately for positive and negative dy.
    const part = (t: Tensor): Tensor => scan(t.relu().log().sub(sums.detach()).flip(d)).flip(d).add(x).exp();
    give(this, part(dy).sub(part(dy.neg())));
  });
};
