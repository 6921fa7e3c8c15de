// The base of metrics that evaluate predictions at every threshold.
import { checkInteger, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { checkTensor, Tensor } from '../tensor';
import { classBatch, labelAt, labelBatch, probabilitiesOf, probabilityRows } from './batch';
import { Growing } from './growing';
import { Metric } from './metric';
import { keysOf, numberOf } from './order';
import { checkTask, type Problem, type TaskOptions, type TaskSettings, taskDefaults } from './task';
import { totals } from './totals';

/**
 * The thresholds of a curve: `null`: every score is one, and all scores and targets are stored; a number n >= 2: n thresholds equally spaced from 0 to 1;
 * a list or a tensor `[t]`: these thresholds, ascending from 0 to 1. With given thresholds only counts are stored.
 */
export type Thresholds = null | number | readonly number[] | Tensor;

/** The options of curves. */
export interface CurveOptions extends TaskOptions {
  /** The thresholds of the curve's points (null: every score). */
  thresholds?: Thresholds;
}

/** The predictions at descending thresholds. */
export interface Steps {
  thresholds: Float32Array;
  /** For each threshold the number of targets 1 and 0 whose score is at least the threshold. */
  tps: Float64Array;
  fps: Float64Array;
  positives: number;
  negatives: number;
}

/** `n` numbers from 0 to 1, as `torch.linspace` rounds them. */
export function unitSteps(n: number): Float32Array {
  const step = Math.fround(1 / (n - 1));
  return Float32Array.from({ length: n }, (_, i) => (i < n / 2 ? step * i : 1 - Math.fround(step * (n - 1 - i))));
}

/** How many of the ascending numbers are at most `value`; none for NaN. */
export function reachedBy(value: number, numbers: Float32Array): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value >= numbers[middle]!) low = middle + 1;
    else high = middle;
  }
  return low;
}

function checkThresholds(where: string, given: unknown): Float32Array | null {
  if (given === null) return null;
  if (typeof given === 'number') return unitSteps(checkInteger(where, 'thresholds', given, 2, 2 ** 24));
  const isVector = given instanceof Tensor && given.shape.length === 1;
  if (!Array.isArray(given) && !isVector) {
    const what = given instanceof Tensor ? `a tensor of ${given.shape.length} dimensions` : describe(given);
    throw typeError(where, `expected thresholds to be null, a number, a list of numbers or a tensor [t], got ${what}`);
  }
  const numbers: ArrayLike<unknown> = isVector ? checkTensor(where, 'thresholds', given).values : (given as unknown[]);
  if (numbers.length === 0) throw rangeError(where, 'expected a threshold or more, got none');
  const values = new Float32Array(numbers.length);
  for (let i = 0; i < values.length; i++) values[i] = checkNumber(where, `thresholds[${i}]`, numbers[i], 0, 1);
  const fallen = values.findIndex((value, i) => i > 0 && value < values[i - 1]!);
  if (fallen > 0) throw rangeError(where, `expected ascending thresholds, got ${values[fallen]} after ${values[fallen - 1]}`);
  return values;
}

/** The steps at every score. `targets` are 0 and 1; each is combined with the sort key of its score to one number. */
export function stepsOf(scores: Float32Array, targets: Uint8Array): Steps {
  const n = scores.length;
  const pairs = Float64Array.from(keysOf(scores));
  for (let i = 0; i < n; i++) pairs[i] = 2 * pairs[i]! + targets[i]!;
  pairs.sort();
  const [thresholds, tps, fps] = [new Float32Array(n), new Float64Array(n), new Float64Array(n)];
  let [steps, tp, fp] = [0, 0, 0];
  for (let i = n - 1; i >= 0; i--) {
    const key = Math.floor(pairs[i]! / 2);
    if (pairs[i] === 2 * key) fp++;
    else tp++;
    if (i > 0 && pairs[i - 1]! >= 2 * key) continue;
    thresholds[steps] = numberOf(key);
    tps[steps] = tp;
    fps[steps++] = fp;
  }
  return {
    thresholds: thresholds.subarray(0, steps),
    tps: tps.subarray(0, steps),
    fps: fps.subarray(0, steps),
    positives: tp,
    negatives: fp,
  };
}

/** Stores scores and targets, or counts at given thresholds, for each class or label. */
export abstract class CurveMetric<Value, More extends object = object> extends Metric<Value> {
  /** @internal */
  protected readonly problem: Problem;
  /** @internal The options that only this metric has, with defaults. */
  protected readonly own: More;
  /** @internal The thresholds; null: every score is one. */
  protected readonly thresholds: Float32Array | null;

  private readonly name: string;

  // Rows with a score for each class or label. Targets are a class for each row, or 0 and 1 for each label, with -1 for ignored ones.
  private readonly scores = new Growing(Float32Array);
  private readonly targets = new Growing(Int32Array);
  // For each class or label and each number of thresholds that a score reaches: how many targets were 0, and how many 1.
  private readonly reached: Float64Array;

