// Metrics of other metrics: what they refuse, and what they leave alone.
import { expect, it } from 'vitest';
import { compile, getRngState, manualSeed, metrics, ones, randn, setRngState, type Tensor, tensor, zeros } from '../../src';
import { expectError } from '../helpers';

const list = (metric: { compute(): Tensor }): unknown => metric.compute().toArray();
const fresh = (): metrics.MeanAbsoluteError => new metrics.MeanAbsoluteError();

it('a running metric keeps what it was given, not what becomes of it', () => {
  const running = new metrics.Running(fresh(), { window: 2 });
  expect(running.compute().item()).toBe(fresh().compute().item());
  const preds = tensor([1, 2]);
  running.update(preds, zeros([2]));
  preds.mul_(100);
  expect(running.compute().item()).toBe(1.5);
  expectError(() => running.update(zeros([3]), zeros([2])), RangeError, '[MeanAbsoluteError.update] expected preds [2], got [3]');
  expect(running.compute().item()).toBe(1.5);
  expectError(() => new metrics.Running(1 as never), TypeError, '[Running] expected baseMetric to be a metric, got 1');
});

it('a window is 1 or more', () => {
  expect(() => new metrics.RunningMean({ window: 0 })).toThrow('[Running] expected window to be from 1 to 1048576, got 0');
  expect(() => new metrics.RunningMean({ windows: 2 } as never)).toThrow('unknown option "windows"');
});

it('the extremes stay over resets, and NaN changes none', () => {
  const metric = new metrics.MinMaxMetric(fresh());
  const after = (pred: number): number[] => {
    metric.reset();
    metric.update(tensor([pred]), tensor([0]));
    const { raw, max, min } = metric.compute();
    return [raw.item(), max.item(), min.item()];
  };
  expect(after(3)).toEqual([3, 3, 3]);
  expect(after(5)).toEqual([5, 5, 3]);
  expect(after(Number.NaN)).toEqual([Number.NaN, 5, 3]);
  const lists = new metrics.MinMaxMetric(new metrics.MeanAbsoluteError({ numOutputs: 2 }));
  expect(() => lists.compute()).toThrow('[MinMaxMetric.compute] expected baseMetric to give one number');
});

it('classes have as many names as there are classes', () => {
  const recall = (): metrics.Recall => new metrics.Recall({ task: 'multiclass', numClasses: 3, average: 'none' });
  expect(() => new metrics.ClasswiseWrapper(recall(), { labels: ['a'] }).compute()).toThrow('expected 3 labels, got 1');
  expect(() => new metrics.ClasswiseWrapper(recall(), { labels: [1] as never })).toThrow('expected labels to be a list of texts');
  expect(() => new metrics.ClasswiseWrapper(recall(), { prefix: 1 as never })).toThrow('expected prefix to be a text, got 1');
  expect(() => new metrics.ClasswiseWrapper(fresh()).compute()).toThrow('expected metric to give a figure for each class');
});

it('outputs are refused in one', () => {
  const each = new metrics.MultioutputWrapper(new metrics.MeanSquaredLogError(), 2);
  each.update(ones([3, 2]), zeros([3, 2]));
  const before = list(each);
  const where = '[MultioutputWrapper.update]';
  expectError(() => each.update(ones([3, 3]), ones([3, 3])), RangeError, `${where} expected 2 outputs along dimension -1, got [3, 3]`);
  expectError(() => each.update(ones([2]), ones([2])), RangeError, `${where} expected 2 outputs along dimension -1, got [2]`);
  expect(() => each.update(ones([3, 2]), ones([2, 2]))).toThrow('expected preds [2], got [3]');
  expect(list(each)).toEqual(before);
  const step = compile((x: Tensor) => {
    each.update(x, x);
    return x.mul(2);
  });
  expect(() => step(ones([2, 2]))).toThrow(`${where} a value cannot be read inside a compiled function`);
});

