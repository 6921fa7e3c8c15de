// The precision-recall curve, and the area under it.
import { Tensor } from '../tensor';
import { scalar } from './counts';
import { CurveMetric, type CurveOptions, type Steps } from './curve';
import { type AreaOptions, averageOf, checkAverage } from './curve-average';
import { type CurveAverage, type Curves, checkCurveAverage, meanLine, sorted } from './curve-mean';
import type { Task } from './task';

/** One curve of `PrecisionRecallCurve`. */
export interface PrecisionRecall {
  /** The precision at each threshold, then 1: float32 `[t + 1]`. */
  precision: Tensor;
  /** The recall at each threshold, then 0: float32 `[t + 1]`, descending. */
  recall: Tensor;
  /** The thresholds, float32 `[t]`, ascending. */
  thresholds: Tensor;
}

/** The options of `PrecisionRecallCurve`. */
export interface PrecisionRecallCurveOptions<T extends Task = Task, A extends CurveAverage | null = null> extends CurveOptions {
  /** The kind of problem. */
  task: T;
  /** One curve for all classes of a "multiclass" task, "micro" or "macro"; null (default): a curve for each class. */
  average?: A;
}

/** A precision-recall curve. */
export interface PrecisionRecallPoints {
  precision: Float64Array;
  recall: Float64Array;
}

/** Points from the lowest threshold to the highest, followed by (1, 0). `absent` is the recall if there are no positive targets. */
export function precisionRecallOf({ tps, fps, positives }: Steps, absent: number): PrecisionRecallPoints {
  const n = tps.length;
  const [precision, recall] = [new Float64Array(n + 1), new Float64Array(n + 1)];
  for (let i = 0; i < n; i++) {
    const tp = tps[n - 1 - i]!;
    precision[i] = tp / (tp + fps[n - 1 - i]!);
    recall[i] = positives === 0 ? absent : tp / positives;
  }
  precision[n] = 1;
  return { precision, recall };
}

/** Without positive targets recall is undefined: torchmetrics uses 1 for binary and multilabel tasks whose thresholds are all scores. */
export const absentRecall = (task: Task, isExact: boolean): number => (isExact && task !== 'multiclass' ? 1 : Number.NaN);

interface Line {
  precision: Float32Array;
  recall: Float32Array;
  thresholds: Float32Array;
}

function lineOf(steps: Steps, absent: number): Line {
  const { precision, recall } = precisionRecallOf(steps, absent);
  return { precision: Float32Array.from(precision), recall: Float32Array.from(recall), thresholds: steps.thresholds.slice().reverse() };
}

const vector = (values: Float32Array): Tensor => new Tensor(values, [values.length]);

const precisionRecall = ({ precision, recall, thresholds }: Line): PrecisionRecall => ({
  precision: vector(precision),
  recall: vector(recall),
  thresholds: vector(thresholds),
});

/**
 * Precision and recall at each threshold, where scores of at least the threshold are positive predictions. As `torchmetrics.PrecisionRecallCurve`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. `compute()` is a curve `{ precision, recall, thresholds }` for a "binary" task; for the others it
 * is a list of curves, one for each class or label, where torchmetrics has a tuple of all precisions, all recalls and all thresholds. Points go from the lowest threshold to the highest, followed by one extra point with precision 1 and recall
 * 0, the only one before any update. Precision is NaN at a threshold that no score reaches. Recall without positive targets is NaN, but 1 for "binary" and
 * "multilabel" tasks if every score is a threshold (`thresholds`: null).
 *
 * With an `average` `compute()` of a "multiclass" task is one curve. That of "macro" has the precisions of all classes' curves in ascending order, with the mean
 * of the interpolated recalls, and beside them all classes' thresholds in ascending order.
 *
 * One thing differs from torchmetrics 1.9: if all targets of a "multiclass" task are class 0, it gives recall 1 for every class.
 *
 * @example
 * const curve = new metrics.PrecisionRecallCurve({ task: 'binary' });
 * curve.update(tensor([0.125, 0.5, 0.25, 0.75]), tensor(Int32Array.of(0, 0, 1, 1)));
 * const { precision, recall, thresholds } = curve.compute();
 * recall.toArray(); // [1, 1, 0.5, 0.5, 0]
 * thresholds.toArray(); // [0.125, 0.25, 0.5, 0.75]
 * precision.toArray().length; // 5
 */
