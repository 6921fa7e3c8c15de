// Figures of the relevant documents among the highest ranked ones.
import { checkBoolean } from '../errors';
import { stepsOf } from './curve';
import { RetrievalMetric, type RetrievalOptions } from './retrieval';
import { areaUpTo, checkMaxFpr, pointsOf } from './roc';

/** The options of `RetrievalPrecision`. */
export interface RetrievalPrecisionOptions extends RetrievalOptions {
  /** Whether the divisor is the number of documents for a query with fewer than `topK` (false). */
  adaptiveK?: boolean;
}

/** The options of `RetrievalAUROC`. */
export interface RetrievalAUROCOptions extends RetrievalOptions {
  /** Only the area up to this false positive rate, above 0 up to 1, scaled by McClish's method to 0.5 to 1 (1). */
  maxFpr?: number;
}

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

// The relevances of the highest ranked documents; as in torchmetrics only documents with a score above 0 count.
const found = (targets: Float64Array, scores: Float32Array, topK: number): Float64Array =>
  targets.slice(0, topK).map((target, i) => (scores[i]! > 0 ? target : 0));

/**
 * The mean over the queries of the average precision, the mean of the precisions at the ranks of the relevant documents. As `torchmetrics.retrieval.RetrievalMAP`.
 *
 * `update(preds, target, { indexes })` takes scores, float32, targets 0 and 1, int32 or float32, and the query of each document, int32, all of one shape.
 * Documents with equal scores keep their order, which torchmetrics leaves open. As in torchmetrics, a relevant document counts only if its score is above 0. `compute()` is a scalar, the queries'
 * figures reduced by `aggregation`; 0 without queries, a RangeError for a query of more than 2^21 documents.
 *
 * @example
 * const map = new metrics.RetrievalMAP();
 * const indexes = tensor(Int32Array.of(0, 0, 0, 1, 1));
 * map.update(tensor([0.2, 0.3, 0.5, 0.1, 0.3]), tensor(Int32Array.of(0, 1, 0, 1, 1)), { indexes });
 * map.compute().item(); // 0.75
 */
export class RetrievalMAP extends RetrievalMetric {
  constructor(options?: RetrievalOptions) {
    super('RetrievalMAP', options, false);
  }

  /** @internal */
  protected override figure(targets: Float64Array, scores: Float32Array, topK: number): number {
    let [relevant, precisions] = [0, 0];
    found(targets, scores, topK).forEach((target, i) => {
      if (target > 0) precisions += ++relevant / (i + 1);
    });
    return relevant === 0 ? 0 : precisions / relevant;
  }
}

/**
 * The mean over the queries of the fraction of the first `topK` documents that are relevant. As `torchmetrics.retrieval.RetrievalPrecision`.
 *
 * `update(preds, target, { indexes })` as in `RetrievalMAP`. For a query with fewer documents the divisor is still `topK`, unless `adaptiveK` is true. As in
 * torchmetrics, a relevant document counts only if its score is above 0. `compute()` is a scalar, the queries' figures reduced by `aggregation`; 0 without
 * queries.
 *
 * @example
 * const precision = new metrics.RetrievalPrecision({ topK: 2 });
 * const indexes = tensor(Int32Array.of(0, 0, 0, 1, 1));
 * precision.update(tensor([0.2, 0.3, 0.5, 0.1, 0.3]), tensor(Int32Array.of(0, 1, 0, 1, 1)), { indexes });
 * precision.compute().item(); // 0.75
 */
export class RetrievalPrecision extends RetrievalMetric<{ adaptiveK: boolean }> {
  constructor(options?: RetrievalPrecisionOptions) {
    super('RetrievalPrecision', options, false, { adaptiveK: false });
    checkBoolean('RetrievalPrecision', 'adaptiveK', this.own.adaptiveK);
  }

  /** @internal */
  protected override figure(targets: Float64Array, scores: Float32Array, topK: number): number {
    const isWhole = topK === Infinity || (this.own.adaptiveK && topK > targets.length);
    return sum(found(targets, scores, topK)) / (isWhole ? targets.length : topK);
  }
}

/**
 * The mean over the queries of the fraction of their relevant documents that are among the first `topK`. As `torchmetrics.retrieval.RetrievalRecall`.
 *
 * `update(preds, target, { indexes })` as in `RetrievalMAP`. As in torchmetrics, a relevant document counts as found only if its score is above 0. `compute()`
 * is a scalar, the queries' figures reduced by `aggregation`; 0 without queries.
 *
 * @example
 * const recall = new metrics.RetrievalRecall({ topK: 1 });
 * const indexes = tensor(Int32Array.of(0, 0, 0, 1, 1));
 * recall.update(tensor([0.2, 0.3, 0.5, 0.1, 0.3]), tensor(Int32Array.of(0, 0, 1, 1, 1)), { indexes });
 * recall.compute().item(); // 0.75
 */
export class RetrievalRecall extends RetrievalMetric {
  constructor(options?: RetrievalOptions) {
    super('RetrievalRecall', options, false);
  }

  /** @internal */
  protected override figure(targets: Float64Array, scores: Float32Array, topK: number): number {
    return sum(found(targets, scores, topK)) / sum(targets);
  }
}

