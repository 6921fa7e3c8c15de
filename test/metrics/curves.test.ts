// Curves and the areas under them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tensor, tensor } from '../../src';
import { AUROC, type AUROCOptions, AveragePrecision, PrecisionRecallCurve, ROC, type ROCCurve, type Thresholds } from '../../src/metrics';
import { keysOf, numberOf } from '../../src/metrics/order';
import { expectError } from '../helpers';

const ints = (values: number[], shape = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);
const floats = (values: number[], shape = [values.length]): Tensor => Tensor.fromTypedArray(Float32Array.from(values), shape);

// Scores with ties, and their targets.
const samples = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean()), { minLength: 1, maxLength: 40 });
const batchOf = (pairs: [number, boolean][]): [Tensor, Tensor] => [
  floats(pairs.map(([score]) => score / 8)),
  ints(pairs.map(([, target]) => Number(target))),
];
const figure = (metric: AUROC | AveragePrecision, [preds, target]: [Tensor, Tensor]): number => {
  metric.update(preds, target);
  return metric.compute().item();
};
const auroc = (batch: [Tensor, Tensor], options: Partial<AUROCOptions> = {}): number =>
  figure(new AUROC({ task: 'binary', ...options }), batch);

it('keys have the order of their numbers, and say which these are', () => {
  fc.assert(
    fc.property(fc.float(), fc.float(), (a, b) => {
      const [x, y] = keysOf(Float32Array.of(a, b)) as unknown as [number, number];
      expect(Math.sign(x - y)).toBe(
        Number.isNaN(a) ? Number(!Number.isNaN(b)) : Number.isNaN(b) ? -1 : Math.sign(Number(a > b) - Number(a < b)),
      );
      expect(numberOf(x)).toBe(a + 0);
    }),
  );
  expect([...keysOf(Float32Array.of(-Infinity, -1, -0, 0, 1e-45, Infinity))]).toEqual([
    0x7fffff, 0x407fffff, 0x80000000, 0x80000000, 0x80000001, 0xff800000,
  ]);
});

describe('AUROC', () => {
  it('is how often a target 1 has the higher score, ties counting half', () => {
    fc.assert(
      fc.property(samples, (pairs) => {
        const [ones, zeros] = [true, false].map((wanted) => pairs.filter(([, target]) => target === wanted).map(([score]) => score));
        const wins = ones!.flatMap((one) => zeros!.map((zero) => (one > zero ? 1 : one === zero ? 0.5 : 0)));
        const expected = wins.length === 0 ? 0 : wins.reduce((sum: number, win) => sum + win, 0) / wins.length;
        expect(auroc(batchOf(pairs))).toBeCloseTo(expected, 6);
      }),
    );
  });

  it('is the same with a threshold at every score, from 0 on', () => {
    fc.assert(
      fc.property(samples, (pairs) => {
        const batch = batchOf(pairs);
        const thresholds = Array.from({ length: 9 }, (_, i) => i / 8);
        // The last point of the exact curve, (0, 0), is that of a threshold above all scores.
        const lower = batchOf(pairs.map(([score, target]) => [Math.min(score, 7), target]));
        expect(auroc(lower, { thresholds })).toBeCloseTo(auroc(lower), 6);
        expect(auroc(batch, { thresholds: tensor(thresholds) })).toBe(auroc(batch, { thresholds }));
        expect(auroc(batch, { thresholds: 9 })).toBe(auroc(batch, { thresholds }));
      }),
    );
  });

  it('up to a false positive rate is on a scale from chance to the best', () => {
    const chance = [floats([0.5, 0.5, 0.5, 0.5]), ints([0, 1, 0, 1])] as [Tensor, Tensor];
    const best = [floats([0.1, 0.9, 0.2, 0.8]), ints([0, 1, 0, 1])] as [Tensor, Tensor];
    for (const maxFpr of [0.01, 0.3, 1]) {
      expect(auroc(chance, { maxFpr })).toBeCloseTo(0.5, 6);
      expect(auroc(best, { maxFpr })).toBeCloseTo(1, 6);
    }
    // No threshold gives a rate above 0.5: the curve goes on as it is.
    expect(auroc([floats([0.25, 0.75, 0.75, 0.5]), ints([0, 0, 1, 1])], { thresholds: [0.7, 1], maxFpr: 0.75 })).toBeGreaterThan(0);
    // The first point is beyond: the line to it is from (0, 0).
    expect(auroc([floats([0.75, 0.75]), ints([0, 1])], { thresholds: [0, 0.5], maxFpr: 0.5 })).toBe(0.5);
    expectError(() => new AUROC({ task: 'binary', maxFpr: 0 }), RangeError, '[AUROC] expected maxFpr above 0, got 0');
    expectError(() => new AUROC({ task: 'binary', maxFpr: 1.5 }), RangeError, '[AUROC] expected maxFpr to be from 0 to 1, got 1.5');
  });

  it('takes 0 and -0 for one score, and NaN for the highest', () => {
    expect(auroc([floats([0, -0]), ints([0, 1])])).toBe(0.5);
    expect(auroc([floats([-0, 0]), ints([0, 1])])).toBe(0.5);
    expect(auroc([floats([0.1, Number.NaN, 0.9]), ints([0, 1, 0])])).toBe(1);
    expect(auroc([floats([Number.NaN, Number.NaN]), ints([0, 1])])).toBe(0.5);
  });

  it('is 0 where there is nothing to compare, and before any update', () => {
    expect(new AUROC({ task: 'binary' }).compute().item()).toBe(0);
    expect(new AUROC({ task: 'binary', thresholds: 5 }).compute().item()).toBe(0);
    expect(new AUROC({ task: 'multiclass', numClasses: 3, average: 'none' }).compute().toArray()).toEqual([0, 0, 0]);
    expect(auroc([floats([0.1, 0.9]), ints([1, 1])])).toBe(0);
  });
});

