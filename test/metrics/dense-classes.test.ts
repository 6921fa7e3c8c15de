// Corners of metrics of classes whose golden numbers are in dense.json.gz.
import { describe, expect, it } from 'vitest';
import { metrics, ones, rand, type Tensor, tensor, zeros } from '../../src';
import { expectError } from '../helpers';

const ints = (...values: number[]): Tensor => tensor(Int32Array.from(values));

describe('ExactMatch', () => {
  const options = { task: 'multiclass', numClasses: 3 } as const;
  const rows = (...values: number[]): Tensor => ints(...values).reshape([-1, 2]);

  it('has its figures before any update, and after a reset', () => {
    const metric = new metrics.ExactMatch(options);
    expect(metric.compute().item()).toBe(0);
    metric.update(rows(0, 1, 2, 2), rows(0, 1, 2, 1));
    metric.update(rows(1, 1), rows(1, 1));
    metric.update(zeros([0, 2], { dtype: 'int32' }), zeros([0, 2], { dtype: 'int32' }));
    expect(metric.compute().item()).toBe(Math.fround(2 / 3));
    metric.reset();
    expect(metric.compute().item()).toBe(0);
    const each = new metrics.ExactMatch({ ...options, multidimAverage: 'samplewise' });
    expect(each.compute().shape).toEqual([0]);
    each.update(rows(0, 1, 2, 2), rows(0, 1, 2, 1));
    each.update(rows(1, 1), rows(1, 1));
    expect(each.compute().toArray()).toEqual([1, 0, 1]);
  });

  it('counts what is ignored as right', () => {
    const metric = new metrics.ExactMatch({ ...options, ignoreIndex: 7 });
    metric.update(rows(0, 1, 2, 2), rows(0, 7, 7, 7));
    expect(metric.compute().item()).toBe(1);
  });

  it('divides each sample of labels by its own places', () => {
    const metric = new metrics.ExactMatch({ task: 'multilabel', numLabels: 2, multidimAverage: 'samplewise' });
    metric.update(ones([1, 2, 4]), ones([1, 2, 4]));
    metric.update(tensor([1, 0, 1, 1]).reshape([1, 2, 2]), ones([1, 2, 2]));
    expect(metric.compute().toArray()).toEqual([1, 0.5]);
  });

  it('refuses what does not fit, and takes in nothing of it', () => {
    const each = new metrics.ExactMatch({ ...options, multidimAverage: 'samplewise' });
    each.update(rows(0, 1), rows(0, 1));
    const where = '[ExactMatch.update]';
    const least = (n: number, got: string): string => `${where} expected target of at least ${n} dimensions for "samplewise", got ${got}`;
    expectError(() => each.update(ints(0, 1), ints(0, 1)), RangeError, least(2, '[2]'));
    expectError(() => each.update(rows(0, 1), rows(0, 3)), RangeError, `${where} expected target from 0 to 2, got 3 at position 1`);
    const collection = new metrics.MetricCollection([each, new metrics.AUROC(options)]);
    expect(() => collection.update(rows(0, 1), rows(0, 1))).toThrow('AUROC needs scores');
    expect(each.compute().toArray()).toEqual([1]);
    const labels = new metrics.ExactMatch({ task: 'multilabel', numLabels: 2, multidimAverage: 'samplewise' });
    expectError(() => labels.update(ones([3, 2]), ones([3, 2])), RangeError, least(3, '[3, 2]'));
    expectError(
      () => new metrics.ExactMatch({ task: 'binary' as never }),
      RangeError,
      '[ExactMatch] expected task to be one of "multiclass", "multilabel", got "binary"',
    );
    expectError(
      () => new metrics.ExactMatch({ ...options, threshold: 2 }),
      RangeError,
      '[ExactMatch] expected threshold to be from 0 to 1, got 2',
    );
  });
});

describe('HingeLoss', () => {
  const options = { task: 'multiclass', numClasses: 3 } as const;
  const loss = (preds: Tensor, target: Tensor, of: metrics.HingeLossOptions): number => {
    const metric = new metrics.HingeLoss(of);
    metric.update(preds, target);
    return metric.compute().item();
  };

  it('is NaN before any update, and of NaN', () => {
    expect(new metrics.HingeLoss({ task: 'binary' }).compute().item()).toBeNaN();
    const each = new metrics.HingeLoss({ ...options, multiclassMode: 'one-vs-all' });
    expect(each.compute().toArray()).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    each.update(tensor([[1, 0, 0]]), ints(0));
    expect(each.compute().toArray()).toEqual([0, 1, 1]);
    each.reset();
    expect(each.compute().toArray()).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(loss(tensor([Number.NaN, 0.5]), ints(1, 1), { task: 'binary' })).toBeNaN();
    expect(loss(tensor([[Number.NaN, 0, 0]]), ints(1), options)).toBeNaN();
  });

  it('takes in batches of which all is ignored', () => {
    for (const more of [{}, { multiclassMode: 'one-vs-all' }] as const) {
      const metric = new metrics.HingeLoss({ ...options, ignoreIndex: -1, ...more });
      metric.update(rand([2, 3]), ints(-1, -1));
      metric.update(tensor([[1, 0, 0]]), ints(0));
      expect(metric.compute().toArray()).toEqual(Object.keys(more).length > 0 ? [0, 1, 1] : 0);
    }
  });

  it('refuses what does not fit', () => {
    expectError(
      () => loss(ints(0, 1), ints(0, 1), { task: 'binary' }),
      TypeError,
      '[HingeLoss.update] HingeLoss needs scores, float32, got int32',
    );
    expectError(
      () => new metrics.HingeLoss({ task: 'multilabel' as never }),
      RangeError,
      '[HingeLoss] expected task to be one of "binary", "multiclass", got "multilabel"',
    );
    expectError(
      () => new metrics.HingeLoss({ ...options, multiclassMode: 'all' as never }),
      RangeError,
      '[HingeLoss] expected multiclassMode to be one of "crammer-singer", "one-vs-all", got "all"',
    );
    expectError(
      () => new metrics.HingeLoss({ ...options, squared: 'yes' as never }),
      TypeError,
      '[HingeLoss] expected squared to be true or false, got "yes"',
    );
  });
});

it('NegativePredictiveValue is 0 before any update and without predictions of other classes', () => {
  const metric = new metrics.NegativePredictiveValue({ task: 'binary' });
  expect(metric.compute().item()).toBe(0);
  metric.update(tensor([0.9, 0.9]), ints(0, 1));
  expect(metric.compute().item()).toBe(0);
  expect(new metrics.NegativePredictiveValue({ task: 'multiclass', numClasses: 3 }).takesClasses).toBe(3);
});
