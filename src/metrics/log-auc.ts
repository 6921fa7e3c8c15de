// The area under the beginning of a ROC curve, with the false positive rate on a logarithmic axis.
import { checkNumber, checkOneOf, describe, rangeError, typeError } from '../errors';
import type { Tensor } from '../tensor';
import { scalar } from './counts';
import { CurveMetric, type CurveOptions } from './curve';
import { averageOf } from './curve-average';
import { type Points, pointsOf } from './roc';

/** The options of `LogAUC`. */
export interface LogAUCOptions extends CurveOptions {
  /** The range of false positive rates, above 0 up to 1 ([0.001, 0.1]). */
  fprRange?: readonly [number, number];
  /** How the figures of classes or labels are averaged: their mean, "macro", or not at all ("none"). */
  average?: 'macro' | 'none';
}

interface Own {
  fprRange: readonly [number, number];
  average: 'macro' | 'none';
}

// The curve at `rate`, interpolated from the last point that is not beyond it.
function at({ fpr, tpr }: Points, rate: number): number {
  if (fpr.at(-1)! <= rate) return tpr.at(-1)!;
  let i = 0;
  while (i + 2 < fpr.length && fpr[i + 1]! <= rate) i++;
  const width = fpr[i + 1]! - fpr[i]!;
  return width === 0 ? tpr[i]! : tpr[i]! + ((rate - fpr[i]!) / width) * (tpr[i + 1]! - tpr[i]!);
}

function logArea(points: Points, [low, high]: readonly [number, number]): number {
  const { fpr, tpr } = points;
  if (fpr.length < 2) return 0;
  let [area, from, before] = [0, low, at(points, low)];
  const go = (to: number, now: number): void => {
    area += ((before + now) / 2) * Math.log(to / from);
    [from, before] = [to, now];
  };
  fpr.forEach((rate, i) => {
    if (rate >= low && rate <= high) go(rate, tpr[i]!);
  });
  go(high, at(points, high));
  return area / Math.log(high / low);
}

/**
 * The mean true positive rate over the logarithms of the false positive rates from 0.001 to 0.1, or those of `fprRange`. As `torchmetrics.LogAUC`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. `compute()` is a scalar; for a "multiclass" and a "multilabel" task `[classes]`, or their mean with
 * `average: "macro"`; 0 before any update. Between points the curve is linear in the rates, and only at the points the logarithm is taken. Unlike torchmetrics,
 * points with the same false positive rate keep their order, and without targets 0 the figure is 1. Source: Mysinger and Shoichet, Journal of Chemical
 * Information and Modeling 50 (2010).
 *
 * @example
 * const area = new metrics.LogAUC({ task: 'binary', fprRange: [0.1, 1] });
 * area.update(tensor([0.75, 0.05, 0.05, 0.05, 0.05]), tensor(Int32Array.of(1, 0, 0, 0, 0)));
 * area.compute().item(); // 1
 */
export class LogAUC extends CurveMetric<Tensor, Own> {
  override readonly higherIsBetter = true;

  constructor(options: LogAUCOptions) {
    super('LogAUC', options, { fprRange: [0.001, 0.1], average: 'none' });
    const { fprRange, average } = this.own;
    checkOneOf('LogAUC', 'average', average, ['macro', 'none']);
    if (!Array.isArray(fprRange) || fprRange.length !== 2)
      throw typeError('LogAUC', `expected fprRange to be a list of two numbers, got ${describe(fprRange)}`);
    fprRange.forEach((rate, i) => void checkNumber('LogAUC', `fprRange[${i}]`, rate, 0, 1));
    if (!(0 < fprRange[0] && fprRange[0] < fprRange[1]))
      throw rangeError('LogAUC', `expected fprRange to ascend from above 0, got [${fprRange.join(', ')}]`);
  }

  compute(): Tensor {
    const { fprRange, average } = this.own;
    const isExact = this.thresholds === null;
    const areas = this.each((steps) => logArea(pointsOf(steps, isExact), fprRange));
    return this.problem.task === 'binary' ? scalar(areas[0]!) : averageOf(areas, [], average);
  }
}
