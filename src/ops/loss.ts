// What losses share whose kernel writes the gradient together with the loss, in one pass.
import { give, isUnit, record, share } from '../autograd';
import * as calls from '../calls.generated';
import { checkOneOf, rangeError } from '../errors';
import { type Reduction, reductionValues } from '../kernels.generated';
import { shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { inverse, permuted } from './transpose';

export type { Reduction } from '../kernels.generated';

/** Throws unless `reduction` is one. */
export const checkReduction = (where: string, reduction: unknown): Reduction => checkOneOf(where, 'reduction', reduction, reductionValues);

/** The gradient dx, calculated with the loss, times the loss's gradient dy: one factor, or one for each of `rows`. */
export function scaled(dx: Tensor, dy: Tensor): Tensor {
  const out = empty(dx.shape.slice());
  calls.scaleRows({ out: out.floats, x: dx.floats, scale: dy.floats, rows: dy.numel, columns: dy.numel === 0 ? 0 : dx.numel / dy.numel });
  return out;
}

/** Class scores [n, classes, ...] with the classes moved last. `order` is the permutation that moved them, or null if they were last already. */
export interface Scores {
  x: Tensor;
  rows: number;
  classes: number;
  /** The shape of the class labels. */
  labels: number[];
  order: number[] | null;
}

export function scoresOf(where: string, x: Tensor): Scores {
  checkTensor(where, 'x', x, 'float32');
  const rank = x.shape.length;
  if (rank === 0) throw rangeError(where, 'expected x [n, classes, ...] or [classes], got []');
  const classDim = rank === 1 ? 0 : 1;
  const classes = x.shape[classDim]!;
  const labels = x.shape.filter((_, d) => d !== classDim);
  const rows = labels.reduce((n, size) => n * size, 1);
  const order = rank <= 2 ? null : [0, ...Array.from({ length: rank - 2 }, (_, d) => d + 2), 1];
  return { x: order === null ? x : permuted(x, order), rows, classes, labels, order };
}

/** Throws unless the class weights are float32 [classes]. */
export function checkWeight(where: string, weight: Tensor | null, classes: number): Float32Array | null {
  if (weight === null) return null;
  checkTensor(where, 'weight', weight, 'float32');
  if (weight.shape.length !== 1 || weight.numel !== classes) {
    throw rangeError(where, `expected weight [${classes}], got ${shapeText(weight.shape)}`);
  }
  return weight.floats;
}

/** Throws unless the labels are int32 and have the scores' shape without the classes. */
export function checkLabels(where: string, x: Tensor, scores: Scores, target: Tensor): void {
  checkTensor(where, 'target', target, 'int32');
  if (shapeText(target.shape) !== shapeText(scores.labels)) {
    throw rangeError(where, `expected target ${shapeText(scores.labels)} for x ${shapeText(x.shape)}, got ${shapeText(target.shape)}`);
  }
}

/** Adds `dx`, the gradient that a loss's kernel has calculated with respect to x with its classes last, to x's gradient. */
export function giveScores(x: Tensor, dx: Tensor, order: number[] | null, dy: Tensor): void {
  const last = isUnit(dy) ? dx : scaled(dx, dy);
  if (order !== null) give(x, permuted(last, inverse(order)));
  else if (last === dx)
    share(x, last); // keep it, because a retained graph sends it again
  else give(x, last);
}

/** Records a loss whose kernel has written `dx`, the gradient with respect to x with its classes last; null if x needs none. */
export function recordLoss(loss: Tensor, name: string, x: Tensor, dx: Tensor | null, order: number[] | null): Tensor {
  return record(loss, name, [x], [], (dy) => giveScores(x, dx!, order, dy));
}
