// Activations in place as functions, samples of classes, and distances of rows.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, noGrad, ones, rand, type Tensor, tensor, zeros } from '../../src';
import { expectClose, expectError, expectSame, flat, gradientCheck } from '../helpers';
import { build, numbers, softmax } from '../model';

const F = nn.functional;

const forms: [string, (x: Tensor) => Tensor, (x: Tensor) => Tensor][] = [
  ['relu_', F.relu_, F.relu],
  ['selu_', F.selu_, F.selu],
  ['elu_', (x) => F.elu_(x, { alpha: 0.7 }), (x) => F.elu(x, { alpha: 0.7 })],
  ['celu_', (x) => F.celu_(x, { alpha: 0.7 }), (x) => F.celu(x, { alpha: 0.7 })],
  ['leakyRelu_', (x) => F.leakyRelu_(x, { negativeSlope: 0.3 }), (x) => F.leakyRelu(x, { negativeSlope: 0.3 })],
  ['hardtanh_', (x) => F.hardtanh_(x, { maxVal: 0.5 }), (x) => F.hardtanh(x, { maxVal: 0.5 })],
  ['threshold_', (x) => F.threshold_(x, 0.1, 7), (x) => F.threshold(x, 0.1, 7)],
  ['rrelu_', (x) => F.rrelu_(x, { training: true }), (x) => F.rrelu(x, { training: true })],
];

describe.each(forms)('%s', (name, inPlace, plain) => {
  const values = [-2, -0.5, 0, 0.2, 3, Number.NaN, -Infinity];

  it('is the operation on the memory of its argument', () => {
    const x = tensor(values);
    const { data } = x;
    manualSeed(1);
    const wanted = plain(tensor(values));
    manualSeed(1);
    expect(inPlace(x)).toBe(x);
    expect(x.data).toBe(data);
    expectSame(x, wanted);
    expectSame(inPlace(zeros([0])), []);
  });

  it('has its gradient, eagerly and compiled', () => {
    const run = (activation: (x: Tensor) => Tensor) => {
      const x = tensor(values.slice(0, 5), { requiresGrad: true });
      manualSeed(1);
      activation(x.mul(2))
        .mul(tensor([1, 2, 3, 4, 5]))
        .sum()
        .backward();
      return x.grad!;
    };
    expectSame(run(inPlace), run(plain));
    const forward = compile((x: Tensor) => inPlace(x.mul(2)));
    for (let i = 0; i < 2; i++) {
      manualSeed(2);
      const wanted = plain(tensor(values).mul(2));
      manualSeed(2);
      expectSame(forward(tensor(values)), wanted);
    }
  });

  it('refuses what it cannot change', () => {
    expectError(
      () => inPlace(tensor([1], { dtype: 'int32' })),
      TypeError,
      `[${name}] expected x to be float32, got int32\n  hint: x.to("float32") converts it`,
    );
    expectError(() => inPlace(3 as never), TypeError, `[${name}] expected x to be a tensor, got 3\n  hint: tensor(...) makes one`);
    expect(() => inPlace(ones([1], { requiresGrad: true }))).toThrow(`[${name}]`);
    noGrad(() => inPlace(ones([1], { requiresGrad: true })));
  });
});

it('errors of options are in the name of the form in place', () => {
  expect(() => F.elu_(ones([1]), { alpha: 'a' as never })).toThrow('[elu_] expected alpha to be a number');
  const x = tensor([-1]);
  expect(() => F.rrelu_(x, { lower: 2, upper: 1 })).toThrow('[rrelu_]');
  expectSame(x, [-1]);
});

