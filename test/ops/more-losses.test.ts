// The losses that are made of other operations: the same bits inside a compiled step, extreme inputs, and what is refused. test/parity has their values.
import { describe, expect, it, test } from 'vitest';
import { noGrad } from '../../src/autograd';
import { compile } from '../../src/compile';
import * as F from '../../src/nn/functional';
import { ones, tensor, zeros } from '../../src/ops';
import type { Tensor } from '../../src/tensor';
import { epsilon, expectClose, expectError, expectSame } from '../helpers';
import { moreLossCases } from './more-loss-cases';

const int = (values: number[], shape = [values.length]): Tensor => tensor(Int32Array.from(values)).reshape(shape);
const leaf = (values: number[] | number[][]): Tensor => tensor(values, { requiresGrad: true });

describe.each(Object.entries(moreLossCases))('%s', (_, list) => {
  it.each(list.map((one, i) => [i, one] as const))('case %i has its bits in a compiled step', (_, one) => {
    const { constants = [] } = one;
    const leaves = one.inputs();
    const isLeaf = (i: number): boolean => leaves[i]!.dtype === 'float32' && !constants.includes(i);
    leaves.forEach((t, i) => void (isLeaf(i) && t.requiresGrad_()));
    const step = (...given: Tensor[]): Tensor => {
      for (const t of leaves) t.grad = null;
      const loss = one.call(...given.map((t, i) => (isLeaf(i) ? t.mul(leaves[i]!) : t))) as Tensor;
      loss.mul(loss).sum().backward();
      return loss.detach().clone();
    };
    const compiled = compile(step, { keepGrad: true });
    const results = (fn: (...given: Tensor[]) => Tensor): unknown[] =>
      [1, 2, 3].map((k) => {
        const given = one.inputs().map((t, i) => (isLeaf(i) ? t.abs().mul(k / 2) : t));
        return [[...fn(...given).data], leaves.map((t) => t.grad && [...t.grad.data])];
      });
    const eager = results(step);
    expect(JSON.stringify(eager)).toMatch(/[1-9]/);
    expect(results(compiled)).toEqual(eager);
  });
});