/**
 * The fraction of the queries that have a relevant document among the first `topK`. As `torchmetrics.retrieval.RetrievalHitRate`.
 *
 * `update(preds, target, { indexes })` as in `RetrievalMAP`. `compute()` is a scalar, the queries' figures reduced by `aggregation`; 0 without queries.
 *
 * @example
 * const rate = new metrics.RetrievalHitRate({ topK: 1 });
 * const indexes = tensor(Int32Array.of(0, 0, 0, 1, 1));
 * rate.update(tensor([0.2, 0.3, 0.5, 0.1, 0.3]), tensor(Int32Array.of(0, 1, 0, 1, 1)), { indexes });
 * rate.compute().item(); // 0.5
 */
export class RetrievalHitRate extends RetrievalMetric {
  constructor(options?: RetrievalOptions) {
    super('RetrievalHitRate', options, false);
  }

  /** @internal */
  protected override figure(targets: Float64Array, _: Float32Array, topK: number): number {
    return Number(targets.slice(0, topK).some((target) => target > 0));
  }
}

/**
 * The mean over the queries of the fraction of their irrelevant documents that are among the first `topK`. As
 * `torchmetrics.retrieval.RetrievalFallOut`.
 *
 * `update(preds, target, { indexes })` as in `RetrievalMAP`. `emptyTargetAction`, "pos" by default, is for queries without irrelevant documents.
 * `compute()` is a scalar, the queries' figures reduced by `aggregation`; 0 without queries.
 *
 * @example
 * const fallOut = new metrics.RetrievalFallOut({ topK: 2 });
 * const indexes = tensor(Int32Array.of(0, 0, 0, 1, 1, 1, 1));
 * fallOut.update(tensor([0.2, 0.3, 0.5, 0.1, 0.3, 0.5, 0.2]), tensor(Int32Array.of(0, 0, 1, 0, 1, 0, 1)), { indexes });
 * fallOut.compute().item(); // 0.5
 */
export class RetrievalFallOut extends RetrievalMetric<{ emptyTargetAction: 'pos' }> {
  override readonly higherIsBetter = false;
  /** @internal */
  protected override readonly needed = 'document that is not relevant';

  constructor(options?: RetrievalOptions) {
    super('RetrievalFallOut', options as { emptyTargetAction?: 'pos' }, false, { emptyTargetAction: 'pos' });
  }

  /** @internal */
  protected override counted(targets: Float64Array): Float64Array {
    return targets.map((target) => 1 - target);
  }

  /** @internal */
  protected override figure(targets: Float64Array, _: Float32Array, topK: number): number {
    return sum(targets.slice(0, topK)) / sum(targets);
  }
}

/**
 * The mean over the queries of the precision at R: of the first R documents the fraction that are relevant, where R is the number of relevant documents. As
 * `torchmetrics.retrieval.RetrievalRPrecision`.
 *
 * `update(preds, target, { indexes })` as in `RetrievalMAP`; there is no `topK`. `compute()` is a scalar, the queries' figures reduced by `aggregation`; 0
 * without queries.
 *
 * @example
 * const precision = new metrics.RetrievalRPrecision();
 * const indexes = tensor(Int32Array.of(0, 0, 0, 1, 1));
 * precision.update(tensor([0.2, 0.3, 0.5, 0.1, 0.3]), tensor(Int32Array.of(0, 1, 0, 1, 1)), { indexes });
 * precision.compute().item(); // 0.5
 */
export class RetrievalRPrecision extends RetrievalMetric {
  constructor(options?: Omit<RetrievalOptions, 'topK'>) {
    super('RetrievalRPrecision', options, false, {}, false);
  }

  /** @internal */
  protected override figure(targets: Float64Array): number {
    const relevant = sum(targets);
    return sum(targets.slice(0, relevant)) / relevant;
  }
}

/**
 * The mean over the queries of the area under the ROC curve of the first `topK` documents, which is 0 if all or none of them are relevant. As
 * `torchmetrics.retrieval.RetrievalAUROC`.
 *
 * `update(preds, target, { indexes })` as in `RetrievalMAP`. `compute()` is a scalar, the queries' figures reduced by `aggregation`; 0 without queries.
 *
 * @example
 * const auroc = new metrics.RetrievalAUROC();
 * const indexes = tensor(Int32Array.of(0, 0, 0, 1, 1, 1));
 * auroc.update(tensor([0.2, 0.3, 0.5, 0.1, 0.3, 0.5]), tensor(Int32Array.of(0, 1, 0, 1, 0, 1)), { indexes });
 * auroc.compute().item(); // 0.5
 */
export class RetrievalAUROC extends RetrievalMetric<{ maxFpr: number }> {
  constructor(options?: RetrievalAUROCOptions) {
    super('RetrievalAUROC', options, false, { maxFpr: 1 });
    checkMaxFpr('RetrievalAUROC', this.own.maxFpr);
  }

  /** @internal */
  protected override figure(targets: Float64Array, scores: Float32Array, topK: number): number {
    const steps = stepsOf(scores.slice(0, topK), Uint8Array.from(targets.slice(0, topK)));
    if (steps.positives === 0 || steps.negatives === 0) return 0;
    return areaUpTo(pointsOf(steps, true), this.own.maxFpr);
  }
}
