import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile';
import { celu, celu_, elu, elu_, gelu, hardswish, leakyRelu, leakyRelu_, softplus, tensor } from '../../src/ops';
import type { Tensor } from '../../src/tensor';
import { activations, formulas } from '../found';
import { expectError, expectSame, gradientCheck } from '../helpers';
import { build, type Model, map, numbers } from '../model';

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const softPlus = (x: number): number => Math.log1p(Math.exp(x));

type Case = [name: string, operation: (x: Tensor) => Tensor, formula: (x: number) => number];
const everywhere: Case[] = [
  ...Object.entries(activations).map(([name, f]): Case => [name, f, formulas[name]!]),
  ['neg', (x) => x.neg(), (x) => -x],
  ['exp', (x) => x.exp(), Math.exp],
  ['Tensor.relu', (x) => x.relu(), (x) => Math.max(x, 0)],
  ['abs', (x) => x.abs(), Math.abs],
  ['Tensor.sigmoid', (x) => x.sigmoid(), logistic],
  ['Tensor.tanh', (x) => x.tanh(), Math.tanh],
  ['leakyRelu 0.3', (x) => leakyRelu(x, { negativeSlope: 0.3 }), (x) => (x > 0 ? x : 0.3 * x)],
  [
    'gelu tanh',
    (x) => gelu(x, { approximate: 'tanh' }),
    (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  ],
  ['elu 0.5', (x) => elu(x, { alpha: 0.5 }), (x) => (x > 0 ? x : 0.5 * Math.expm1(x))],
  ['elu -0.5', (x) => elu(x, { alpha: -0.5 }), (x) => (x > 0 ? x : -0.5 * Math.expm1(x))],
  ['celu 0.7', (x) => celu(x, { alpha: 0.7 }), (x) => (x > 0 ? x : 0.7 * Math.expm1(x / 0.7))],
  ['celu -1.5', (x) => celu(x, { alpha: -1.5 }), (x) => (x > 0 ? x : -1.5 * Math.expm1(x / -1.5))],
  ['leakyRelu -0.3', (x) => leakyRelu(x, { negativeSlope: -0.3 }), (x) => (x > 0 ? x : -0.3 * x)],
  ['softplus -2, 3', (x) => softplus(x, { beta: -2, threshold: 3 }), (x) => (-2 * x > 3 ? x : softPlus(-2 * x) / -2)],
  ['softplus 2, 3', (x) => softplus(x, { beta: 2, threshold: 3 }), (x) => (2 * x > 3 ? x : softPlus(2 * x) / 2)],
  ...(['square', 'sign', 'floor', 'ceil', 'round', 'trunc'] as const).map((name): Case => [name, (x) => x[name](), formulas[name]!]),
  ['clamp', (x) => x.clamp({ min: -1, max: 1.5 }), (x) => Math.min(Math.max(x, -1), 1.5)],
  ['clamp min', (x) => x.clamp({ min: -1 }), (x) => Math.max(x, -1)],
  ['clamp max', (x) => x.clamp({ max: 1.5 }), (x) => Math.min(x, 1.5)],
];
const positive: Case[] = [
  ['log', (x) => x.log(), Math.log],
  ['sqrt', (x) => x.sqrt(), Math.sqrt],
  ['rsqrt', (x) => x.rsqrt(), formulas.rsqrt!],
  ['reciprocal', (x) => x.reciprocal(), formulas.reciprocal!],
];

describe('values and gradients', () => {
  // 3 x 37 elements: whole vectors and a tail on every target. None within 1e-5 of a kink, where differences fail.
  const kinks = Array.from({ length: 17 }, (_, i) => i / 2 - 4);
  const awayFromKinks = (m: Model): Model => map(m, (v) => (kinks.some((k) => Math.abs(v - k) < 1e-3) ? v + 0.01 : v));

  test.each(everywhere)('%s', (_, operation, formula) => {
    gradientCheck(operation, (m) => map(m, formula), [awayFromKinks(numbers([3, 37], -4, 4))]);
  });
  test.each(positive)('%s', (_, operation, formula) => {
    gradientCheck(operation, (m) => map(m, formula), [numbers([3, 37], 0.1, 4)]);
  });
  test.each(everywhere)('%s of a scalar and of nothing', (_, operation, formula) => {
    gradientCheck(operation, (m) => map(m, formula), [build([], () => 0.75)]);
    expect(operation(tensor([])).shape).toEqual([0]);
  });
});

describe('negative parameters', () => {
  const at = [-Infinity, -1000, -88.5, -88, -87, -1, -0, 0, 1, 1000, Number.NaN];
  test('CELU with a negative alpha falls without bound below zero', () => {
    const x = tensor(at, { requiresGrad: true });
    const y = celu(x, { alpha: -1 });
    y.sum().backward();
    const formula = at.map((v) => (v >= 0 ? v : -Math.expm1(-v)));
    const slope = at.map((v) => (v > 0 ? 1 : Math.exp(-v)));
    for (const [values, expected] of [
      [y, formula],
      [x.grad!, slope],
    ] as const) {
      // biome-ignore format: pairs
      expected.forEach((wanted, i) => {
        const got = values.data[i]!;
        if (!(Math.abs(wanted) < 3.4e38)) expect(Object.is(got, Number.isNaN(wanted) ? Number.NaN : Math.sign(wanted) * Infinity), `${at[i]}: ${got}`).toBe(true);
        else expect(Math.abs(got - wanted), `${at[i]}: ${got}`).toBeLessThanOrEqual(Math.abs(wanted) * 3e-7);
      });
    }
  });
  const forms: [string, (x: Tensor) => Tensor, (x: Tensor) => Tensor][] = [
    ['celu', (x) => celu(x, { alpha: -1 }), (x) => celu_(x, { alpha: -1 })],
    ['elu', (x) => elu(x, { alpha: -1 }), (x) => elu_(x, { alpha: -1 })],
    ['leakyRelu', (x) => leakyRelu(x, { negativeSlope: -1 }), (x) => leakyRelu_(x, { negativeSlope: -1 })],
  ];
  test.each(forms)('%s has the same bits in place, where PyTorch refuses the gradient, and in a compiled step', (_, made, written) => {
    const both = [made, (x: Tensor) => written(x.clone())].map((f) => {
      const x = tensor(at.slice(2, -1), { requiresGrad: true });
      const step = compile(() => {
        const y = f(x);
        y.sum().backward();
        return y;
      }, { keepGrad: true }); // biome-ignore format: short
      const y = step();
      return [[...y.data], [...x.grad!.data]];
    });
    expectSame(both[1]!.flat(), both[0]!.flat());
  });
});

describe('of int32, as in PyTorch', () => {
  const values = [-3, -1, 0, 2, 2 ** 31 - 1, -(2 ** 31)];
  const ints = () => tensor(values, { dtype: 'int32' });
  const wholes: Record<string, number[]> = {
    abs: [3, 1, 0, 2, 2 ** 31 - 1, -(2 ** 31)],
    neg: [3, 1, 0, -2, -(2 ** 31) + 1, -(2 ** 31)],
    square: [9, 1, 0, 4, 1, 0],
    sign: [-1, -1, 0, 1, 1, -1],
    relu: [0, 0, 0, 2, 2 ** 31 - 1, 0],
    ...Object.fromEntries(['floor', 'ceil', 'round', 'trunc'].map((name) => [name, values])),
  };
  const call = (x: Tensor, name: string): Tensor => (x as never as Record<string, () => Tensor>)[name]!();
  test.each(Object.entries(wholes))('%s is int32, also in place and in a compiled step', (name, expected) => {
    const x = ints();
    const step = compile((t: Tensor) => call(t, name));
    for (const y of [call(ints(), name), step(ints()), step(ints()), call(x, `${name}_`), x]) {
      expect([y.dtype, ...y.data]).toEqual(['int32', ...expected]);
    }
  });
  test.each(['exp', 'log', 'sqrt', 'sigmoid', 'tanh', 'reciprocal', 'rsqrt', 'sin', 'atan', 'exp2', 'log1p', 'erf'])(
    '%s is float32',
    (name) => {
      const [y, expected] = [call(ints(), name), call(ints().to('float32'), name)];
      expect(y.dtype).toBe('float32');
      expectSame(y, expected);
      const hint = `${name}() makes a new tensor`;
      expectError(
        () => call(ints(), `${name}_`),
        TypeError,
        `[Tensor.${name}_] the result is float32, and this tensor is int32\n  hint: ${hint}`,
      );
    },
  );
  test('clamp is int32 if its limits are', () => {
    const x = tensor([-5, 0, 7], { dtype: 'int32' });
    const limits = tensor([-1, 1, 3], { dtype: 'int32' });
    const results = [
      x.clamp(-1, 5),
      x.clamp({ min: 1 }),
      x.clampMax(2),
      x.clamp(limits),
      x.clip(null, limits),
      x.clone().clamp_(0, 1),
      x.clone().clampMin_(2),
    ];
    expect(results.map((t) => [t.dtype, ...t.data])).toEqual([
      ['int32', -1, 0, 5], ['int32', 1, 1, 7], ['int32', -5, 0, 2], ['int32', -1, 1, 7], ['int32', -5, 0, 3], ['int32', 0, 0, 1], ['int32', 2, 2, 7],
    ]); // biome-ignore format: rows
    const floats = [x.clamp({ min: 0.5 }), x.clamp(tensor([0.5])), x.clamp(Infinity)];
    expect(floats.map((t) => [t.dtype, ...t.data])).toEqual([
      ['float32', 0.5, 0.5, 7], ['float32', 0.5, 0.5, 7], ['float32', Infinity, Infinity, Infinity],
    ]); // biome-ignore format: rows
    expectError(
      () => x.clamp_(0.5, 1),
      TypeError,
      '[Tensor.clamp_] the result is float32, and this tensor is int32\n  hint: clamp() makes a new tensor',
    );
  });
});

describe('at the kinks the gradient is that of PyTorch', () => {
  const gradientAt = (operation: (x: Tensor) => Tensor, ...at: number[]): number[] => {
    const x = tensor(at, { requiresGrad: true });
    operation(x).sum().backward();
    return [...x.grad!.data];
  };
  test.each([
    ['relu', (x: Tensor) => x.relu(), [0], [0]],
    ['abs', (x: Tensor) => x.abs(), [0], [0]],
    ['clamp', (x: Tensor) => x.clamp({ min: -1, max: 1 }), [-1, 1], [1, 1]],
    ['elu', (x: Tensor) => elu(x, { alpha: 0.5 }), [0], [0.5]],
    ['hardswish', hardswish, [-3, 3], [0, 1]],
    ['sqrt', (x: Tensor) => x.sqrt(), [0], [Infinity]],
    ['log', (x: Tensor) => x.log(), [0], [Infinity]],
  ] as const)('%s', (_, operation, at, expected) => {
    expectSame(gradientAt(operation, ...at), [...expected]);
  });
});

test('NaN passes through every one', () => {
  const all = [...everywhere, ...positive].filter(([name]) => name !== 'sign'); // 0, as in PyTorch
  for (const [name, operation] of all) {
    expect([name, operation(tensor([Number.NaN])).item()]).toEqual([name, Number.NaN]);
  }
});

describe('errors', () => {
  const ints = tensor([1], { dtype: 'int32' });

  test('int32 is refused with the cure by activations that are no methods', () => {
    for (const [name, f] of Object.entries(activations)) {
      const isMethod = ['relu', 'sigmoid', 'tanh'].includes(name);
      if (!isMethod)
        expectError(() => f(ints), TypeError, `[${name}] expected x to be float32, got int32\n  hint: x.to("float32") converts it`);
      expectError(() => f([1] as never), TypeError, `[${name}] expected x to be a tensor, got an array\n  hint: tensor(...) makes one`);
    }
  });

  test('options are checked', () => {
    const x = tensor([1]);
    expectError(() => leakyRelu(x, { slope: 1 } as never), TypeError, '[leakyRelu] unknown option "slope" (known: negativeSlope)');
    expectError(
      () => leakyRelu(x, { negativeSlope: '1' as never }),
      TypeError,
      '[leakyRelu] expected negativeSlope to be a number, got "1"',
    );
    expectError(() => elu(x, { alpha: Number.NaN }), RangeError, '[elu] expected alpha to be a number, got NaN');
    expectError(() => softplus(x, { beta: null as never }), TypeError, '[softplus] expected beta to be a number, got null');
    expectError(() => softplus(x, { threshold: 'x' as never }), TypeError, '[softplus] expected threshold to be a number, got "x"');
    expectError(
      () => gelu(x, { approximate: 'erf' as never }),
      RangeError,
      '[gelu] expected approximate to be one of "none", "tanh", got "erf"',
    );
    expectError(() => x.clamp({}), RangeError, '[Tensor.clamp] expected min, max or both\n  hint: clamp({ min: 0 })');
    expectError(() => x.clamp({ min: Number.NaN }), RangeError, '[Tensor.clamp] expected min to be a number, got NaN');
    expectError(() => x.clamp({ maximum: 1 } as never), TypeError, '[Tensor.clamp] unknown option "maximum" (known: min, max)');
    expectError(() => x.clamp(null), RangeError, '[Tensor.clamp] expected min, max or both\n  hint: clamp({ min: 0 })');
    expectError(() => x.clamp(0, '1' as never), TypeError, '[Tensor.clamp] expected max to be a number, got "1"');
    expectError(
      () => x.clamp('1' as never),
      TypeError,
      '[Tensor.clamp] expected an options object, got "1"\n  hint: Tensor.clamp(..., { min, max })',
    );
  });
});
