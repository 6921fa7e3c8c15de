import { describe, expect, it } from 'vitest';
import { manualSeed, nn, ones, type Tensor, tensor, zeros } from '../../src';
import { expectError, expectSame, flat } from '../helpers';

const { init } = nn;

const deviation = (t: Tensor): number => Math.sqrt(flat(t).reduce((sum, v) => sum + v * v, 0) / t.numel);
const largest = (t: Tensor): number => Math.max(...flat(t).map(Math.abs));

// 60,000 values: the deviation of a sample is within 2 % of that of the distribution by a wide margin (its own is 0.3 %).
const shape = [200, 300];
const expectDeviation = (t: Tensor, expected: number): void => expect(Math.abs(deviation(t) / expected - 1)).toBeLessThan(0.02);

// A uniform distribution with deviation s ends at s sqrt(3); of 60,000 values the largest comes within 0.1 % of it.
function expectUniform(t: Tensor, expected: number): void {
  expectDeviation(t, expected);
  expect(largest(t) <= expected * Math.sqrt(3) * (1 + 1e-6)).toBe(true);
  expect(largest(t)).toBeGreaterThan(expected * Math.sqrt(3) * 0.999);
}

describe('deviations', () => {
  it.each([
    [{}, Math.sqrt(2 / 300)],
    [{ a: Math.sqrt(5) }, Math.sqrt(1 / 3 / 300)],
    [{ mode: 'fanOut', nonlinearity: 'relu' }, Math.sqrt(2 / 200)],
    [{ mode: 'fan_out', nonlinearity: 'leaky_relu', a: 1 }, Math.sqrt(1 / 200)],
    [{ mode: 'fan_in', nonlinearity: 'tanh' }, 5 / 3 / Math.sqrt(300)],
    [{ nonlinearity: 'linear' }, 1 / Math.sqrt(300)],
    [{ nonlinearity: 'sigmoid' }, 1 / Math.sqrt(300)],
    [{ nonlinearity: 'selu' }, 0.75 / Math.sqrt(300)],
  ] as const)('kaiming %o', (options, expected) => {
    expectUniform(init.kaimingUniform_(zeros(shape), options), expected);
    expectDeviation(init.kaimingNormal_(zeros(shape), options), expected);
  });

  it('xavier', () => {
    expectUniform(init.xavierUniform_(zeros(shape)), Math.sqrt(2 / 500));
    expectUniform(init.xavierUniform_(zeros(shape), { gain: 3 }), 3 * Math.sqrt(2 / 500));
    expectDeviation(init.xavierNormal_(zeros(shape), { gain: 0.5 }), 0.5 * Math.sqrt(2 / 500));
  });

  it('count the dimensions behind the second into both fans', () => {
    expectUniform(init.kaimingUniform_(zeros([20, 30, 10, 10]), { nonlinearity: 'linear' }), 1 / Math.sqrt(3000));
    expectUniform(init.xavierUniform_(zeros([20, 30, 10, 10])), Math.sqrt(2 / 5000));
  });

  it('uniform and normal', () => {
    const u = flat(init.uniform_(zeros(shape), -1, 3));
    expect(u.every((v) => v >= -1 && v <= 3)).toBe(true);
    expect(Math.abs(u.reduce((a, b) => a + b) / u.length - 1)).toBeLessThan(0.03); // 6 deviations
    expect(Math.min(...flat(init.uniform_(zeros(shape))))).toBeGreaterThanOrEqual(0);
    expectUniform(init.uniform_(zeros(shape), { a: -2, b: 2 }), 2 / Math.sqrt(3));
    expectDeviation(init.normal_(zeros(shape)), 1);
    expectDeviation(init.normal_(zeros(shape), 3, 4), 5); // sqrt(3^2 + 4^2)
    expectDeviation(init.normal_(zeros(shape), { std: 0.02 }), 0.02);
  });

  it('constants', () => {
    expectSame(init.zeros_(ones([3])), [0, 0, 0]);
    expectSame(init.ones_(zeros([3])), [1, 1, 1]);
    expectSame(init.constant_(zeros([2]), -2.5), [-2.5, -2.5]);
  });

  it('gains', () => {
    expect(init.calculateGain('linear')).toBe(1);
    expect(init.calculateGain('relu')).toBe(Math.SQRT2);
    expect(init.calculateGain('leakyRelu')).toBe(Math.sqrt(2 / (1 + 0.01 ** 2)));
    expect(init.calculateGain('leaky_relu', 1)).toBe(1);
  });
});

