// The equal error rate: where a ROC curve has as many false negatives as false positives.
import type { Tensor } from '../tensor';
import { scalar } from './counts';
import { CurveMetric, type CurveOptions } from './curve';
import { averageOf } from './curve-average';
import { type Points, pointsOf } from './roc';

/** The options of `EER`. */
export type EEROptions = CurveOptions;

// Rounded as in torchmetrics, because rounding decides between points with equal differences.
function equalErrorRate({ fpr, tpr }: Points): number {
  let [rate, least] = [Number.NaN, Infinity];
  for (let i = 0; i < fpr.length; i++) {
    const [falsePositives, misses] = [Math.fround(fpr[i]!), Math.fround(1 - Math.fround(tpr[i]!))];
    const apart = Math.abs(Math.fround(falsePositives - misses));
    if (apart < least) [rate, least] = [(falsePositives + misses) / 2, apart];
  }
  return rate;
}

/**
 * The equal error rate: the mean of the false positive and the false negative rate at the threshold where they are closest. As
 * `torchmetrics.classification.EER`, without its `average`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. `compute()` is a scalar; for a "multiclass" task `[classes]`, each class against the
 * others, and for a "multilabel" task one figure for each label. With given `thresholds` only these are considered.
 *
 * @example
 * const eer = new metrics.EER({ task: 'binary' });
 * eer.update(tensor([0.125, 0.5, 0.25, 0.75]), tensor(Int32Array.of(0, 0, 1, 1)));
 * eer.compute().item(); // 0.5
 */
export class EER extends CurveMetric<Tensor> {
  override readonly higherIsBetter = false;

  constructor(options: EEROptions) {
    super('EER', options, {});
  }

  compute(): Tensor {
    const rates = this.each((steps) => equalErrorRate(pointsOf(steps, this.thresholds === null)));
    return this.problem.task === 'binary' ? scalar(rates[0]!) : averageOf(rates, [], 'none');
  }
}