describe('gumbelSoftmax', () => {
  const [shape, tau] = [[3, 4], 0.7] as const;

  it('is the softmax of logits with noise, and has its gradient', () => {
    const draw = () => {
      manualSeed(9);
      return flat(rand([...shape]));
    };
    const u = draw();
    for (const dim of [0, 1]) {
      const formula = (x: { shape: number[]; data: number[] }) =>
        softmax(
          build(x.shape, (_, i) => (x.data[i]! - Math.log(-Math.log(u[i]!))) / tau),
          dim,
        );
      const operation = (x: Tensor) => {
        manualSeed(9);
        return F.gumbelSoftmax(x, { tau, dim });
      };
      gradientCheck(operation, formula, [numbers(shape)]);
    }
  });

  it('is one class with the gradient of the soft sample where it is hard', () => {
    const run = (hard: boolean) => {
      manualSeed(4);
      const x = tensor([[0, 1, 2], [2, 1, 0]], { requiresGrad: true }); // biome-ignore format: a matrix
      const y = F.gumbelSoftmax(x, { hard });
      y.mul(tensor([1, 5, 2]))
        .sum()
        .backward();
      return [y, x.grad!] as const;
    };
    const [[soft, softGradient], [hard, hardGradient]] = [run(false), run(true)];
    const largest = flat(soft.argmax(1));
    expectClose(hard, [0, 1].flatMap((r) => [0, 1, 2].map((c) => (largest[r] === c ? 1 : 0))), 2 ** -23); // biome-ignore format: one line
    expectSame(hardGradient, softGradient);
  });

  it('draws classes with their probabilities', () => {
    manualSeed(5);
    const n = 20000;
    const share = F.gumbelSoftmax(tensor([0, 1, 2]).expand([n, 3]), { hard: true }).mean(0);
    const p = softmax(
      build([3], (_, i) => i),
      0,
    ).data;
    for (const [i, one] of p.entries()) expect(Math.abs(flat(share)[i]! - one)).toBeLessThan(4 * Math.sqrt((one * (1 - one)) / n));
  });

  it('draws anew in a compiled function', () => {
    const x = zeros([4, 5]);
    const forward = compile((t: Tensor) => F.gumbelSoftmax(t, { hard: true }));
    manualSeed(6);
    const wanted = [0, 1, 2].map(() => flat(F.gumbelSoftmax(x, { hard: true })));
    manualSeed(6);
    for (const one of wanted) expectSame(forward(x), one);
    expect(wanted[0]).not.toEqual(wanted[1]);
  });

  it('checks its arguments', () => {
    expectError(() => F.gumbelSoftmax(zeros([2]), { tau: 0 }), RangeError, '[gumbelSoftmax] expected tau to be above 0, got 0');
    expect(() => F.gumbelSoftmax(zeros([2]), { hard: 1 as never })).toThrow('hard');
    expect(() => F.gumbelSoftmax(zeros([2]), { dim: 1 })).toThrow('[gumbelSoftmax]');
    expect(() => F.gumbelSoftmax(tensor([1], { dtype: 'int32' }))).toThrow('[gumbelSoftmax] expected logits to be float32, got int32');
  });
});

describe('pdist', () => {
  it('of less than two rows is empty', () => {
    expect(F.pdist(zeros([1, 3])).shape).toEqual([0]);
    expect(F.pdist(zeros([0, 3])).shape).toEqual([0]);
    expectSame(F.pdist(zeros([3, 0])), [0, 0, 0]);
  });

  it('checks its arguments', () => {
    expectError(() => F.pdist(zeros([3])), RangeError, '[pdist] expected x [n, m], got [3]');
    expectError(() => F.pdist(zeros([3, 2]), { p: -1 }), RangeError, '[pdist] expected p to be at least 0, got -1');
    expect(() => F.pdist(3 as never)).toThrow('[pdist] expected x to be a tensor, got 3');
  });
});