describe('AveragePrecision', () => {
  it('is the mean over the targets 1 of the precision at their score', () => {
    fc.assert(
      fc.property(samples, (pairs) => {
        const ones = pairs.filter(([, target]) => target);
        const precisions = ones.map(([score]) => ones.filter(([s]) => s >= score).length / pairs.filter(([s]) => s >= score).length);
        const expected = ones.length === 0 ? 0 : precisions.reduce((sum, p) => sum + p, 0) / ones.length;
        expect(figure(new AveragePrecision({ task: 'binary' }), batchOf(pairs))).toBeCloseTo(expected, 6);
      }),
    );
  });

  it('leaves classes without targets out of the mean', () => {
    const batch = [floats([0.5, 0.25, 0.25, 0.25, 0.5, 0.25], [2, 3]), ints([0, 1])] as [Tensor, Tensor];
    const of = (average: 'macro' | 'none'): Tensor => {
      const metric = new AveragePrecision({ task: 'multiclass', numClasses: 3, average });
      metric.update(...batch);
      return metric.compute();
    };
    expect(of('none').toArray()).toEqual([1, 1, Number.NaN]);
    expect(of('macro').item()).toBe(1);
    expect(new AveragePrecision({ task: 'multiclass', numClasses: 3, average: 'none' }).compute().toArray()).toEqual([0, 0, 0]);
    expect(new AveragePrecision({ task: 'binary' }).compute().item()).toBe(0);
  });
});

