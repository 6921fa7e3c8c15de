// The CRPS: how well an ensemble of predictions forecasts numbers.
import { rangeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { scalar } from './counts';
import { Metric } from './metric';

/**
 * The mean over samples of the ensemble's distance from the target less its spread, `mean_i |x_i - y| - sum_ij |x_i - x_j| / (2 m^2)`. As
 * `torchmetrics.regression.ContinuousRankedProbabilityScore`.
 *
 * `update(preds, target)` takes m >= 2 predictions for each sample, `[n, m]`, and targets `[n]`, float32 or int32. `compute()` is a scalar, where
 * torchmetrics has shape `[1]`; NaN before any update. Source: Gneiting and Raftery, Journal of the American Statistical Association 102 (2007).
 *
 * @example
 * const score = new metrics.ContinuousRankedProbabilityScore();
 * score.update(tensor([[1, 3], [2, 2]]), tensor([2, 5]));
 * score.compute().item(); // 1.75
 */
export class ContinuousRankedProbabilityScore extends Metric {
  override readonly higherIsBetter = false;
  private sum = 0;
  private count = 0;

  constructor(options?: Record<string, never>) {
    super();
    withDefaults('ContinuousRankedProbabilityScore', options, {});
  }

  update(preds: Tensor, target: Tensor): void {
    const where = 'ContinuousRankedProbabilityScore.update';
    recorder?.reading(where);
    checkTensor(where, 'preds', preds);
    checkTensor(where, 'target', target);
    const [rows, members] = preds.shape;
    if (preds.shape.length !== 2 || members! < 2)
      throw rangeError(where, `expected preds [n, m] with m from 2, got ${shapeText(preds.shape)}`);
    if (!sameShape(target.shape, [rows!])) throw rangeError(where, `expected target [${rows}], got ${shapeText(target.shape)}`);
    const [given, wanted] = [preds.values, target.values];
    for (let row = 0; row < rows!; row++) {
      const sorted = Float64Array.from(given.subarray(row * members!, (row + 1) * members!)).sort();
      let [distance, spread] = [0, 0];
      sorted.forEach((x, i) => {
        distance += Math.abs(x - wanted[row]!);
        spread += x * (2 * i + 1 - members!); // x_i of the sorted members is the larger of a pair i times, the smaller m - 1 - i times
      });
      this.sum += distance / members! - spread / members! ** 2;
    }
    this.count += rows!;
  }

  compute(): Tensor {
    return scalar(this.sum / this.count);
  }

  reset(): void {
    this.sum = 0;
    this.count = 0;
  }
}
