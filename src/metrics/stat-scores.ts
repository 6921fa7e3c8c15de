// The counts of true and false positives and negatives, from which other metrics are computed.
import { Tensor } from '../tensor';
import { type Counts, OfCounts, type StatScoresOptions, summed } from './counts';

const columns = ({ tp, fp, tn, fn }: Counts): number[] => [tp, fp, tn, fn, tp + fn];

/**
 * The counts of a class's true positives, false positives, true negatives and false negatives, and of its targets, the support. As
 * `torchmetrics.StatScores`.
 *
 * For `update(preds, target)` see `Task`. `compute()` has these five counts as its last dimension: `[5]`, or `[classes, 5]` for `average: "none"`, both int32.
 * For `"micro"` (default) they are summed over the classes or labels. `"macro"` is their mean over all of them, `"weighted"` their mean weighted by the number
 * of targets, NaN without any, both float32. With `multidimAverage: "samplewise"` the first dimension is that of the samples; `"weighted"` of a "multilabel"
 * task then divides by the targets of all samples, as in torchmetrics.
 *
 * @example
 * const scores = new metrics.StatScores({ task: 'multiclass', numClasses: 3, average: 'none' });
 * scores.update(tensor(Int32Array.of(2, 1, 0, 1)), tensor(Int32Array.of(2, 1, 0, 0)));
 * scores.compute().toArray(); // [[1, 0, 2, 1, 2], [1, 1, 2, 0, 1], [1, 0, 3, 0, 1]]
 */
export class StatScores extends OfCounts {
  constructor(options: StatScoresOptions) {
    super('StatScores', options, {});
  }

  override compute(): Tensor {
    const { average, samplewise } = this;
    const { task, width } = this.problem;
    const rows = this.rowsOfCounts();
    const lead = samplewise ? [rows.length] : [];
    if (task === 'binary' || average === 'micro') {
      return new Tensor(Int32Array.from(rows.flatMap((row) => columns(summed(row())))), [...lead, 5]);
    }
    if (average === 'none') {
      const values = new Int32Array(rows.length * width * 5);
      let at = 0;
      for (const row of rows) for (const counts of row()) for (const value of columns(counts)) values[at++] = value;
      return new Tensor(values, [...lead, width, 5]);
    }
    const targets = rows.map((row) => {
      const { tp, fn } = summed(row());
      return tp + fn;
    });
    const every = targets.reduce((sum, n) => sum + n, 0);
    const means = rows.flatMap((row, r) => {
      const sums = [0, 0, 0, 0, 0];
      for (const counts of row()) {
        const weight = average === 'macro' ? 1 / width : (counts.tp + counts.fn) / (task === 'multilabel' ? every : targets[r]!);
        columns(counts).forEach((value, k) => {
          sums[k] = sums[k]! + weight * value;
        });
      }
      return sums;
    });
    return new Tensor(Float32Array.from(means), [...lead, 5]);
  }

  /** @internal There is no single number for a fit to report. */
  protected override score(): number {
    return Number.NaN;
  }
}