it('a copy of a metric shares nothing with it', () => {
  class Own extends metrics.Metric {
    readonly seen = new Map([['sums', [0]]]);
    readonly kinds = new Set(['a']);
    readonly weights = ones([2]);
    update(preds: Tensor): void {
      this.seen.get('sums')![0]! += preds.sum().item();
      this.weights.mul_(2);
    }
    compute(): Tensor {
      return tensor(this.seen.get('sums')!);
    }
    reset(): void {
      this.seen.get('sums')![0] = 0;
    }
  }
  const own = new Own();
  const tracker = new metrics.MetricTracker(own, { maximize: true });
  for (const value of [1, 2]) {
    tracker.increment();
    tracker.update(tensor([value]), tensor([0]));
  }
  expect(tracker.computeAll().toArray()).toEqual([[1], [2]]);
  expect(list(own)).toEqual([0]);
  expect(own.weights.toArray()).toEqual([1, 1]);
  tracker.resetAll();
  expect(tracker.computeAll().toArray()).toEqual([[0], [0]]);
});

it('a tracker follows a collection, and asks for its first round', () => {
  const tracker = new metrics.MetricTracker(new metrics.MetricCollection({ error: fresh(), r2: new metrics.R2Score() }));
  expect(() => tracker.update(ones([2]), ones([2]))).toThrow(
    '[MetricTracker.update] there is no round yet\n  hint: tracker.increment() begins one',
  );
  expect(() => tracker.compute()).toThrow('[MetricTracker.compute] there is no round yet');
  for (const shift of [2, 1, 3]) {
    tracker.increment();
    tracker.update(tensor([0, 1, 2]).add(shift), tensor([0, 1, 2]));
  }
  expect(tracker.bestMetric({ returnStep: true })).toEqual({ value: { error: 1, r2: -0.5 }, step: { error: 1, r2: 1 } });
  expect(tracker.computeAll().error.toArray()).toEqual([2, 1, 3]);
  expect(tracker.nSteps).toBe(3);
  expect(() => new metrics.MetricTracker(new metrics.StatScores({ task: 'binary' }))).toThrow(
    'whether a higher metric is better is not known',
  );
  expect(() => new metrics.MetricTracker(fresh(), { maximize: [true, false] })).toThrow('expected maximize for 1 metrics, got 2');
});

it.each(['poisson', 'multinomial'] as const)('a %s bootstrap is seeded, and has the spread of a mean', (samplingStrategy) => {
  manualSeed(5);
  const [n, copies] = [400, 300];
  const preds = randn([n]);
  const bootstrap = (): Record<'mean' | 'std' | 'quantile' | 'raw', Tensor> => {
    const metric = new metrics.BootStrapper(fresh(), { numBootstraps: copies, quantile: 0.5, raw: true, samplingStrategy });
    metric.update(preds, zeros([n]));
    return metric.compute() as Record<'mean' | 'std' | 'quantile' | 'raw', Tensor>;
  };
  const state = getRngState();
  const first = bootstrap();
  setRngState(state);
  expect(bootstrap().raw.toArray()).toEqual(first.raw.toArray());
  expect(bootstrap().raw.toArray()).not.toEqual(first.raw.toArray());
  const sizes = preds.abs();
  const standardError = sizes.std().item() / Math.sqrt(n);
  expect(Math.abs(first.mean.item() - sizes.mean().item())).toBeLessThan((5 * standardError) / Math.sqrt(copies));
  expect(first.std.item() / standardError).toBeGreaterThan(0.8);
  expect(first.std.item() / standardError).toBeLessThan(1.2);
  expect(Math.abs(first.quantile.item() - first.mean.item())).toBeLessThan(standardError);
});

it('lists have rows of one shape, and values of aggregators are numbers or tensors', () => {
  const all = new metrics.CatMetric();
  expect(all.compute().shape).toEqual([0]);
  all.update(ones([2, 3]));
  expectError(() => all.update(ones([2])), RangeError, '[CatMetric.update] expected a value [n, ...] with rows [3], got [2]');
  expect(all.compute().shape).toEqual([2, 3]);
  expect(new metrics.MaxMetric().compute().item()).toBe(-Infinity);
  expect(() => new metrics.SumMetric().update('1' as never)).toThrow(
    '[SumMetric.update] expected value to be a tensor or a number, got "1"',
  );
  expect(() => new metrics.MinMetric({ nanStrategy: 'error' }).update(Number.NaN)).toThrow('[MinMetric.update] the value NaN');
});
