// Metrics of numbers, of distributions, and of classes, beside those of torchmetrics.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compile, metrics, ones, rand, randn, Tensor, tensor, zeros } from '../../src';
import { expectError } from '../helpers';

interface Golden {
  shape: number[];
  dtype: 'float32' | 'int32';
  data: (number | 'NaN' | 'Infinity' | '-Infinity')[];
}
interface Case {
  kind: string;
  options: object;
  dataset: string;
  higherIsBetter: boolean | null;
  isTruth: boolean;
  expected: Golden;
}
const golden = JSON.parse(gunzipSync(readFileSync(join(__dirname, 'dense.json.gz'))).toString()) as {
  datasets: Record<string, { preds: Golden; target: Golden; sizes: number[] }>;
  cases: Case[];
};
const tensorOf = ({ shape, dtype, data }: Golden): Tensor =>
  new Tensor((dtype === 'int32' ? Int32Array : Float32Array).from(data.map(Number)), shape);

const ints = (...values: number[]): Tensor => tensor(Int32Array.from(values));

interface AnyMetric extends metrics.Metric {}
type Kind = new (options?: object) => AnyMetric;
const make = (name: string, options?: object): AnyMetric => new (metrics as unknown as Record<string, Kind>)[name]!(options);
const after = (name: string, preds: number[] | Tensor, target: number[] | Tensor, options?: object): unknown => {
  const metric = make(name, options);
  metric.update(preds instanceof Tensor ? preds : tensor(preds), target instanceof Tensor ? target : tensor(target));
  return metric.compute().toArray();
};

describe('beside torchmetrics', () => {
  it.each(golden.cases.map((one, i) => [`${i}: ${one.kind} ${JSON.stringify(one.options)} of ${one.dataset}`, one] as const))(
    '%s',
    (_, one) => {
      const metric = make(one.kind, one.options);
      expect(metric.higherIsBetter).toBe(one.higherIsBetter);
      const { preds, target, sizes } = golden.datasets[one.dataset]!;
      const [p, t] = [tensorOf(preds), tensorOf(target)];
      let begin = 0;
      for (const size of sizes) {
        metric.update(p.narrow(0, begin, size), t.narrow(0, begin, size));
        begin += size;
      }
      const value = metric.compute();
      expect(value.shape).toEqual(one.expected.shape);
      one.expected.data.forEach((text, i) => {
        const [own, wanted] = [value.data[i]!, Number(text)];
        // Of the truth its rounding to float32; of what torchmetrics has in float32 alone, its own steps too.
        if (!Number.isFinite(wanted)) expect(own).toBe(wanted);
        else expect(Math.abs(own - wanted)).toBeLessThanOrEqual((one.isTruth ? 1 : 4) * 2 ** -24 * Math.abs(wanted));
      });
    },
  );
});

// Of each metric options with which it takes predicted and true numbers of one shape [n].
const ofNumbers: Record<string, object> = {
  LogCoshError: {},
  MinkowskiDistance: { p: 3 },
  RelativeSquaredError: {},
  NormalizedRootMeanSquaredError: {},
  WeightedMeanAbsolutePercentageError: {},
  TweedieDevianceScore: { power: 1.5 },
  ConcordanceCorrCoef: {},
  KendallRankCorrCoef: {},
};

