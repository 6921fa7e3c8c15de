// The ROC curve, of true against false positives, and the area under it.
import { checkNumber, rangeError } from '../errors';
import { Tensor } from '../tensor';
import { ratio, scalar } from './counts';
import { CurveMetric, type CurveOptions, type Steps } from './curve';
import { type AreaOptions, averageOf, checkAverage } from './curve-average';
import { type CurveAverage, type Curves, checkCurveAverage, meanLine, sorted } from './curve-mean';
import type { Task } from './task';

/** One curve of `ROC`. */
export interface ROCCurve {
  /** The false positive rate at each threshold, float32 `[t]`, ascending. */
  fpr: Tensor;
  /** The true positive rate at each threshold, float32 `[t]`, ascending. */
  tpr: Tensor;
  /** The thresholds, float32 `[t]`, descending. */
  thresholds: Tensor;
}

/** The options of `ROC`. */
export interface ROCOptions<T extends Task = Task, A extends CurveAverage | null = null> extends CurveOptions {
  /** The kind of problem. */
  task: T;
  /** One curve for all classes of a "multiclass" task, "micro" or "macro"; null (default): a curve for each class. */
  average?: A;
}

/** A ROC curve. */
export interface Points {
  fpr: Float64Array;
  tpr: Float64Array;
}

/** The rates at each step; a curve with a point for every score begins at (0, 0). */
export function pointsOf({ tps, fps, positives, negatives }: Steps, isExact: boolean): Points {
  const before = Number(isExact);
  const [fpr, tpr] = [new Float64Array(tps.length + before), new Float64Array(tps.length + before)];
  for (let i = 0; i < tps.length; i++) {
    fpr[i + before] = ratio(fps[i]!, negatives);
    tpr[i + before] = ratio(tps[i]!, positives);
  }
  return { fpr, tpr };
}

interface Rates {
  fpr: Float32Array;
  tpr: Float32Array;
  thresholds: Float32Array;
}

function ratesOf(steps: Steps, isExact: boolean): Rates {
  const { fpr, tpr } = pointsOf(steps, isExact);
  const thresholds = new Float32Array(fpr.length).fill(1);
  thresholds.set(steps.thresholds, Number(isExact));
  return { fpr: Float32Array.from(fpr), tpr: Float32Array.from(tpr), thresholds };
}

const vector = (values: Float32Array): Tensor => new Tensor(values, [values.length]);

const rocCurve = ({ fpr, tpr, thresholds }: Rates): ROCCurve => ({ fpr: vector(fpr), tpr: vector(tpr), thresholds: vector(thresholds) });

/**
 * The receiver operating characteristic: the true and the false positive rate at each threshold, where scores of at least the threshold are positive. As
 * `torchmetrics.ROC`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. `compute()` is a curve `{ fpr, tpr, thresholds }` for a "binary" task; for the others it is a list
 * of curves, one for each class or label, where torchmetrics has a tuple of all `fpr`, all `tpr` and all `thresholds`. Points go from the highest threshold to the lowest. If every score is a threshold (`thresholds`: null) the curve
 * begins at (0, 0) with the threshold 1, the only point before any update. A rate whose targets do not occur is 0.
 *
 * With an `average` `compute()` of a "multiclass" task is one curve. That of "macro" has the false positive rates of all classes' curves in ascending order, with
 * the mean of the interpolated true positive rates, and beside them all classes' thresholds in descending order.
 *
 * @example
 * const roc = new metrics.ROC({ task: 'binary' });
 * roc.update(tensor([0.125, 0.5, 0.25, 0.75]), tensor(Int32Array.of(0, 0, 1, 1)));
 * const { fpr, tpr, thresholds } = roc.compute();
 * fpr.toArray(); // [0, 0, 0.5, 0.5, 1]
 * tpr.toArray(); // [0, 0.5, 0.5, 1, 1]
 * thresholds.toArray(); // [1, 0.75, 0.5, 0.25, 0.125]
 */
export class ROC<T extends Task = Task, A extends CurveAverage | null = null> extends CurveMetric<
  Curves<ROCCurve, T, A>,
  { average: CurveAverage | null }
