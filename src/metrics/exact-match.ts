// The exact match ratio: whether a sample is predicted correctly as a whole.
import { checkOneOf, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import { classBatch, labelBatch, predictedClasses, predictedLabels } from './batch';
import { type MultidimAverage, ratio, scalar } from './counts';
import { Growing } from './growing';
import { Metric } from './metric';
import { checkTask, checkThreshold, type Problem, type TaskSettings, type ThresholdOptions, taskDefaults } from './task';

/** The options of `ExactMatch`. */
export interface ExactMatchOptions extends ThresholdOptions {
  /** The kind of problem: not "binary". */
  task: 'multiclass' | 'multilabel';
  /** Whether there is a single figure, or one for each sample; for the latter targets need at least two dimensions, for labels three ("global"). */
  multidimAverage?: MultidimAverage;
}

interface Settings extends TaskSettings {
  threshold: number;
  multidimAverage: MultidimAverage;
}

/**
 * The fraction of samples whose elements are all predicted correctly. As `torchmetrics.ExactMatch`.
 *
 * For `update(preds, target)` see `Task`. For a "multiclass" task the shape is `[n, ...]`, and a sample is correct if all its classes are. For a "multilabel"
 * task it is `[n, labels, ...]`, and all labels at one position must be correct. Elements whose target is `ignoreIndex` count as correct. `compute()` is a
 * scalar; 0 before any update. With `multidimAverage: "samplewise"` it is `[n]`: for classes 1 or 0 for each sample, for labels the fraction of its positions
 * that are correct.
 *
 * @example
 * const exact = new metrics.ExactMatch({ task: 'multilabel', numLabels: 3 });
 * exact.update(tensor([[0.1, 0.9, 0.8], [0.7, 0.6, 0.2]]), tensor([[0, 1, 1], [1, 0, 0]]));
 * exact.compute().item(); // 0.5
 */
export class ExactMatch extends Metric {
  override readonly higherIsBetter = true;
  private readonly problem: Problem;
  private readonly threshold: number;
  private readonly samplewise: boolean;
  private readonly shares = new Growing(Float64Array);
  private right = 0;
  private count = 0;

  constructor(options: ExactMatchOptions) {
    super();
    const o = withDefaults<Settings>('ExactMatch', options, { ...taskDefaults, threshold: 0.5, multidimAverage: 'global' });
    this.problem = checkTask('ExactMatch', o, 2 ** 24, ['multiclass', 'multilabel']);
    this.threshold = checkThreshold('ExactMatch', o.threshold);
    this.samplewise = checkOneOf('ExactMatch', 'multidimAverage', o.multidimAverage, ['global', 'samplewise']) === 'samplewise';
  }

  update(preds: Tensor, target: Tensor): void {
    const isMulticlass = this.problem.task === 'multiclass';
    const { right, inner } = isMulticlass ? this.classes(preds, target) : this.labels(preds, target);
    const least = isMulticlass ? 2 : 3;
    const { shape } = target;
    if (this.samplewise && shape.length < least) {
      throw rangeError('ExactMatch.update', `expected target of at least ${least} dimensions for "samplewise", got ${shapeText(shape)}`);
    }
    // For classes a sample counts once; for labels each of its `inner` positions counts.
    const places = isMulticlass ? 1 : inner;
    if (this.samplewise) {
      const shares = Float64Array.from({ length: shape[0]! }, (_, row) => {
        let sum = 0;
        for (let i = row * places; i < (row + 1) * places; i++) sum += right[i]!;
        return ratio(sum, places);
      });
      this.shares.append(shares);
      return;
    }
    for (let i = 0; i < right.length; i++) this.right += right[i]!;
    this.count += right.length;
  }

  compute(): Tensor {
    if (!this.samplewise) return scalar(ratio(this.right, this.count));
    const { values } = this.shares;
    return new Tensor(Float32Array.from(values), [values.length]);
  }

  reset(): void {
    this.shares.clear();
    this.right = 0;
    this.count = 0;
  }

  private classes(preds: Tensor, target: Tensor): { right: Uint8Array; inner: number } {
    const { ignoreIndex } = this.problem;
    const batch = classBatch('ExactMatch.update', this.problem, preds, target, null);
    const predicted = predictedClasses(batch);
    const { inner } = batch;
    const right = new Uint8Array(target.shape[0]!).fill(1);
    predicted.forEach((guess, i) => {
      const wanted = batch.target[i]!;
      if (guess !== wanted && wanted !== ignoreIndex) right[Math.floor(i / inner)] = 0;
    });
    return { right, inner };
  }

  private labels(preds: Tensor, target: Tensor): { right: Uint8Array; inner: number } {
    const { ignoreIndex } = this.problem;
    const batch = labelBatch('ExactMatch.update', this.problem, preds, target, null);
    const predicted = predictedLabels(batch, this.threshold, undefined);
    const { inner, labels } = batch;
    const right = new Uint8Array(target.shape[0]! * inner).fill(1);
    for (let i = 0; i < predicted.length; i++) {
      const wanted = batch.target[i]!;
      if (predicted[i] !== wanted && wanted !== ignoreIndex) right[Math.floor(i / (labels * inner)) * inner + (i % inner)] = 0;
    }
    return { right, inner };
  }
}
