// What the metrics of right and wrong predictions count, and how the figures of classes become one.
import { checkInteger, checkOneOf, withDefaults } from '../errors';
import { Tensor } from '../tensor';
import { type ClassBatch, classBatch, labelAt, labelBatch, predictedClasses, predictedLabels } from './batch';
import { marginsOf } from './margins';
import { Metric } from './metric';
import { type Average, checkTask, checkThreshold, type Problem, type TaskSettings, type ThresholdOptions, taskDefaults } from './task';

/** The options of metrics of right and wrong predictions. */
export interface StatScoresOptions extends ThresholdOptions {
  /** How the figures of classes or labels become one; without effect on a "binary" task ("micro"). */
  average?: Average;
  /** A prediction is right when the target is among this many highest scores; of a "multiclass" task (1). */
  topK?: number;
}

interface Settings extends TaskSettings {
  threshold: number;
  average: Average;
  topK: number;
}

/** Predictions of a class or label, by whether they are right: true and false positives, true and false negatives. */
export interface Counts {
  tp: number;
  fp: number;
  tn: number;
  fn: number;
}

/** A quotient, `otherwise` where it would be by 0. */
export const ratio = (a: number, b: number, otherwise = 0): number => (b === 0 ? otherwise : a / b);

/** A tensor of one number. */
export const scalar = (value: number): Tensor => new Tensor(Float32Array.of(value), []);

// Whether fewer than topK scores stand before the target's: higher ones, NaN being highest, and equal ones of lower classes.
function isInTop(scores: Float32Array, begin: number, stride: number, classes: number, target: number, topK: number): boolean {
  const own = scores[begin + target * stride]!;
  let before = 0;
  for (let c = 0; c < classes; c++) {
    const score = scores[begin + c * stride]!;
    const equal = score === own || (Number.isNaN(score) && Number.isNaN(own));
    if (score > own || (Number.isNaN(score) && !Number.isNaN(own)) || (equal && c < target)) before++;
  }
  return before < topK;
}

/** The base of metrics that are a function of `Counts`. */
export abstract class StatScores<More extends object = object> extends Metric {
  /** @internal */
  protected readonly problem: Problem;
  /** @internal The options that only this metric has, filled in. */
  protected readonly own: More;
  /** @internal Whether with `topK` above 1 a class that is predicted, but never a target, is left out of the mean. */
  protected readonly topKCounts: boolean = true;

  private readonly name: string;
  private readonly threshold: number;
  private readonly average: Average;
  private readonly topK: number;

  // Of each class or label: targets predicted rightly, targets, predictions, and all that was seen.
  private readonly right: Float64Array;
  private readonly targets: Float64Array;
  private readonly predictions: Float64Array;
  private readonly seen: Float64Array;

  /** @internal */
  constructor(name: string, options: StatScoresOptions & Partial<More>, own: More) {
    super();
    const o = withDefaults<Settings & More>(name, options as Partial<Settings & More>, {
      ...taskDefaults,
      threshold: 0.5,
      average: 'micro',
      topK: 1,
      ...own,
    });
    this.name = name;
    this.problem = checkTask(name, o, 2 ** 24);
    this.threshold = checkThreshold(name, o.threshold);
    this.average = checkOneOf(name, 'average', o.average, ['micro', 'macro', 'weighted', 'none']);
    const isMulticlass = this.problem.task === 'multiclass';
    const topK = checkInteger(name, 'topK', o.topK, 1, isMulticlass ? this.problem.width : undefined);
    this.topK = isMulticlass ? topK : 1;
    this.own = o;
    const { width } = this.problem;
    this.right = new Float64Array(width);
    this.targets = new Float64Array(width);
    this.predictions = new Float64Array(width);
    this.seen = new Float64Array(width);
  }

  /** @internal The figure of one class or label, or of their sums. */
  protected abstract score(counts: Counts): number;

  /** @internal */
  override get takesClasses(): boolean {
    return this.problem.task === 'multiclass' && this.topK === 1;
  }