describe.each(Object.entries(ofNumbers))('%s', (name, options) => {
  const [preds, target] = [rand([50]).add(0.5), rand([50]).add(0.5)];

  it('gathers over updates, until it is reset', () => {
    const metric = make(name, options);
    const before = metric.compute().item();
    for (const [begin, n] of [
      [0, 20],
      [20, 0],
      [20, 1],
      [21, 29],
    ] as const) {
      metric.update(preds.narrow(0, begin, n), target.narrow(0, begin, n));
    }
    const value = metric.compute().item();
    expect(value).toBeCloseTo(after(name, preds, target, options) as number, 5);
    metric.reset();
    expect(metric.compute().item()).toBe(before);
    expect(before).toBe(['MinkowskiDistance', 'WeightedMeanAbsolutePercentageError'].includes(name) ? 0 : Number.NaN);
    metric.update(preds, target);
    expect(metric.compute().item()).toBeCloseTo(value, 5);
  });

  it('refuses batches that do not fit, and takes in nothing of them', () => {
    const metric = make(name, options);
    metric.update(preds, target);
    const value = metric.compute().item();
    const where = `[${name}.update]`;
    expectError(() => metric.update(null as never, target), TypeError, `${where} expected preds to be a tensor, got null`);
    expectError(
      () => metric.update(preds, [1] as never),
      TypeError,
      `${where} expected target to be a tensor, got an array\n  hint: tensor(...) makes one`,
    );
    expectError(() => metric.update(preds, zeros([49])), RangeError, `${where} expected preds [49], got [50]`);
    expect(metric.compute().item()).toBe(value);
  });

  it('refuses options that it does not know', () => {
    expect(() => make(name, { ...options, outputs: 3 })).toThrow(`[${name}] unknown option "outputs"`);
    expect(() => make(name, null as never)).toThrow(`[${name}] expected an options object, got null`);
  });

  it('is updated outside of compiled functions, and takes a batch back with the others of a collection', () => {
    const metric = make(name, options);
    const step = compile((x: Tensor) => {
      metric.update(x, x);
      return x.mul(2);
    });
    expect(() => step(rand([2]))).toThrow(`[${name}.update] a value cannot be read inside a compiled function`);
    const collection = new metrics.MetricCollection({ metric, error: new metrics.MeanSquaredError({ numOutputs: 2 }) });
    metric.update(preds, target);
    const value = metric.compute().item();
    expect(() => collection.update(preds, target)).toThrow('expected target [n, 2], got [50]');
    expect(metric.compute().item()).toBe(value);
  });
});

describe.each(['LogCoshError', 'RelativeSquaredError', 'NormalizedRootMeanSquaredError', 'ConcordanceCorrCoef', 'KendallRankCorrCoef'])(
  'the outputs of %s',
  (name) => {
    it('are as many as is said', () => {
      const metric = make(name, { numOutputs: 3 });
      const where = `[${name}.update]`;
      expectError(() => metric.update(zeros([4, 2]), zeros([4, 2])), RangeError, `${where} expected target [n, 3], got [4, 2]`);
      expectError(() => metric.update(zeros([3]), zeros([3])), RangeError, `${where} expected target [n, 3], got [3]`);
      expectError(() => make(name, { numOutputs: 0 }), RangeError, `[${name}] expected numOutputs to be from 1 to 1048576, got 0`);
      const one = (): void => make(name).update(zeros([4, 2]), zeros([4, 2]));
      if (name === 'NormalizedRootMeanSquaredError') one();
      else expectError(one, RangeError, `${where} expected target [n] or [n, 1], got [4, 2]\n  hint: numOutputs: 2`);
      const three = name === 'RelativeSquaredError' ? Number.NaN : [Number.NaN, Number.NaN, Number.NaN];
      expect(make(name, { numOutputs: 3 }).compute().toArray()).toEqual(three);
    });

    it('are those of the columns by themselves', () => {
      const [preds, target] = [randn([30, 3]), randn([30, 3])];
      const each = [0, 1, 2].map((o) => after(name, preds.select(1, o), target.select(1, o)) as number);
      const mean = each.reduce((sum, value) => sum + value / 3, 0);
      const all = [after(name, preds, target, { numOutputs: 3 })].flat() as number[];
      all.forEach((value, o) => void expect(value).toBeCloseTo(all.length === 1 ? mean : each[o]!, 5));
    });
  },
);

