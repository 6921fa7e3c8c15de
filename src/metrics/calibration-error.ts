// Calibration: how far predicted probabilities are from the fraction of correct predictions.
import { checkInteger, checkOneOf, withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { classBatch, labelBatch, predictedClasses, probabilitiesOf, probabilityRows } from './batch';
import { scalar } from './counts';
import { reachedBy, unitSteps } from './curve';
import { Metric } from './metric';
import { checkTask, type Problem, type TaskOptions, type TaskSettings, taskDefaults } from './task';

/** The options of `CalibrationError`. */
export interface CalibrationErrorOptions extends TaskOptions {
  /** The kind of problem: not "multilabel". */
  task: 'binary' | 'multiclass';
  /** The number of bins of equal width from 0 to 1 (15). */
  nBins?: number;
  /** How the errors of the bins are combined ("l1"). */
  norm?: 'l1' | 'l2' | 'max';
}

interface Settings extends TaskSettings {
  nBins: number;
  norm: 'l1' | 'l2' | 'max';
}

/**
 * The calibration error: for each bin of predicted probabilities, the distance between their mean and the fraction of correct predictions. As
 * `torchmetrics.CalibrationError`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. The probability is that of the predicted class; for a "binary" task it is that of class 1,
 * and the fraction is that of targets 1. Bin b is `[b / nBins, (b + 1) / nBins)`, and probability 1 has its own bin. `compute()` is a scalar. With
 * the distance `d_b` of bin b and the fraction `p_b` of the samples in it: `"l1"`: `sum_b p_b d_b`; `"l2"`: `sqrt(sum_b p_b d_b^2)`; `"max"`: `max_b d_b`. NaN
 * before any update, and after a probability that is NaN. Source: Guo et al., arXiv 1706.04599.
 *
 * @example
 * const error = new metrics.CalibrationError({ task: 'binary', nBins: 2 });
 * error.update(tensor([0.25, 0.25, 0.75, 0.75]), tensor(Int32Array.of(0, 0, 1, 1)));
 * error.compute().item(); // 0.25
 */
export class CalibrationError extends Metric {
  override readonly higherIsBetter = false;

  private readonly problem: Problem;
  private readonly norm: Settings['norm'];
  private readonly boundaries: Float32Array;

  // For each bin: the number of samples, the sum of their probabilities, and the number of correct ones.
  private readonly seen: Float64Array;
  private readonly confidence: Float64Array;
  private readonly right: Float64Array;

  constructor(options: CalibrationErrorOptions) {
    super();
    const o = withDefaults<Settings>('CalibrationError', options, { ...taskDefaults, nBins: 15, norm: 'l1' });
    this.problem = checkTask('CalibrationError', o, 2 ** 24, ['binary', 'multiclass']);
    this.boundaries = unitSteps(checkInteger('CalibrationError', 'nBins', o.nBins, 1, 2 ** 24) + 1);
    this.norm = checkOneOf('CalibrationError', 'norm', o.norm, ['l1', 'l2', 'max']);
    const bins = this.boundaries.length;
    [this.seen, this.confidence, this.right] = [new Float64Array(bins), new Float64Array(bins), new Float64Array(bins)];
  }

  update(preds: Tensor, target: Tensor): void {
    const where = 'CalibrationError.update';
    const { ignoreIndex } = this.problem;
    if (this.problem.task === 'binary') {
      const batch = labelBatch(where, this.problem, preds, target, 'CalibrationError');
      probabilitiesOf(batch, ignoreIndex).forEach((p, i) => {
        if (batch.target[i] !== ignoreIndex) this.count(p, batch.target[i]!);
      });
      return;
    }
    const batch = classBatch(where, this.problem, preds, target, 'CalibrationError');
    const { classes } = batch;
    const { rows, target: wanted } = probabilityRows(batch, ignoreIndex);
    const predicted = predictedClasses({ classes, inner: 1, scores: rows, predicted: null, target: wanted });
    predicted.forEach((c, i) => {
      this.count(rows[i * classes + c]!, Number(c === wanted[i]));
    });
  }

  compute(): Tensor {
    const total = this.seen.reduce((sum, n) => sum + n, 0);
    if (total === 0) return scalar(Number.NaN);
    const gaps = this.seen.map((n, b) => (n === 0 ? 0 : Math.abs(this.right[b]! - this.confidence[b]!) / n));
    if (this.norm === 'max') return scalar(gaps.reduce((most, gap) => Math.max(most, gap), 0));
    const power = this.norm === 'l1' ? 1 : 2;
    const sum = gaps.reduce((all, gap, b) => all + gap ** power * (this.seen[b]! / total), 0);
    return scalar(sum ** (1 / power));
  }

  reset(): void {
    for (const sums of [this.seen, this.confidence, this.right]) sums.fill(0);
  }

  private count(probability: number, right: number): void {
    const bin = Math.max(0, reachedBy(probability, this.boundaries) - 1);
    this.seen[bin]!++;
    this.confidence[bin]! += probability;
    this.right[bin]! += right;
  }
}