describe('LinearCrossEntropyLoss', () => {
  it('prints as PyTorch does, and checks its fields', () => {
    const criterion = new nn.LinearCrossEntropyLoss(3, 4, { labelSmoothing: 0.5 });
    expect(criterion.toString()).toBe(
      'LinearCrossEntropyLoss(\n  in_features=3, num_classes=4, bias=False, reduction=mean, ignore_index=-100, label_smoothing=0.5\n  (linear): Linear(in_features=3, out_features=4, bias=False)\n)',
    );
    const [x, target] = [ones([5, 3]), tensor([0, 1, 2, 3, 0], { dtype: 'int32' })];
    const whole = criterion.forward(x, target);
    criterion.chunk = 2;
    expectClose(criterion.forward(x, target), whole, 2 ** -22);
    criterion.chunk = 0;
    expectError(() => criterion.forward(x, target), RangeError, '[LinearCrossEntropyLoss.forward] expected chunk to be at least 1, got 0');
    expect(() => new nn.LinearCrossEntropyLoss(3, 4, { bias: 1 as never })).toThrow('[LinearCrossEntropyLoss] expected bias');
    expect(() => new nn.LinearCrossEntropyLoss(3, 4).forward(ones([5, 2]), target)).toThrow(
      '[LinearCrossEntropyLoss.forward] expected x [*, 3]',
    );
  });
});

describe('logarithms of two arguments', () => {
  it('have their corners', () => {
    const [nan, inf] = [Number.NaN, Infinity];
    expectSame(tensor([0, 0, 0, 1, 1, nan]).xlogy(tensor([0, nan, inf, 0, -1, 1])), [0, nan, 0, -inf, nan, nan]);
    expectSame(tensor([inf, -inf, -inf, 1000]).logaddexp(tensor([inf, -inf, 2, 1000])), [inf, -inf, 2, Math.fround(1000 + Math.log(2))]);
    expectSame(tensor([0, 1, 2, -1]).logit(), [-inf, inf, nan, nan]);
    expectSame(tensor([-1.5, inf, 2]).frac().narrow(0, 0, 1), [-0.5]);
    const [x, y] = [tensor([0, 0], { requiresGrad: true }), tensor([0, 3], { requiresGrad: true })];
    x.xlogy(y).sum().backward();
    expectSame(x.grad!, [0, Math.fround(Math.log(3))]); // 0 where both are, as in PyTorch
    expectSame(y.grad!, [0, 0]);
  });

  it('check their arguments', () => {
    expect(() => ones([2]).xlogy(ones([3]))).toThrow('[Tensor.xlogy]');
    expect(() => ones([2]).logaddexp(3 as never)).toThrow('[Tensor.logaddexp] expected other to be a tensor, got 3');
    expect(() => ones([2]).logit({ eps: 0.6 })).toThrow('[Tensor.logit] expected eps to be from 0 to 0.5, got 0.6');
  });
});

describe('repeatInterleave', () => {
  it('checks how often, and reads it outside compiled functions alone', () => {
    const x = ones([2, 3]);
    const int = (...values: number[]) => tensor(values, { dtype: 'int32' });
    const where = '[Tensor.repeatInterleave]';
    expectError(() => x.repeatInterleave(int(1, 2), { dim: 1 }), RangeError, `${where} expected repeats [3], got [2]`);
    expectError(() => x.repeatInterleave(int(1, -2), { dim: 0 }), RangeError, `${where} expected repeats to be at least 0, got -2 at [1]`);
    expectError(() => x.repeatInterleave('2' as never), TypeError, `${where} expected repeats to be a whole number or a tensor, got "2"`);
    expect(() => x.repeatInterleave(1.5)).toThrow(where);
    expect(() => x.repeatInterleave(2, { dim: 2 })).toThrow(where);
    expect(x.repeatInterleave(int(2), { dim: 0 }).shape).toEqual([4, 3]);
    expect(x.repeatInterleave(0).shape).toEqual([0]);
    const [y, given] = [tensor([[1, 2], [3, 4]], { requiresGrad: true }), tensor([[1, 2], [3, 4], [5, 6]])]; // biome-ignore format: matrices
    const repeated = y.repeatInterleave(int(1, 2), { dim: 0 });
    expectSame(repeated, [1, 2, 3, 4, 3, 4]);
    repeated.mul(given).sum().backward();
    expectSame(y.grad!, [1, 2, 8, 10]);
    expect(() => compile((t: Tensor) => x.repeatInterleave(int(1, 2), { dim: 0 }).add(t))(zeros([1]))).toThrow('repeatInterleave');
  });
});