it('what is no power, normalization, variant or truth value is refused', () => {
  expectError(() => make('MinkowskiDistance', {}), TypeError, '[MinkowskiDistance] expected p to be a number, got undefined');
  expectError(() => make('MinkowskiDistance', { p: 0.5 }), RangeError, '[MinkowskiDistance] expected p to be at least 1, got 0.5');
  expectError(() => make('MinkowskiDistance', { p: Infinity }), RangeError, '[MinkowskiDistance] expected p to be finite, got Infinity');
  const power = '[TweedieDevianceScore] expected power to be';
  expectError(() => make('TweedieDevianceScore', { power: 0.5 }), RangeError, `${power} finite and not between 0 and 1, got 0.5`);
  expectError(
    () => make('TweedieDevianceScore', { power: -Infinity }),
    RangeError,
    `${power} finite and not between 0 and 1, got -Infinity`,
  );
  expectError(() => make('TweedieDevianceScore', { power: '1' }), TypeError, `${power} a number, got "1"`);
  const normalization = 'expected normalization to be one of "mean", "range", "std", "l2", got "max"';
  expectError(
    () => make('NormalizedRootMeanSquaredError', { normalization: 'max' }),
    RangeError,
    `[NormalizedRootMeanSquaredError] ${normalization}`,
  );
  expectError(
    () => make('KendallRankCorrCoef', { variant: 'd' }),
    RangeError,
    '[KendallRankCorrCoef] expected variant to be one of "a", "b", "c", got "d"',
  );
  expectError(
    () => make('RelativeSquaredError', { squared: 1 }),
    TypeError,
    '[RelativeSquaredError] expected squared to be true or false, got 1',
  );
});

describe('TweedieDevianceScore', () => {
  it('refuses numbers that its power does not allow, and takes in nothing of them', () => {
    const refuses = (power: number, preds: number[], target: number[], message: string): void => {
      const metric = make('TweedieDevianceScore', { power });
      metric.update(tensor([1]), tensor([2]));
      const value = metric.compute().item();
      expectError(() => metric.update(tensor(preds), tensor(target)), RangeError, `[TweedieDevianceScore.update] expected ${message}`);
      expect(metric.compute().item()).toBe(value);
    };
    for (const power of [-1, 1, 1.5, 2, 3]) refuses(power, [1, 0], [1, 1], `preds above 0 for power ${power}, got 0 at position 1`);
    for (const power of [1, 1.5]) refuses(power, [1, 1], [0, -1], `target of at least 0 for power ${power}, got -1 at position 1`);
    for (const power of [2, 3]) refuses(power, [1, 1], [1, 0], `target above 0 for power ${power}, got 0 at position 1`);
    expect(after('TweedieDevianceScore', [0, -1], [-2, 1], { power: 0 })).toBe(4);
    expect(after('TweedieDevianceScore', [1, Number.NaN], [1, 1], { power: 2 })).toBeNaN();
  });
});

