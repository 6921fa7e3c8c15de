// A linear layer and the cross entropy of its logits, of which only some rows exist at a time.

import { give, isGradEnabled, isUnit, record, share } from '../autograd';
import { isRangeError } from '../brands';
import * as calls from '../calls.generated';
import { checkInteger, checkNumber, rangeError, withDefaults } from '../errors';
import { numelOf, sameShape, shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { binary, flatLayout, scalar } from './broadcast';
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
  /** Rows with this label count for nothing. Default -100. */
  ignoreIndex?: number;
  /** Default `"mean"`: over the weights of the rows that count. */
  reduction?: Reduction;
  /** From 0 to 1: how much of the target is spread evenly over all classes. Default 0. */
  labelSmoothing?: number;
  /** How many rows have their logits in memory at once. Default: 256, or as many as make 2^20 logits. */
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

// What is calculated with, and with which options.
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

// Sums over rows; null where no gradient is wanted.
interface Gradients {
  dx: Tensor | null;
  dweight: Tensor | null;
  dbias: Tensor | null;
}

const wanted = (t: Tensor | null): Tensor | null => (t?.needsGrad ? empty(t.shape.slice()) : null);

// The error for a label of the rows from `first` on.
function explain(error: unknown, { where, target }: Problem, first: number): unknown {
  if (!isRangeError(error)) return error;
  const moved = error.message.replace(/\[(\d+)\](?= = -?\d+ is out of range)/, (_, position: string) => `[${Number(position) + first}]`);
  return explainIndex(new RangeError(moved), where, 'target', target);
}

/**
 * Goes through the rows, chunk by chunk: writes each row's loss, and the gradients of the losses' sum, where row r counts `factors[r]` times if given. The
 * logits are overwritten by their gradients.
 */
function pass(problem: Problem, losses: Tensor, gradients: Gradients | null, factors: Tensor | null): void {
  const { x, weight, bias, classWeight, target, rows, features, classes, ignoreIndex, labelSmoothing, chunk } = problem;
  const logits = empty([Math.min(chunk, rows), classes]);
  for (let first = 0; first < rows; first += chunk) {
    const count = Math.min(chunk, rows - first);
    const part = logits.floats.subarray(0, count * classes);
    const xPart = x.floats.subarray(first * features, (first + count) * features);
    calls.linearForward({ y: part, x: xPart, weight: weight.floats, bias: bias?.floats, rows: count, in: features, out: classes });
    try {
      calls.softmaxCrossEntropy({
        loss: losses.floats.subarray(first, first + count),
        dlogits: gradients === null ? null : part,
        logits: part,
        labels: target.ints.subarray(first, first + count),
        weight: classWeight?.floats,
        rows: count,
        classes,
        ignoreIndex,
        labelSmoothing,
        reduction: 'none',
      });
    } catch (error) {
      throw explain(error, problem, first);
    }
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

// Makes the sums means. Gradients are 0 and stay so where no row counts, and NaN where the weights of those that count add up to 0. So is the loss, but
// without label smoothing what the division by 0 gives: with it the labels' losses, which decide, are not there apart.
function divide(problem: Problem, loss: Tensor, gradients: Gradients | null): void {
  const { where, target, classWeight, ignoreIndex, labelSmoothing, rows, features } = problem;
  const total = sumOfWeights(where, target, classWeight, ignoreIndex);
  const nothing = nanWithout(where, total);
  calls.div({ out: loss.floats, a: loss.floats, b: total.floats, layout: flatLayout(1) });
  if (labelSmoothing > 0) calls.add({ out: loss.floats, a: loss.floats, b: nothing.floats, layout: flatLayout(1) });
  if (gradients === null) return;
  const share = binary(where, 'add', binary(where, 'div', scalar(1), total, 'float32'), nothing, 'float32');
  const counting = target.ne(scalar(ignoreIndex, 'int32'));
  const factor = choose(where, counting.sum(), share, scalar(0));
  for (const t of [gradients.dweight, gradients.dbias]) scaleInPlace(t, factor);
  if (gradients.dx === null) return;
  const factors = choose(where, counting, share, scalar(0)); // a row that does not count keeps its zeros, whatever the others are divided by
  calls.scaleRows({ out: gradients.dx.floats, x: gradients.dx.floats, scale: factors.floats, rows, columns: features });
}

// The sum or the mean: its gradients are made along with it, and multiplied by what arrives for it.
function overRows(problem: Problem, reduction: Reduction): Tensor {
  const { x, weight, bias, rows } = problem;
  const inputs = bias === null ? [x, weight] : [x, weight, bias];
  const needed = isGradEnabled() && inputs.some((t) => t.needsGrad);
  const gradients = needed ? { dx: wanted(x), dweight: wanted(weight), dbias: wanted(bias) } : null;
  const losses = empty([rows]);
  pass(problem, losses, gradients, null);
  const loss = empty([]);
  calls.sum({ out: loss.floats, x: losses.floats, outer: 1, n: rows, inner: 1 });
  if (reduction === 'mean') divide(problem, loss, gradients);
  return record(loss, 'linearCrossEntropy', inputs, [], (dy) => {
    const { dx, dweight, dbias } = gradients!;
    for (const [t, gradient] of [
      [x, dx],
      [weight, dweight],
      [bias, dbias],
    ] as const) {
      if (t === null || gradient === null) continue;
      if (isUnit(dy))
        share(t, gradient); // not given away: a retained graph sends it once more
      else give(t, scaled(gradient, dy));
    }
  });
}

// Each row's loss: what arrives for each row is known in the backward pass alone, which calculates the logits once more.
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
 * `crossEntropy(linear(x, weight, bias), target)` without the logits of all rows in memory: for many classes, as a language model has. As
 * `torch.nn.functional.linear_cross_entropy`.
 *
 * Shapes: x float32 `[*, in]`, weight `[classes, in]`, bias `[classes]`, target int32 labels `[*]`; the result is a scalar, or `[*]` for `reduction: "none"`.
 * `chunk` rows of logits are in memory at a time, by default at least 256; the gradients of x, weight and bias are made along with the loss, and for "none" in the backward
 * pass, which takes the products of the forward pass once more. More in `crossEntropy`; probabilities as target are not
 * supported. Source: Wijmans et al., arXiv 2411.09009, and Hsu et al., arXiv 2410.10989.
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