  /** @internal */
  constructor(name: string, options: CurveOptions & Partial<More>, own: More) {
    super();
    type All = TaskSettings & { thresholds: Thresholds } & More;
    const o = withDefaults<All>(name, options as Partial<All>, { ...taskDefaults, thresholds: null, ...own });
    this.name = name;
    this.problem = checkTask(name, o, 2 ** 16);
    this.thresholds = checkThresholds(name, o.thresholds);
    this.own = o;
    this.reached = new Float64Array(this.thresholds === null ? 0 : this.problem.width * 2 * (this.thresholds.length + 1));
  }

  /** @internal */
  override get [totals](): readonly Float64Array[] | null {
    return this.thresholds !== null && this.update === CurveMetric.prototype.update ? [this.reached] : null;
  }

  update(preds: Tensor, target: Tensor): void {
    const where = `${this.name}.update`;
    const { task, width, ignoreIndex } = this.problem;
    if (task === 'multiclass') {
      const { rows, target: wanted } = probabilityRows(classBatch(where, this.problem, preds, target, this.name), ignoreIndex);
      if (this.thresholds === null) this.keep(rows, wanted);
      else for (let i = 0; i < rows.length; i++) this.count(i % width, rows[i]!, Number(wanted[Math.floor(i / width)] === i % width));
      return;
    }
    const batch = labelBatch(where, this.problem, preds, target, this.name);
    const { inner } = batch;
    const scores = probabilitiesOf(batch, task === 'binary' ? ignoreIndex : undefined);
    const n = batch.target.length;
    const wanted = new Int32Array(n);
    for (let i = 0; i < n; i++) wanted[i] = batch.target[i] === ignoreIndex ? -1 : batch.target[i]!;
    if (this.thresholds !== null) {
      for (let i = 0; i < n; i++) if (wanted[i]! >= 0) this.count(labelAt(batch, i), scores[i]!, wanted[i]!);
    } else if (inner === 1 || width === 1) {
      this.keep(scores, wanted);
    } else {
      // From labels [n, labels, inner] to rows [n, inner, labels].
      const [rows, targets] = [new Float32Array(n), new Int32Array(n)];
      for (let i = 0; i < n; i++) {
        const row = Math.floor(i / width);
        const from = (Math.floor(row / inner) * width + (i % width)) * inner + (row % inner);
        rows[i] = scores[from]!;
        targets[i] = wanted[from]!;
      }
      this.keep(rows, targets);
    }
  }

  reset(): void {
    this.scores.clear();
    this.targets.clear();
    this.reached.fill(0);
  }

  /** @internal The steps of a class or label; null: of all of them together. */
  protected steps(column: number | null): Steps {
    const { width } = this.problem;
    if (this.thresholds !== null) return this.countedSteps(column === null ? Array.from({ length: width }, (_, c) => c) : [column]);
    const [scores, targets] = [this.scores.values, this.targets.values];
    const stride = column === null ? 1 : width;
    const first = column ?? 0;
    const size = Math.floor(scores.length / stride);
    const [own, wanted] = [new Float32Array(size), new Uint8Array(size)];
    const isMulticlass = this.problem.task === 'multiclass';
    const rowLength = column === null ? width : 1; // how many of the chosen scores belong to a row
    let kept = 0;
    for (let i = 0; i < size; i++) {
      const target = isMulticlass ? Number(targets[Math.floor(i / rowLength)] === (column ?? i % width)) : targets[first + i * stride]!;
      if (target < 0) continue;
      own[kept] = scores[first + i * stride]!;
      wanted[kept++] = target;
    }
    return stepsOf(own.subarray(0, kept), wanted);
  }

  /** @internal The result of `f` for the steps of the only curve, or of each class or label. */
  protected each<T>(f: (steps: Steps) => T): T[] {
    return Array.from({ length: this.problem.width }, (_, column) => f(this.steps(column)));
  }

  private keep(scores: Float32Array, targets: Int32Array): void {
    this.scores.append(scores);
    this.targets.append(targets);
  }

  private count(column: number, score: number, target: number): void {
    const thresholds = this.thresholds!;
    this.reached[2 * (column * (thresholds.length + 1) + reachedBy(score, thresholds)) + target]!++;
  }

  private countedSteps(columns: readonly number[]): Steps {
    const thresholds = this.thresholds!;
    const n = thresholds.length;
    const at = (reached: number, target: number): number =>
      columns.reduce((sum, column) => sum + this.reached[2 * (column * (n + 1) + reached) + target]!, 0);
    const [tps, fps] = [new Float64Array(n), new Float64Array(n)];
    let [tp, fp] = [0, 0];
    for (let i = 0; i < n; i++) {
      tp += at(n - i, 1);
      fp += at(n - i, 0);
      tps[i] = tp;
      fps[i] = fp;
    }
    return { thresholds: thresholds.slice().reverse(), tps, fps, positives: tp + at(0, 1), negatives: fp + at(0, 0) };
  }
}