describe('far from 0', () => {
  test('softMarginLoss does not overflow', () => {
    const x = leaf([1000, -1000, 100, -100, 0]);
    const loss = F.softMarginLoss(x, tensor([-1, -1, 1, 1, 1]), { reduction: 'none' });
    expectClose(loss, [1000, 0, 0, 100, Math.LN2], 1e-7);
    loss.sum().backward();
    expectClose(x.grad!, [1, 0, 0, -1, -0.5], 1e-7);
  });

  test('multilabelSoftMarginLoss keeps the digits of small losses', () => {
    const x = leaf([[-30, 30, 200, -200]]);
    const loss = F.multilabelSoftMarginLoss(x, tensor([[0, 1, 0, 1]]));
    expectClose(loss, [100], 1e-4);
    const small = leaf([[-30, 30]]);
    const least = F.multilabelSoftMarginLoss(small, tensor([[0, 1]]));
    expectClose(least, [Math.log1p(Math.exp(-30))], 4 * epsilon * Math.exp(-30));
    least.backward();
    expectClose(small.grad!, [Math.exp(-30) / 2, -Math.exp(-30) / 2], 4 * epsilon * Math.exp(-30));
  });

  test.each([0, 0.5, 1, 2])('sigmoidFocalLoss with gamma %d has finite gradients', (gamma) => {
    const x = leaf([-200, 200, 200, -200, -104, 0]);
    const loss = F.sigmoidFocalLoss(x, tensor([0, 1, 0, 1, 0, 1]), { gamma, alpha: -1 });
    expectClose(loss, [0, 0, 200, 200, 0, Math.LN2 * 0.5 ** gamma], 1e-4);
    loss.sum().backward();
    const middle = -(0.5 ** gamma) * (0.5 + (gamma * Math.LN2) / 2);
    expectClose(x.grad!, [0, 0, 1, -1, 0, middle], 1e-6);
  });

  test('sigmoidFocalLoss of what is right keeps its digits', () => {
    // (1 - q)^2 (-log q) with 1 - q = sigmoid(-20)
    const p = 1 / (1 + Math.exp(20));
    const expected = 0.25 * p * p * Math.log1p(Math.exp(-20));
    expectClose(F.sigmoidFocalLoss(tensor([20]), tensor([1])), [expected], 16 * epsilon * expected);
  });

  test('cosineEmbeddingLoss of long vectors, and of zeros', () => {
    const far = F.cosineEmbeddingLoss(tensor([[1e15, 0]]), tensor([[1e15, 0]]), tensor([1]));
    expectClose(far, [0], 4 * epsilon);
    const x = leaf([[0, 0]]);
    const loss = F.cosineEmbeddingLoss(x, tensor([[3, 4]]), tensor([1]));
    expectSame(loss, [1]);
    loss.backward();
    expect([...x.grad!.data].every(Number.isFinite)).toBe(true);
  });

  test('infinite and missing values stay in the rows where they are', () => {
    expectClose(F.hingeEmbeddingLoss(tensor([Infinity, Number.NaN]), tensor([-1, 1]), { reduction: 'none' }), [0, Number.NaN], 0);
    const x = leaf([Infinity, 1]);
    F.hingeEmbeddingLoss(x, tensor([-1, 1]), { reduction: 'sum' }).backward();
    expectSame(x.grad!, [0, 1]);
    const rows = tensor([
      [0, Number.NaN],
      [0, 1],
    ]);
    expectClose(F.multiMarginLoss(rows, int([0, 0]), { reduction: 'none' }), [Number.NaN, 1], 0);
  });

  test('poissonNllLoss at counts of 0 and 1: nothing of Stirling, and finite gradients', () => {
    const [x, target] = [leaf([0, 0, 0]), leaf([0, 1, 2])];
    const loss = F.poissonNllLoss(x, target, { full: true, reduction: 'none' });
    expectClose(loss, [1, 1, 1 + 2 * Math.log(2) - 2 + Math.log(4 * Math.PI) / 2], 1e-6);
    loss.sum().backward();
    expectClose(target.grad!, [0, 0, Math.log(2) + 1 / 4], 1e-6);
  });
});

test('ties and borders: the gradient of what is exactly the margin', () => {
  // PyTorch's clamp passes there, its own kernels do not.
  const [a, b] = [leaf([1]), leaf([1.5])];
  F.marginRankingLoss(a, b, tensor([-1]), { margin: 0.5 }).backward();
  expectSame(a.grad!, [1]);
  const x = leaf([[0, 0.5]]);
  F.multiMarginLoss(x, int([1]), { margin: 0.5 }).backward();
  expectSame(x.grad!, [0, 0]);
  // equal distances share the gradient
  const [anchor, positive, negative] = [leaf([[0]]), leaf([[2]]), leaf([[1]])];
  F.tripletMarginLoss(anchor, positive, negative, { swap: true, eps: 0 }).backward();
  expectSame(negative.grad!, [0]);
});

