// The counts of correct and wrong predictions, and how the classes' figures are averaged.
import { checkInteger, checkOneOf, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import { type ClassBatch, classBatch, labelAt, labelBatch, predictedClasses, predictedLabels } from './batch';
import { marginsOf } from './margins';
import { Metric } from './metric';
import { remember } from './remember';
import {
  type Average,
  checkTask,
  checkThreshold,
  countsServe,
  type Problem,
  type TaskSettings,
  type ThresholdOptions,
  taskDefaults,
} from './task';
import { totals } from './totals';

/**
 * How further dimensions of samples are handled: `"global"` computes one figure over all elements of all samples; `"samplewise"` computes one figure
 * for each sample.
 */
export type MultidimAverage = 'global' | 'samplewise';

/** The options of metrics of correct and wrong predictions. */
export interface StatScoresOptions extends ThresholdOptions {
  /** How the figures of classes or labels are averaged; no effect on a "binary" task ("micro"). */
  average?: Average;
  /** Whether there is a single figure, or one for each sample; for the latter targets need at least two dimensions, for labels three ("global"). */
  multidimAverage?: MultidimAverage;
  /** A prediction is correct if the target is among this many highest scores; for a "multiclass" task (1). */
  topK?: number;
}

interface Settings extends TaskSettings {
  threshold: number;
  average: Average;
  multidimAverage: MultidimAverage;
  topK: number;
}

/** The predictions of a class or label: true and false positives, true and false negatives. */
export interface Counts {
  tp: number;
  fp: number;
  tn: number;
  fn: number;
}

/** For each row the counts of each class or label: correctly predicted targets, targets, predictions, and all samples. */
class Tally {
  private readonly right: Float64Array;
  private readonly targets: Float64Array;
  private readonly predictions: Float64Array;
  private readonly seen: Float64Array;

  constructor(
    readonly rows: number,
    private readonly width: number,
  ) {
    const n = rows * width;
    this.right = new Float64Array(n);
    this.targets = new Float64Array(n);
    this.predictions = new Float64Array(n);
    this.seen = new Float64Array(n);
  }

  get all(): readonly Float64Array[] {
    return [this.right, this.targets, this.predictions, this.seen];
  }

  addClass(row: number, wanted: number, guess: number): void {
    const first = row * this.width;
    this.targets[first + wanted]!++;
    this.predictions[first + guess]!++;
    if (guess === wanted) this.right[first + wanted]!++;
  }

  addSeen(row: number, count: number): void {
    const first = row * this.width;
    for (let c = first; c < first + this.width; c++) this.seen[c]! += count;
  }

  // The counts of a confusion matrix, as a single row.
  addCounts(counts: Float64Array): void {
    const { targets, predictions, total } = marginsOf(counts, this.width);
    for (let c = 0; c < this.width; c++) {
      this.targets[c]! += targets[c]!;
      this.predictions[c]! += predictions[c]!;
      this.right[c]! += counts[c * this.width + c]!;
    }
    this.addSeen(0, total);
  }

  addLabel(row: number, label: number, wanted: number, guess: number): void {
    const at = row * this.width + label;
    this.targets[at]! += wanted;
    this.predictions[at]! += guess;
    this.right[at]! += guess * wanted;
    this.seen[at]!++;
  }

  // In a loop, because there may be millions of classes.
  *counts(row: number): Generator<Counts> {
    for (let at = row * this.width; at < (row + 1) * this.width; at++) {
      const [tp, targets, predictions] = [this.right[at]!, this.targets[at]!, this.predictions[at]!];
      yield { tp, fp: predictions - tp, tn: this.seen[at]! - targets - predictions + tp, fn: targets - tp };
    }
  }
}

const countNames = ['tp', 'fp', 'tn', 'fn'] as const;

/** @internal The sum of the counts of all classes or labels. */
export function summed(all: Iterable<Counts>): Counts {
  const sum = { tp: 0, fp: 0, tn: 0, fn: 0 };
  for (const counts of all) for (const name of countNames) sum[name] += counts[name];
  return sum;
}

/** A quotient, or `otherwise` if the divisor is 0. */
export const ratio = (a: number, b: number, otherwise = 0): number => (b === 0 ? otherwise : a / b);

/** A tensor of one number. */
export const scalar = (value: number): Tensor => new Tensor(Float32Array.of(value), []);

// Whether fewer than topK scores rank before the target's score. Higher scores do, where NaN is the highest, and equal scores of lower classes.
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

/** The base of metrics that are functions of `Counts`. */
export abstract class OfCounts<More extends object = object> extends Metric {
  /** @internal */
  protected readonly problem: Problem;
  /** @internal The options that only this metric has, with defaults. */
  protected readonly own: More;
  /** @internal Whether, with `topK` above 1, a class that is predicted but never a target is omitted from the mean. */
  protected readonly topKCounts: boolean = true;

  private readonly name: string;
  private readonly threshold: number;
  /** @internal */
  protected readonly average: Average;
  /** @internal Whether there is a figure for each sample. */
  protected readonly samplewise: boolean;
  private readonly topK: number;

  // A single `Counts` with one row; if each sample is a row, one for each update.
  private tallies: Tally[];

  /** @internal */
  constructor(name: string, options: StatScoresOptions & Partial<More>, own: More) {
    super();
    const o = withDefaults<Settings & More>(name, options as Partial<Settings & More>, {
      ...taskDefaults,
      threshold: 0.5,
      average: 'micro',
      multidimAverage: 'global',
      topK: 1,
      ...own,
    });
    this.name = name;
    this.problem = checkTask(name, o, 2 ** 24);
    this.threshold = checkThreshold(name, o.threshold);
    this.average = checkOneOf(name, 'average', o.average, ['micro', 'macro', 'weighted', 'none']);
    this.samplewise = checkOneOf(name, 'multidimAverage', o.multidimAverage, ['global', 'samplewise']) === 'samplewise';
    const isMulticlass = this.problem.task === 'multiclass';
    const topK = checkInteger(name, 'topK', o.topK, 1, isMulticlass ? this.problem.width : undefined);
    this.topK = isMulticlass ? topK : 1;
    this.own = o;
    this.tallies = this.blank();
  }

  /** @internal The figure for the counts of one class or label, or for their sums. */
  protected abstract score(counts: Counts): number;

  /** @internal */
  override get takesClasses(): number {
    const isPlain = this.problem.task === 'multiclass' && this.topK === 1 && !this.samplewise;
    return isPlain && this.update === OfCounts.prototype.update ? this.problem.width : 0;
  }

  /** @internal */
  override get countedClasses(): number {
    return countsServe(this.problem) ? this.takesClasses : 0;
  }

  /** @internal */
  override takeCounts(counts: Float64Array): void {
    this.tallies[0]!.addCounts(counts);
  }

  /** @internal */
  override get [totals](): readonly Float64Array[] | null {
    return this.samplewise || this.update !== OfCounts.prototype.update ? null : this.tallies[0]!.all;
  }

  update(preds: Tensor, target: Tensor): void {
    const where = `${this.name}.update`;
    if (this.problem.task !== 'multiclass') this.countLabels(where, preds, target);
    else {
      const batch = classBatch(where, this.problem, preds, target, this.topK > 1 ? `topK ${this.topK}` : null);
      this.countClasses(this.tallyFor(where, target, 2), batch);
    }
  }

  compute(): Tensor {
    const { average, samplewise, problem } = this;
    const rows = this.rowsOfCounts();
    const lead = samplewise ? [rows.length] : [];
    if (problem.task === 'binary' || average !== 'none')
      return new Tensor(
        Float32Array.from(rows, (row) => this.figure(row())),
        lead,
      );
    const values = new Float32Array(rows.length * problem.width);
    let at = 0;
    for (const row of rows) for (const counts of row()) values[at++] = this.score(counts);
    return new Tensor(values, [...lead, problem.width]);
  }

  /** @internal The counts of samples are not changed by later ones. */
  override [remember](): () => void {
    if (!this.samplewise) return super[remember]();
    const before = this.tallies;
    const { length } = before;
    return () => {
      before.length = length;
      this.tallies = before;
    };
  }

  reset(): void {
    this.tallies = this.blank();
  }

  /** @internal Calls a function with the counts of the classes or labels, once for all samples or once for each sample. */
  protected rowsOfCounts(): (() => Iterable<Counts>)[] {
    return this.tallies.flatMap((tally) => Array.from({ length: tally.rows }, (_, row) => () => tally.counts(row)));
  }

  private blank(): Tally[] {
    return this.samplewise ? [] : [new Tally(1, this.problem.width)];
  }

  // The counts to which the batch is added, with a row for each sample if samples are separate. The batch has been checked except for its dimensions.
  private tallyFor(where: string, target: Tensor, least: number): Tally {
    if (!this.samplewise) return this.tallies[0]!;
    if (target.shape.length < least) {
      throw rangeError(where, `expected target of at least ${least} dimensions for "samplewise", got ${shapeText(target.shape)}`);
    }
    const tally = new Tally(target.shape[0]!, this.problem.width);
    this.tallies.push(tally);
    return tally;
  }

  private figure(all: Iterable<Counts>): number {
    const { average, problem } = this;
    if (problem.task === 'binary' || average === 'micro') return this.score(summed(all));
    const byTargets = this.topK > 1 && this.topKCounts;
    let [sum, weights] = [0, 0];
    for (const counts of all) {
      const targets = counts.tp + counts.fn;
      const occurs = problem.task === 'multilabel' || targets > 0 || (counts.fp > 0 && !byTargets);
      const weight = average === 'weighted' ? targets : Number(occurs);
      sum += this.score(counts) * weight;
      weights += weight;
    }
    return ratio(sum, weights);
  }

  private countClasses(tally: Tally, batch: ClassBatch): void {
    const { classes, inner, scores, target } = batch;
    const { topK, samplewise } = this;
    const { ignoreIndex } = this.problem;
    const predicted = predictedClasses(batch);
    const seen = new Float64Array(tally.rows);
    for (let i = 0; i < predicted.length; i++) {
      const wanted = target[i]!;
      if (wanted === ignoreIndex) continue;
      let guess = predicted[i]!;
      if (topK > 1) {
        const begin = Math.floor(i / inner) * classes * inner + (i % inner);
        if (isInTop(scores!, begin, inner, classes, wanted, topK)) guess = wanted;
      }
      const row = samplewise ? Math.floor(i / inner) : 0;
      tally.addClass(row, wanted, guess);
      seen[row]!++;
    }
    seen.forEach((count, row) => void tally.addSeen(row, count));
  }

  private countLabels(where: string, preds: Tensor, target: Tensor): void {
    const { ignoreIndex, task } = this.problem;
    const batch = labelBatch(where, this.problem, preds, target, null);
    const tally = this.tallyFor(where, target, task === 'binary' ? 2 : 3);
    const perRow = this.samplewise ? target.numel / tally.rows : target.numel;
    // Ignored scores are included when deciding whether all are logits, as in torchmetrics here, though not in its confusion matrix.
    const predicted = predictedLabels(batch, this.threshold, undefined);
    for (let i = 0; i < batch.target.length; i++) {
      const wanted = batch.target[i]!;
      if (wanted === ignoreIndex) continue;
      tally.addLabel(Math.floor(i / perRow), labelAt(batch, i), wanted, predicted[i]!);
    }
  }
}
