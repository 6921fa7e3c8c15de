// Initial values that are more than independent draws, against what defines them.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, ones, randn, type Tensor, tensor, zeros } from '../../src';
import { expectError, expectSame, flat } from '../helpers';

const { init } = nn;

// Products of columns, or rows, in float64.
function gramOf(t: Tensor, rows: number, columns: number, ofColumns: boolean): number[][] {
  const values = flat(t);
  const [count, length] = ofColumns ? [columns, rows] : [rows, columns];
  const at = (i: number, k: number) => (ofColumns ? values[k * columns + i]! : values[i * columns + k]!);
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: count }, (__, j) => Array.from({ length }, (___, k) => at(i, k) * at(j, k)).reduce((sum, v) => sum + v, 0)),
  );
}

describe('orthogonal_', () => {
  it.each([
    [[6, 6], 1],
    [[9, 4], 1],
    [[4, 9], 2.5],
    [[1, 1], -3],
    [[40, 30], 1],
    [[3, 2, 5], 1],
    [[20, 2, 3], 1],
  ] as [number[], number][])('%j with gain %d', (shape, gain) => {
    manualSeed(shape.length + shape[0]!);
    const t = zeros(shape);
    expect(init.orthogonal_(t, { gain })).toBe(t);
    const [rows, columns] = [shape[0]!, t.numel / shape[0]!];
    gramOf(t, rows, columns, rows >= columns).forEach((row, i) => {
      // Rounded to float32 once: of unit vectors the products are off by no more than 2^-24 (1 + sqrt(2)) twice.
      row.forEach((value, j) => void expect(Math.abs(value - (i === j ? gain ** 2 : 0))).toBeLessThan(2 ** -21 * gain ** 2));
    });
  });

  it('is the Q of the values that normal_ draws, with a positive diagonal of R', () => {
    manualSeed(4);
    const drawn = randn([7, 5]);
    manualSeed(4);
    const q = init.orthogonal_(zeros([7, 5]));
    const [z, values] = [flat(drawn), flat(q)];
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j <= i; j++) {
        const r = Array.from({ length: 7 }, (_, k) => values[k * 5 + i]! * z[k * 5 + j]!).reduce((sum, v) => sum + v, 0);
        if (i === j) expect(r).toBeGreaterThan(0.01);
        else expect(Math.abs(r)).toBeLessThan(1e-6);
      }
    }
  });

  it('turns every way: the mean of many is 0, of one element 1 or -1', () => {
    manualSeed(2);
    const ends = Array.from({ length: 400 }, () => flat(init.orthogonal_(zeros([2, 2])))[0]!);
    expect(Math.abs(ends.reduce((sum, v) => sum + v) / 400)).toBeLessThan(6 * Math.sqrt(0.5 / 400)); // 6 deviations
    const signs = Array.from({ length: 60 }, () => init.orthogonal_(zeros([1, 1])).item());
    expect([...new Set(signs)].sort()).toEqual([-1, 1]);
  });

  it('takes what has no elements', () => {
    expect(init.orthogonal_(zeros([0, 3])).shape).toEqual([0, 3]);
    expect(init.orthogonal_(zeros([3, 0])).shape).toEqual([3, 0]);
  });
});

describe('sparse_', () => {
  it('has so many zeros in each column, in any place', () => {
    manualSeed(3);
    const t = init.sparse_(zeros([10, 200]), 0.25, { std: 2 });
    const values = flat(t);
    const rowsWithZero = Array.from({ length: 10 }, () => 0);
    for (let column = 0; column < 200; column++) {
      const zero = Array.from({ length: 10 }, (_, row) => row).filter((row) => values[row * 200 + column] === 0);
      expect(zero.length).toBe(3);
      for (const row of zero) rowsWithZero[row]!++;
    }
    for (const count of rowsWithZero) expect(Math.abs(count - 60)).toBeLessThan(6 * Math.sqrt(200 * 0.3 * 0.7));
    const others = values.filter((v) => v !== 0);
    const deviation = Math.sqrt(others.reduce((sum, v) => sum + v * v, 0) / others.length);
    expect(Math.abs(deviation / 2 - 1)).toBeLessThan(6 / Math.sqrt(2 * others.length));
  });

  it('is normal with 0, zeros with 1', () => {
    expect([...flat(init.sparse_(zeros([4, 4]), 0))].every((v) => v !== 0 && Math.abs(v) < 0.1)).toBe(true);
    expectSame(init.sparse_(ones([3, 2]), 1, 5), zeros([3, 2]));
    expect(init.sparse_(zeros([0, 2]), 0.5).shape).toEqual([0, 2]);
  });
});