describe('corners', () => {
  it('are finite where powers and exponentials are not', () => {
    expect(after('LogCoshError', [200], [0])).toBe(Math.fround(200 - Math.LN2));
    expect(after('LogCoshError', [1e-6], [0])).toBeCloseTo(5e-13, 18);
    expect(after('MinkowskiDistance', [0, 1e30, 0, 1e30], [0, 0, 2e30, 0], { p: 400 })).toBe(Math.fround(2e30));
    expect(after('MinkowskiDistance', [1e-30, 1e-30], [0, 0], { p: 100 })).toBeCloseTo(1e-30 * 2 ** 0.01, 35);
    expect(after('MinkowskiDistance', [1, Number.NaN], [0, 0], { p: 2 })).toBeNaN();
    expect(after('MinkowskiDistance', [1, Infinity, 2], [0, 0, 0], { p: 2 })).toBe(Infinity);
  });

  it('keep the digits of targets far from 0', () => {
    const far = [0, 1, 2, 3].map((x) => x + 2 ** 20);
    const preds = far.map((x, i) => x + [0.5, -0.5, 0.5, -0.5][i]!);
    expect(after('RelativeSquaredError', preds, far)).toBe(Math.fround(1 / 5));
    expect(after('NormalizedRootMeanSquaredError', preds, far, { normalization: 'std' })).toBe(Math.fround(0.5 / Math.sqrt(1.25)));
  });

  it('take int32', () => {
    for (const [name, options] of Object.entries(ofNumbers)) {
      expect(after(name, ints(1, 2, 4), ints(1, 3, 2), options)).toBe(after(name, [1, 2, 4], [1, 3, 2], options));
    }
    // Both are one float32.
    expect(after('KendallRankCorrCoef', ints(2 ** 24, 2 ** 24 + 1), ints(1, 2))).toBe(1);
  });

  it('of ranks: NaN has none, and 0 is -0', () => {
    expect(after('KendallRankCorrCoef', [1, Number.NaN, 2], [1, 2, 3])).toBeNaN();
    expect(after('KendallRankCorrCoef', [1, 3, 2], [1, 2, Number.NaN])).toBeNaN();
    expect(after('KendallRankCorrCoef', [0, -0, 1], [1, 2, 3])).toBe(Math.fround(2 / Math.sqrt(2 * 3)));
  });

  it('are counted as by comparing all pairs', () => {
    const n = 300;
    const [x, y] = [0, 1].map(() => Array.from({ length: n }, () => Math.floor(40 * Math.random()))) as [number[], number[]];
    let [concordant, discordant, tiesX, tiesY] = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const sign = Math.sign(x[i]! - x[j]!) * Math.sign(y[i]! - y[j]!);
        concordant += Number(sign > 0);
        discordant += Number(sign < 0);
        tiesX += Number(x[i] === x[j]);
        tiesY += Number(y[i] === y[j]);
      }
    }
    const [pairs, surplus] = [(n * (n - 1)) / 2, concordant - discordant];
    expect(after('KendallRankCorrCoef', x, y, { variant: 'a' })).toBe(Math.fround(surplus / (concordant + discordant)));
    expect(after('KendallRankCorrCoef', x, y)).toBeCloseTo(surplus / Math.sqrt((pairs - tiesX) * (pairs - tiesY)), 7);
  });
});

describe('KLDivergence', () => {
  it('has its figures before any update, and after a reset', () => {
    const metric = new metrics.KLDivergence({ reduction: 'none' });
    expect(metric.compute().shape).toEqual([0]);
    metric.update(ones([3, 2]), ones([3, 2]));
    expect(metric.compute().toArray()).toEqual([0, 0, 0]);
    metric.update(ones([0, 2]), ones([0, 2]));
    metric.reset();
    expect(metric.compute().shape).toEqual([0]);
    expect(new metrics.KLDivergence().compute().item()).toBeNaN();
    expect(new metrics.KLDivergence({ reduction: 'sum' }).compute().item()).toBe(0);
  });

  it('refuses what is no distribution in rows, and takes in nothing of it', () => {
    const metric = new metrics.KLDivergence({ reduction: 'none' });
    metric.update(tensor([[1, 3]]), tensor([[1, 1]]));
    const value = metric.compute().toArray();
    const where = '[KLDivergence.update]';
    expectError(() => metric.update(ones([2]), ones([2])), RangeError, `${where} expected q [n, outcomes], got [2]`);
    expectError(() => metric.update(ones([1, 2]), ones([1, 3])), RangeError, `${where} expected p [1, 3], got [1, 2]`);
    expectError(
      () => metric.update(1 as never, ones([1, 2])),
      TypeError,
      `${where} expected p to be a tensor, got 1\n  hint: tensor(...) makes one`,
    );
    const collection = new metrics.MetricCollection([metric, new metrics.MeanSquaredError({ numOutputs: 3 })]);
    expect(() => collection.update(ones([1, 2]), ones([1, 2]))).toThrow('[MeanSquaredError.update]');
    expect(metric.compute().toArray()).toEqual(value);
    expectError(
      () => new metrics.KLDivergence({ logProb: 0 as never }),
      TypeError,
      '[KLDivergence] expected logProb to be true or false, got 0',
    );
    expectError(
      () => new metrics.KLDivergence({ reduction: 'batchmean' as never }),
      RangeError,
      '[KLDivergence] expected reduction to be one of "mean", "sum", "none", got "batchmean"',
    );
  });
});
