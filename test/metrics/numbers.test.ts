// Metrics of predicted numbers.
import { describe, expect, it } from 'vitest';
import { compile, metrics, rand, randn, Tensor, tensor, zeros } from '../../src';
import { expectError } from '../helpers';

interface AnyMetric extends metrics.Metric {}
type Kind = new (options?: object) => AnyMetric;
const kind = (name: string): Kind => (metrics as unknown as Record<string, Kind>)[name]!;
const after = (name: string, preds: number[] | Tensor, target: number[] | Tensor, options?: object): unknown => {
  const metric = new (kind(name))(options);
  metric.update(preds instanceof Tensor ? preds : tensor(preds), target instanceof Tensor ? target : tensor(target));
  return metric.compute().toArray();
};
const errors = [
  'MeanSquaredError',
  'MeanAbsoluteError',
  'MeanAbsolutePercentageError',
  'SymmetricMeanAbsolutePercentageError',
  'MeanSquaredLogError',
];
const scores = ['ExplainedVariance', 'R2Score'];
const correlations = ['PearsonCorrCoef', 'SpearmanCorrCoef'];
const all = [...errors, ...scores, ...correlations];

it('says what torchmetrics says of which figure is better', () => {
  const said = Object.fromEntries(all.map((name) => [name, new (kind(name))().higherIsBetter]));
  expect(said).toEqual({
    ...Object.fromEntries(errors.map((name) => [name, false])),
    ...{ ExplainedVariance: true, R2Score: true, PearsonCorrCoef: null, SpearmanCorrCoef: true },
  });
});

describe.each(all)('%s', (name) => {
  const draw = name === 'MeanSquaredLogError' ? rand : randn; // it has no figure of numbers below -1
  const [preds, target] = [draw([50]), draw([50])];

  it('gathers over updates, until it is reset', () => {
    const metric = new (kind(name))();
    for (const [begin, n] of [
      [0, 20],
      [20, 0],
      [20, 1],
      [21, 29],
    ] as const) {
      metric.update(preds.narrow(0, begin, n), target.narrow(0, begin, n));
    }
    const value = metric.compute().item();
    expect(value).toBeCloseTo(after(name, preds, target) as number, 6);
    metric.reset();
    if (name === 'R2Score') expectError(() => metric.compute(), RangeError, '[R2Score.compute] expected two samples or more, got 0');
    else expect(metric.compute().item()).toBeNaN();
    metric.update(preds, target);
    expect(metric.compute().item()).toBeCloseTo(value, 6);
  });

  it('refuses batches that do not fit, and takes in nothing of them', () => {
    const metric = new (kind(name))();
    metric.update(preds, target);
    const value = metric.compute().item();
    const where = `[${name}.update]`;
    expectError(() => metric.update(null as never, target), TypeError, `${where} expected preds to be a tensor, got null`);
    expectError(() => metric.update(preds, zeros([49])), RangeError, `${where} expected preds [49], got [50]`);
    expectError(
      () => metric.update(preds, target.reshape([50, 1])),
      RangeError,
      `${where} expected preds [50, 1], got [50]\n  hint: reshape gives one the shape of the other`,
    );
    expect(metric.compute().item()).toBe(value);
  });

  it('refuses options that it does not know', () => {
    expect(() => new (kind(name))({ outputs: 3 })).toThrow(`[${name}] unknown option "outputs"`);
  });

  it('is updated outside of compiled functions', () => {
    const metric = new (kind(name))();
    const step = compile((x: Tensor) => {
      metric.update(x, x);
      return x.mul(2);
    });
    expect(() => step(rand([2]))).toThrow(`[${name}.update] a value cannot be read inside a compiled function`);
  });
});

