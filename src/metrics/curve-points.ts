// The best point of a curve that meets a condition.
import { checkNumber } from '../errors';
import { Tensor } from '../tensor';
import { scalar } from './counts';
import { CurveMetric, type CurveOptions, type Steps } from './curve';
import { absentRecall, precisionRecallOf } from './precision-recall-curve';
import { pointsOf } from './roc';

/** The options of `PrecisionAtFixedRecall`. */
export interface PrecisionAtFixedRecallOptions extends CurveOptions {
  /** The minimum recall, from 0 to 1. */
  minRecall: number;
}

/** The options of `RecallAtFixedPrecision`. */
export interface RecallAtFixedPrecisionOptions extends CurveOptions {
  /** The minimum precision, from 0 to 1. */
  minPrecision: number;
}

/** The options of `SpecificityAtSensitivity`. */
export interface SpecificityAtSensitivityOptions extends CurveOptions {
  /** The minimum sensitivity, from 0 to 1. */
  minSensitivity: number;
}

/** The options of `SensitivityAtSpecificity`. */
export interface SensitivityAtSpecificityOptions extends CurveOptions {
  /** The minimum specificity, from 0 to 1. */
  minSpecificity: number;
}

// The points of a curve: the figure to maximize, the figure of the condition, and the threshold.
interface Candidates {
  figure: ArrayLike<number>;
  given: ArrayLike<number>;
  thresholds: ArrayLike<number>;
}

interface Point {
  figure: number;
  threshold: number;
}

// Among the points that meet the condition, the one with the highest figure, then the highest figure of the condition, then the highest threshold.
function highest({ figure, given, thresholds }: Candidates, least: number): Point {
  let best = -1;
  for (let i = 0; i < thresholds.length; i++) {
    if (!(given[i]! >= least)) continue;
    if (best < 0 || (figure[i]! - figure[best]! || given[i]! - given[best]! || thresholds[i]! - thresholds[best]!) > 0) best = i;
  }
  const found = best < 0 ? 0 : figure[best]!;
  return { figure: found, threshold: found === 0 ? Number.NaN : thresholds[best]! };
}

// Among the points that meet the condition, the first with the highest figure.
function first({ figure, given, thresholds }: Candidates, least: number): Point {
  let best = -1;
  for (let i = 0; i < thresholds.length; i++) if (given[i]! >= least && (best < 0 || figure[i]! > figure[best]!)) best = i;
  return best < 0 ? { figure: 0, threshold: 1e6 } : { figure: figure[best]!, threshold: thresholds[best]! };
}

abstract class CurvePoint<Figure extends string> extends CurveMetric<Record<Figure | 'threshold', Tensor>, Record<string, number>> {
  private readonly least: number;

  /** @internal */
  constructor(
    name: string,
    options: CurveOptions,
    condition: string,
    private readonly figure: Figure,
  ) {
    super(name, options as CurveOptions & Record<string, never>, { [condition]: undefined as never });
    this.least = Math.fround(checkNumber(name, condition, this.own[condition], 0, 1));
  }

  /** @internal Numbers are compared as float32. */
  protected abstract best(steps: Steps, least: number): Point;

  compute(): Record<Figure | 'threshold', Tensor> {
    const points = this.each((steps) => this.best(steps, this.least));
    const isOne = this.problem.task === 'binary';
    const all = (values: number[]): Tensor => (isOne ? scalar(values[0]!) : new Tensor(Float32Array.from(values), [values.length]));
    return {
      [this.figure]: all(points.map(({ figure }) => figure)),
      threshold: all(points.map(({ threshold }) => threshold)),
    } as Record<Figure | 'threshold', Tensor>;
  }

  /** @internal The precision, the recall and the threshold of each point, from the lowest threshold on. */
  protected precisionRecall(steps: Steps): { precision: Float32Array; recall: Float32Array; thresholds: Float32Array } {
    const { precision, recall } = precisionRecallOf(steps, absentRecall(this.problem.task, this.thresholds === null));
    return { precision: Float32Array.from(precision), recall: Float32Array.from(recall), thresholds: steps.thresholds.slice().reverse() };
  }

  /** @internal The specificity, the sensitivity and the threshold of each point, from the highest threshold on. */
  protected rates(steps: Steps): { specificity: Float32Array; sensitivity: Float32Array; thresholds: Float32Array } {
    const isExact = this.thresholds === null;
    const { fpr, tpr } = pointsOf(steps, isExact);
    const thresholds = new Float32Array(fpr.length).fill(1);
    thresholds.set(steps.thresholds, Number(isExact));
    return { specificity: Float32Array.from(fpr, (rate) => 1 - Math.fround(rate)), sensitivity: Float32Array.from(tpr), thresholds };
  }
}

