// Metrics of rankings.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, metrics, ones, rand, Tensor, tensor, zeros } from '../../src';
import { expectError } from '../helpers';

const ints = (values: number[], shape = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);
const floats = (values: number[]): Tensor => Tensor.fromTypedArray(Float32Array.from(values));
const log = (place: number): number => 1 / Math.log2(place + 2);

const mrr = (options?: metrics.RetrievalOptions): metrics.RetrievalMRR => new metrics.RetrievalMRR(options);
const ndcg = (options?: metrics.RetrievalOptions): metrics.RetrievalNormalizedDCG => new metrics.RetrievalNormalizedDCG(options);
type AnyMetric = metrics.RetrievalMRR | metrics.RetrievalNormalizedDCG;
const after = (metric: AnyMetric, scores: number[], targets: number[], queries: number[]): number => {
  metric.update(floats(scores), ints(targets), { indexes: ints(queries) });
  return metric.compute().item();
};

describe('RetrievalMRR', () => {
  it('is the mean of one over the place of the first relevant document', () => {
    // Query 7: place 2; query -3: place 1.
    expect(after(mrr(), [0.9, 0.1, 0.5, 0.3], [0, 1, 1, 0], [7, -3, 7, 7])).toBe(0.75);
    expect(after(mrr(), [0.5, 0.5, 0.5], [0, 0, 1], [0, 0, 0])).toBe(Math.fround(1 / 3));
    expect(after(mrr({ topK: 2 }), [0.5, 0.5, 0.5], [0, 0, 1], [0, 0, 0])).toBe(0);
  });

  it('counts no relevant document whose score is not above 0', () => {
    expect(after(mrr(), [-1, -2], [1, 0], [0, 0])).toBe(0);
    expect(after(mrr(), [0, 1], [1, 0], [0, 0])).toBe(0);
  });

  it('refuses targets of degrees, and takes in nothing of them', () => {
    const metric = mrr();
    expectError(
      () => after(metric, [1, 2], [1, 2], [0, 0]),
      RangeError,
      '[RetrievalMRR.update] expected target 0 or 1, got 2 at position 1',
    );
    expect(metric.compute().item()).toBe(0);
    expect(after(mrr({ ignoreIndex: 2 }), [1, 2], [1, 2], [0, 0])).toBe(1);
  });
});

describe('RetrievalNormalizedDCG', () => {
  it('is the gain of the ranking, of that of the best one', () => {
    const gain = 1 * log(0) + 3 * log(1) + 0 * log(2);
    expect(after(ndcg(), [0.9, 0.8, 0.1], [1, 3, 0], [0, 0, 0])).toBeCloseTo(gain / (3 * log(0) + 1 * log(1)), 6);
    expect(after(ndcg({ topK: 1 }), [0.9, 0.8, 0.1], [1, 3, 0], [0, 0, 0])).toBeCloseTo(1 / 3, 6);
    expect(after(ndcg(), [3, 2, 1], [2, 1, 0], [0, 0, 0])).toBe(1);
  });

  it('is the mean over the orders of documents of equal score', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 5 }), (targets, topK) => {
        fc.pre(targets.some((target) => target > 0));
        const orders = (list: number[]): number[][] =>
          list.length === 0 ? [[]] : list.flatMap((first, i) => orders(list.toSpliced(i, 1)).map((rest) => [first, ...rest]));
        const gain = (order: number[]): number => order.slice(0, topK).reduce((sum, target, i) => sum + target * log(i), 0);
        const gains = orders(targets).map(gain);
        const mean = gains.reduce((sum, one) => sum + one, 0) / gains.length;
        const value = after(
          ndcg({ topK }),
          targets.map(() => 0.5),
          targets,
          targets.map(() => 0),
        );
        expect(value).toBeCloseTo(mean / Math.max(...gains), 5);
      }),
    );
  });

  it('takes relevances that are float32', () => {
    const metric = ndcg();
    metric.update(floats([0.5, 0.25]), floats([0.5, 1.5]), { indexes: ints([0, 0]) });
    expect(metric.compute().item()).toBeCloseTo((0.5 * log(0) + 1.5 * log(1)) / (1.5 * log(0) + 0.5 * log(1)), 6);
  });
});