describe('filling', () => {
  it('returns the tensor, repeats with the seed and moves on without it', () => {
    const t = zeros([4, 4]);
    manualSeed(5);
    expect(init.kaimingUniform_(t)).toBe(t);
    const first = flat(t);
    expect(flat(init.kaimingUniform_(t))).not.toEqual(first);
    manualSeed(5);
    expectSame(init.kaimingUniform_(t), first);
  });

  it('changes a leaf in place without a record', () => {
    const w = new nn.Parameter(zeros([2, 2]));
    const y = w.mul(w).sum();
    expect(init.normal_(w).requiresGrad).toBe(true);
    expect(() => y.backward()).toThrow(/was changed in place/);
  });

  it('takes tensors without elements', () => {
    expect(init.kaimingUniform_(zeros([3, 0])).shape).toEqual([3, 0]);
    expect(init.xavierNormal_(zeros([0, 0])).shape).toEqual([0, 0]);
  });
});

describe('errors', () => {
  it('name the function', () => {
    const t = zeros([2, 2]);
    const ints = tensor(Int32Array.of(1, 2)) as never;
    const flatError = 'expected a tensor of 2 or more dimensions, got [3]\n  hint: for a bias: uniform_ or zeros_';
    expectError(() => init.kaimingUniform_(zeros([3])), RangeError, `[init.kaimingUniform_] ${flatError}`);
    expectError(() => init.xavierNormal_(zeros([3])), RangeError, `[init.xavierNormal_] ${flatError}`);
    expectError(
      () => init.kaimingNormal_(t, { mode: 'fan' as never }),
      RangeError,
      '[init.kaimingNormal_] expected mode to be one of "fanIn", "fanOut", got "fan"',
    );
    expectError(
      () => init.kaimingNormal_(t, { nonlinearity: 'gelu' as never }),
      RangeError,
      '[init.kaimingNormal_] expected nonlinearity to be one of "linear", "sigmoid", "tanh", "relu", "leakyRelu", "selu", got "gelu"',
    );
    expectError(
      () => init.kaimingNormal_(t, { a: Number.NaN }),
      RangeError,
      '[init.kaimingNormal_] expected the slope to be a number, got NaN',
    );
    expectError(() => init.xavierUniform_(t, { gain: -1 }), RangeError, '[init.xavierUniform_] expected gain to be at least 0, got -1');
    expectError(() => init.uniform_(t, 2, 1), RangeError, '[init.uniform_] expected b to be at least 2, got 1');
    expectError(() => init.uniform_(t, { low: 1 } as never), TypeError, '[init.uniform_] unknown option "low" (known: a, b)');
    expectError(() => init.normal_(t, 0, -1), RangeError, '[init.normal_] expected std to be at least 0, got -1');
    expectError(() => init.normal_(t, 'a' as never), TypeError, '[init.normal_] expected mean to be a number, got "a"');
    expectError(
      () => init.constant_(t, undefined as never),
      TypeError,
      '[init.constant_] expected the value to be a number, got undefined',
    );
    expectError(
      () => init.zeros_(ints),
      TypeError,
      '[init.zeros_] expected the tensor to be float32, got int32\n  hint: the tensor.to("float32") converts it',
    );
    expectError(
      () => init.ones_(5 as never),
      TypeError,
      '[init.ones_] expected the tensor to be a tensor, got 5\n  hint: tensor(...) makes one',
    );
  });
});
