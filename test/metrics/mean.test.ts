import { describe, expect, it, vi } from 'vitest';
import { compile, ones, type Tensor, tensor, zeros } from '../../src';
import { MeanMetric, type MeanMetricOptions, Metric } from '../../src/metrics';
import { expectError, thrownBy } from '../helpers';

type Input = Tensor | number;
const meanOf = (updates: [Input, Input?][], options?: MeanMetricOptions): number => {
  const metric = new MeanMetric(options);
  for (const [value, weight] of updates) metric.update(value, weight);
  return metric.compute().item();
};
const matrix = (): Tensor =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

describe('MeanMetric', () => {
  it('is the mean of all values', () => {
    expect(meanOf([[1], [2], [6]])).toBe(3);
    expect(meanOf([[matrix()], [tensor(Int32Array.of(7, 8))]])).toBe(4.5);
    expect(meanOf([[zeros([0])], [3]])).toBe(3);
    expect(new MeanMetric().compute().shape).toEqual([]);
    expect(new MeanMetric()).toBeInstanceOf(Metric);
  });

  it('weights them', () => {
    expect(
      meanOf([
        [0.5, 32],
        [2, 16],
      ]),
    ).toBe(1);
    expect(meanOf([[tensor([1, 5]), tensor([3, 1])]])).toBe(2);
    expect(
      meanOf([
        [tensor([1, 5]), tensor(Int32Array.of(3, 1))],
        [2, 6],
      ]),
    ).toBe(2);
    expect(meanOf([[matrix(), tensor([1, 0, 0])]])).toBe(2.5);
    expect(meanOf([[matrix(), tensor([[0], [1]])]])).toBe(5);
    expect(meanOf([[matrix(), tensor([[2]])]])).toBe(3.5);
    expect(meanOf([[ones([2, 3, 2]).mul(tensor([1, 3])), tensor([[[1], [1], [1]]])]])).toBe(2);
    expect(
      meanOf([
        [
          tensor([
            [
              [0, 1],
              [2, 3],
            ],
            [
              [4, 5],
              [6, 7],
            ],
          ]),
          tensor([
            [[1], [0]],
            [[0], [1]],
          ]),
        ],
      ]),
    ).toBe(3.5);
  });

  it('adds up in float64', () => {
    expect(meanOf([[1e8], [1], [-1e8], [2]])).toBe(0.75);
    expect(meanOf([[tensor([1e8, 1, -1e8, 2])]])).toBe(0.75);
  });

  it('is NaN before any update, and after a reset', () => {
    const metric = new MeanMetric();
    expect(metric.compute().item()).toBeNaN();
    metric.update(3);
    metric.reset();
    expect(metric.compute().item()).toBeNaN();
    metric.update(5);
    expect(metric.compute().item()).toBe(5);
    expect(meanOf([[3, 0]])).toBeNaN();
  });

  it('leaves NaN out, or does with it what it is told', () => {
    const updates: [Input, Input?][] = [[tensor([1, Number.NaN, 3])], [5, Number.NaN], [Number.NaN], [5]];
    expect(meanOf(updates, { nanStrategy: 'ignore' })).toBe(3);
    expect(meanOf(updates, { nanStrategy: 'disable' })).toBeNaN();
    expect(
      meanOf(
        [
          [1, 2],
          [4, 1],
        ],
        { nanStrategy: 'disable' },
      ),
    ).toBe(2);
    expect(
      meanOf(
        [
          [1, 2],
          [Number.NaN, 9],
          [7, Number.NaN],
        ],
        { nanStrategy: 4 },
      ),
    ).toBe(2.5);
    expect(meanOf([[tensor([Infinity, 1])]])).toBe(Infinity);
  });

  it('warns of NaN once', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(meanOf([[tensor([1, Number.NaN, 3])], [Number.NaN]])).toBe(2);
    expect(meanOf([[Number.NaN]])).toBeNaN();
    const message = '[MeanMetric.update] NaN among the values or weights: they are left out.';
    expect(warn.mock.calls).toEqual([[message, { code: 'SIMDNN_NAN_LEFT_OUT' }]]);
    warn.mockRestore();
  });

  it('refuses NaN where it is told to, and keeps what it has', () => {
    const metric = new MeanMetric({ nanStrategy: 'error' });
    metric.update(2);
    expectError(() => metric.update(tensor([5, Number.NaN])), RangeError, '[MeanMetric.update] the value NaN with weight 1 at position 1');
    expect(metric.compute().item()).toBe(2);
  });

  it('refuses what is no value or weight', () => {
    const metric = new MeanMetric();
    const where = '[MeanMetric.update]';
    expectError(() => metric.update('3' as never), TypeError, `${where} expected value to be a tensor or a number, got "3"`);
    expectError(() => metric.update([1] as never), TypeError, `${where} expected value to be a tensor or a number, got an array`);
    expectError(() => metric.update(1, null as never), TypeError, `${where} expected weight to be a tensor or a number, got null`);
    expectError(() => metric.update(1, ones([2])), RangeError, `${where} expected a weight that broadcasts to [], got [2]`);
    expect(thrownBy(() => metric.update(matrix(), ones([2]))).message).toContain(`${where} shapes [2] and [2, 3] do not broadcast`);
    expect(metric.compute().item()).toBeNaN();
  });

  it('refuses options that it does not know', () => {
    const Kind = MeanMetric as new (options: object) => MeanMetric;
    expectError(() => new Kind({ nan: 1 }), TypeError, '[MeanMetric] unknown option "nan", did you mean "nanStrategy"?');
    expectError(
      () => new Kind({ nanStrategy: 'skip' }),
      RangeError,
      '[MeanMetric] expected nanStrategy to be one of "warn", "ignore", "error", "disable", got "skip"',
    );
    expectError(() => new Kind({ nanStrategy: Number.NaN }), RangeError, '[MeanMetric] expected nanStrategy to be a number, got NaN');
  });

  it('is updated outside of compiled functions', () => {
    const metric = new MeanMetric();
    const step = compile((x: Tensor) => {
      metric.update(x);
      return x.mul(2);
    });
    expect(() => step(ones([2]))).toThrow('[MeanMetric.update] a value cannot be read inside a compiled function');
  });
});
