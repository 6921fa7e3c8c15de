// The Jaccard index: the intersection of predictions and targets over their union.
import { checkOneOf } from '../errors';
import { Tensor } from '../tensor';
import { Confusion } from './confusion';
import { ratio, scalar } from './counts';
import { checkZeroDivision } from './f-beta';
import { marginsOf } from './margins';
import type { Average, ThresholdOptions } from './task';

/** The options of `JaccardIndex`. */
export interface JaccardIndexOptions extends ThresholdOptions {
  /** How the figures of classes or labels are averaged; no effect on a "binary" task ("macro"). */
  average?: Average;
  /** The figure if the divisor is 0: 0 or 1 (0). */
  zeroDivision?: 0 | 1;
}

/**
 * The intersection over the union, `tp / (tp + fp + fn)`: of the samples that belong to a class or are predicted as it, the fraction that are both. As
 * `torchmetrics.JaccardIndex`.
 *
 * For `update(preds, target)` see `Task`. `compute()` is a scalar, or `[classes]` for `average: "none"`; `zeroDivision` for a class that does not occur.
 * `"macro"` (default) is the mean over the classes that occur as a target or a prediction, or over all labels, NaN if there are none. The class or label with
 * the number `ignoreIndex` is omitted from it, and from the unions of `"micro"`.
 *
 * @example
 * const jaccard = new metrics.JaccardIndex({ task: 'multiclass', numClasses: 3, average: 'none' });
 * jaccard.update(tensor(Int32Array.of(0, 1, 1, 2)), tensor(Int32Array.of(0, 0, 1, 2)));
 * jaccard.compute().toArray(); // [0.5, 0.5, 1]
 */
export class JaccardIndex extends Confusion<Required<Pick<JaccardIndexOptions, 'average' | 'zeroDivision'>>> {
  override readonly higherIsBetter = true;

  constructor(options: JaccardIndexOptions) {
    super('JaccardIndex', options, { average: 'macro', zeroDivision: 0 });
    checkOneOf('JaccardIndex', 'average', this.own.average, ['micro', 'macro', 'weighted', 'none']);
    checkZeroDivision('JaccardIndex', this.own.zeroDivision);
  }

  compute(): Tensor {
    const { average, zeroDivision } = this.own;
    const { task, width, ignoreIndex = -1 } = this.problem;
    const of = this.overlaps();
    const figures = of.map(({ both, either }) => ratio(both, either, zeroDivision));
    if (task === 'binary') return scalar(figures[0]!);
    if (average === 'none') return new Tensor(Float32Array.from(figures), [width]);
    const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
    if (average === 'micro') {
      const either = total(of.map((one, c) => (c === ignoreIndex ? 0 : one.either)));
      return scalar(ratio(total(of.map(({ both }) => both)), either, zeroDivision));
    }
    const weights = of.map(({ targets, either }, c) => {
      if (average === 'weighted') return targets;
      return Number(c !== ignoreIndex && (task === 'multilabel' || either > 0));
    });
    return scalar(total(figures.map((figure, c) => figure * weights[c]!)) / total(weights));
  }

  // For each class or label the intersection, the union, and the number of targets.
  private overlaps(): { both: number; either: number; targets: number }[] {
    const { counts, problem } = this;
    const { task, width } = problem;
    if (task === 'multiclass') {
      const { targets, predictions } = marginsOf(counts, width);
      return Array.from(targets, (count, c) => {
        const both = counts[c * width + c]!;
        return { both, either: count + predictions[c]! - both, targets: count };
      });
    }
    return Array.from({ length: width }, (_, label) => {
      const [, fp, fn, tp] = counts.subarray(4 * label, 4 * label + 4) as unknown as [number, number, number, number];
      return { both: tp, either: tp + fp + fn, targets: tp + fn };
    });
  }
}