  /** @internal */
  override get countedClasses(): number {
    return this.takesClasses && this.update === StatScores.prototype.update ? this.problem.width : 0;
  }

  /** @internal */
  override takeCounts(counts: Float64Array): void {
    const classes = this.problem.width;
    const { targets, predictions, total } = marginsOf(counts, classes);
    for (let c = 0; c < classes; c++) {
      this.targets[c]! += targets[c]!;
      this.predictions[c]! += predictions[c]!;
      this.right[c]! += counts[c * classes + c]!;
      this.seen[c]! += total;
    }
  }

  update(preds: Tensor, target: Tensor): void {
    const where = `${this.name}.update`;
    if (this.problem.task !== 'multiclass') this.countLabels(where, preds, target);
    else this.countClasses(classBatch(where, this.problem, preds, target, this.topK > 1 ? `topK ${this.topK}` : null));
  }

  compute(): Tensor {
    const { task, width } = this.problem;
    const { average } = this;
    if (task === 'binary') return scalar(this.score(this.counts(0)));
    if (average === 'micro') {
      const sum = { tp: 0, fp: 0, tn: 0, fn: 0 };
      for (let c = 0; c < width; c++) {
        const counts = this.counts(c);
        for (const name of ['tp', 'fp', 'tn', 'fn'] as const) sum[name] += counts[name];
      }
      return scalar(this.score(sum));
    }
    const scores = new Float64Array(width);
    const byTargets = this.topK > 1 && this.topKCounts;
    let [sum, weights] = [0, 0];
    for (let c = 0; c < width; c++) {
      const counts = this.counts(c);
      const targets = counts.tp + counts.fn;
      const occurs = task === 'multilabel' || targets > 0 || (counts.fp > 0 && !byTargets);
      const weight = average === 'weighted' ? targets : Number(occurs);
      scores[c] = this.score(counts);
      sum += scores[c]! * weight;
      weights += weight;
    }
    return average === 'none' ? new Tensor(Float32Array.from(scores), [width]) : scalar(ratio(sum, weights));
  }

  reset(): void {
    for (const counts of [this.right, this.targets, this.predictions, this.seen]) counts.fill(0);
  }

  private counts(c: number): Counts {
    const [tp, targets, predictions] = [this.right[c]!, this.targets[c]!, this.predictions[c]!];
    return { tp, fp: predictions - tp, tn: this.seen[c]! - targets - predictions + tp, fn: targets - tp };
  }

  private countClasses(batch: ClassBatch): void {
    const { classes, inner, scores, target } = batch;
    const { topK } = this;
    const { ignoreIndex } = this.problem;
    const predicted = predictedClasses(batch);
    let seen = 0;
    for (let i = 0; i < predicted.length; i++) {
      const wanted = target[i]!;
      if (wanted === ignoreIndex) continue;
      let guess = predicted[i]!;
      if (topK > 1) {
        const begin = Math.floor(i / inner) * classes * inner + (i % inner);
        if (isInTop(scores!, begin, inner, classes, wanted, topK)) guess = wanted;
      }
      this.targets[wanted]!++;
      this.predictions[guess]!++;
      if (guess === wanted) this.right[wanted]!++;
      seen++;
    }
    for (let c = 0; c < classes; c++) this.seen[c]! += seen;
  }

  private countLabels(where: string, preds: Tensor, target: Tensor): void {
    const { ignoreIndex } = this.problem;
    const batch = labelBatch(where, this.problem, preds, target, null);
    // Ignored scores too say whether all are logits, as they do in torchmetrics here, though not in its confusion matrix.
    const predicted = predictedLabels(batch, this.threshold, undefined);
    for (let i = 0; i < batch.target.length; i++) {
      const wanted = batch.target[i]!;
      if (wanted === ignoreIndex) continue;
      const label = labelAt(batch, i);
      const guess = predicted[i]!;
      this.targets[label]! += wanted;
      this.predictions[label]! += guess;
      this.right[label]! += guess * wanted;
      this.seen[label]!++;
    }
  }
}