describe('curves', () => {
  const [preds, target] = [floats([0.5, 0.5, 0.25, 1]), ints([1, 0, 0, 1])];

  it('have a point for each score', () => {
    const roc = new ROC({ task: 'binary' });
    roc.update(preds, target);
    const { fpr, tpr, thresholds } = roc.compute();
    expect(fpr.toArray()).toEqual([0, 0, 0.5, 1]);
    expect(tpr.toArray()).toEqual([0, 0.5, 1, 1]);
    expect(thresholds.toArray()).toEqual([1, 1, 0.5, 0.25]);
    const curve = new PrecisionRecallCurve({ task: 'binary' });
    curve.update(preds, target);
    const points = curve.compute();
    expect(points.precision.toArray()).toEqual([0.5, Math.fround(2 / 3), 1, 1]);
    expect(points.recall.toArray()).toEqual([1, 1, 0.5, 0]);
    expect(points.thresholds.toArray()).toEqual([0.25, 0.5, 1]);
  });

  it('have a point for each threshold that is given', () => {
    const roc = new ROC({ task: 'binary', thresholds: [0.25, 0.75] });
    roc.update(preds, target);
    const { fpr, tpr, thresholds } = roc.compute();
    expect([fpr, tpr, thresholds].map((one) => one.toArray())).toEqual([
      [0, 1],
      [0.5, 1],
      [0.75, 0.25],
    ]);
  });

  it('are one for each class or label', () => {
    const roc = new ROC({ task: 'multiclass', numClasses: 2 });
    roc.update(floats([0.25, 0.75, 0.5, 0.5], [2, 2]), ints([1, 0]));
    const curves: ROCCurve[] = roc.compute();
    expect(curves.map(({ fpr }) => fpr.toArray())).toEqual([
      [0, 0, 1],
      [0, 0, 1],
    ]);
    expect(new PrecisionRecallCurve({ task: 'multilabel', numLabels: 4 }).compute()).toHaveLength(4);
  });

  it('of nothing are where they begin', () => {
    const { fpr, tpr, thresholds } = new ROC({ task: 'binary' }).compute();
    expect([fpr, tpr, thresholds].map((one) => one.toArray())).toEqual([[0], [0], [1]]);
    const { precision, recall, thresholds: none } = new PrecisionRecallCurve({ task: 'binary' }).compute();
    expect([precision, recall, none].map((one) => one.toArray())).toEqual([[1], [0], []]);
  });

  it('are right where all targets of several classes are the first', () => {
    const curve = new PrecisionRecallCurve({ task: 'multiclass', numClasses: 2 });
    curve.update(floats([0.75, 0.25, 0.5, 0.5], [2, 2]), ints([0, 0]));
    const [first, second] = curve.compute();
    expect(first!.recall.toArray()).toEqual([1, 0.5, 0]);
    expect(second!.recall.toArray()).toEqual([Number.NaN, Number.NaN, 0]);
  });

  it('refuse thresholds that make no sense', () => {
    const make = (thresholds: unknown) => () => new ROC({ task: 'binary', thresholds: thresholds as Thresholds });
    const wanted = '[ROC] expected thresholds to be null, a number, a list of numbers or a tensor [t], got';
    expectError(make(1), RangeError, '[ROC] expected thresholds to be from 2 to 16777216, got 1');
    expectError(make('all'), TypeError, `${wanted} "all"`);
    expectError(make(floats([1], [1, 1])), TypeError, `${wanted} a tensor of 2 dimensions`);
    expectError(make([]), RangeError, '[ROC] expected a threshold or more, got none');
    expectError(make([0, '1']), TypeError, '[ROC] expected thresholds[1] to be a number, got "1"');
    expectError(make([0, 1.5]), RangeError, '[ROC] expected thresholds[1] to be from 0 to 1, got 1.5');
    expectError(make([0.5, 0.25]), RangeError, '[ROC] expected ascending thresholds, got 0.25 after 0.5');
  });

  it('take in more and more', () => {
    const metric = new AUROC({ task: 'binary' });
    for (let i = 0; i < 2000; i++) metric.update(floats([(i % 7) / 8, (i % 11) / 16]), ints([1, 0]));
    const whole = new AUROC({ task: 'binary' });
    const scores = Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? ((i / 2) % 7) / 8 : (((i - 1) / 2) % 11) / 16));
    whole.update(floats(scores), ints(scores.map((_, i) => 1 - (i % 2))));
    expect(metric.compute().item()).toBe(whole.compute().item());
  });
});

