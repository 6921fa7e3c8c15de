// Batches of predictions and targets. A batch is checked completely before anything is counted, so that an error leaves the metric unchanged.
import { isInt32Array } from '../brands';
import * as calls from '../calls.generated';
import { rangeError, typeError } from '../errors';
import { recorder } from '../recorder';
import { numelOf, sameShape, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import type { Problem } from './task';

/** Samples with one class each. The scores of sample i are at `(floor(i / inner) * classes + c) * inner + i % inner`. */
export interface ClassBatch {
  classes: number;
  inner: number;
  /** The scores; null if the predictions are classes. */
  scores: Float32Array | null;
  /** The predicted classes, if the predictions are classes. */
  predicted: Int32Array | null;
  target: Int32Array;
}

/** A yes or no for each label. Element i belongs to label `floor(i / inner) % labels`. */
export interface LabelBatch {
  labels: number;
  inner: number;
  /** Scores, or 0 and 1. */
  preds: Float32Array | Int32Array;
  target: Float32Array | Int32Array;
}

const within = (
  where: string,
  name: string,
  values: Int32Array,
  classes: number,
  target: Int32Array,
  ignored: number | undefined,
): void => {
  for (let i = 0; i < values.length; i++) {
    const c = values[i]!;
    if ((c < 0 || c >= classes) && target[i] !== ignored) {
      throw rangeError(where, `expected ${name} from 0 to ${classes - 1}, got ${c} at position ${i}`);
    }
  }
};

/** A batch of a multiclass task. `needsScores` says why predicted classes are not enough; null: they are. */
export function classBatch(where: string, problem: Problem, preds: Tensor, target: Tensor, needsScores: string | null): ClassBatch {
  recorder?.reading(where);
  const { width: classes, ignoreIndex } = problem;
  checkTensor(where, 'preds', preds);
  checkTensor(where, 'target', target, 'int32');
  const [n, ...rest] = target.shape;
  if (n === undefined) throw rangeError(where, 'expected target [n, ...], got []');
  const isScores = preds.dtype === 'float32';
  const expected = isScores ? [n, classes, ...rest] : target.shape;
  if (!sameShape(preds.shape, expected)) throw rangeError(where, `expected preds ${shapeText(expected)}, got ${shapeText(preds.shape)}`);
  if (!isScores && needsScores !== null) {
    throw typeError(where, `${needsScores} needs scores, float32 ${shapeText(['n', classes, ...rest])}, got classes`);
  }
  within(where, 'target', target.ints, classes, target.ints, ignoreIndex);
  if (!isScores) within(where, 'preds', preds.ints, classes, target.ints, ignoreIndex);
  const [scores, predicted] = isScores ? [preds.floats, null] : [null, preds.ints];
  return { classes, inner: numelOf(rest), scores, predicted, target: target.ints };
}

/** The predicted class of each sample: the first of the highest scores, where NaN is higher than all numbers. */
export function predictedClasses({ classes, inner, scores, predicted, target }: ClassBatch): Int32Array {
  if (predicted !== null) return predicted;
  const n = target.length;
  const highest = new Int32Array(n);
  if (n > 0) calls.max({ values: new Float32Array(n), indices: highest, x: scores!, outer: n / inner, n: classes, inner });
  return highest;
}

/** A batch of a binary or a multilabel task. */
export function labelBatch(where: string, problem: Problem, preds: Tensor, target: Tensor, needsScores: string | null): LabelBatch {
  recorder?.reading(where);
  const { task, width: labels, ignoreIndex } = problem;
  checkTensor(where, 'preds', preds);
  checkTensor(where, 'target', target);
  const { shape } = target;
  if (task === 'multilabel' && (shape.length < 2 || shape[1] !== labels)) {
    throw rangeError(where, `expected target [n, ${labels}, ...], got ${shapeText(shape)}`);
  }
  if (!sameShape(preds.shape, shape)) {
    const hint = preds.numel === target.numel ? 'reshape gives one the shape of the other' : undefined;
    throw rangeError(where, `expected preds ${shapeText(shape)}, got ${shapeText(preds.shape)}`, hint);
  }
  if (preds.dtype === 'int32' && needsScores !== null) throw typeError(where, `${needsScores} needs scores, float32, got int32`);
  const [given, wanted] = [preds.values, target.values];
  for (let i = 0; i < wanted.length; i++) {
    const value = wanted[i]!;
    if (value === ignoreIndex) continue;
    if (value !== 0 && value !== 1) throw rangeError(where, `expected target 0 or 1, got ${value} at position ${i}`);
    const guess = given[i]!;
    if (preds.dtype === 'int32' && guess !== 0 && guess !== 1)
      throw rangeError(where, `expected preds 0 or 1, got ${guess} at position ${i}`);
  }
  const inner = task === 'multilabel' ? numelOf(shape.slice(2)) : Math.max(1, target.numel);
  return { labels, inner, preds: given, target: wanted };
}

/** The label of element i. */
export const labelAt = ({ labels, inner }: LabelBatch, i: number): number => (labels === 1 ? 0 : Math.floor(i / inner) % labels);

// Whether all values are probabilities, in [0, 1] and not NaN, except those whose target is `ignored`.
function areProbabilities(values: Float32Array, target: ArrayLike<number> | null, ignored: number | undefined): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= 0 && value <= 1) && (target === null || target[i] !== ignored)) return false;
  }
  return true;
}

/** Scores as probabilities: themselves, or their sigmoid if any of them, except those that are ignored, is not a probability. */
export function probabilitiesOf({ preds, target }: LabelBatch, ignored: number | undefined): Float32Array {
  const scores = preds as Float32Array; // the caller has refused or handled predicted labels
  if (areProbabilities(scores, target, ignored)) return scores;
  const y = new Float32Array(scores.length);
  calls.sigmoidForward({ y, x: scores, n: scores.length });
  return y;
}

/** Which of the labels are predicted, 0 or 1 each. */
export function predictedLabels(batch: LabelBatch, threshold: number, ignored: number | undefined): ArrayLike<number> {
  if (isInt32Array(batch.preds)) return batch.preds;
  const probabilities = probabilitiesOf(batch, ignored);
  const predicted = new Uint8Array(probabilities.length);
  for (let i = 0; i < predicted.length; i++) predicted[i] = probabilities[i]! > threshold ? 1 : 0;
  return predicted;
}

/** The samples that are not ignored, with their probabilities in rows: the scores, or their softmax if any of them is not a probability. */
export function probabilityRows(batch: ClassBatch, ignored: number | undefined): { rows: Float32Array; target: Int32Array } {
  const { classes, inner, scores } = batch;
  const isPlain = inner === 1 && !batch.target.includes(ignored!);
  const target = isPlain ? batch.target : batch.target.filter((c) => c !== ignored);
  let rows = scores!;
  if (!isPlain) {
    rows = new Float32Array(target.length * classes);
    let at = 0;
    batch.target.forEach((wanted, i) => {
      if (wanted === ignored) return;
      const begin = Math.floor(i / inner) * classes * inner + (i % inner);
      for (let c = 0; c < classes; c++) rows[at++] = scores![begin + c * inner]!;
    });
  }
  if (areProbabilities(rows, null, undefined)) return { rows, target };
  const y = new Float32Array(rows.length);
  calls.softmax({ y, x: rows, rows: target.length, classes });
  return { rows: y, target };
}