describe.each([
  ['RetrievalMRR', mrr],
  ['RetrievalNormalizedDCG', ndcg],
] as const)('%s', (name, make) => {
  it('is better when higher', () => {
    expect(make().higherIsBetter).toBe(true);
  });

  it('takes rows for queries where it is given no indexes', () => {
    const metric = make();
    metric.update(tensor([[0.1, 0.9]]), ints([1, 0], [1, 2]));
    metric.update(
      tensor([
        [0.9, 0.1],
        [0.9, 0.1],
      ]),
      ints([1, 0, 1, 0], [2, 2]),
    );
    const other = after(make(), [0.1, 0.9, 0.9, 0.1, 0.9, 0.1], [1, 0, 1, 0, 1, 0], [0, 0, 1, 1, 2, 2]);
    expect(metric.compute().item()).toBe(other);
  });

  it('does with queries without a relevant document what it is told', () => {
    const of = (emptyTargetAction: 'neg' | 'pos' | 'skip' | 'error'): number =>
      after(make({ emptyTargetAction }), [1, 2, 3], [1, 0, 0], [0, 1, 1]);
    expect([of('neg'), of('pos'), of('skip')]).toEqual([0.5, 1, 1]);
    expectError(() => of('error'), RangeError, `[${name}.compute] a query has no relevant document\n  hint: emptyTargetAction: "skip"`);
    expect(after(make({ emptyTargetAction: 'skip' }), [1], [0], [0])).toBe(0);
  });

  it('knows no topK where the number of relevant documents says how many count', () => {
    expect(() => new metrics.RetrievalRPrecision({ topK: 1 } as object)).toThrow('[RetrievalRPrecision] unknown option "topK"');
    expect(() => new metrics.RetrievalRPrecision({ aggregation: 'min' })).not.toThrow();
  });

  it('aggregates over the queries', () => {
    const of = (aggregation: 'mean' | 'median' | 'min' | 'max'): number =>
      after(make({ aggregation }), [1, 1, 2, 2, 1], [1, 1, 0, 0, 1], [0, 1, 1, 2, 3]);
    const second = of('median');
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThan(1);
    expect([of('min'), of('max')]).toEqual([0, 1]);
    expect(of('mean')).toBeCloseTo((1 + second + 0 + 1) / 4, 6);
  });

  it('gathers over updates, until it is reset', () => {
    const metric = make();
    expect(metric.compute().item()).toBe(0);
    const [scores, targets, queries] = [
      [0.5, 0.25, 0.75, 1],
      [1, 0, 1, 0],
      [0, 1, 0, 0],
    ];
    for (let i = 0; i < 4; i++) after(metric, [scores[i]!], [targets[i]!], [queries[i]!]);
    expect(metric.compute().item()).toBe(after(make(), scores, targets, queries));
    metric.reset();
    expect(metric.compute().item()).toBe(0);
  });

  it('refuses batches that do not fit', () => {
    const metric = make();
    const where = `[${name}.update]`;
    const indexes = ints([0, 0]);
    expectError(
      () => metric.update(rand([2]), ints([0, 1])),
      TypeError,
      `${where} expected indexes for preds [2]\n  hint: update(preds, target, { indexes })`,
    );
    expectError(() => metric.update(rand([2]), ints([0, 1, 0]), { indexes }), RangeError, `${where} expected target [2], got [3]`);
    expectError(() => metric.update(rand([3]), ints([0, 1, 0]), { indexes }), RangeError, `${where} expected indexes [3], got [2]`);
    expectError(
      () => metric.update(rand([2]), ints([0, 1]), { indexes: rand([2]) }),
      TypeError,
      `${where} expected indexes to be int32, got float32\n  hint: indexes.to("int32") converts it`,
    );
    expectError(
      () => metric.update(ints([0, 1]), ints([0, 1]), { indexes }),
      TypeError,
      `${where} expected preds to be float32, got int32\n  hint: preds.to("float32") converts it`,
    );
    expect(() => metric.update(rand([2]), ints([0, 1]), { index: indexes } as never)).toThrow(
      `[${name}.update] unknown option "index", did you mean "indexes"?`,
    );
    expect(metric.compute().item()).toBe(0);
  });

  it('refuses options that make no sense', () => {
    expectError(() => make({ topK: 0 }), RangeError, `[${name}] expected topK to be at least 1, got 0`);
    expectError(
      () => make({ aggregation: 'sum' as never }),
      RangeError,
      `[${name}] expected aggregation to be one of "mean", "median", "min", "max", got "sum"`,
    );
    expectError(
      () => make({ emptyTargetAction: 'none' as never }),
      RangeError,
      `[${name}] expected emptyTargetAction to be one of "neg", "pos", "skip", "error", got "none"`,
    );
    expectError(() => make({ ignoreIndex: 0.5 }), RangeError, `[${name}] expected ignoreIndex to be an integer, got 0.5`);
  });

  it('refuses more documents of a query than it can rank', () => {
    const n = 2 ** 21 + 1;
    const metric = make();
    metric.update(zeros([n]), ones([n], { dtype: 'int32' }), { indexes: zeros([n], { dtype: 'int32' }) });
    expectError(() => metric.compute(), RangeError, `[${name}.compute] a query has more than 2097152 documents`);
  });

  it('is updated outside of compiled functions', () => {
    const metric = make();
    const step = compile((x: Tensor) => {
      metric.update(x, x, { indexes: ints([0, 0]) });
      return x.mul(2);
    });
    expect(() => step(rand([2]))).toThrow(`[${name}.update] a value cannot be read inside a compiled function`);
  });
});

it('RetrievalFallOut is empty where every document is relevant', () => {
  const fallOut = (options: metrics.RetrievalOptions): metrics.RetrievalFallOut => {
    const metric = new metrics.RetrievalFallOut(options);
    metric.update(tensor([[0.5, 0.25]]), tensor([[1, 1]]));
    return metric;
  };
  expect(fallOut({}).compute().item()).toBe(1);
  expect(fallOut({ emptyTargetAction: 'neg' }).compute().item()).toBe(0);
  expect(() => fallOut({ emptyTargetAction: 'error' }).compute()).toThrow(
    '[RetrievalFallOut.compute] a query has no document that is not relevant',
  );
  expect(new metrics.RetrievalFallOut().higherIsBetter).toBe(false);
});
