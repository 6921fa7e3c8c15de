// The hinge loss: by how much the margins of the true classes are too small.
import { checkBoolean, checkOneOf, withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { classBatch, labelBatch, probabilitiesOf, probabilityRows } from './batch';
import { Metric } from './metric';
import { figuresOf } from './outputs';
import { checkTask, type Problem, type TaskOptions, type TaskSettings, taskDefaults } from './task';

/** The margin with several classes: between a class and the highest other, or of each class against all others. */
export type MulticlassMode = 'crammer-singer' | 'one-vs-all';

/** The options of `HingeLoss`. */
export interface HingeLossOptions extends TaskOptions {
  /** The kind of problem: not "multilabel". */
  task: 'binary' | 'multiclass';
  /** Whether losses are squared (false). */
  squared?: boolean;
  /** The margin with several classes ("crammer-singer"). */
  multiclassMode?: MulticlassMode;
}

interface Settings extends TaskSettings {
  squared: boolean;
  multiclassMode: MulticlassMode;
}

/**
 * The mean of `max(0, 1 - margin)`, where the margin says how much more probable the true class is. As `torchmetrics.HingeLoss`.
 *
 * For `update(preds, target)` see `Task`; preds are scores. If a score of a batch is outside `[0, 1]`, they are converted to probabilities by the sigmoid, or
 * for a "multiclass" task by the softmax. For a "binary" task with the probability p of class 1, the margin is p for target 1 and -p for target 0. That of
 * `"crammer-singer"` is the probability of the target less the highest other one; `"one-vs-all"` treats each class as a "binary" task. `compute()` is a scalar,
 * or `[classes]` for `"one-vs-all"`; NaN before any update, and after a score that is NaN.
 *
 * @example
 * const loss = new metrics.HingeLoss({ task: 'multiclass', numClasses: 3 });
 * loss.update(tensor([[0.5, 0.25, 0.25], [0, 1, 0]]), tensor(Int32Array.of(0, 1)));
 * loss.compute().item(); // 0.375
 */
export class HingeLoss extends Metric {
  override readonly higherIsBetter = false;
  private readonly problem: Problem;
  private readonly squared: boolean;
  private readonly each: boolean;
  private readonly sums: Float64Array;
  private count = 0;

  constructor(options: HingeLossOptions) {
    super();
    const o = withDefaults<Settings>('HingeLoss', options, { ...taskDefaults, squared: false, multiclassMode: 'crammer-singer' });
    this.problem = checkTask('HingeLoss', o, 2 ** 24, ['binary', 'multiclass']);
    this.squared = checkBoolean('HingeLoss', 'squared', o.squared);
    const mode = checkOneOf<MulticlassMode>('HingeLoss', 'multiclassMode', o.multiclassMode, ['crammer-singer', 'one-vs-all']);
    this.each = this.problem.task === 'multiclass' && mode === 'one-vs-all';
    this.sums = new Float64Array(this.each ? this.problem.width : 1);
  }

  update(preds: Tensor, target: Tensor): void {
    const where = 'HingeLoss.update';
    const { ignoreIndex } = this.problem;
    if (this.problem.task === 'binary') {
      const batch = labelBatch(where, this.problem, preds, target, 'HingeLoss');
      probabilitiesOf(batch, ignoreIndex).forEach((p, i) => {
        const wanted = batch.target[i]!;
        if (wanted === ignoreIndex) return;
        this.add(0, wanted === 1 ? p : -p);
        this.count++;
      });
      return;
    }
    const batch = classBatch(where, this.problem, preds, target, 'HingeLoss');
    const { classes } = batch;
    const { rows, target: wanted } = probabilityRows(batch, ignoreIndex);
    wanted.forEach((own, i) => {
      let highest = -Infinity;
      for (let c = 0; c < classes; c++) {
        const p = rows[i * classes + c]!;
        if (this.each) this.add(c, c === own ? p : -p);
        else if (c !== own) highest = Math.max(highest, p);
      }
      if (!this.each) this.add(0, rows[i * classes + own]! - highest);
    });
    this.count += wanted.length;
  }

  compute(): Tensor {
    return figuresOf(this.sums.map((sum) => sum / this.count));
  }

  reset(): void {
    this.sums.fill(0);
    this.count = 0;
  }

  private add(at: number, margin: number): void {
    const loss = Math.max(0, 1 - margin);
    this.sums[at]! += this.squared ? loss * loss : loss;
  }
}
