// The base of metrics that are functions of a confusion matrix.
import { withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { classBatch, labelAt, labelBatch, predictedClasses, predictedLabels } from './batch';
import { Metric } from './metric';
import {
  checkTask,
  checkThreshold,
  countsServe,
  type Problem,
  type Task,
  type TaskSettings,
  type ThresholdOptions,
  taskDefaults,
} from './task';
import { totals } from './totals';

/** Counts the samples of each target class that were predicted as each class. */
export abstract class Confusion<More extends object> extends Metric {
  /** @internal */
  protected readonly problem: Problem;
  /** @internal The options that only this metric has, with defaults. */
  protected readonly own: More;
  /** @internal The number of classes: 2 for each label. */
  protected readonly classes: number;
  /** @internal The number of samples by target (row) and prediction (column), `[classes, classes]`; `[labels, 2, 2]` for labels. */
  protected readonly counts: Float64Array;

  private readonly name: string;
  private readonly threshold: number;

  /** @internal */
  constructor(name: string, options: ThresholdOptions & Partial<More>, own: More, tasks?: readonly Task[]) {
    super();
    const o = withDefaults<TaskSettings & { threshold: number } & More>(
      name,
      options as Partial<TaskSettings & { threshold: number } & More>,
      {
        ...taskDefaults,
        threshold: 0.5,
        ...own,
      },
    );
    this.name = name;
    this.problem = checkTask(name, o, 2 ** 15, tasks);
    this.threshold = checkThreshold(name, o.threshold);
    this.own = o;
    const { task, width } = this.problem;
    this.classes = task === 'multiclass' ? width : 2;
    this.counts = new Float64Array(task === 'multiclass' ? width * width : 4 * width);
  }

  /** @internal */
  override get takesClasses(): number {
    return this.problem.task === 'multiclass' && this.update === Confusion.prototype.update ? this.classes : 0;
  }

  /** @internal */
  override get countedClasses(): number {
    return countsServe(this.problem) ? this.takesClasses : 0;
  }

  /** @internal */
  override takeCounts(counts: Float64Array): void {
    for (let i = 0; i < counts.length; i++) this.counts[i]! += counts[i]!;
  }

  /** @internal */
  override get [totals](): readonly Float64Array[] | null {
    return this.update === Confusion.prototype.update ? [this.counts] : null;
  }

  update(preds: Tensor, target: Tensor): void {
    const where = `${this.name}.update`;
    const { counts, classes, problem } = this;
    const { task, ignoreIndex } = problem;
    if (task === 'multiclass') {
      const batch = classBatch(where, problem, preds, target, null);
      const predicted = predictedClasses(batch);
      for (let i = 0; i < predicted.length; i++) {
        const wanted = batch.target[i]!;
        if (wanted !== ignoreIndex) counts[wanted * classes + predicted[i]!]!++;
      }
      return;
    }
    const batch = labelBatch(where, problem, preds, target, null);
    const predicted = predictedLabels(batch, this.threshold, task === 'binary' ? ignoreIndex : undefined);
    for (let i = 0; i < batch.target.length; i++) {
      const wanted = batch.target[i]!;
      if (wanted === ignoreIndex) continue;
      const label = labelAt(batch, i);
      counts[4 * label + 2 * wanted + predicted[i]!]!++;
    }
  }

  reset(): void {
    this.counts.fill(0);
  }
}
