// Methods composed of others: logarithms of two arguments, the logit, fractions, and repeated elements.
import { give, record } from '../autograd';
import { checkInteger, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { allocateConstant } from '../memory';
import { recorder } from '../recorder';
import { broadcastShapes, normalizeDim, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { giveSummed, operand, scalar } from './broadcast';
import { choose } from './choose';
import { expanded } from './expand';
import { stack } from './join';
import { where as chosen } from './where';
import './arithmetic';
import './compare';
import './logsumexp';
import './nan';
import './select';
import './truth';
import './unary';
import './views';

declare module '../tensor' {
  interface Tensor {
    /**
     * `x - trunc(x)`, with the sign of x: `torch.frac`. The gradient is 1.
     *
     * @example
     * tensor([1.5, -2.25]).frac().toArray(); // [0.5, -0.25]
     */
    frac(): Tensor;
    /**
     * Degrees as radians, `x * pi / 180`: `torch.deg2rad`.
     *
     * @example
     * tensor([180, 0]).deg2rad().toArray().map((v) => v.toFixed(2)); // ["3.14", "0.00"]
     */
    deg2rad(): Tensor;
    /**
     * Radians as degrees, `x * 180 / pi`: `torch.rad2deg`.
     *
     * @example
     * tensor([Math.PI, 0]).rad2deg().toArray().map(Math.round); // [180, 0]
     */
    rad2deg(): Tensor;
    /**
     * `log(x / (1 - x))`; with `eps` x is first limited to [eps, 1 - eps]: `torch.logit`. Without `eps` it is NaN outside [0, 1].
     *
     * @example
     * tensor([0.5, 1]).logit().toArray(); // [0, Infinity]
     */
    logit(options?: { eps?: number | null }): Tensor;
    /**
     * `x log(other)`, and 0 where x is 0 unless other is NaN; shapes broadcast. As `torch.xlogy`. Where both are 0 the gradients are 0, where PyTorch's for `other` is NaN.
     *
     * @example
     * tensor([0, 2]).xlogy(tensor([0, 1])).toArray(); // [0, 0]
     */
    xlogy(other: Tensor | number): Tensor;
    /**
     * `log(exp(x) + exp(other))` without overflow; shapes broadcast. As `torch.logaddexp`.
     *
     * @example
     * tensor([1000]).logaddexp(tensor([-Infinity])).toArray(); // [1000]
     */
    logaddexp(other: Tensor): Tensor;
    /**
     * The larger of the two elements; if one is NaN, the other. Shapes broadcast. As `torch.fmax`. Where they are equal the gradient goes to x.
     *
     * @example
     * tensor([1, NaN]).fmax(tensor([0, 2])).toArray(); // [1, 2]
     */
    fmax(other: Tensor): Tensor;
    /**
     * The smaller of the two elements; if one is NaN, the other. Shapes broadcast. As `torch.fmin`. Where they are equal the gradient goes to x.
     *
     * @example
     * tensor([1, NaN]).fmin(tensor([0, 2])).toArray(); // [0, 2]
     */
    fmin(other: Tensor): Tensor;
    /**
     * Repeats each element, or with `dim` each slice along it, directly behind itself: `torch.repeat_interleave`.
     *
     * `repeats` is an integer, or an int32 tensor with an integer for each element or slice; inside a compiled function such a tensor cannot be read. Without `dim` the
     * result is a vector.
     *
     * @example
     * tensor([1, 2]).repeatInterleave(2).toArray(); // [1, 1, 2, 2]
     * tensor([[1], [2]]).repeatInterleave(tensor([2, 1], { dtype: "int32" }), { dim: 0 }).toArray(); // [[1], [1], [2]]
     */
    repeatInterleave(repeats: number | Tensor, options?: { dim?: number | null }): Tensor;
    /**
     * `expand` by another name: `torch.broadcast_to`.
     *
     * @example
     * tensor([1, 2]).broadcastTo([2, 2]).toArray(); // [[1, 2], [1, 2]]
     */
    broadcastTo(shape: readonly number[]): Tensor;
  }
}

Tensor.prototype.frac = function (this: Tensor) {
  checkTensor('Tensor.frac', 'x', this, 'float32');
  return this.sub(this.trunc());
};

Tensor.prototype.deg2rad = function (this: Tensor) {
  return this.to('float32').mul(Math.PI / 180);
};

Tensor.prototype.rad2deg = function (this: Tensor) {
  return this.to('float32').mul(180 / Math.PI);
};

Tensor.prototype.logit = function (this: Tensor, options) {
  const where = 'Tensor.logit';
  checkTensor(where, 'x', this, 'float32');
  const { eps } = withDefaults<{ eps: number | null }>(where, options, { eps: null });
  const [min, max] = eps === null ? [0, 1] : [checkNumber(where, 'eps', eps, 0, 0.5), 1 - eps];
  const x = eps === null ? this.detach() : this.detach().clamp({ min, max });
  const rest = x.neg().add(1);
  return record(x.div(rest).log(), 'logit', [this], [this], (dy) => {
    const inside = this.detach().ge(min).logicalAnd(this.detach().le(max));
    give(this, choose(where, inside, dy.div(x.mul(rest)), scalar(eps === null ? Number.NaN : 0)));
  });
};

Tensor.prototype.xlogy = function (this: Tensor, right) {
  const where = 'Tensor.xlogy';
  checkTensor(where, 'x', this, 'float32');
  const other = operand(where, this, right);
  checkTensor(where, 'other', other, 'float32');
  broadcastShapes(where, this.shape, other.shape);
  const [x, y] = [this.detach(), other.detach()];
  const isNothing = x.eq(0).logicalAnd(y.isnan().logicalNot());
  return record(choose(where, isNothing, scalar(0), x.mul(y.log())), 'xlogy', [this, other], [this, other], (dy) => {
    if (this.needsGrad) giveSummed(this, dy.mul(choose(where, isNothing.logicalAnd(y.le(0)), scalar(0), y.log())), true);
    if (other.needsGrad) giveSummed(other, dy.mul(choose(where, isNothing, scalar(0), x.div(y))), true);
  });
};

/** Adds x's part of the gradient of the logarithm of a sum of powers, dy / (1 + power(other - x)), also where x is infinite. */
export function giveShare(x: Tensor, dy: Tensor, other: Tensor, power: (distance: Tensor) => Tensor): void {
  if (x.needsGrad) giveSummed(x, dy.div(power(other.detach().sub(x.detach())).add(1)), true);
}

Tensor.prototype.logaddexp = function (this: Tensor, other) {
  const where = 'Tensor.logaddexp';
  checkTensor(where, 'x', this, 'float32');
  checkTensor(where, 'other', other, 'float32');
  const shape = broadcastShapes(where, this.shape, other.shape);
  const y = stack([expanded(where, this.detach(), shape), expanded(where, other.detach(), shape)]).logsumexp(0);
  return record(y, 'logaddexp', [this, other], [this, other], (dy) => {
    giveShare(this, dy, other, (distance) => distance.exp());
    giveShare(other, dy, this, (distance) => distance.exp());
  });
};

function chosenNumber(name: 'fmax' | 'fmin', compared: 'ge' | 'le') {
  return function (this: Tensor, other: Tensor): Tensor {
    checkTensor(`Tensor.${name}`, 'other', other);
    broadcastShapes(`Tensor.${name}`, this.shape, other.shape);
    return chosen(this[compared](other).logicalOr(other.isnan()), this, other);
  };
}
Tensor.prototype.fmax = chosenNumber('fmax', 'ge');
Tensor.prototype.fmin = chosenNumber('fmin', 'le');

function repeatsOf(where: string, repeats: unknown, n: number): (i: number) => number {
  if (!(repeats instanceof Tensor)) {
    if (typeof repeats !== 'number') throw typeError(where, `expected repeats to be a whole number or a tensor, got ${describe(repeats)}`);
    const times = checkInteger(where, 'repeats', repeats);
    return () => times;
  }
  checkTensor(where, 'repeats', repeats, 'int32');
  recorder?.reading(where);
  if (repeats.shape.length > 1 || (repeats.numel !== n && repeats.numel !== 1)) {
    throw rangeError(where, `expected repeats [${n}], got ${shapeText(repeats.shape)}`);
  }
  const { ints, numel } = repeats;
  for (let i = 0; i < numel; i++) if (ints[i]! < 0) throw rangeError(where, `expected repeats to be at least 0, got ${ints[i]} at [${i}]`);
  return (i) => ints[numel === 1 ? 0 : i]!;
}

Tensor.prototype.repeatInterleave = function (this: Tensor, repeats, options) {
  const where = 'Tensor.repeatInterleave';
  checkTensor(where, 'x', this);
  const { dim } = withDefaults<{ dim: number | null }>(where, options, { dim: null });
  const x = dim === null ? this.flatten() : this;
  const d = normalizeDim(where, dim ?? 0, x.shape.length);
  const n = x.shape[d]!;
  const times = repeatsOf(where, repeats, n);
  const index: number[] = [];
  for (let i = 0; i < n; i++) for (let k = times(i); k > 0; k--) index.push(i);
  const rows = allocateConstant(index.length, 'int32');
  rows.set(index);
  return x.indexSelect(d, new Tensor(rows, [index.length]));
};

Tensor.prototype.broadcastTo = function (this: Tensor, shape) {
  return this.expand(shape);
};