/**
 * The highest precision of those points of `PrecisionRecallCurve` whose recall is `minRecall` or more, with its threshold. As
 * `torchmetrics.PrecisionAtFixedRecall`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. `compute()` is `{ precision, threshold }`: scalars, or `[classes]` for a "multiclass" and a
 * "multilabel" task. Of points with equal precision the one with the highest recall is taken, then the one with the highest threshold. If no point has a
 * precision above 0, the precision is 0 and the threshold NaN.
 *
 * @example
 * const metric = new metrics.PrecisionAtFixedRecall({ task: 'binary', minRecall: 0.5 });
 * metric.update(tensor([0, 0.5, 0.75, 0.25]), tensor(Int32Array.of(0, 1, 1, 0)));
 * const { precision, threshold } = metric.compute();
 * [precision.item(), threshold.item()]; // [1, 0.5]
 */
export class PrecisionAtFixedRecall extends CurvePoint<'precision'> {
  constructor(options: PrecisionAtFixedRecallOptions) {
    super('PrecisionAtFixedRecall', options, 'minRecall', 'precision');
  }

  /** @internal */
  protected override best(steps: Steps, least: number): Point {
    const { precision, recall, thresholds } = this.precisionRecall(steps);
    return highest({ figure: precision, given: recall, thresholds }, least);
  }
}

/**
 * The highest recall of those points of `PrecisionRecallCurve` whose precision is `minPrecision` or more, with its threshold. As
 * `torchmetrics.RecallAtFixedPrecision`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. `compute()` is `{ recall, threshold }`: scalars, or `[classes]` for a "multiclass" and a
 * "multilabel" task. Of points with equal recall the one with the highest precision is taken, then the one with the highest threshold. If no point has a
 * recall above 0, the recall is 0 and the threshold NaN.
 *
 * @example
 * const metric = new metrics.RecallAtFixedPrecision({ task: 'binary', minPrecision: 0.5 });
 * metric.update(tensor([0, 0.5, 0.75, 0.25]), tensor(Int32Array.of(0, 1, 1, 0)));
 * const { recall, threshold } = metric.compute();
 * [recall.item(), threshold.item()]; // [1, 0.5]
 */
export class RecallAtFixedPrecision extends CurvePoint<'recall'> {
  constructor(options: RecallAtFixedPrecisionOptions) {
    super('RecallAtFixedPrecision', options, 'minPrecision', 'recall');
  }

  /** @internal */
  protected override best(steps: Steps, least: number): Point {
    const { precision, recall, thresholds } = this.precisionRecall(steps);
    return highest({ figure: recall, given: precision, thresholds }, least);
  }
}

/**
 * The highest specificity of those points of `ROC` whose sensitivity is `minSensitivity` or more, with its threshold. As
 * `torchmetrics.SpecificityAtSensitivity`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. `compute()` is `{ specificity, threshold }`: scalars, or `[classes]` for a "multiclass" and a
 * "multilabel" task. Of points with equal specificity the one with the highest threshold is taken. Without such a point the specificity is 0 and the threshold
 * 10^6.
 *
 * @example
 * const metric = new metrics.SpecificityAtSensitivity({ task: 'binary', minSensitivity: 0.5 });
 * metric.update(tensor([0, 0.5, 0.75, 0.25]), tensor(Int32Array.of(0, 1, 1, 0)));
 * const { specificity, threshold } = metric.compute();
 * [specificity.item(), threshold.item()]; // [1, 0.75]
 */
export class SpecificityAtSensitivity extends CurvePoint<'specificity'> {
  constructor(options: SpecificityAtSensitivityOptions) {
    super('SpecificityAtSensitivity', options, 'minSensitivity', 'specificity');
  }

  /** @internal */
  protected override best(steps: Steps, least: number): Point {
    const { specificity, sensitivity, thresholds } = this.rates(steps);
    return first({ figure: specificity, given: sensitivity, thresholds }, least);
  }
}

/**
 * The highest sensitivity of those points of `ROC` whose specificity is `minSpecificity` or more, with its threshold. As
 * `torchmetrics.SensitivityAtSpecificity`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. `compute()` is `{ sensitivity, threshold }`: scalars, or `[classes]` for a "multiclass" and a
 * "multilabel" task. Of points with equal sensitivity the one with the highest threshold is taken. Without such a point the sensitivity is 0 and the threshold
 * 10^6.
 *
 * @example
 * const metric = new metrics.SensitivityAtSpecificity({ task: 'binary', minSpecificity: 0.5 });
 * metric.update(tensor([0, 0.5, 0.75, 0.25]), tensor(Int32Array.of(0, 1, 1, 0)));
 * const { sensitivity, threshold } = metric.compute();
 * [sensitivity.item(), threshold.item()]; // [1, 0.5]
 */
export class SensitivityAtSpecificity extends CurvePoint<'sensitivity'> {
  constructor(options: SensitivityAtSpecificityOptions) {
    super('SensitivityAtSpecificity', options, 'minSpecificity', 'sensitivity');
  }

  /** @internal */
  protected override best(steps: Steps, least: number): Point {
    const { specificity, sensitivity, thresholds } = this.rates(steps);
    return first({ figure: sensitivity, given: specificity, thresholds }, least);
  }
}
