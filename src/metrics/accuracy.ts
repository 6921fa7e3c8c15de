// The share of right predictions.
import * as calls from '../calls.generated';
import { checkInteger, checkOneOf, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { Metric } from './metric';

/** How the classes' accuracies become one figure. */
export type Average = 'micro' | 'macro' | 'weighted' | 'none';

/** The options of `Accuracy`. */
export interface AccuracyOptions {
  /** The kind of problem: one class a sample. */
  task: 'multiclass';
  /** The number of classes, 2 or more. */
  numClasses: number;
  /** How the classes' accuracies become one figure ("micro"). */
  average?: Average;
  /** A prediction is right when the target is among this many highest scores (1). */
  topK?: number;
  /** Targets of this value are left out. */
  ignoreIndex?: number;
}

interface Settings {
  task: string | undefined;
  numClasses: number | undefined;
  average: Average;
  topK: number;
  ignoreIndex: number | undefined;
}

/**
 * The share of right predictions. As `torchmetrics.Accuracy`.
 *
 * preds are logits or probabilities, float32 `[n, classes]`, whose highest is the prediction (the first of equals), or int32 classes `[n]`;
 * target is int32 `[n]`. `compute()` is a scalar, or `[classes]` for `average: "none"`; 0 before any update. With `c` running over the classes:
 * - `"micro"`: right predictions / targets
 * - `"none"`: right predictions of c / targets of c, 0 without such targets
 * - `"macro"`: the mean of these over the classes that occur (for `topK` 1 as a target or a prediction, else as a target)
 * - `"weighted"`: their mean weighted by the number of targets
 *
 * A RangeError for targets and predictions outside `[0, classes)`.
 *
 * @example
 * const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 3 });
 * accuracy.update(tensor([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1]]), tensor(Int32Array.of(1, 2)));
 * accuracy.compute().item(); // 0.5
 */
export class Accuracy extends Metric {
  override readonly higherIsBetter = true;

  private readonly numClasses: number;
  private readonly average: Average;
  private readonly topK: number;
  private readonly ignoreIndex: number | undefined;

  // Of each class: targets predicted rightly, targets, and predictions.
  private readonly right: Float64Array;
  private readonly targets: Float64Array;
  private readonly predictions: Float64Array;

  constructor(options: AccuracyOptions) {
    super();
    const o = withDefaults<Settings>('Accuracy', options, {
      task: undefined,
      numClasses: undefined,
      average: 'micro',
      topK: 1,
      ignoreIndex: undefined,
    });
    checkOneOf('Accuracy', 'task', o.task, ['multiclass']);
    this.numClasses = checkInteger('Accuracy', 'numClasses', o.numClasses, 2);
    this.average = checkOneOf('Accuracy', 'average', o.average, ['micro', 'macro', 'weighted', 'none']);
    this.topK = checkInteger('Accuracy', 'topK', o.topK, 1, this.numClasses);
    this.ignoreIndex =
      o.ignoreIndex === undefined ? undefined : checkInteger('Accuracy', 'ignoreIndex', o.ignoreIndex, -(2 ** 31), 2 ** 31 - 1);
    this.right = new Float64Array(this.numClasses);
    this.targets = new Float64Array(this.numClasses);
    this.predictions = new Float64Array(this.numClasses);
  }

  /** @internal */
  override get takesClasses(): boolean {
    return this.topK === 1;
  }

  update(preds: Tensor, target: Tensor): void {
    recorder?.reading('Accuracy.update');
    checkTensor('Accuracy.update', 'preds', preds);
    checkTensor('Accuracy.update', 'target', target, 'int32');
    if (target.shape.length !== 1) throw rangeError('Accuracy.update', `expected target [n], got ${shapeText(target.shape)}`);
    const predicted = this.predictedClasses(preds, target.numel);
    // Checked as a whole before anything is counted: a refused batch leaves the metric as it was.
    this.checkClasses('target', target.ints, target.ints);
    this.checkClasses('preds', predicted, target.ints);
    const scores = preds.dtype === 'float32' && this.topK > 1 ? preds.floats : null;
    for (let i = 0; i < predicted.length; i++) {
      const wanted = target.ints[i]!;
      if (wanted === this.ignoreIndex) continue;
      const guess = scores !== null && this.isInTop(scores, i * this.numClasses, wanted) ? wanted : predicted[i]!;
      this.targets[wanted]!++;
      this.predictions[guess]!++;
      if (guess === wanted) this.right[wanted]!++;
    }
  }

  compute(): Tensor {
    const { right, targets, predictions } = this;
    const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);
    const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
    const scores = right.map((count, c) => ratio(count, targets[c]!));
    if (this.average === 'none') return new Tensor(Float32Array.from(scores), [this.numClasses]);
    // Weighted by its targets, the mean over the classes is the same as over all targets.
    if (this.average !== 'macro') return new Tensor(Float32Array.of(ratio(total(right), total(targets))), []);
    const occurs = targets.map((count, c) => (count > 0 || (this.topK === 1 && predictions[c]! > 0) ? 1 : 0));
    return new Tensor(Float32Array.of(ratio(total(scores), total(occurs))), []);
  }

  reset(): void {
    this.right.fill(0);
    this.targets.fill(0);
    this.predictions.fill(0);
  }

  private predictedClasses(preds: Tensor, n: number): Int32Array {
    const { numClasses } = this;
    if (preds.dtype === 'int32') {
      if (preds.shape.length !== 1 || preds.numel !== n)
        throw rangeError('Accuracy.update', `expected preds [${n}], got ${shapeText(preds.shape)}`);
      if (this.topK > 1) throw typeError('Accuracy.update', `topK ${this.topK} needs scores, float32 [n, ${numClasses}], got classes`);
      return preds.ints;
    }
    if (preds.shape.length !== 2 || preds.shape[0] !== n || preds.shape[1] !== numClasses) {
      throw rangeError('Accuracy.update', `expected preds [${n}, ${numClasses}], got ${shapeText(preds.shape)}`);
    }
    const highest = new Int32Array(n);
    calls.max({ values: new Float32Array(n), indices: highest, x: preds.floats, outer: n, n: numClasses, inner: 1 });
    return highest;
  }

  private checkClasses(name: string, classes: Int32Array, target: Int32Array): void {
    for (let i = 0; i < classes.length; i++) {
      const c = classes[i]!;
      if ((c < 0 || c >= this.numClasses) && target[i] !== this.ignoreIndex) {
        throw rangeError('Accuracy.update', `expected ${name} from 0 to ${this.numClasses - 1}, got ${c} at position ${i}`);
      }
    }
  }

  // Whether fewer than topK scores stand before the target's: higher ones, NaN being highest, and equal ones of lower classes.
  private isInTop(scores: Float32Array, row: number, target: number): boolean {
    const own = scores[row + target]!;
    let before = 0;
    for (let c = 0; c < this.numClasses; c++) {
      const score = scores[row + c]!;
      const equal = score === own || (Number.isNaN(score) && Number.isNaN(own));
      if (score > own || (Number.isNaN(score) && !Number.isNaN(own)) || (equal && c < target)) before++;
    }
    return before < this.topK;
  }
}