// The figures are torchmetrics'.
describe('one curve for all classes', () => {
  const preds = floats([0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4, 0.6, 0.3, 0.1, 0.2, 0.5, 0.3, 0.05, 0.15, 0.8], [6, 3]);
  const target = ints([0, 1, 2, 1, 2, 2]);
  const close = (actual: Tensor, expected: number[]): void => {
    expect(actual.shape).toEqual([expected.length]);
    expected.forEach((value, i) => {
      expect(actual.data[i]).toBeCloseTo(value, 5);
    });
  };
  const options = { task: 'multiclass', numClasses: 3 } as const;

  it('micro: of all scores together', () => {
    const roc = new ROC({ ...options, average: 'micro' });
    const curve = new PrecisionRecallCurve({ ...options, average: 'micro' });
    for (const metric of [roc, curve]) metric.update(preds, target);
    const { fpr, tpr, thresholds } = roc.compute();
    close(fpr, [0, 0, 0, 1 / 12, 1 / 6, 1 / 6, 1 / 3, 0.5, 7 / 12, 11 / 12, 1]);
    close(tpr, [0, 1 / 3, 0.5, 0.5, 0.5, 2 / 3, 1, 1, 1, 1, 1]);
    close(thresholds, [1, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05]);
    const { precision, recall } = curve.compute();
    close(precision, [1 / 3, 6 / 17, 6 / 13, 0.5, 0.6, 2 / 3, 0.6, 0.75, 1, 1, 1]);
    close(recall, [1, 1, 1, 1, 1, 2 / 3, 0.5, 0.5, 0.5, 1 / 3, 0]);
  });

  it('micro counts at given thresholds', () => {
    const [exact, counted] = [null, [0, 0.3, 0.5, 1]].map((thresholds) => new ROC({ ...options, thresholds, average: 'micro' }));
    for (const metric of [exact!, counted!]) metric.update(preds, target);
    close(counted!.compute().fpr, [0, 1 / 6, 1 / 3, 1]);
    close(counted!.compute().tpr, [0, 0.5, 1, 1]);
  });

  it.each([
    [
      null,
      [0, 0, 0, 0, 0, 0, 0, 0, 0.2, 0.25, 0.4, 0.5, 0.6, 0.75, 0.8, 1, 1, 1],
      [...Array(10).fill(5 / 6), 14 / 15, ...Array(7).fill(1)],
    ],
    [5, [0, 0, 0, 0, 0, 0, 0, 0, 0.2, 0.25, 0.4, 0.5, 1, 1, 1], [...Array(8).fill(0.5), 5 / 6, 5 / 6, 14 / 15, 1, 1, 1, 1]],
  ] as [Thresholds, number[], number[]][])('macro: the mean of the interpolated curves, thresholds %s', (thresholds, fpr, tpr) => {
    const roc = new ROC({ ...options, thresholds, average: 'macro' });
    roc.update(preds, target);
    const curve = roc.compute();
    close(curve.fpr, fpr);
    close(curve.tpr, tpr);
    expect(curve.thresholds.data).toEqual(curve.thresholds.data.slice().sort().reverse());
  });

  it.each([
    [
      null,
      [1 / 6, 0.2, 0.25, 1 / 3, 1 / 3, 0.4, 0.5, 0.5, 0.5, 0.5, ...Array(8).fill(1)],
      [...Array(6).fill(1), ...Array(4).fill(5 / 6), ...Array(8).fill(11 / 18)],
    ],
    [5, [1 / 6, 1 / 3, 1 / 3, ...Array(4).fill(0.5), ...Array(7).fill(1), ...Array(4).fill(NaN)], [1, 1, 1, ...Array(15).fill(NaN)]],
  ] as [Thresholds, number[], number[]][])('macro: of precision and recall, thresholds %s', (thresholds, precision, recall) => {
    const metric = new PrecisionRecallCurve({ ...options, thresholds, average: 'macro' });
    metric.update(preds, target);
    const curve = metric.compute();
    const same = (actual: Tensor, expected: number[]): void =>
      close(
        actual.nanToNum({ nan: -1 }),
        expected.map((v) => (Number.isNaN(v) ? -1 : v)),
      );
    same(curve.precision, precision);
    same(curve.recall, recall);
  });

  it('is for classes', () => {
    expectError(
      () => new ROC({ task: 'multilabel', numLabels: 2, average: 'micro' }),
      RangeError,
      '[ROC] average "micro" is for the task "multiclass", got the task "multilabel"',
    );
    expectError(
      () => new PrecisionRecallCurve({ ...options, average: 'weighted' as never }),
      RangeError,
      '[PrecisionRecallCurve] expected average to be one of "micro", "macro", got "weighted"',
    );
  });
});
