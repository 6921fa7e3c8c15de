// Several metrics in one, and the report of all classes.
import { describe, expect, it } from 'vitest';
import { metrics, rand, Tensor, tensor } from '../../src';
import { expectError } from '../helpers';

const ints = (...values: number[]): Tensor => Tensor.fromTypedArray(Int32Array.from(values));
const task = { task: 'multiclass', numClasses: 3 } as const;

describe('MetricCollection', () => {
  it('gives the values of all by their names', () => {
    const collection = new metrics.MetricCollection({
      accuracy: new metrics.Accuracy(task),
      confusion: new metrics.ConfusionMatrix(task),
      inner: new metrics.MetricCollection([new metrics.Recall(task)]),
    });
    collection.update(ints(0, 1), ints(0, 2));
    collection.update(ints(1, 2), ints(1, 2));
    const { accuracy, confusion, inner } = collection.compute();
    expect(accuracy.item()).toBe(0.75);
    expect(confusion.shape).toEqual([3, 3]);
    expect(inner['Recall']!.item()).toBe(0.75);
    expect(collection).toBeInstanceOf(metrics.Metric);
    collection.reset();
    expect(collection.compute().accuracy.item()).toBe(0);
    expect(collection.metrics.accuracy.compute().item()).toBe(0);
  });

  it('takes the names of the classes of a list', () => {
    const collection = new metrics.MetricCollection([new metrics.ROC({ task: 'binary' }), new metrics.AUROC({ task: 'binary' })]);
    collection.update(tensor([0.25, 0.75]), ints(0, 1));
    const values = collection.compute();
    expect(Object.keys(values)).toEqual(['ROC', 'AUROC']);
    expect((values['AUROC'] as Tensor).item()).toBe(1);
  });

  it('is content with classes where all are', () => {
    expect(new metrics.MetricCollection([new metrics.Accuracy(task), new metrics.Recall(task)]).takesClasses).toBe(3);
    expect(new metrics.MetricCollection([new metrics.Accuracy(task), new metrics.AUROC(task)]).takesClasses).toBe(0);
    expect(new metrics.MetricCollection([]).higherIsBetter).toBeNull();
  });

  it('tells the queries to metrics of retrieval alone', () => {
    const collection = new metrics.MetricCollection({ mrr: new metrics.RetrievalMRR(), auroc: new metrics.AUROC({ task: 'binary' }) });
    collection.update(tensor([0.1, 0.9, 0.8]), ints(1, 0, 1), { indexes: ints(0, 0, 1) });
    expect(collection.compute().mrr.item()).toBe(0.75);
  });

  it('takes a batch in with all metrics or with none', () => {
    class Own extends metrics.Metric {
      sum = 0;
      seen: number[] = [];
      parts = { total: tensor([0]), byName: new Map<string, number>() };
      last?: number;
      update(preds: Tensor): void {
        this.sum += preds.numel;
        this.seen.push(preds.numel);
        this.last = preds.numel;
        this.parts.total.add_(preds.numel);
        this.parts.byName.set(`batch ${this.seen.length}`, preds.numel);
        if (preds.numel === 4) throw new RangeError('four');
      }
      compute(): Tensor {
        return tensor([this.sum, this.seen.length, this.parts.total.item(), this.parts.byName.size, this.last ?? -1]);
      }
      reset(): void {}
    }
    const binary = { task: 'binary' } as const;
    const make = () =>
      new metrics.MetricCollection({
        accuracy: new metrics.Accuracy(binary),
        exact: new metrics.ROC(binary),
        binned: new metrics.AUROC({ ...binary, thresholds: 5 }),
        confusion: new metrics.ConfusionMatrix(binary),
        calibration: new metrics.CalibrationError(binary),
        error: new metrics.MeanSquaredError(),
        pearson: new metrics.PearsonCorrCoef(),
        r2: new metrics.R2Score(),
        samples: new metrics.MetricCollection([new metrics.Recall(binary), new metrics.Precision(binary)]),
        own: new Own(),
        strict: new metrics.Recall({ ...binary, ignoreIndex: 7 }),
      });
    const [one, other] = [make(), make()];
    const values = (given: typeof one): string => JSON.stringify(given.compute());
    const batch = [tensor([0.25, 0.75, 0.5]), ints(0, 1, 1)] as const;
    // Whatever comes first: a class that is none, another shape, an error of one's own metric, which comes after all others.
    const refused = [
      [tensor([0.5, 0.75]), ints(0, 2)],
      [tensor([0.5, 0.75]), ints(0)],
      [tensor([0.5, 0.25, 0.75, 1]), ints(0, 1, 1, 0)],
    ] as const;
    const late = new metrics.MetricCollection({ one: new metrics.MeanSquaredError(), two: new metrics.Accuracy(binary) });
    expect(() => late.update(tensor([0.5]), ints(3))).toThrow('[Accuracy.update] expected target 0 or 1, got 3 at position 0');
    expect(late.compute().one.item()).toBeNaN();
    for (const [preds, target] of refused) expect(() => one.update(preds, target)).toThrow(RangeError);
    for (let i = 0; i < 3; i++) {
      one.update(...batch);
      other.update(...batch);
      for (const [preds, target] of refused) expect(() => one.update(preds, target)).toThrow(RangeError);
      expect(values(one)).toBe(values(other));
    }
    expect(one.compute().own.toArray()).toEqual([9, 3, 9, 3, 3]);
    const each = { ...binary, multidimAverage: 'samplewise' } as const;
    const samples = new metrics.MetricCollection({
      each: new metrics.Accuracy(each),
      all: new metrics.MeanAbsoluteError({ numOutputs: 2 }),
    });
    samples.update(ints(0, 1).reshape([1, 2]), ints(0, 0).reshape([1, 2]));
    expect(() => samples.update(ints(0, 1, 1).reshape([1, 3]), ints(0, 0, 1).reshape([1, 3]))).toThrow(RangeError);
    expect(samples.compute().each.toArray()).toEqual([0.5]);
  });

  it('refuses what are no metrics, and names that are taken', () => {
    const make = (given: unknown) => () => new metrics.MetricCollection(given as []);
    const wanted = '[MetricCollection] expected metrics by their names or a list of them, got';
    expectError(make(undefined), TypeError, `${wanted} undefined`);
    expectError(make(new metrics.Accuracy(task)), TypeError, `${wanted} an Accuracy`);
    expectError(make({ one: 1 }), TypeError, '[MetricCollection] expected one to be a metric, got 1');
    expectError(make([null]), TypeError, '[MetricCollection] expected metric 0 to be a metric, got null');
    expectError(
      make([new metrics.Accuracy(task), new metrics.Accuracy(task)]),
      RangeError,
      '[MetricCollection] two metrics are called Accuracy\n  hint: new MetricCollection({ one: ..., other: ... })',
    );
  });
});