it('eye_ has ones on its diagonal, in a compiled function too', () => {
  for (const [rows, columns] of [
    [2, 3],
    [3, 2],
    [2, 2],
    [0, 2],
  ] as const) {
    const values = flat(init.eye_(ones([rows, columns])));
    expect([...values]).toEqual(Array.from({ length: rows * columns }, (_, k) => (Math.floor(k / columns) === k % columns ? 1 : 0)));
  }
  const w = new nn.Parameter(ones([2, 2]));
  const step = compile((x: Tensor) => {
    init.eye_(w);
    return x.mul(2);
  });
  for (let i = 0; i < 3; i++) {
    w.data.fill(5);
    step(ones([1]));
    expect([...flat(w)]).toEqual([1, 0, 0, 1]);
  }
});

// The moments of a normal distribution between bounds, by the trapezoid rule in float64.
function momentsOf(mean: number, std: number, a: number, b: number): { mean: number; deviation: number } {
  const n = 200_000;
  const [low, high] = [Math.max(a, mean - 40 * std), Math.min(b, mean + 40 * std)];
  const mode = Math.max(low, Math.min(mean, high));
  let [total, first, second] = [0, 0, 0];
  for (let i = 0; i <= n; i++) {
    const x = low + ((high - low) * i) / n;
    const weight = Math.exp(((mode - mean) ** 2 - (x - mean) ** 2) / (2 * std ** 2)) * (i === 0 || i === n ? 0.5 : 1);
    total += weight;
    first += weight * x;
    second += weight * x * x;
  }
  return { mean: first / total, deviation: Math.sqrt(second / total - (first / total) ** 2) };
}

describe('truncNormal_', () => {
  it.each([
    { mean: 0, std: 1, a: -2, b: 2 },
    { mean: 1, std: 0.5, a: 0.9, b: 1.1 },
    { mean: 0, std: 1, a: 0.5, b: Infinity },
    { mean: 0, std: 1, a: 3, b: 100 },
    { mean: 2, std: 0.1, a: -Infinity, b: 1.5 },
    { mean: 0, std: 0.02, a: -2, b: 2 },
    { mean: 5, std: 1, a: -1, b: 1 },
  ])('%j', (options) => {
    manualSeed(6);
    const n = 40_000;
    const values = flat(init.truncNormal_(zeros([n]), options));
    const { a, b } = options;
    expect([...values].every((v) => v >= Math.fround(a) && v <= Math.fround(b))).toBe(true);
    const expected = momentsOf(options.mean, options.std, a, b);
    const mean = values.reduce((sum, v) => sum + v, 0) / n;
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n);
    expect(Math.abs(mean - expected.mean)).toBeLessThan((6 * expected.deviation) / Math.sqrt(n));
    expect(Math.abs(deviation / expected.deviation - 1)).toBeLessThan(0.05); // the 4th moment is at most 9 times the square of the 2nd: 6 deviations
  });

  it('ends where next to nothing is between the bounds, or one value', () => {
    const far = [...flat(init.truncNormal_(zeros([5]), 0, 1, 1e6 + 0.04, 1e6 + 50))];
    expect(far.every((v) => v >= Math.fround(1e6 + 0.04) && v < 1e6 + 1)).toBe(true);
    expect([...flat(init.truncNormal_(zeros([2]), { a: 1e30, b: 2e30 }))].every((v) => v === Math.fround(1e30))).toBe(true);
    expect([...flat(init.truncNormal_(zeros([2]), { a: 0.5, b: 0.5 }))]).toEqual([0.5, 0.5]);
    expect(init.truncNormal_(zeros([0])).shape).toEqual([0]);
  });

  it('repeats with the seed and changes a leaf in place', () => {
    const w = new nn.Parameter(zeros([5]));
    const y = w.mul(w).sum();
    manualSeed(1);
    const first = flat(init.truncNormal_(w));
    expect(() => y.backward()).toThrow(/was changed in place/);
    manualSeed(1);
    expectSame(init.truncNormal_(w), first);
  });
});

