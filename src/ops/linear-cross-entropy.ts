// A linear layer followed by the cross entropy of its logits. Only the logits of some rows exist at a time.

import { give, isGradEnabled, isUnit, record, share } from '../autograd';
import { isRangeError } from '../brands';
import * as calls from '../calls.generated';
import { checkInteger, checkNumber, rangeError, withDefaults } from '../errors';
import { numelOf, sameShape, shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { binary, scalar } from './broadcast';
import { choose } from './choose';
import { explainIndex } from './indices';
import { nanWithout, sumOfWeights } from './label-weights';
import { checkReduction, checkWeight, type Reduction, scaled } from './loss';
import './compare';
import './convert';
import './reduce';

/** The options of `linearCrossEntropy`. */
export interface LinearCrossEntropyOptions {
  /** Added to the logits, float32 `[classes]`. Default: none. */
  bias?: Tensor | null;
  /** A factor for each class, float32 `[classes]`. Default: none. */
  weight?: Tensor | null;
  /** Rows with this label are ignored. Default -100. */
  ignoreIndex?: number;
  /** Default `"mean"`: the sum divided by the sum of the weights of the rows that are not ignored. */
  reduction?: Reduction;
  /** From 0 to 1: the part of the target that is spread evenly over all classes. Default 0. */
  labelSmoothing?: number;
  /** The number of rows whose logits are in memory at a time. Default: 256, or as many rows as have 2^20 logits if that is more. */
  chunk?: number | null;
}

const defaults: Required<LinearCrossEntropyOptions> = {
  bias: null,
  weight: null,
  ignoreIndex: -100,
  reduction: 'mean',
  labelSmoothing: 0,
  chunk: null,
};

// The operands and the options.
interface Problem {
  x: Tensor;
  weight: Tensor;
  bias: Tensor | null;
  classWeight: Tensor | null;
  target: Tensor;
  rows: number;
  features: number;
  classes: number;
  ignoreIndex: number;
  labelSmoothing: number;
  chunk: number;
  where: string;
}

// The gradients, sums over rows; null where none is needed.
interface Gradients {
  dx: Tensor | null;
  dweight: Tensor | null;
  dbias: Tensor | null;
}

const wanted = (t: Tensor | null): Tensor | null => (t?.needsGrad ? empty(t.shape.slice()) : null);

// The error for a label in the rows from `first` on.
function explain(error: unknown, { where, target }: Problem, first: number): unknown {
  if (!isRangeError(error)) return error;
  const moved = error.message.replace(/\[(\d+)\](?= = -?\d+ is out of range)/, (_, position: string) => `[${Number(position) + first}]`);
  return explainIndex(new RangeError(moved), where, 'target', target);
}

// Writes the losses of the rows from `first` on, which have these `logits`; with `overwrites` the logits become their own gradients.
function lossesOf(
  problem: Problem,
  logits: Float32Array,
  first: number,
  losses: Tensor,
  overwrites: boolean,
  labelSmoothing: number,
): void {
  const { classWeight, target, classes, ignoreIndex } = problem;
  const rows = Math.min(problem.chunk, problem.rows - first);
  try {
    calls.softmaxCrossEntropy({
      loss: losses.floats.subarray(first, first + rows),
      dlogits: overwrites ? logits : null,
      logits,
      labels: target.ints.subarray(first, first + rows),
      weight: classWeight?.floats,
      rows,
      classes,
      ignoreIndex,
      labelSmoothing,
      reduction: 'none',
    });
  } catch (error) {
    throw explain(error, problem, first);
  }
}

/**
 * Processes the rows chunk by chunk: writes each row's loss, and adds up the gradients of the sum of the losses, in which row r has the factor `factors[r]` if
 * given. The logits are overwritten by their gradients. `ofLabels` gets the losses without label smoothing.
 */
function pass(problem: Problem, losses: Tensor, gradients: Gradients | null, factors: Tensor | null, ofLabels: Tensor | null = null): void {
  const { x, weight, bias, rows, features, classes, chunk } = problem;
  const logits = empty([Math.min(chunk, rows), classes]);
  for (let first = 0; first < rows; first += chunk) {
    const count = Math.min(chunk, rows - first);
    const part = logits.floats.subarray(0, count * classes);
    const xPart = x.floats.subarray(first * features, (first + count) * features);
    calls.linearForward({ y: part, x: xPart, weight: weight.floats, bias: bias?.floats, rows: count, in: features, out: classes });
    if (ofLabels !== null) lossesOf(problem, part, first, ofLabels, false, 0);
    lossesOf(problem, part, first, losses, gradients !== null, problem.labelSmoothing);
    if (gradients === null) continue;
    if (factors !== null) {
      calls.scaleRows({ out: part, x: part, scale: factors.floats.subarray(first, first + count), rows: count, columns: classes });
    }
    calls.linearBackward({
      dx: gradients.dx?.floats.subarray(first * features, (first + count) * features),
      dweight: gradients.dweight?.floats,
      dbias: gradients.dbias?.floats,
      dy: part,
      x: xPart,
      weight: weight.floats,
      rows: count,
      in: features,
      out: classes,
      accumulateDx: false,
      accumulateDweight: first > 0,
      accumulateDbias: first > 0,
    });
  }
  if (gradients === null || rows > 0) return;
  for (const t of [gradients.dweight, gradients.dbias]) if (t !== null) calls.fill({ out: t.floats, n: t.numel, value: 0 });
}

function scaleInPlace(t: Tensor | null, factor: Tensor): void {
  if (t !== null) calls.scaleRows({ out: t.floats, x: t.floats, scale: factor.floats, rows: 1, columns: t.numel });
}

// The mean of losses whose sum is `total`; `ofLabels` is the sum of the losses without label smoothing. If the weights add up to 0, the labels' part and the
// smoothing's part are divided by 0 separately, as in PyTorch: the mean is infinite, or NaN if the two disagree.
function meanOf({ where, labelSmoothing }: Problem, total: Tensor, ofLabels: Tensor, weights: Tensor): Tensor {
  const by = (op: 'add' | 'sub' | 'mul' | 'div', a: Tensor, b: Tensor): Tensor => binary(where, op, a, b, 'float32');
  const keep = scalar(1 - labelSmoothing);
  const smoothing = by('sub', total, by('mul', keep, ofLabels));
  const apart = by('add', by('mul', keep, by('div', ofLabels, weights)), by('div', smoothing, weights));
  return choose(where, weights.ne(scalar(0)), by('div', total, weights), apart);
}

const sumOf = (losses: Tensor): Tensor => {
  const sum = empty([]);
  calls.sum({ out: sum.floats, x: losses.floats, outer: 1, n: losses.numel, inner: 1 });
  return sum;
};

// Turns summed gradients into those of the mean. They stay 0 if all rows are ignored, and are NaN if the weights of the others add up to 0.
function divide(problem: Problem, total: Tensor, gradients: Gradients): void {
  const { where, target, ignoreIndex, rows, features } = problem;
  const nothing = nanWithout(where, total);
  const share = binary(where, 'add', binary(where, 'div', scalar(1), total, 'float32'), nothing, 'float32');
  const counting = target.ne(scalar(ignoreIndex, 'int32'));
  const factor = choose(where, counting.sum(), share, scalar(0));
  for (const t of [gradients.dweight, gradients.dbias]) scaleInPlace(t, factor);
  if (gradients.dx === null) return;
  const factors = choose(where, counting, share, scalar(0)); // an ignored row keeps its zeros, whatever the divisor
  calls.scaleRows({ out: gradients.dx.floats, x: gradients.dx.floats, scale: factors.floats, rows, columns: features });
}

// The sum or the mean. Its gradients are calculated with it, and multiplied by the gradient of the loss in the backward pass.
function overRows(problem: Problem, reduction: Reduction): Tensor {
  const { where, x, weight, bias, classWeight, target, rows, ignoreIndex, labelSmoothing } = problem;
  const inputs = bias === null ? [x, weight] : [x, weight, bias];
  const needed = isGradEnabled() && inputs.some((t) => t.needsGrad);
  const gradients = needed ? { dx: wanted(x), dweight: wanted(weight), dbias: wanted(bias) } : null;
  const losses = empty([rows]);
  const ofLabels = reduction === 'mean' && labelSmoothing > 0 && classWeight !== null ? empty([rows]) : null;
  pass(problem, losses, gradients, null, ofLabels);
  let loss = sumOf(losses);
  if (reduction === 'mean') {
    const weights = sumOfWeights(where, target, classWeight, ignoreIndex);
    loss = ofLabels === null ? binary(where, 'div', loss, weights, 'float32') : meanOf(problem, loss, sumOf(ofLabels), weights);
    if (gradients !== null) divide(problem, weights, gradients);
  }
  return record(loss, 'linearCrossEntropy', inputs, [], (dy) => {
    const { dx, dweight, dbias } = gradients!;
    for (const [t, gradient] of [
      [x, dx],
      [weight, dweight],
      [bias, dbias],
    ] as const) {
      if (t === null || gradient === null) continue;
      if (isUnit(dy))
        share(t, gradient); // keep it, because a retained graph sends it again
      else give(t, scaled(gradient, dy));
    }
  });
}

// The loss of each row. Only the backward pass knows the gradient of each row's loss, so it calculates the logits again.
function ofEachRow(problem: Problem): Tensor {
  const { x, weight, bias, classWeight, target, rows } = problem;
  const losses = empty([rows]);
  pass(problem, losses, null, null);
  const inputs = bias === null ? [x, weight] : [x, weight, bias];
  const y = new Tensor(losses.values, target.shape.slice(), losses.version);
  const read = classWeight === null ? [...inputs, target] : [...inputs, target, classWeight];
  return record(y, 'linearCrossEntropy', inputs, read, (dy) => {
    const gradients = { dx: wanted(x), dweight: wanted(weight), dbias: wanted(bias) };
    pass(problem, empty([rows]), gradients, dy);
    if (gradients.dx !== null) give(x, gradients.dx);
    if (gradients.dweight !== null) give(weight, gradients.dweight);
    if (gradients.dbias !== null) give(bias!, gradients.dbias);
  });
}

/**
 * `crossEntropy(linear(x, weight, bias), target)` without all rows' logits in memory, for many classes, such as the vocabulary of a language model. As
 * `torch.nn.functional.linear_cross_entropy`.
 *
 * Shapes: x float32 `[*, in]`, weight `[classes, in]`, bias `[classes]`, target int32 labels `[*]`; the result is a scalar, or `[*]` for `reduction: "none"`.
 * The logits of `chunk` rows are in memory at a time, by default of at least 256. The gradients of x, weight and bias are calculated together with the loss; for "none"
 * in the backward pass, which calculates the logits again. For the rest see `crossEntropy`; probabilities as target are not supported. Source: Wijmans et al., arXiv
 * 2411.09009, and Hsu et al., arXiv 2410.10989.
 *
 * @example
 * const [x, weight] = [tensor([[1, 2]]), tensor([[0, 0], [0, 0]])];
 * nn.functional.linearCrossEntropy(x, weight, tensor([1], { dtype: "int32" })).item(); // 0.6931471824645996
 */
export function linearCrossEntropy(x: Tensor, weight: Tensor, target: Tensor, options?: LinearCrossEntropyOptions): Tensor;
/** @internal */
export function linearCrossEntropy(
  x: Tensor,
  weight: Tensor,
  target: Tensor,
  options: LinearCrossEntropyOptions | undefined,
  where: string,
): Tensor;
export function linearCrossEntropy(
  x: Tensor,
  weight: Tensor,
  target: Tensor,
  options?: LinearCrossEntropyOptions,
  where = 'linearCrossEntropy',
): Tensor {
  const { bias, weight: classWeight, ignoreIndex, reduction, labelSmoothing, chunk } = withDefaults(where, options, defaults);
  checkInteger(where, 'ignoreIndex', ignoreIndex, -0x80000000, 0x7fffffff);
  checkReduction(where, reduction);
  checkNumber(where, 'labelSmoothing', labelSmoothing, 0, 1);
  if (chunk !== null) checkInteger(where, 'chunk', chunk, 1);
  checkTensor(where, 'x', x, 'float32');
  checkTensor(where, 'weight', weight, 'float32');
  if (weight.shape.length !== 2) throw rangeError(where, `expected weight [classes, in], got ${shapeText(weight.shape)}`);
  const [classes, features] = weight.shape as [number, number];
  if (x.shape.length === 0 || x.shape[x.shape.length - 1] !== features) {
    throw rangeError(where, `expected x [*, ${features}], got ${shapeText(x.shape)}`);
  }
  if (bias !== null) {
    checkTensor(where, 'bias', bias, 'float32');
    if (bias.shape.length !== 1 || bias.numel !== classes)
      throw rangeError(where, `expected bias [${classes}], got ${shapeText(bias.shape)}`);
  }
  checkWeight(where, classWeight, classes);
  const lead = x.shape.slice(0, -1);
  checkTensor(where, 'target', target, 'int32');
  if (!sameShape(target.shape, lead)) {
    throw rangeError(where, `expected target ${shapeText(lead)} for x ${shapeText(x.shape)}, got ${shapeText(target.shape)}`);
  }
  const rowsAtOnce = chunk ?? Math.max(256, Math.floor(2 ** 20 / Math.max(1, classes)));
  const problem = {
    x,
    weight,
    bias,
    classWeight,
    target,
    rows: numelOf(lead),
    features,
    classes,
    ignoreIndex,
    labelSmoothing,
    chunk: rowsAtOnce,
    where,
  };
  return reduction === 'none' ? ofEachRow(problem) : overRows(problem, reduction);
}
