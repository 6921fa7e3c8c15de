// Retrieval: how well scores rank the documents of each of many queries.
import { checkInteger, checkOneOf, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { scalar } from './counts';
import { Growing } from './growing';
import { Metric } from './metric';
import { keysOf } from './order';

/** The options of metrics of retrieval. */
export interface RetrievalOptions {
  /** The figure of a query without a relevant document: 0, "neg"; 1, "pos"; the query is ignored, "skip"; `compute` throws, "error" ("neg"). */
  emptyTargetAction?: 'neg' | 'pos' | 'skip' | 'error';
  /** Documents whose target is this value are ignored. */
  ignoreIndex?: number;
  /** Only this number of documents with the highest scores count; all by default. */
  topK?: number;
  /** How the queries' figures are reduced; the "median" of an even number is the lower of the two in the middle ("mean"). */
  aggregation?: 'mean' | 'median' | 'min' | 'max';
}

/** The arguments of a retrieval metric's `update` besides predictions and targets. */
export interface RetrievalUpdateOptions {
  /** The query of each document, int32 of the shape of preds. Without it each row of preds `[queries, documents]` is a query. */
  indexes?: Tensor;
}

interface Settings {
  emptyTargetAction: 'neg' | 'pos' | 'skip' | 'error';
  ignoreIndex: number | undefined;
  topK?: number | undefined;
  aggregation: 'mean' | 'median' | 'min' | 'max';
}

// Queries of rows without an index are numbered from here, above all int32.
const firstRow = 2 ** 32;

const mostDocuments = 2 ** 21;

/** Stores the scores and the targets of all queries. */
export abstract class RetrievalMetric<More extends object = object> extends Metric {
  override readonly higherIsBetter: boolean = true;

  /** @internal The options that only this metric has, with defaults. */
  protected readonly own: More;

  private readonly settings: Settings;
  private readonly queries = new Growing(Float64Array);
  private readonly scores = new Growing(Float32Array);
  private readonly targets = new Growing(Float64Array);
  private rows = 0;

  /** @internal */
  constructor(
    private readonly name: string,
    options: RetrievalOptions | undefined,
    private readonly isGraded: boolean,
    own = {} as More,
    hasTopK = true,
  ) {
    super();
    const o = withDefaults<Settings & More>(name, options as Partial<Settings & More> | undefined, {
      emptyTargetAction: 'neg',
      ignoreIndex: undefined,
      ...(hasTopK && { topK: undefined }),
      aggregation: 'mean',
      ...own,
    });
    checkOneOf(name, 'emptyTargetAction', o.emptyTargetAction, ['neg', 'pos', 'skip', 'error']);
    checkOneOf(name, 'aggregation', o.aggregation, ['mean', 'median', 'min', 'max']);
    if (o.ignoreIndex !== undefined) checkInteger(name, 'ignoreIndex', o.ignoreIndex, -(2 ** 31), 2 ** 31 - 1);
    if (o.topK !== undefined) checkInteger(name, 'topK', o.topK, 1);
    this.settings = o;
    this.own = o;
  }

  /** @internal The figure of a query with a relevant document, whose documents are sorted by descending score. */
  protected abstract figure(targets: Float64Array, scores: Float32Array, topK: number): number;

  /** @internal What a query must contain, as an error message names it; a query without it is empty. */
  protected readonly needed: string = 'relevant document';

  /** @internal The relevances that count; if all of a query's are 0, it counts as empty. */
  protected counted(targets: Float64Array): Float64Array {
    return targets;
  }

  /** Adds documents with their scores and relevances. */
  override update(preds: Tensor, target: Tensor, options?: RetrievalUpdateOptions): void {
    const where = `${this.name}.update`;
    recorder?.reading(where);
    const { indexes } = withDefaults<{ indexes: Tensor | undefined }>(where, options as { indexes: Tensor | undefined } | undefined, {
      indexes: undefined,
    });
    checkTensor(where, 'preds', preds, 'float32');
    checkTensor(where, 'target', target);
    if (!sameShape(preds.shape, target.shape)) {
      throw rangeError(where, `expected target ${shapeText(preds.shape)}, got ${shapeText(target.shape)}`);
    }
    if (indexes === undefined && preds.shape.length !== 2) {
      throw typeError(where, `expected indexes for preds ${shapeText(preds.shape)}`, 'update(preds, target, { indexes })');
    }
    if (indexes !== undefined) {
      checkTensor(where, 'indexes', indexes, 'int32');
      if (!sameShape(indexes.shape, preds.shape)) {
        throw rangeError(where, `expected indexes ${shapeText(preds.shape)}, got ${shapeText(indexes.shape)}`);
      }
    }
    const { ignoreIndex } = this.settings;
    const n = target.numel;
    for (let i = 0; i < n && !this.isGraded; i++) {
      const value = target.values[i]!;
      if (value !== 0 && value !== 1 && value !== ignoreIndex)
        throw rangeError(where, `expected target 0 or 1, got ${value} at position ${i}`);
    }
    const width = preds.shape[1] ?? 1;
    const [queries, scores, targets] = [new Float64Array(n), new Float32Array(n), new Float64Array(n)];
    let kept = 0;
    for (let i = 0; i < n; i++) {
      if (target.values[i] === ignoreIndex) continue;
      queries[kept] = indexes === undefined ? firstRow + this.rows + Math.floor(i / width) : indexes.ints[i]!;
      scores[kept] = preds.floats[i]!;
      targets[kept++] = target.values[i]!;
    }
    this.queries.append(queries.subarray(0, kept));
    this.scores.append(scores.subarray(0, kept));
    this.targets.append(targets.subarray(0, kept));
    if (indexes === undefined) this.rows += preds.shape[0]!;
  }

  compute(): Tensor {
    const { emptyTargetAction, topK = Infinity, aggregation } = this.settings;
    const [scores, targets] = [this.scores.values, this.targets.values];
    const figures: number[] = [];
    for (const own of this.ranked()) {
      const relevances = this.counted(Float64Array.from(own, (i) => targets[i]!));
      if (relevances.reduce((sum, value) => sum + value, 0) !== 0) {
        const ordered = Float32Array.from(own, (i) => scores[i]!);
        figures.push(this.figure(relevances, ordered, topK));
      } else if (emptyTargetAction === 'error') {
        throw rangeError(`${this.name}.compute`, `a query has no ${this.needed}`, 'emptyTargetAction: "skip"');
      } else if (emptyTargetAction !== 'skip') {
        figures.push(emptyTargetAction === 'pos' ? 1 : 0);
      }
    }
    if (figures.length === 0) return scalar(0);
    if (aggregation === 'mean') return scalar(figures.reduce((sum, figure) => sum + figure, 0) / figures.length);
    const sorted = Float64Array.from(figures).sort();
    return scalar(sorted[{ min: 0, median: (sorted.length - 1) >> 1, max: sorted.length - 1 }[aggregation]]!);
  }

  reset(): void {
    this.queries.clear();
    this.scores.clear();
    this.targets.clear();
    this.rows = 0;
  }

  // The positions of each query's documents by descending score; documents with equal scores keep their order.
  private *ranked(): Generator<Uint32Array> {
    const queries = this.queries.values;
    const keys = keysOf(this.scores.values);
    const groups = new Map<number, number>();
    const groupOf = new Uint32Array(queries.length);
    for (let i = 0; i < queries.length; i++) {
      let group = groups.get(queries[i]!);
      if (group === undefined) {
        group = groups.size;
        groups.set(queries[i]!, group);
      }
      groupOf[i] = group;
    }
    // Where the documents of each query begin; after all are placed, where they end.
    const ends = new Float64Array(groups.size + 1);
    for (const group of groupOf) ends[group + 1]!++;
    for (let group = 1; group < ends.length; group++) ends[group]! += ends[group - 1]!;
    const documents = new Uint32Array(queries.length);
    for (let i = 0; i < queries.length; i++) documents[ends[groupOf[i]!]!++] = i;
    let begin = 0;
    for (const end of ends.subarray(0, groups.size)) {
      const own = documents.subarray(begin, end);
      begin = end;
      if (own.length > mostDocuments) throw rangeError(`${this.name}.compute`, `a query has more than ${mostDocuments} documents`);
      // Key and position are combined in one number.
      const pairs = Float64Array.from(own, (i, place) => (2 ** 32 - 1 - keys[i]!) * mostDocuments + place).sort();
      yield Uint32Array.from(pairs, (pair) => own[pair % mostDocuments]!);
    }
  }
}

const discount = (place: number): number => 1 / Math.log2(place + 2);

/**
 * The discounted cumulative gain of a ranking, divided by that of the best ranking: `DCG = sum_i target_i / log2(i + 2)` over the documents in descending order
 * of scores, i = 0, 1, ..., up to `topK`. As `torchmetrics.retrieval.RetrievalNormalizedDCG`.
 *
 * `update(preds, target, { indexes })` takes scores, float32, relevances, int32 or float32, and the query of each document, int32, all of one shape. Documents
 * with equal scores get the mean of their relevances. `compute()` is a scalar, the queries' figures reduced by `aggregation`; 0 without queries, a RangeError
 * for a query of more than 2^21 documents. Source: Järvelin and Kekäläinen, ACM Transactions on Information Systems 20 (2002).
 *
 * @example
 * const ndcg = new metrics.RetrievalNormalizedDCG();
 * ndcg.update(tensor([[0.1, 0.2, 0.3, 4, 70]]), tensor(Int32Array.of(10, 0, 0, 1, 5)).reshape([1, 5]));
 * ndcg.compute().item().toFixed(4); // '0.6957'
 */
export class RetrievalNormalizedDCG extends RetrievalMetric {
  constructor(options?: RetrievalOptions) {
    super('RetrievalNormalizedDCG', options, true);
  }

  /** @internal */
  protected override figure(targets: Float64Array, scores: Float32Array, topK: number): number {
    const n = Math.min(topK, targets.length);
    let gain = 0;
    for (let begin = 0; begin < n; ) {
      let end = begin + 1;
      while (end < targets.length && scores[end] === scores[begin]) end++;
      let [relevance, discounts] = [0, 0];
      for (let i = begin; i < end; i++) {
        relevance += targets[i]! / (end - begin);
        if (i < n) discounts += discount(i);
      }
      gain += relevance * discounts;
      begin = end;
    }
    const ideal = targets.slice().sort().reverse();
    let best = 0;
    for (let i = 0; i < n; i++) best += ideal[i]! * discount(i);
    return best === 0 ? 0 : gain / best;
  }
}

/**
 * The mean over the queries of `1 / rank` of the first relevant document, where the highest score has rank 1. As `torchmetrics.retrieval.RetrievalMRR`.
 *
 * `update(preds, target, { indexes })` takes scores, float32, targets 0 and 1, int32 or float32, and the query of each document, int32, all of one shape.
 * Documents with equal scores keep their order, which torchmetrics leaves open. As in torchmetrics, a relevant document counts only if its score is above 0. `compute()` is a scalar, the
 * queries' figures reduced by `aggregation`; 0 without queries, a RangeError for a query of more than 2^21 documents.
 *
 * @example
 * const mrr = new metrics.RetrievalMRR();
 * const indexes = tensor(Int32Array.of(0, 0, 0, 1, 1));
 * mrr.update(tensor([0.2, 0.3, 0.5, 0.1, 0.3]), tensor(Int32Array.of(0, 1, 0, 1, 1)), { indexes });
 * mrr.compute().item(); // 0.75
 */
export class RetrievalMRR extends RetrievalMetric {
  constructor(options?: RetrievalOptions) {
    super('RetrievalMRR', options, false);
  }

  /** @internal */
  protected override figure(targets: Float64Array, scores: Float32Array, topK: number): number {
    const place = targets.findIndex((target, i) => i < topK && target > 0 && scores[i]! > 0);
    return place < 0 ? 0 : 1 / (place + 1);
  }
}
