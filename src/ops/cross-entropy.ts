// The cross entropy: softmax and negative log-likelihood in one pass over the logits.
import { give, isGradEnabled, isUnit, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkInteger, checkNumber, rangeError, typeError, withDefaults } from '../errors';
import { sameShape, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { binary, scalar } from './broadcast';
import { explainIndex } from './indices';
import { checkLabels, checkReduction, checkWeight, giveScores, type Reduction, recordLoss, type Scores, scaled, scoresOf } from './loss';
import { inverse, permuted } from './transpose';

/** The options of `crossEntropy`. */
export interface CrossEntropyOptions {
  /** A factor for each class, float32 `[classes]`. Default: none. */
  weight?: Tensor | null;
  /** Rows with this label are ignored. Default -100. Not for probabilities. */
  ignoreIndex?: number;
  /** Default `"mean"`: the sum divided by the sum of the weights of the rows that are not ignored. */
  reduction?: Reduction;
  /** From 0 to 1: the part of the target that is spread evenly over all classes. Default 0. */
  labelSmoothing?: number;
}

const defaults: Required<CrossEntropyOptions> = { weight: null, ignoreIndex: -100, reduction: 'mean', labelSmoothing: 0 };

let warned = false;

// Warns of a softmax before this loss. PyTorch allows it too, but it is nearly always a mistake.
function warnOfSoftmax(where: string): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    `[${where}] its input was made by softmax, and it applies softmax itself: gradients get small, training is slow and ends at a higher loss.` +
      ' Remove the Softmax layer while training, and call softmax on the output where probabilities are wanted.',
    { code: 'SIMDNN_SOFTMAX_BEFORE_CROSS_ENTROPY' },
  );
}

// Whether the target is probabilities, which have the shape of x. A float32 target in the shape of labels is a mistake; the error says how to correct it.
function isProbabilities(where: string, x: Tensor, labels: number[], target: Tensor): boolean {
  checkTensor(where, 'target', target);
  if (target.dtype === 'int32') return false;
  if (sameShape(target.shape, x.shape)) return true;
  if (sameShape(target.shape, labels)) {
    throw typeError(where, 'expected class labels to be int32, got float32', 'target.to("int32") converts them');
  }
  throw rangeError(
    where,
    `expected target ${shapeText(labels)} (int32 labels) or ${shapeText(x.shape)} (probabilities), got ${shapeText(target.shape)}`,
  );
}

function softTarget(where: string, scores: Scores, target: Tensor, ignoreIndex: number): Float32Array {
  if (ignoreIndex >= 0) {
    throw rangeError(where, `ignoreIndex ${ignoreIndex} is a class label, and the target is probabilities`, 'leave ignoreIndex out');
  }
  return (scores.order === null ? target : permuted(target, scores.order)).floats;
}

// The gradient with respect to the target probabilities, `-(1 - labelSmoothing) weight log softmax(x)`; for the mean divided by the number of rows.
function giveTarget(scores: Scores, target: Tensor, options: Required<CrossEntropyOptions>, dy: Tensor): void {
  const { x, rows, classes, order } = scores;
  const { weight, labelSmoothing, reduction } = options;
  const logs = empty(x.shape.slice());
  calls.logSoftmax({ y: logs.floats, x: x.floats, rows, classes });
  const factor = (labelSmoothing - 1) / (reduction === 'mean' ? rows : 1);
  const one = binary('crossEntropy', 'mul', logs, scalar(factor), 'float32');
  const weighted = weight === null ? one : binary('crossEntropy', 'mul', one, weight, 'float32');
  const gradient = isUnit(dy) ? weighted : scaled(weighted, dy);
  give(target, order === null ? gradient : permuted(gradient, inverse(order)));
}

function recordSoft(
  loss: Tensor,
  x: Tensor,
  target: Tensor,
  dlogits: Tensor | null,
  scores: Scores,
  options: Required<CrossEntropyOptions>,
): Tensor {
  const { weight } = options;
  const read = target.needsGrad ? (weight === null ? [x] : [x, weight]) : [];
  return record(loss, 'crossEntropy', [x, target], read, (dy) => {
    if (dlogits !== null) giveScores(x, dlogits, scores.order, dy);
    if (target.needsGrad) giveTarget(scores, target, options, dy);
  });
}

/**
 * The cross entropy between softmax(x) and the target: `torch.nn.functional.cross_entropy`.
 *
 * Shapes: x, the logits, `[n, classes]`, `[classes]` or `[n, classes, d1, ...]`. The target is int32 class labels in that shape without the classes, or float32
 * probabilities in the shape of x, which get a gradient if they require one. The result is a scalar, or with `reduction: "none"` has the shape of the labels.
 * With labels y and weights w: `loss_i = -w[y_i] log softmax(x_i)[y_i]`; the mean divides by the sum of `w[y_i]`, for probabilities by the number of rows.
 * The mean is NaN, with zero gradients, if there are no rows or all are ignored; it is NaN, with NaN gradients, if the labels' weights are all 0. A RangeError for
 * a label outside the classes that is not `ignoreIndex`, and for an `ignoreIndex` of 0 or more with probabilities.
 *
 * @example
 * const loss = nn.functional.crossEntropy(tensor([[0, 0]]), tensor([1], { dtype: "int32" }));
 * loss.item(); // 0.6931471824645996
 */
export function crossEntropy(x: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor;
/** @internal */
export function crossEntropy(x: Tensor, target: Tensor, options: CrossEntropyOptions | undefined, where: string): Tensor;
export function crossEntropy(x: Tensor, target: Tensor, options?: CrossEntropyOptions, where = 'crossEntropy'): Tensor {
  const filled = withDefaults(where, options, defaults);
  const { weight, ignoreIndex, reduction, labelSmoothing } = filled;
  checkInteger(where, 'ignoreIndex', ignoreIndex, -0x80000000, 0x7fffffff);
  checkNumber(where, 'labelSmoothing', labelSmoothing, 0, 1);
  checkReduction(where, reduction);
  const scores = scoresOf(where, x);
  const { rows, classes, order } = scores;
  const weights = checkWeight(where, weight, classes);
  if (x.node !== null && x.node.name === 'softmax') warnOfSoftmax(where);

  const loss = empty(reduction === 'none' ? scores.labels : []);
  const dlogits = x.needsGrad && isGradEnabled() ? empty(scores.x.shape.slice()) : null;
  if (isProbabilities(where, x, scores.labels, target)) {
    calls.softmaxCrossEntropySoft({
      loss: loss.floats,
      dlogits: dlogits?.floats,
      logits: scores.x.floats,
      target: softTarget(where, scores, target, ignoreIndex),
      weight: weights,
      rows,
      classes,
      labelSmoothing,
      reduction,
    });
    return recordSoft(loss, x, target, dlogits, scores, filled);
  }
  checkLabels(where, x, scores, target);
  try {
    calls.softmaxCrossEntropy({
      loss: loss.floats,
      dlogits: dlogits?.floats,
      logits: scores.x.floats,
      labels: target.ints,
      weight: weights,
      rows,
      classes,
      ignoreIndex,
      labelSmoothing,
      reduction,
    });
  } catch (error) {
    throw explainIndex(error, where, 'target', target);
  }
  return recordLoss(loss, 'crossEntropy', x, dlogits, order);
}
