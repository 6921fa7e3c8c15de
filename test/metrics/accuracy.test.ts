import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Accuracy, type AccuracyOptions, Metric } from '../../src/metrics';
import { Tensor } from '../../src/tensor';

const ints = (...values: number[]): Tensor => Tensor.fromTypedArray(Int32Array.from(values));
const scores = (rows: number[][]): Tensor => Tensor.fromTypedArray(Float32Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 3]);
const accuracy = (options: Partial<AccuracyOptions> = {}): Accuracy => new Accuracy({ task: 'multiclass', numClasses: 3, ...options });
const after = (metric: Accuracy, preds: Tensor, target: Tensor): unknown => {
  metric.update(preds, target);
  return metric.compute().toArray();
};

describe('Accuracy', () => {
  // Class 0: 2 of 3 right, class 1: 1 of 1, class 2: no targets, predicted once.
  const preds = ints(0, 0, 2, 1);
  const target = ints(0, 0, 0, 1);

  it('averages over targets or classes', () => {
    expect(after(accuracy(), preds, target)).toBe(0.75);
    expect(after(accuracy({ average: 'weighted' }), preds, target)).toBe(0.75);
    expect(after(accuracy({ average: 'none' }), preds, target)).toEqual([Math.fround(2 / 3), 1, 0]);
    expect(after(accuracy({ average: 'macro' }), preds, target)).toBe(Math.fround((2 / 3 + 1) / 3));
  });

  it('leaves classes that do not occur out of the mean', () => {
    expect(after(accuracy({ average: 'macro' }), ints(0, 1), ints(0, 0))).toBe(0.25);
    expect(after(accuracy({ average: 'macro' }), ints(0, 1), ints(0, 1))).toBe(1);
  });

  it('takes the highest score, the first of equals', () => {
    const logits = scores([
      [0, 5, 1],
      [2, 2, 1],
      [-3, -2, -1],
    ]);
    expect(after(accuracy(), logits, ints(1, 0, 2))).toBe(1);
    expect(after(accuracy(), logits, ints(1, 1, 2))).toBe(Math.fround(2 / 3));
  });

  it('counts a target among the topK highest', () => {
    const logits = scores([
      [3, 2, 1],
      [3, 2, 1],
      [3, 2, 1],
      [1, 1, 1],
    ]);
    expect(after(accuracy({ topK: 2 }), logits, ints(0, 1, 2, 1))).toBe(0.75);
    expect(after(accuracy({ topK: 2 }), logits, ints(0, 1, 2, 2))).toBe(0.5);
    expect(after(accuracy({ topK: 3 }), logits, ints(0, 1, 2, 2))).toBe(1);
    // Class 0 is predicted for the third row, but not a target of its own there: only targets make a class count.
    expect(after(accuracy({ topK: 2, average: 'macro' }), logits, ints(1, 1, 2, 1))).toBe(0.5);
  });

  it('leaves ignored targets out, whether they are classes or not', () => {
    expect(after(accuracy({ ignoreIndex: -1 }), preds, ints(0, -1, -1, 1))).toBe(1);
    expect(after(accuracy({ ignoreIndex: 1 }), preds, target)).toBe(Math.fround(2 / 3));
    expect(after(accuracy({ ignoreIndex: -1 }), preds, ints(-1, -1, -1, -1))).toBe(0);
  });

  it('gathers over updates, until it is reset', () => {
    const metric = accuracy();
    expect(metric).toBeInstanceOf(Metric);
    expect(metric.compute().item()).toBe(0);
    metric.update(ints(0), ints(0));
    metric.update(ints(0, 0, 0), ints(0, 1, 2));
    metric.update(scores([]), ints());
    expect(metric.compute().shape).toEqual([]);
    expect(metric.compute().item()).toBe(0.5);
    metric.reset();
    expect(metric.compute().item()).toBe(0);
    expect(after(metric, ints(0), ints(0))).toBe(1);
  });

  it('equals the definition on random batches', () => {
    const batch = fc.array(fc.tuple(fc.nat(3), fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 4, maxLength: 4 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(batch, fc.integer({ min: 1, max: 4 }), (rows, topK) => {
        const metric = new Accuracy({ task: 'multiclass', numClasses: 4, topK });
        metric.update(scores(rows.map(([, row]) => row)), ints(...rows.map(([label]) => label)));
        const right = rows.filter(([label, row]) => {
          const ranked = row.map((score, c) => ({ score, c })).sort((a, b) => b.score - a.score || a.c - b.c);
          return ranked.slice(0, topK).some(({ c }) => c === label);
        });
        expect(metric.compute().item()).toBe(Math.fround(right.length / rows.length));
      }),
    );
  });

  it('refuses options that make no sense', () => {
    expect(() => new Accuracy({ numClasses: 3 } as AccuracyOptions)).toThrow(
      '[Accuracy] expected task to be one of "binary", "multiclass", "multilabel", got undefined',
    );
    expect(() => accuracy({ task: 'regression' as 'multiclass' })).toThrow(
      '[Accuracy] expected task to be one of "binary", "multiclass", "multilabel", got "regression"',
    );
    expect(() => new Accuracy({ task: 'multiclass' } as AccuracyOptions)).toThrow(
      '[Accuracy] expected numClasses to be a number, got undefined',
    );
    expect(() => accuracy({ numClasses: 1 })).toThrow('[Accuracy] expected numClasses to be at least 2, got 1');
    expect(() => accuracy({ average: 'mean' as 'micro' })).toThrow(
      '[Accuracy] expected average to be one of "micro", "macro", "weighted", "none", got "mean"',
    );
    expect(() => accuracy({ topK: 4 })).toThrow('[Accuracy] expected topK to be from 1 to 3, got 4');
    expect(() => accuracy({ ignoreIndex: 0.5 })).toThrow('[Accuracy] expected ignoreIndex to be an integer, got 0.5');
    expect(() => accuracy({ num_classes: 3 } as object)).toThrow('[Accuracy] unknown option "num_classes", did you mean "numClasses"?');
  });

  it('refuses batches that do not fit, and counts nothing of them', () => {
    const metric = accuracy();
    metric.update(ints(0), ints(0));
    expect(() => metric.update([0] as unknown as Tensor, ints(0))).toThrow('[Accuracy.update] expected preds to be a tensor, got an array');
    expect(() => metric.update(ints(0), scores([[1, 2, 3]]))).toThrow('[Accuracy.update] expected target to be int32, got float32');
    expect(() => metric.update(ints(0), Tensor.fromTypedArray(Int32Array.of(0), [1, 1]))).toThrow(
      '[Accuracy.update] expected preds [1, 1], got [1]',
    );
    expect(() => metric.update(ints(0), Tensor.fromTypedArray(Int32Array.of(0), []))).toThrow(
      '[Accuracy.update] expected target [n, ...], got []',
    );
    expect(() => metric.update(ints(0, 1), ints(0))).toThrow('[Accuracy.update] expected preds [1], got [2]');
    expect(() => metric.update(scores([[1, 2]]), ints(0))).toThrow('[Accuracy.update] expected preds [1, 3], got [1, 2]');
    expect(() => metric.update(ints(1, 1), ints(1, 3))).toThrow('[Accuracy.update] expected target from 0 to 2, got 3 at position 1');
    expect(() => metric.update(ints(1, -1), ints(1, 1))).toThrow('[Accuracy.update] expected preds from 0 to 2, got -1 at position 1');
    expect(() => accuracy({ topK: 2 }).update(ints(0), ints(0))).toThrow(
      '[Accuracy.update] topK 2 needs scores, float32 [n, 3], got classes',
    );
    expect(metric.compute().item()).toBe(1);
  });
});