export class PrecisionRecallCurve<T extends Task = Task, A extends CurveAverage | null = null> extends CurveMetric<
  Curves<PrecisionRecall, T, A>,
  { average: CurveAverage | null }
> {
  constructor(options: PrecisionRecallCurveOptions<T, A>) {
    super('PrecisionRecallCurve', options as PrecisionRecallCurveOptions, { average: null });
    checkCurveAverage('PrecisionRecallCurve', this.own.average, this.problem.task);
  }

  compute(): Curves<PrecisionRecall, T, A> {
    const { task } = this.problem;
    const { average } = this.own;
    const absent = absentRecall(average === 'micro' ? 'binary' : task, this.thresholds === null);
    const one = (line: Line): Curves<PrecisionRecall, T, A> => precisionRecall(line) as Curves<PrecisionRecall, T, A>;
    if (average === 'micro') return one(lineOf(this.steps(null), absent));
    const lines = this.each((steps) => lineOf(steps, absent));
    if (task === 'binary') return one(lines[0]!);
    if (average === null) return lines.map(precisionRecall) as Curves<PrecisionRecall, T, A>;
    const { x, y } = meanLine(lines.map(({ precision, recall }) => ({ x: precision, y: recall })));
    return one({ precision: x, recall: y, thresholds: sorted(lines.map(({ thresholds }) => thresholds)) });
  }
}

/** The options of `AveragePrecision`. */
export interface AveragePrecisionOptions extends AreaOptions {}

// An undefined precision or recall counts as 0, except for classes of exact curves, whose area is NaN then.
function areaUnder({ precision, recall }: PrecisionRecallPoints, keepsNaN: boolean): number {
  const defined = (value: number): number => (Number.isNaN(value) && !keepsNaN ? 0 : value);
  let area = 0;
  for (let i = 0; i + 1 < recall.length; i++) area += (defined(recall[i]!) - defined(recall[i + 1]!)) * defined(precision[i]!);
  return area;
}

/**
 * The mean precision over the targets, `sum_i (recall_i - recall_(i + 1)) precision_i` over the points of `PrecisionRecallCurve`. As
 * `torchmetrics.AveragePrecision`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. `compute()` is a scalar, or `[classes]` for `average: "none"`. Without targets it is
 * 0. Only for a class of a "multiclass" task for which every score is a threshold (`thresholds`: null) it is NaN, and such a class is omitted from
 * `"macro"` and `"weighted"`.
 *
 * @example
 * const precision = new metrics.AveragePrecision({ task: 'binary' });
 * precision.update(tensor([0.1, 0.4, 0.35, 0.8]), tensor(Int32Array.of(0, 1, 0, 1)));
 * precision.compute().item(); // 1
 */
export class AveragePrecision extends CurveMetric<Tensor, Required<Pick<AveragePrecisionOptions, 'average'>>> {
  override readonly higherIsBetter = true;

  constructor(options: AveragePrecisionOptions) {
    super('AveragePrecision', options, { average: 'macro' });
    checkAverage('AveragePrecision', this.own.average, this.problem);
  }

  compute(): Tensor {
    const { task } = this.problem;
    const isExact = this.thresholds === null;
    const areaOf = (steps: Steps): number => {
      const keepsNaN = isExact && task === 'multiclass' && steps.tps.length > 0;
      return areaUnder(precisionRecallOf(steps, absentRecall(task, isExact)), keepsNaN);
    };
    if (task === 'binary') return scalar(areaOf(this.steps(0)));
    if (this.own.average === 'micro') return scalar(areaOf(this.steps(null)));
    const all = this.each((steps) => ({ area: areaOf(steps), positives: steps.positives }));
    return averageOf(
      all.map(({ area }) => area),
      all.map(({ positives }) => positives),
      this.own.average,
    );
  }
}