describe('errors', () => {
  const t = zeros([2, 2]);
  it.each<[string, () => unknown, new (message: string) => Error, string]>([
    ['orthogonal_', () => init.orthogonal_(zeros([3])), RangeError, 'expected a tensor of 2 or more dimensions, got [3]'],
    ['orthogonal_', () => init.orthogonal_(t, { gain: Number.NaN }), RangeError, 'expected gain to be a number, got NaN'],
    [
      'orthogonal_',
      () => init.orthogonal_(3 as never),
      TypeError,
      'expected the tensor to be a tensor, got 3\n  hint: tensor(...) makes one',
    ],
    ['sparse_', () => init.sparse_(zeros([2]), 0.5), RangeError, 'expected a tensor of 2 dimensions, got [2]'],
    ['sparse_', () => init.sparse_(t, 1.5), RangeError, 'expected sparsity to be from 0 to 1, got 1.5'],
    ['sparse_', () => init.sparse_(t, undefined as never), TypeError, 'expected sparsity to be a number, got undefined'],
    ['sparse_', () => init.sparse_(t, 0.5, -1), RangeError, 'expected std to be at least 0, got -1'],
    ['eye_', () => init.eye_(zeros([2, 2, 2])), RangeError, 'expected a tensor of 2 dimensions, got [2, 2, 2]'],
    [
      'eye_',
      () => init.eye_(tensor(Int32Array.of(1)) as never),
      TypeError,
      'expected the tensor to be float32, got int32\n  hint: the tensor.to("float32") converts it',
    ],
    ['truncNormal_', () => init.truncNormal_(t, 0, 0), RangeError, 'expected std to be above 0, got 0'],
    ['truncNormal_', () => init.truncNormal_(t, 0, 1, 2, 1), RangeError, 'expected b to be at least 2, got 1'],
    [
      'truncNormal_',
      () => init.truncNormal_(t, Infinity),
      RangeError,
      `expected mean to be from ${-(2 ** 128 - 2 ** 104)} to ${2 ** 128 - 2 ** 104}, got Infinity`,
    ],
    ['truncNormal_', () => init.truncNormal_(t, 0, 1, 0, 1e300), RangeError, 'expected b to be a float32, got 1e+300'],
    ['truncNormal_', () => init.truncNormal_(t, 0, 1, -1e300, 0), RangeError, 'expected a to be a float32, got -1e+300'],
    [
      'truncNormal_',
      () => init.truncNormal_(t, 0, 1, Number.NaN),
      RangeError,
      'expected a to be from -Infinity to 3.4028234663852886e+38, got NaN',
    ],
  ])('of %s', (name, fn, kind, message) => {
    expectError(fn, kind, `[init.${name}] ${message}`);
    expectSame(t, zeros([2, 2]));
  });

  it('in a compiled function, which cannot look at what is drawn', () => {
    for (const [name, fill] of [
      ['orthogonal_', init.orthogonal_],
      ['truncNormal_', init.truncNormal_],
      ['sparse_', (w: Tensor) => init.sparse_(w, 0.5)],
    ] as [string, (w: Tensor) => Tensor][]) {
      const step = compile((x: Tensor) => {
        fill(t);
        return x.mul(2);
      });
      expect(() => step(ones([1]))).toThrow(`[init.${name}] a value cannot be read inside a compiled function`);
    }
    expectSame(t, zeros([2, 2]));
  });
});