describe.each(['MeanSquaredError', 'MeanAbsoluteError', ...correlations])('the outputs of %s', (name) => {
  it('have a figure each', () => {
    const [preds, target] = [randn([30, 3]), randn([30, 3])];
    const each = [0, 1, 2].map((o) => after(name, preds.narrow(1, o, 1), target.narrow(1, o, 1)) as number);
    const together = after(name, preds, target, { numOutputs: 3 }) as number[];
    together.forEach((value, o) => {
      expect(value).toBeCloseTo(each[o]!, 6);
    });
    expect(new (kind(name))({ numOutputs: 3 }).compute().toArray()).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  it('are as many as is said', () => {
    const metric = new (kind(name))({ numOutputs: 3 });
    const where = `[${name}.update]`;
    expectError(() => metric.update(zeros([4, 2]), zeros([4, 2])), RangeError, `${where} expected target [n, 3], got [4, 2]`);
    expectError(() => metric.update(zeros([3]), zeros([3])), RangeError, `${where} expected target [n, 3], got [3]`);
    expectError(() => new (kind(name))({ numOutputs: 0 }), RangeError, `[${name}] expected numOutputs to be from 1 to 1048576, got 0`);
    expectError(() => new (kind(name))({ numOutputs: '2' }), TypeError, `[${name}] expected numOutputs to be a number, got "2"`);
    const one = (): void => new (kind(name))().update(zeros([4, 2]), zeros([4, 2]));
    if (correlations.includes(name))
      expectError(one, RangeError, `${where} expected target [n] or [n, 1], got [4, 2]\n  hint: numOutputs: 2`);
    else one();
    const scalar = (): void => new (kind(name))().update(tensor(1), tensor(1));
    if (correlations.includes(name)) expectError(scalar, RangeError, `${where} expected target [n] or [n, 1], got []`);
    else scalar();
  });
});

describe('mean errors', () => {
  it('are means over all elements', () => {
    expect(after('MeanSquaredError', [[1, 2, 3]] as never, tensor([[3, 2, 0]]) as never)).toBe(Math.fround(13 / 3));
    expect(after('MeanSquaredError', [3, 0], [0, 4], { squared: false })).toBe(Math.fround(Math.sqrt(12.5)));
    expect(after('MeanAbsoluteError', tensor(Int32Array.of(1, -4)), tensor(Int32Array.of(2, 1)))).toBe(3);
    expect(after('MeanAbsolutePercentageError', [0], [0])).toBe(0);
    expect(after('MeanAbsolutePercentageError', [1.17e-6], [0])).toBeCloseTo(1, 6);
    expect(after('MeanSquaredError', [1, Number.NaN], [1, 1])).toBeNaN();
    expectError(
      () => new (kind('MeanSquaredError'))({ squared: 1 }),
      TypeError,
      '[MeanSquaredError] expected squared to be true or false, got 1',
    );
  });

  it('are summed in float64', () => {
    expect(after('MeanAbsoluteError', [1e8, 1, 1, 1, 1], [0, 0, 0, 0, 0])).toBe(Math.fround((1e8 + 4) / 5));
  });
});

describe('R2Score and ExplainedVariance', () => {
  it('are exact where the mean is large', () => {
    const base = [0, 1, 2, 3];
    const far = base.map((x) => x + 2 ** 20);
    const preds = far.map((x, i) => x + [0.5, -0.5, 0.5, -0.5][i]!);
    for (const name of scores) expect(after(name, preds, far)).toBe(Math.fround(1 - 1 / 5));
  });

  it('have their corners', () => {
    expect(after('ExplainedVariance', [2, 3, 4], [1, 2, 3])).toBe(1);
    expect(after('R2Score', [2, 3, 4], [1, 2, 3])).toBe(-0.5);
    expect(after('R2Score', [1, 1], [1, 1])).toBe(1);
    expect(after('R2Score', [1, 2], [1, 1])).toBe(0);
    expect(after('ExplainedVariance', [1, 2], [1, 1])).toBe(0);
    // Sums up to 1e-4 count as 0.
    expect(after('R2Score', [0.001, 0.002], [0.002, 0.001])).toBe(1);
    expect(after('R2Score', [1, Number.NaN], [1, 2])).toBeNaN();
    expectError(() => after('R2Score', [1], [1]), RangeError, '[R2Score.compute] expected two samples or more, got 1');
  });

  it('average several outputs', () => {
    const [preds, target] = [
      tensor([
        [1, 0],
        [2, 4],
        [3, 8],
      ]),
      tensor([
        [1, 0],
        [2, 2],
        [3, 4],
      ]),
    ];
    const of = (name: string, multioutput: string): unknown => after(name, preds, target, { multioutput });
    expect(of('R2Score', 'raw_values')).toEqual([1, -1.5]);
    expect(of('R2Score', 'uniform_average')).toBe(-0.25);
    expect(of('R2Score', 'variance_weighted')).toBe(Math.fround((2 * 1 + 8 * -1.5) / 10));
    expect(of('ExplainedVariance', 'raw_values')).toEqual([1, 0]);
    const metric = new metrics.R2Score();
    metric.update(preds, target);
    expectError(() => metric.update(zeros([3]), zeros([3])), RangeError, '[R2Score.update] expected 2 outputs as before, got 1');
    expectError(
      () => metric.update(zeros([3, 2, 1]), zeros([3, 2, 1])),
      RangeError,
      '[R2Score.update] expected target [n] or [n, outputs], got [3, 2, 1]',
    );
    expectError(
      () => new metrics.R2Score({ multioutput: 'mean' as never }),
      RangeError,
      '[R2Score] expected multioutput to be one of "raw_values", "uniform_average", "variance_weighted", got "mean"',
    );
  });

  it('are adjusted where there are samples enough', () => {
    const [preds, target] = [
      [1, 2, 3, 5],
      [1, 2, 3, 4],
    ];
    const r2 = after('R2Score', preds, target) as number;
    expect(after('R2Score', preds, target, { adjusted: 1 })).toBeCloseTo(1 - ((1 - r2) * 3) / 2, 6);
    expect(after('R2Score', preds, target, { adjusted: 3 })).toBe(r2);
    expect(after('R2Score', preds, target, { adjusted: 9 })).toBe(r2);
    expectError(() => new metrics.R2Score({ adjusted: -1 }), RangeError, '[R2Score] expected adjusted to be at least 0, got -1');
  });
});

describe('correlations', () => {
  it('are 1 and -1 for what goes together', () => {
    for (const name of correlations) {
      expect(after(name, [1, 2, 3], [10, 20, 30])).toBeCloseTo(1, 5);
      expect(after(name, [1, 2, 3], [30, 20, 10])).toBeCloseTo(-1, 5);
    }
    expect(after('SpearmanCorrCoef', [1, 10, 100], [0, 0.001, 5])).toBeCloseTo(1, 5);
  });

  it('have their corners', () => {
    expect(after('PearsonCorrCoef', [1], [2])).toBeNaN();
    expect(after('PearsonCorrCoef', [1, 1, 1], [1, 2, 3])).toBeNaN();
    expect(after('PearsonCorrCoef', [0.1, 0.1, 0.1], [1, 2, 3])).toBeNaN();
    expect(after('PearsonCorrCoef', [1, Number.NaN], [1, 2])).toBeNaN();
    expect(after('PearsonCorrCoef', [1, Infinity], [1, 2])).toBeNaN();
    expect(after('SpearmanCorrCoef', [1, 1, 1], [1, 2, 3])).toBe(0);
    expect(after('SpearmanCorrCoef', [1, Number.NaN], [1, 2])).toBeNaN();
    expect(after('SpearmanCorrCoef', [-Infinity, 0, Infinity], [1, 2, 3])).toBeCloseTo(1, 5);
    // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4; 0 and -0 are equal.
    expect(after('SpearmanCorrCoef', [-1, 0, -0, 1], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 5);
    expectError(
      () => after('SpearmanCorrCoef', tensor(Int32Array.of(1, 2)), tensor(Int32Array.of(1, 2))),
      TypeError,
      '[SpearmanCorrCoef.update] expected preds to be float32, got int32\n  hint: preds.to("float32") converts it',
    );
  });

  it('are the same however the rows are divided', () => {
    const [x, y] = [randn([64]).add(1000), randn([64])];
    const whole = after('PearsonCorrCoef', x, y) as number;
    const metric = new metrics.PearsonCorrCoef();
    for (let i = 0; i < 64; i++) metric.update(x.narrow(0, i, 1), y.narrow(0, i, 1));
    expect(metric.compute().item()).toBeCloseTo(whole, 6);
  });
});

describe('errors of both, and of logarithms', () => {
  const [preds, target] = [
    [0.5, 1, 2.5, 7],
    [1, 1, 0.25, 8],
  ];
  it('are those of torchmetrics', () => {
    const near = (name: string, wanted: number): void => {
      const metric = new (kind(name))();
      metric.update(tensor(preds!), tensor(target!));
      expect(Math.abs(metric.compute().item() - wanted)).toBeLessThan(4 * 2 ** -24 * wanted);
    };
    near('SymmetricMeanAbsolutePercentageError', 0.6090909242630005);
    near('MeanSquaredLogError', 0.289187490940094);
  });
  it('have no figure of numbers below -1, and a floor below both', () => {
    expect(after('MeanSquaredLogError', [-2], [1])).toBeNaN();
    expect(after('SymmetricMeanAbsolutePercentageError', [0], [0])).toBe(0);
    expect(after('SymmetricMeanAbsolutePercentageError', [1], [-1])).toBe(2);
  });
});
