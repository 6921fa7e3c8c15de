// Further random numbers, all from the sequence that `manualSeed` starts.
import { noGrad } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkInteger, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { draw } from '../random';
import { live, recorder } from '../recorder';
import { broadcastShapes, checkShape, shapeText } from '../shape';
import { checkTensor, constant, empty, Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import { type CreateOptions, finish, random, settings } from './create';
import { cat } from './join';
import './extremum';
import './truth';

const widest = 2 ** 24; // the number of different values of a uniform float32 number

/** Random integers from `low` to `high - 1`, of this shape. */
export function integers(where: string, low: unknown, high: unknown, shape: unknown, options: CreateOptions | undefined): Tensor {
  const from = checkInteger(where, 'low', low, -(2 ** 31), 2 ** 31 - 1);
  const to = checkInteger(where, 'high', high, -(2 ** 31), 2 ** 31);
  if (to <= from) throw rangeError(where, `expected high to be more than low, got ${to} and ${from}`);
  if (to - from > widest) throw rangeError(where, `expected at most 2^24 different numbers, got ${to - from}`);
  const { dtype, requiresGrad } = settings(where, options, 'int32');
  const steps = noGrad(() =>
    random(where, 'fillUniform', checkShape(where, shape), undefined)
      .mul(to - from)
      .floor(),
  );
  const drawn = steps.to('int32').add(scalar(from, 'int32'));
  return finish(drawn.to(dtype), requiresGrad);
}

/**
 * Random integers from `low` (default 0) to `high - 1`, all equally probable: `randint(high, shape)` or `randint(low, high, shape)`, then options. int32
 * unless `dtype` is float32. As `torch.randint`.
 *
 * A RangeError for more than 2^24 different numbers.
 *
 * @example
 * randint(6, [2, 3]).lt(6).all().item(); // 1
 * randint(-1, 2, [100]).ge(-1).all().item(); // 1
 */
export function randint(high: number, shape: readonly number[], options?: CreateOptions): Tensor;
export function randint(low: number, high: number, shape: readonly number[], options?: CreateOptions): Tensor;
export function randint(first: number, second: number | readonly number[], third?: unknown, options?: CreateOptions): Tensor {
  if (typeof second === 'number') return integers('randint', first, second, third, options);
  return integers('randint', 0, first, second, third as CreateOptions | undefined);
}

/**
 * The numbers 0 to `n - 1` in random order, int32: `torch.randperm`.
 *
 * @example
 * randperm(5).sum().item(); // 10
 */
export function randperm(n: number): Tensor {
  checkInteger('randperm', 'n', n, 0, 2 ** 31 - 1);
  const out = empty([n], 'int32');
  const drawn = draw(n);
  live(() => calls.randomPermutation({ out: out.ints, n, seed: drawn.seed, offset: drawn.offset }));
  return out;
}

/**
 * Random numbers, normally distributed with these means and standard deviations, which are tensors, which broadcast, or numbers. Two numbers need a shape. No
 * gradients pass. As `torch.normal`.
 *
 * A RangeError if `std` is a negative number.
 *
 * @example
 * normal(5, 0, [2]).toArray(); // [5, 5]
 * normal(tensor([1, 2]), 0).toArray(); // [1, 2]
 */
export function normal(mean: number | Tensor, std: number | Tensor, shape?: readonly number[]): Tensor {
  const part = (name: string, value: unknown, low: number): Tensor => {
    if (value instanceof Tensor) return checkTensor('normal', name, value, 'float32').detach();
    if (typeof value !== 'number') throw typeError('normal', `expected ${name} to be a number or a tensor, got ${describe(value)}`);
    return scalar(checkNumber('normal', name, value, low));
  };
  const [center, width] = [part('mean', mean, -Infinity), part('std', std, 0)];
  const given = !(mean instanceof Tensor) && !(std instanceof Tensor);
  if (given === (shape === undefined)) {
    throw typeError('normal', given ? 'expected a shape beside two numbers' : 'expected no shape beside a tensor, whose own is taken');
  }
  const sizes = given ? checkShape('normal', shape) : broadcastShapes('normal', center.shape, width.shape);
  return random('normal', 'fillNormal', sizes, undefined).mul(width).add(center);
}

/** Throws if a probability is outside its range. While a function is recorded there are no values to check. */
export function checkProbabilities(where: string, x: Tensor, high: number): void {
  if (recorder !== null) return;
  for (let i = 0; i < x.numel; i++) {
    const p = x.values[i]!;
    if (!(p >= 0 && p <= high))
      throw rangeError(where, `expected ${high === 1 ? 'probabilities from 0 to 1' : 'weights that are at least 0 and finite'}, got ${p}`);
  }
}

/**
 * 1 with the probability that `input` has at each place, else 0, float32: `torch.bernoulli`. No gradients pass.
 *
 * A RangeError for a probability outside [0, 1]; a compiled step treats a probability above 1 as 1, below 0 and NaN as 0.
 *
 * @example
 * bernoulli(tensor([0, 1])).toArray(); // [0, 1]
 */
export function bernoulli(input: Tensor): Tensor {
  checkTensor('bernoulli', 'input', input, 'float32');
  checkProbabilities('bernoulli', input, 1);
  return random('bernoulli', 'fillUniform', input.shape, undefined).lt(input.detach()).to('float32');
}

/**
 * The indices of `numSamples` draws from each row of `input`, `[classes]` or `[rows, classes]`, with probabilities proportional to its weights: int32
 * `[numSamples]` or `[rows, numSamples]`. As `torch.multinomial`.
 *
 * Each index is drawn at most once unless `replacement`. A draw takes the index with the largest `weight / e`, with exponentially distributed `e`. A RangeError for
 * negative weights, a row with too few positive weights, or more draws than indices; a compiled step does not check the weights.
 *
 * @example
 * multinomial(tensor([0, 3, 0]), 2, { replacement: true }).toArray(); // [1, 1]
 */
export function multinomial(input: Tensor, numSamples: number, options?: { replacement?: boolean }): Tensor {
  const where = 'multinomial';
  checkTensor(where, 'input', input, 'float32');
  const { replacement } = withDefaults(where, options, { replacement: false });
  checkBoolean(where, 'replacement', replacement);
  const n = checkInteger(where, 'numSamples', numSamples, 1);
  if (input.shape.length !== 1 && input.shape.length !== 2) {
    throw rangeError(where, `expected input [classes] or [rows, classes], got ${shapeText(input.shape)}`);
  }
  const classes = input.shape.at(-1)!;
  const rows = input.shape.length === 1 ? 1 : input.shape[0]!;
  if (classes === 0) throw rangeError(where, `expected at least one class, got ${shapeText(input.shape)}`);
  if (!replacement && n > classes) {
    throw rangeError(where, `cannot draw ${n} of ${classes} places once each`, 'multinomial(input, n, { replacement: true })');
  }
  checkProbabilities(where, input, Number.MAX_VALUE);
  if (recorder === null) checkRows(where, input, classes, replacement ? 1 : n);
  const weights = input.detach().reshape([rows, 1, classes]);
  const draws = replacement ? n : 1;
  // Exponentially distributed numbers: minus the logarithm of uniform ones, which are kept away from 0.
  const noise = random(where, 'fillUniform', [rows, draws, classes], undefined)
    .clamp({ min: 2 ** -25 })
    .log()
    .neg();
  let keys = weights.div(noise);
  if (replacement) return keys.argmax(2).reshape([...input.shape.slice(0, -1), n]);
  const places: Tensor[] = [];
  const all = constant([classes], 'int32');
  for (let i = 0; i < classes; i++) all.values[i] = i;
  for (let i = 0; i < n; i++) {
    const place = keys.argmax(2, { keepdim: true });
    places.push(place.reshape([rows, 1]));
    if (i + 1 < n) keys = choose(where, place.eq(all), scalar(-1), keys);
  }
  return cat(places, 1).reshape([...input.shape.slice(0, -1), n]);
}

// Throws if a row has fewer positive weights than are to be drawn from it.
function checkRows(where: string, input: Tensor, classes: number, least: number): void {
  for (let row = 0; row * classes < input.numel; row++) {
    const positive = input.values.subarray(row * classes, (row + 1) * classes).filter((weight) => weight > 0).length;
    if (positive < least) throw rangeError(where, `row ${row} has ${positive} positive weights, and ${least} must be drawn`);
  }
}
