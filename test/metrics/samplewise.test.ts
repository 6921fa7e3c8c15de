// Figures of each sample, the counts themselves, the share of wrong predictions and the Jaccard index, beside those of torchmetrics.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { metrics, ones, Tensor, tensor, zeros } from '../../src';
import { expectError } from '../helpers';

interface Golden {
  shape: number[];
  dtype: 'float32' | 'int32';
  data: (number | 'NaN')[];
}
interface Case {
  kind: 'Accuracy' | 'StatScores';
  options: metrics.StatScoresOptions;
  problem: number;
  expected: Golden;
}
const golden = JSON.parse(gunzipSync(readFileSync(join(__dirname, 'samplewise.json.gz'))).toString()) as {
  problems: { preds: Golden; target: Golden }[][];
  cases: Case[];
};
const tensorOf = ({ shape, dtype, data }: Golden): Tensor =>
  new Tensor((dtype === 'int32' ? Int32Array : Float32Array).from(data as number[]), shape);
const ints = (...values: number[]): Tensor => tensor(Int32Array.from(values));

describe('beside torchmetrics', () => {
  it.each(golden.cases.map((one, i) => [`${i}: ${one.kind} ${JSON.stringify(one.options)}`, one] as const))('%s', (_, one) => {
    const metric = new metrics[one.kind](one.options);
    for (const { preds, target } of golden.problems[one.problem]!) metric.update(tensorOf(preds), tensorOf(target));
    const value = metric.compute();
    expect(value.shape).toEqual(one.expected.shape);
    expect(value.dtype).toBe(one.expected.dtype);
    one.expected.data.forEach((wanted, i) => {
      const own = value.data[i]!;
      if (wanted === 'NaN') expect(own).toBeNaN();
      else expect(Math.abs(own - wanted)).toBeLessThanOrEqual(4 * 2 ** -24 * Math.abs(wanted));
    });
  });
});

describe('figures of each sample', () => {
  const options = { task: 'multiclass', numClasses: 3, multidimAverage: 'samplewise' } as const;
  const rows = (...values: number[]): Tensor => ints(...values).reshape([-1, 2]);

  it('follow each other over the batches', () => {
    const accuracy = new metrics.Accuracy(options);
    expect(accuracy.compute().shape).toEqual([0]);
    expect(new metrics.Recall({ ...options, average: 'none' }).compute().shape).toEqual([0, 3]);
    accuracy.update(rows(0, 1, 2, 2), rows(0, 1, 2, 1));
    accuracy.update(rows(1, 1), rows(2, 2));
    accuracy.update(zeros([0, 2], { dtype: 'int32' }), zeros([0, 2], { dtype: 'int32' }));
    expect(accuracy.compute().toArray()).toEqual([1, 0.5, 0]);
    accuracy.reset();
    expect(accuracy.compute().shape).toEqual([0]);
    expect(accuracy.takesClasses).toBe(0);
  });

  it('are those of metrics that were given one sample each', () => {
    const samples = 5;
    const [preds, target] = [0, 1].map((k) => ints(...Array.from({ length: samples * 6 }, (_, i) => (i * (3 + k) + (i >> k)) % 3)));
    const [p, t] = [preds!.reshape([samples, 6]), target!.reshape([samples, 6])];
    const all = new metrics.F1Score({ ...options, average: 'macro' });
    all.update(p, t);
    const each = Array.from({ length: samples }, (_, i) => {
      const one = new metrics.F1Score({ task: 'multiclass', numClasses: 3, average: 'macro' });
      one.update(p.select(0, i), t.select(0, i));
      return one.compute().item();
    });
    expect(all.compute().toArray()).toEqual(each);
  });

  it('need samples of more than one element; what is refused changes nothing', () => {
    const accuracy = new metrics.Accuracy(options);
    accuracy.update(rows(0, 1), rows(0, 2));
    const wanted = '[Accuracy.update] expected target of at least 2 dimensions for "samplewise", got [2]';
    expectError(() => accuracy.update(ints(0, 1), ints(0, 1)), RangeError, wanted);
    expectError(
      () => accuracy.update(rows(0, 1), rows(0, 3)),
      RangeError,
      '[Accuracy.update] expected target from 0 to 2, got 3 at position 1',
    );
    expect(accuracy.compute().toArray()).toEqual([0.5]);
    const labels = new metrics.Recall({ task: 'multilabel', numLabels: 2, multidimAverage: 'samplewise' });
    expectError(
      () => labels.update(ones([3, 2]), ones([3, 2])),
      RangeError,
      '[Recall.update] expected target of at least 3 dimensions for "samplewise", got [3, 2]',
    );
    const binary = new metrics.StatScores({ task: 'binary', multidimAverage: 'samplewise' });
    expectError(
      () => binary.update(ones([3]), ones([3])),
      RangeError,
      '[StatScores.update] expected target of at least 2 dimensions for "samplewise", got [3]',
    );
    expect(binary.compute().shape).toEqual([0, 5]);
    expectError(
      () => new metrics.Accuracy({ ...options, multidimAverage: 'each' as never }),
      RangeError,
      '[Accuracy] expected multidimAverage to be one of "global", "samplewise", got "each"',
    );
  });
});

it('before any update counts are 0, and all is wrong', () => {
  const task = { task: 'multiclass', numClasses: 3 } as const;
  expect(new metrics.StatScores(task).compute().toArray()).toEqual([0, 0, 0, 0, 0]);
  expect(new metrics.StatScores({ ...task, average: 'weighted' }).compute().toArray()).toEqual(Array(5).fill(Number.NaN));
  expect(new metrics.HammingDistance(task).compute().item()).toBe(1);
  expect(new metrics.HammingDistance(task).higherIsBetter).toBe(false);
  expect(new metrics.JaccardIndex(task).compute().item()).toBeNaN();
  expect(new metrics.JaccardIndex({ ...task, average: 'micro' }).compute().item()).toBe(0);
});
