// How scores rank a sample's labels.
import { withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { labelBatch } from './batch';
import { scalar } from './counts';
import { Metric } from './metric';
import { checkTask, type Problem } from './task';

/** The options of `MultilabelCoverageError`, `MultilabelRankingAveragePrecision` and `MultilabelRankingLoss`. */
export interface MultilabelRankingOptions {
  /** The number of labels, at least 2. */
  numLabels: number;
  /** Labels whose target is this value rank last, and count as labels that the sample does not have. */
  ignoreIndex?: number;
}

interface Settings {
  numLabels: number | undefined;
  ignoreIndex: number | undefined;
}

/** One sample: the scores of the labels that it has, and of all labels, with -Infinity for ignored ones. */
interface Sample {
  own: number[];
  all: number[];
  hasIgnored: boolean;
}

/** The mean of the samples' figures. */
abstract class MultilabelRanking extends Metric {
  private readonly problem: Problem;
  private sum = 0;
  private count = 0;

  /** @internal */
  constructor(name: string, options: MultilabelRankingOptions) {
    super();
    const o = withDefaults<Settings>(name, options, { numLabels: undefined, ignoreIndex: undefined });
    this.problem = checkTask(name, { ...o, task: 'multilabel', numClasses: undefined }, 2 ** 24);
  }

  /** @internal */
  protected abstract figure(sample: Sample): number;

  /** @internal */
  protected take(name: string, preds: Tensor, target: Tensor): void {
    const batch = labelBatch(`${name}.update`, this.problem, preds, target, name);
    const { labels, inner } = batch;
    const { ignoreIndex } = this.problem;
    const samples = batch.target.length / labels;
    for (let sample = 0; sample < samples; sample++) {
      const first = Math.floor(sample / inner) * labels * inner + (sample % inner);
      const [own, all]: [number[], number[]] = [[], []];
      let hasIgnored = false;
      for (let label = 0; label < labels; label++) {
        const at = first + label * inner;
        const isIgnored = batch.target[at] === ignoreIndex;
        hasIgnored ||= isIgnored;
        all.push(isIgnored ? -Infinity : batch.preds[at]!);
        if (!isIgnored && batch.target[at] === 1) own.push(batch.preds[at]!);
      }
      this.sum += this.figure({ own, all, hasIgnored });
    }
    this.count += samples;
  }

  compute(): Tensor {
    return scalar(this.sum / this.count);
  }

  reset(): void {
    this.sum = 0;
    this.count = 0;
  }
}

const atLeast = (scores: readonly number[], least: number): number => scores.reduce((count, score) => count + Number(score >= least), 0);

/**
 * The mean number of labels with the highest scores that are needed to include all labels of a sample. As
 * `torchmetrics.classification.MultilabelCoverageError`.
 *
 * For `update(preds, target)` see "multilabel" in `Task`; preds are scores. A sample without labels adds 0, and one with a target of `ignoreIndex` adds the
 * number of labels. `compute()` is a scalar; NaN before any update.
 *
 * @example
 * const coverage = new metrics.MultilabelCoverageError({ numLabels: 3 });
 * coverage.update(tensor([[0.9, 0.1, 0.5], [0.2, 0.8, 0.3]]), tensor([[1, 0, 1], [1, 0, 0]]));
 * coverage.compute().item(); // 2.5
 */
export class MultilabelCoverageError extends MultilabelRanking {
  override readonly higherIsBetter = false;

  constructor(options: MultilabelRankingOptions) {
    super('MultilabelCoverageError', options);
  }

  update(preds: Tensor, target: Tensor): void {
    this.take('MultilabelCoverageError', preds, target);
  }

  /** @internal */
  protected override figure({ own, all, hasIgnored }: Sample): number {
    if (hasIgnored) return all.length;
    return own.length === 0 ? 0 : atLeast(all, Math.min(...own));
  }
}

/**
 * For each label of a sample, the fraction of the sample's labels among all labels with at least its score; the mean over the labels, then over the samples. As
 * `torchmetrics.classification.MultilabelRankingAveragePrecision`.
 *
 * For `update(preds, target)` see "multilabel" in `Task`; preds are scores. A sample with no labels or all labels adds 1. `compute()` is a scalar of at
 * most 1; NaN before any update.
 *
 * @example
 * const precision = new metrics.MultilabelRankingAveragePrecision({ numLabels: 3 });
 * precision.update(tensor([[0.9, 0.1, 0.5], [0.2, 0.8, 0.3]]), tensor([[1, 0, 1], [0, 0, 1]]));
 * precision.compute().item(); // 0.75
 */
export class MultilabelRankingAveragePrecision extends MultilabelRanking {
  override readonly higherIsBetter = true;

  constructor(options: MultilabelRankingOptions) {
    super('MultilabelRankingAveragePrecision', options);
  }

  update(preds: Tensor, target: Tensor): void {
    this.take('MultilabelRankingAveragePrecision', preds, target);
  }

  /** @internal */
  protected override figure({ own, all }: Sample): number {
    if (own.length === 0 || own.length === all.length) return 1;
    return own.reduce((sum, score) => sum + atLeast(own, score) / atLeast(all, score), 0) / own.length;
  }
}

/**
 * The mean over the samples of the fraction of wrongly ordered pairs, where a pair has a label of the sample and a label that it does not have. As
 * `torchmetrics.classification.MultilabelRankingLoss`.
 *
 * For `update(preds, target)` see "multilabel" in `Task`; preds are scores. A sample with no labels or all labels adds 0. Unlike in torchmetrics, equal
 * scores always count as wrongly ordered, and a batch in which all samples add 0 still counts its samples. `compute()` is a scalar from
 * 0 to 1; NaN before any update.
 *
 * @example
 * const loss = new metrics.MultilabelRankingLoss({ numLabels: 3 });
 * loss.update(tensor([[0.9, 0.1, 0.5], [0.2, 0.8, 0.3]]), tensor([[1, 0, 1], [0, 0, 1]]));
 * loss.compute().item(); // 0.25
 */
export class MultilabelRankingLoss extends MultilabelRanking {
  override readonly higherIsBetter = false;

  constructor(options: MultilabelRankingOptions) {
    super('MultilabelRankingLoss', options);
  }

  update(preds: Tensor, target: Tensor): void {
    this.take('MultilabelRankingLoss', preds, target);
  }

  /** @internal */
  protected override figure({ own, all }: Sample): number {
    const others = all.length - own.length;
    if (own.length === 0 || others === 0) return 0;
    return own.reduce((wrong, score) => wrong + atLeast(all, score) - atLeast(own, score), 0) / (own.length * others);
  }
}