test('the mean of nothing is NaN, the sum 0', () => {
  const empty = zeros([0, 3]);
  const losses: [(options: { reduction: F.MultiMarginLossOptions['reduction'] }) => Tensor, number[]][] = [
    [(o) => F.marginRankingLoss(empty, empty, empty, o), [0, 3]],
    [(o) => F.hingeEmbeddingLoss(empty, empty, o), [0, 3]],
    [(o) => F.cosineEmbeddingLoss(empty, empty, zeros([0]), o), [0]],
    [(o) => F.tripletMarginLoss(empty, empty, empty, o), [0]],
    [(o) => F.multiMarginLoss(empty, int([]), o), [0]],
    [(o) => F.multilabelMarginLoss(empty, int([], [0, 3]), o), [0]],
    [(o) => F.softMarginLoss(empty, empty, o), [0, 3]],
    [(o) => F.multilabelSoftMarginLoss(empty, empty, o), [0]],
    [(o) => F.gaussianNllLoss(empty, empty, empty, o), [0, 3]],
    [(o) => F.poissonNllLoss(empty, empty, o), [0, 3]],
    [(o) => F.sigmoidFocalLoss(empty, empty, o), [0, 3]],
    [(o) => F.linearCrossEntropy(empty, ones([2, 3]), int([]), o), [0]],
  ];
  for (const [f, shape] of losses) {
    expect(f({ reduction: 'mean' }).item()).toBe(Number.NaN);
    expect(f({ reduction: 'sum' }).item()).toBe(0);
    expect(f({ reduction: 'none' }).shape).toEqual(shape);
  }
});

test('a variance that is a number, and the limit through which gradients pass', () => {
  expectClose(F.gaussianNllLoss(tensor([1, 2]), tensor([2, 4]), 4), [(Math.log(4) + 2.5 / 4) / 2], 4 * epsilon);
  const variance = leaf([0]);
  F.gaussianNllLoss(tensor([1]), tensor([2]), variance, { eps: 0.5 }).backward();
  expectClose(variance.grad!, [(1 / 0.5 - 1 / 0.25) / 2], 4 * epsilon);
  // where values are not read a negative one counts as eps
  const loss = compile((v: Tensor) => F.gaussianNllLoss(tensor([1]), tensor([2]), v, { eps: 0.5 }));
  expectClose(loss(tensor([-1])), [(Math.log(0.5) + 2) / 2], 4 * epsilon);
});

test('a target of int32 counts as its numbers', () => {
  const x = tensor([0.5, -2, 3]);
  const [whole, target] = [int([1, 0, 1]), tensor([1, 0, 1])];
  const functions: ((x: Tensor, target: Tensor) => Tensor)[] = [
    F.hingeEmbeddingLoss,
    F.softMarginLoss,
    F.poissonNllLoss,
    F.sigmoidFocalLoss,
  ];
  for (const f of [...functions, F.multilabelSoftMarginLoss]) expectSame(f(x, whole), f(x, target));
});