describe('classificationReport', () => {
  it('takes scores, and rounds as Python does', () => {
    const scores = tensor([
      [2, 1],
      [1, 2],
    ]);
    const report = (digits?: number): string =>
      metrics.classificationReport(scores, ints(0, 0), { classes: ['no', 'yes'], digits: digits as number });
    expect(report().split('\n').slice(2, 4)).toEqual([
      '          no       1.00      0.50      0.67         2',
      '         yes       0.00      0.00      0.00         0',
    ]);
    expect(report(0).split('\n')[2]).toBe('          no          1         0         1         2');
    // 1 / 8 lies between 0.12 and 0.13.
    const eighth = metrics.classificationReport(ints(0, 1, 1, 1, 1, 1, 1, 1), ints(0, 0, 0, 0, 0, 0, 0, 0));
    expect(eighth.split('\n')[2]).toBe('           0       1.00      0.12      0.22         8');
    const threeEighths = metrics.classificationReport(ints(0, 0, 0, 1, 1, 1, 1, 1), ints(0, 0, 0, 0, 0, 0, 0, 0));
    expect(threeEighths.split('\n')[2]).toBe('           0       1.00      0.38      0.55         8');
  });

  it('refuses what makes no report', () => {
    const report = (preds: unknown, target: unknown, options?: object) => () =>
      metrics.classificationReport(preds as Tensor, target as Tensor, options as never);
    const where = '[classificationReport]';
    const classes = ['a', 'b'];
    expectError(report(ints(), ints()), RangeError, `${where} there are no samples`);
    expectError(report(ints(0, 1), ints(0)), RangeError, `${where} expected preds [1], got [2]`);
    expectError(report(rand([1, 3]), ints(0), { classes }), RangeError, `${where} expected preds [1, 2], got [1, 3]`);
    expectError(report(rand([1]), ints(0)), RangeError, `${where} expected preds [1, classes], got [1]`);
    expectError(
      report(ints(0), rand([1])),
      TypeError,
      `${where} expected target to be int32, got float32\n  hint: target.to("int32") converts it`,
    );
    expectError(report(ints(0), ints(0).reshape([1, 1])), RangeError, `${where} expected target [n], got [1, 1]`);
    expectError(report('a', ints(0)), TypeError, `${where} expected preds to be a tensor, got "a"`);
    expectError(report(ints(2), ints(0), { classes }), RangeError, `${where} expected preds from 0 to 1, got 2 at position 0`);
    expectError(report(ints(0), ints(-1), { classes }), RangeError, `${where} expected target from 0 to 1, got -1 at position 0`);
    expectError(report(ints(0), ints(0), { classes: 'ab' }), TypeError, `${where} expected classes to be a list of names, got "ab"`);
    expectError(report(ints(0), ints(0), { classes: [] }), RangeError, `${where} expected the name of a class or more, got none`);
    expectError(report(ints(0), ints(0), { classes: [null] }), TypeError, `${where} expected classes[0] to be a name, got null`);
    expectError(report(ints(0), ints(0), { digits: 99 }), RangeError, `${where} expected digits to be from 0 to 15, got 99`);
    expect(report(ints(0), ints(0), { target_names: classes })).toThrow('[classificationReport] unknown option "target_names"');
  });
});
