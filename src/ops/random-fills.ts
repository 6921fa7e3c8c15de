// Tensors filled with random numbers of further distributions, all from the sequence that `manualSeed` starts.
import { noGrad } from '../autograd';
import { checkInteger, checkNumber, rangeError } from '../errors';
import type { DType } from '../memory';
import { checkTensor, Tensor } from '../tensor';
import { scalar } from './broadcast';
import { random } from './create';
import { checkProbabilities, integers } from './draws';
import { become, checkBroadcasts, former, isRecorded } from './in-place';
import './compare';
import './unary';

declare module '../tensor' {
  interface Tensor {
    /**
     * Replaces the elements by 1 with the probability `p` (a number, 0.5 by default, or a tensor that broadcasts to this shape), else 0; see `copy_`.
     *
     * A RangeError for a probability outside [0, 1]; a compiled step treats one above 1 as 1, below 0 and NaN as 0.
     *
     * @example
     * zeros([3]).bernoulli_(1).toArray(); // [1, 1, 1]
     */
    bernoulli_(p?: number | Tensor): this;
    /**
     * Replaces the elements by exponentially distributed numbers, which are positive and have the mean `1 / lambd` (`lambd` is positive, 1 by default);
     * see `copy_`. float32 only.
     *
     * @example
     * zeros([4]).exponential_(2).gt(0).all().item(); // 1
     */
    exponential_(lambd?: number): this;
    /**
     * Replaces the elements by the numbers of trials up to the first success, where each succeeds with the probability `p` in (0, 1): 1, 2 and so on;
     * see `copy_`.
     *
     * @example
     * zeros([4]).geometric_(0.5).ge(1).all().item(); // 1
     */
    geometric_(p: number): this;
    /**
     * Replaces the elements by numbers with a Cauchy distribution around `median` (0) of width `sigma` (positive, 1 by default); see `copy_`. float32 only.
     *
     * @example
     * zeros([4]).cauchy_().isfinite().all().item(); // 1
     */
    cauchy_(median?: number, sigma?: number): this;
    /**
     * Replaces the elements by `exp` of normally distributed numbers with the given mean and positive standard deviation (1 and 2); see `copy_`.
     * float32 only.
     *
     * @example
     * zeros([4]).logNormal_(0, 0.5).gt(0).all().item(); // 1
     */
    logNormal_(mean?: number, std?: number): this;
    /**
     * Replaces the elements by random integers: `random_(from, to)` from `from` to `to - 1`, `random_(to)` from 0 to `to - 1`, and `random_()` from 0 to
     * 2^31 - 1 for int32 and to 2^24 - 1 for float32 (in PyTorch to 2^24); see `copy_`. A RangeError for bounds more than 2^24 apart.
     *
     * @example
     * zeros([4]).random_(5, 6).toArray(); // [5, 5, 5, 5]
     */
    random_(to?: number): this;
    /** Integers from `from` to `to - 1`; see the other form. */
    random_(from: number, to: number): this;
  }
}

/** Fills x with what `draw` returns for its shape, converted to its element type. */
function fill(where: string, x: Tensor, draw: () => Tensor): Tensor {
  const before = isRecorded(where, x, null) ? former(x, false) : x;
  return become(x, where.slice('Tensor.'.length), noGrad(draw).to(x.dtype), before);
}

const uniform = (where: string, x: Tensor): Tensor => random(where, 'fillUniform', x.shape, undefined);
// The logarithms of uniform numbers, which are kept away from 0; no number is 1, so that all are negative and finite.
const logarithms = (where: string, x: Tensor): Tensor =>
  uniform(where, x)
    .clamp({ min: 2 ** -25 })
    .log();

function checkPositive(where: string, name: string, value: unknown): number {
  const x = checkNumber(where, name, value);
  if (!(x > 0)) throw rangeError(where, `expected ${name} to be more than 0, got ${x}`);
  return x;
}

const mostOf: Record<DType, number> = { float32: 2 ** 24, int32: 2 ** 31 };

// All int32 numbers from 0 on: 15 random bits above 16.
function anyInteger(where: string, x: Tensor): Tensor {
  const bits = (count: number): Tensor =>
    uniform(where, x)
      .mul(2 ** count)
      .floor()
      .to('int32');
  return bits(15)
    .mul(scalar(2 ** 16, 'int32'))
    .add(bits(16));
}

Tensor.prototype.bernoulli_ = function (this: Tensor, p = 0.5) {
  const where = 'Tensor.bernoulli_';
  checkTensor(where, 'x', this);
  const chances = p instanceof Tensor ? checkTensor(where, 'p', p, 'float32').detach() : scalar(checkNumber(where, 'p', p, 0, 1));
  checkBroadcasts(where, 'p', this, chances);
  checkProbabilities(where, chances, 1);
  return fill(where, this, () => uniform(where, this).lt(chances));
};
Tensor.prototype.exponential_ = function (this: Tensor, lambd = 1) {
  const where = 'Tensor.exponential_';
  checkTensor(where, 'x', this, 'float32');
  checkPositive(where, 'lambd', lambd);
  return fill(where, this, () => logarithms(where, this).div(-lambd));
};
Tensor.prototype.geometric_ = function (this: Tensor, p) {
  const where = 'Tensor.geometric_';
  checkTensor(where, 'x', this);
  checkNumber(where, 'p', p);
  if (!(p > 0 && p < 1)) throw rangeError(where, `expected p to be between 0 and 1, got ${p}`);
  return fill(where, this, () => logarithms(where, this).div(Math.log1p(-p)).ceil().clamp({ min: 1 }));
};
Tensor.prototype.cauchy_ = function (this: Tensor, median = 0, sigma = 1) {
  const where = 'Tensor.cauchy_';
  checkTensor(where, 'x', this, 'float32');
  checkNumber(where, 'median', median);
  checkPositive(where, 'sigma', sigma);
  return fill(where, this, () => uniform(where, this).sub(0.5).mul(Math.PI).tan().mul(sigma).add(median));
};
Tensor.prototype.logNormal_ = function (this: Tensor, mean = 1, std = 2) {
  const where = 'Tensor.logNormal_';
  checkTensor(where, 'x', this, 'float32');
  checkNumber(where, 'mean', mean);
  checkPositive(where, 'std', std);
  return fill(where, this, () => random(where, 'fillNormal', this.shape, undefined).mul(std).add(mean).exp());
};
Tensor.prototype.random_ = function (this: Tensor, ...bounds: number[]) {
  const where = 'Tensor.random_';
  checkTensor(where, 'x', this);
  if (bounds.length === 0 && this.dtype === 'int32') return fill(where, this, () => anyInteger(where, this));
  const most = mostOf[this.dtype];
  const [from, to] = bounds.length > 1 ? bounds : [0, bounds[0] ?? most];
  for (const [name, bound] of Object.entries({ from, to })) checkInteger(where, name, bound, -most, most);
  return fill(where, this, () => integers(where, from, to, this.shape, undefined));
};