> {
  constructor(options: ROCOptions<T, A>) {
    super('ROC', options as ROCOptions, { average: null });
    checkCurveAverage('ROC', this.own.average, this.problem.task);
  }

  compute(): Curves<ROCCurve, T, A> {
    const { average } = this.own;
    const curve = (steps: Steps): Rates => ratesOf(steps, this.thresholds === null);
    const one = (rates: Rates): Curves<ROCCurve, T, A> => rocCurve(rates) as Curves<ROCCurve, T, A>;
    if (average === 'micro') return one(curve(this.steps(null)));
    const curves = this.each(curve);
    if (this.problem.task === 'binary') return one(curves[0]!);
    if (average === null) return curves.map(rocCurve) as Curves<ROCCurve, T, A>;
    const { x, y } = meanLine(curves.map(({ fpr, tpr }) => ({ x: fpr, y: tpr })));
    return one({ fpr: x, tpr: y, thresholds: sorted(curves.map(({ thresholds }) => thresholds)).reverse() });
  }
}

/** The options of `AUROC`. */
export interface AUROCOptions extends AreaOptions {
  /** For a "binary" task: only the area up to this false positive rate, above 0 up to 1, scaled by McClish's method to 0.5 to 1 (1). */
  maxFpr?: number;
}

function areaUnder({ fpr, tpr }: Points): number {
  let area = 0;
  for (let i = 1; i < fpr.length; i++) area += ((fpr[i]! - fpr[i - 1]!) * (tpr[i]! + tpr[i - 1]!)) / 2;
  return area;
}

// The area up to `limit`, where the curve is interpolated; it is scaled so that 0.5 is chance and 1 the largest possible area.
function partialArea({ fpr, tpr }: Points, limit: number): number {
  const found = fpr.findIndex((rate) => rate > limit);
  const stop = found < 0 ? fpr.length : found;
  const [x, y] = [fpr[stop - 1] ?? 0, tpr[stop - 1] ?? 0];
  const cut = stop === fpr.length ? y : y + ((limit - x) / (fpr[stop]! - x)) * (tpr[stop]! - y);
  const area = areaUnder({ fpr: fpr.subarray(0, stop), tpr: tpr.subarray(0, stop) }) + ((limit - x) * (y + cut)) / 2;
  const least = limit ** 2 / 2;
  return (1 + (area - least) / (limit - least)) / 2;
}

/** The area under a curve up to a false positive rate. */
export function areaUpTo(points: Points, maxFpr: number): number {
  const isFlat = points.fpr.at(-1)! === 0 || points.tpr.at(-1)! === 0;
  return maxFpr === 1 || isFlat ? areaUnder(points) : partialArea(points, maxFpr);
}

/** Throws unless the value is a false positive rate that can be a limit. */
export function checkMaxFpr(where: string, maxFpr: unknown): void {
  if (checkNumber(where, 'maxFpr', maxFpr, 0, 1) === 0) throw rangeError(where, 'expected maxFpr above 0, got 0');
}

/**
 * The area under the ROC curve: the probability that a sample of a class has a higher score than a sample of another class, where ties
 * count half. As `torchmetrics.AUROC`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. `compute()` is a scalar, or `[classes]` for `average: "none"`. It is 0 if either
 * kind of target does not occur, and this 0 counts in `"macro"`. With given `thresholds`, it is the area under the points at these.
 *
 * @example
 * const auroc = new metrics.AUROC({ task: 'binary' });
 * auroc.update(tensor([0.1, 0.4, 0.35, 0.8]), tensor(Int32Array.of(0, 0, 1, 1)));
 * auroc.compute().item(); // 0.75
 */
export class AUROC extends CurveMetric<Tensor, Required<Pick<AUROCOptions, 'average' | 'maxFpr'>>> {
  override readonly higherIsBetter = true;

  constructor(options: AUROCOptions) {
    super('AUROC', options, { average: 'macro', maxFpr: 1 });
    checkAverage('AUROC', this.own.average, this.problem);
    checkMaxFpr('AUROC', this.own.maxFpr);
  }

  compute(): Tensor {
    const isExact = this.thresholds === null;
    const { average, maxFpr } = this.own;
    if (this.problem.task === 'binary') return scalar(areaUpTo(pointsOf(this.steps(0), isExact), maxFpr));
    if (average === 'micro') return scalar(areaUnder(pointsOf(this.steps(null), isExact)));
    const all = this.each((steps) => ({ area: areaUnder(pointsOf(steps, isExact)), positives: steps.positives }));
    return averageOf(
      all.map(({ area }) => area),
      all.map(({ positives }) => positives),
      average,
    );
  }
}