describe('errors', () => {
  const x = zeros([2, 3]);

  test('shapes', () => {
    const like = (name: string, what: string, of = 'x') =>
      `[${name}] expected ${what} [2, 3], the shape of ${of}, got [3]\n  hint: reshape() one of them`;
    const other = zeros([3]);
    expectError(() => F.marginRankingLoss(x, other, x), RangeError, like('marginRankingLoss', 'x2', 'x1'));
    expectError(() => F.marginRankingLoss(x, x, other), RangeError, like('marginRankingLoss', 'target', 'x1'));
    expectError(() => F.hingeEmbeddingLoss(x, other), RangeError, like('hingeEmbeddingLoss', 'target'));
    expectError(() => F.cosineEmbeddingLoss(x, other, x), RangeError, like('cosineEmbeddingLoss', 'x2', 'x1'));
    expectError(() => F.tripletMarginLoss(x, other, x), RangeError, like('tripletMarginLoss', 'positive', 'anchor'));
    expectError(() => F.tripletMarginLoss(x, x, other), RangeError, like('tripletMarginLoss', 'negative', 'anchor'));
    expectError(() => F.softMarginLoss(x, other), RangeError, like('softMarginLoss', 'target'));
    expectError(() => F.multilabelSoftMarginLoss(x, other), RangeError, like('multilabelSoftMarginLoss', 'target'));
    expectError(() => F.gaussianNllLoss(x, other, x), RangeError, like('gaussianNllLoss', 'target'));
    expectError(() => F.poissonNllLoss(x, other), RangeError, like('poissonNllLoss', 'target'));
    expectError(() => F.sigmoidFocalLoss(x, other), RangeError, like('sigmoidFocalLoss', 'target'));
    expectError(
      () => F.cosineEmbeddingLoss(x, x, zeros([3])),
      RangeError,
      '[cosineEmbeddingLoss] expected target [2], the shape of x1 without its last dimension, got [3]\n  hint: reshape() one of them',
    );
    expectError(() => F.cosineEmbeddingLoss(zeros([]), x, x), RangeError, '[cosineEmbeddingLoss] expected x1 [n, d] or [d], got []');
    expectError(() => F.tripletMarginLoss(zeros([]), x, x), RangeError, '[tripletMarginLoss] expected anchor [*, d], got []');
    expectError(() => F.multilabelSoftMarginLoss(zeros([]), x), RangeError, '[multilabelSoftMarginLoss] expected x [*, classes], got []');
    for (const shape of [[3], [3, 2], [1, 1], [2, 3, 1]]) {
      const got = `[${shape.join(', ')}]`;
      expectError(
        () => F.gaussianNllLoss(x, x, ones(shape)),
        RangeError,
        `[gaussianNllLoss] expected variance [2, 3], the shape of x, or without one of its dimensions, got ${got}`,
      );
    }
  });

  test('labels', () => {
    expectError(() => F.multiMarginLoss(x, int([0, 3])), RangeError, '[multiMarginLoss] target[1] = 3 is out of range [0, 3)');
    expectError(() => F.multiMarginLoss(x, int([-1, 0])), RangeError, '[multiMarginLoss] target[0] = -1 is out of range [0, 3)');
    expectError(() => F.multiMarginLoss(x, int([0])), RangeError, '[multiMarginLoss] expected target [2] for x [2, 3], got [1]');
    expectError(
      () => F.multiMarginLoss(zeros([2, 3, 4]), int([0])),
      RangeError,
      '[multiMarginLoss] expected x [n, classes] or [classes], got [2, 3, 4]',
    );
    expectError(
      () => F.multiMarginLoss(zeros([2, 0]), int([0, 0])),
      RangeError,
      '[multiMarginLoss] expected x with one class at least, got [2, 0]',
    );
    const labels = (bad: number) => int([0, -1, 1, 2, -1, bad], [2, 3]);
    for (const bad of [3, -2, 2 ** 31 - 1]) {
      const message = `[multilabelMarginLoss] target[1][2] = ${bad} is out of range [-1, 3)`;
      expectError(() => F.multilabelMarginLoss(x, labels(bad)), RangeError, message);
    }
    expectError(
      () => F.multilabelMarginLoss(x, int([0])),
      RangeError,
      '[multilabelMarginLoss] expected target [2, 3], the shape of x, got [1]',
    );
    expectError(
      () => F.multilabelMarginLoss(zeros([2, 0]), int([], [2, 0])),
      RangeError,
      '[multilabelMarginLoss] expected x [n, classes] or [classes], with one class at least, got [2, 0]',
    );
    expectError(
      () => F.multilabelMarginLoss(x, x),
      TypeError,
      '[multilabelMarginLoss] expected target to be int32, got float32\n  hint: target.to("int32") converts it',
    );
  });

  test('types', () => {
    const float = (name: string, what: string) =>
      `[${name}] expected ${what} to be float32, got int32\n  hint: ${what}.to("float32") converts it`;
    const whole = int([1, 2, 3]);
    const three = zeros([3]);
    expectError(() => F.marginRankingLoss(whole, three, three), TypeError, float('marginRankingLoss', 'x1'));
    expectError(() => F.marginRankingLoss(three, whole, three), TypeError, float('marginRankingLoss', 'x2'));
    expectError(() => F.hingeEmbeddingLoss(whole, three), TypeError, float('hingeEmbeddingLoss', 'x'));
    expectError(() => F.tripletMarginLoss(three, three, whole), TypeError, float('tripletMarginLoss', 'negative'));
    expectError(() => F.gaussianNllLoss(three, three, whole), TypeError, float('gaussianNllLoss', 'variance'));
    expectError(() => F.gaussianNllLoss(three, whole, three), TypeError, float('gaussianNllLoss', 'target'));
    expectError(
      () => F.softMarginLoss(three, [1, 1, 1] as never),
      TypeError,
      '[softMarginLoss] expected target to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
    expectError(
      () => F.multiMarginLoss(undefined as never, three),
      TypeError,
      '[multiMarginLoss] expected x to be a tensor, got undefined',
    );
  });

  test('options', () => {
    const three = ones([3]);
    expectError(
      () => F.cosineEmbeddingLoss(three, three, ones([]), { margin: 1.5 }),
      RangeError,
      '[cosineEmbeddingLoss] expected margin to be from -1 to 1, got 1.5',
    );
    expectError(
      () => F.tripletMarginLoss(three, three, three, { margin: 0 }),
      RangeError,
      '[tripletMarginLoss] expected margin to be positive, got 0',
    );
    expectError(
      () => F.tripletMarginLoss(three, three, three, { swap: 1 as never }),
      TypeError,
      '[tripletMarginLoss] expected swap to be true or false, got 1',
    );
    expectError(
      () => F.tripletMarginLoss(three, three, three, { p: 'fro' as never }),
      TypeError,
      '[tripletMarginLoss] expected p to be a number, got "fro"',
    );
    expectError(() => F.multiMarginLoss(x, int([0, 0]), { p: 3 }), RangeError, '[multiMarginLoss] expected p to be 1 or 2, got 3');
    expectError(
      () => F.multiMarginLoss(x, int([0, 0]), { weight: zeros([2]) }),
      RangeError,
      '[multiMarginLoss] expected weight [3], got [2]',
    );
    const weight = ones([3], { requiresGrad: true });
    expectError(
      () => F.multiMarginLoss(x, int([0, 0]), { weight }),
      TypeError,
      '[multiMarginLoss] gradients of the weight are not supported\n  hint: weight.detach()',
    );
    expect(noGrad(() => F.multilabelSoftMarginLoss(x, x, { weight })).item()).toBeCloseTo(Math.LN2);
    expectError(
      () => F.gaussianNllLoss(three, three, tensor([1, -2, 1])),
      RangeError,
      '[gaussianNllLoss] expected variances of at least 0, got -2',
    );
    expectError(() => F.gaussianNllLoss(three, three, -1), RangeError, '[gaussianNllLoss] expected variance to be at least 0, got -1');
    expectError(
      () => F.gaussianNllLoss(three, three, three, { eps: 0 }),
      RangeError,
      '[gaussianNllLoss] expected eps to be positive, got 0',
    );
    expectError(
      () => F.poissonNllLoss(three, three, { logInput: 0 as never }),
      TypeError,
      '[poissonNllLoss] expected logInput to be true or false, got 0',
    );
    for (const alpha of [-0.5, 1.5, Number.NaN]) {
      expectError(
        () => F.sigmoidFocalLoss(three, three, { alpha }),
        RangeError,
        Number.isNaN(alpha)
          ? '[sigmoidFocalLoss] expected alpha to be a number, got NaN'
          : `[sigmoidFocalLoss] expected alpha to be from 0 to 1, or -1 for no weights, got ${alpha}`,
      );
    }
    expectError(
      () => F.sigmoidFocalLoss(three, three, { gamma: -1 }),
      RangeError,
      '[sigmoidFocalLoss] expected gamma to be at least 0, got -1',
    );
    expectError(
      () => F.softMarginLoss(three, three, { reduction: 'avg' as never }),
      RangeError,
      '[softMarginLoss] expected reduction to be one of "none", "mean", "sum", got "avg"',
    );
    expectError(
      () => F.hingeEmbeddingLoss(three, three, { margins: 1 } as never),
      TypeError,
      '[hingeEmbeddingLoss] unknown option "margins", did you mean "margin"?',
    );
  });
});
