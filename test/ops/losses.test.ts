// nllLoss and mseLoss.
import { describe, expect, test } from 'vitest';
import { noGrad } from '../../src/autograd';
import { crossEntropy, logSoftmax, mseLoss, nllLoss, tensor, zeros } from '../../src/ops';
import type { Tensor } from '../../src/tensor';
import { epsilon, expectClose, expectError, expectSame, gradientCheck } from '../helpers';
import { build, get, type Model, numbers, shaped, toTensor, total, zip } from '../model';

const int = (values: number[], shape = [values.length]): Tensor => tensor(Int32Array.from(values)).reshape(shape);
const reduce = (m: Model, reduction: string, count: number): Model =>
  reduction === 'none' ? m : { shape: [], data: [total(m.data) / (reduction === 'mean' ? count : 1)] };

describe.each(['mean', 'sum', 'none'] as const)('nllLoss, %s', (reduction) => {
  const x = numbers([4, 3], -5, -1);
  const labels = [2, 0, 1, 0];
  const weight = numbers([3], 0.5, 2);

  test('rows, weights, ignored rows', () => {
    const picked = (m: Model, w: (c: number) => number, ignored = -1): Model =>
      build([4], ([i]) => (i === ignored ? 0 : -w(labels[i!]!) * get(m, [i!, labels[i!]!])));
    gradientCheck(
      (t) => nllLoss(t, int(labels), { reduction }),
      (m) =>
        reduce(
          picked(m, () => 1),
          reduction,
          4,
        ),
      [x],
    );
    const w = (c: number): number => weight.data[c]!;
    const counted = total(labels.map((label, i) => (i === 1 ? 0 : w(label))));
    gradientCheck(
      (t) => nllLoss(t, int(labels.with(1, -100)), { reduction, weight: toTensor(weight) }),
      (m) => reduce(picked(m, w, 1), reduction, counted),
      [x],
    );
  });

  test('one row, and further dimensions', () => {
    gradientCheck(
      (t) => nllLoss(t, tensor(1, { dtype: 'int32' }), { reduction }),
      (m) => ({ shape: [], data: [-m.data[1]!] }),
      [numbers([3])],
    );
    gradientCheck(
      (t) => nllLoss(t, int(labels, [2, 2]), { reduction }),
      (m) =>
        reduce(
          build([2, 2], ([n, d]) => -get(m, [n!, labels[n! * 2 + d!]!, d!])),
          reduction,
          4,
        ),
      [numbers([2, 3, 2])],
    );
  });

  test('after logSoftmax it is the cross entropy', () => {
    const logits = toTensor(x);
    expectClose(nllLoss(logSoftmax(logits, 1), int(labels), { reduction }), crossEntropy(logits, int(labels), { reduction }), 16 * epsilon);
  });
});

test('nllLoss of nothing', () => {
  expect(nllLoss(zeros([0, 3]), int([])).item()).toBe(Number.NaN);
  const x = zeros([2, 3], { requiresGrad: true });
  const loss = nllLoss(x, int([-100, -100]));
  loss.backward();
  expect(loss.item()).toBe(Number.NaN);
  expect(x.grad!.data.every((v) => v === 0)).toBe(true);
});

test('errors of nllLoss', () => {
  const x = zeros([2, 3]);
  expectError(() => nllLoss(x, int([0, 3])), RangeError, '[nllLoss] target[1] = 3 is out of range [0, 3)');
  expectError(
    () => nllLoss(x, tensor([0, 1])),
    TypeError,
    '[nllLoss] expected target to be int32, got float32\n  hint: target.to("int32") converts it',
  );
  expectError(() => nllLoss(x, int([0])), RangeError, '[nllLoss] expected target [2] for x [2, 3], got [1]');
  expectError(
    () => nllLoss(x, int([0, 1]), { labelSmoothing: 1 } as never),
    TypeError,
    '[nllLoss] unknown option "labelSmoothing" (known: weight, ignoreIndex, reduction)',
  );
  expectError(() => nllLoss(x, int([0, 1]), { weight: zeros([2]) }), RangeError, '[nllLoss] expected weight [3], got [2]');
  expectError(() => nllLoss(tensor(1), int([0])), RangeError, '[nllLoss] expected x [n, classes, ...] or [classes], got []');
});

describe.each(['mean', 'sum', 'none'] as const)('mseLoss, %s', (reduction) => {
  const square = (a: Model, b: Model): Model =>
    reduce(
      zip(a, b, (p, q) => (p - q) ** 2),
      reduction,
      a.data.length,
    );
  test('gradients of both sides', () => {
    gradientCheck((a, b) => mseLoss(a, b, { reduction }), square, [numbers([3, 7]), numbers([3, 7], -2, 2, 2)]);
    gradientCheck(
      (a) => mseLoss(a, zeros([3, 7]), { reduction }).mul(2),
      (m) => {
        const loss = square(
          m,
          build(m.shape, () => 0),
        );
        return { shape: loss.shape, data: loss.data.map((v) => 2 * v) };
      },
      [numbers([3, 7])],
    );
    gradientCheck(
      (b) => mseLoss(zeros([4]), b, { reduction }),
      (m) =>
        square(
          build([4], () => 0),
          m,
        ),
      [numbers([4])],
    );
    gradientCheck(
      (a, b) => mseLoss(a, b, { reduction }),
      (a, b) => shaped(square(a, b), []),
      [numbers([]), numbers([], -2, 2, 2)],
    );
  });
});

test('mseLoss of one tensor with itself, of nothing, without gradients', () => {
  const x = tensor([1, 2], { requiresGrad: true });
  mseLoss(x, x).backward();
  expect([...x.grad!.data].every((v) => v === 0)).toBe(true);
  expect(mseLoss(zeros([0]), zeros([0])).item()).toBe(Number.NaN);
  expectSame(mseLoss(zeros([0]), zeros([0]), { reduction: 'sum' }), [0]);
  expect(noGrad(() => mseLoss(x, x)).requiresGrad).toBe(false);
});

test('errors of mseLoss', () => {
  expectError(
    () => mseLoss(zeros([3, 1]), zeros([3])),
    RangeError,
    '[mseLoss] expected target [3, 1], the shape of x, got [3]\n  hint: reshape() one of them',
  );
  expectError(
    () => mseLoss(zeros([1]), int([1])),
    TypeError,
    '[mseLoss] expected target to be float32, got int32\n  hint: target.to("float32") converts it',
  );
  expectError(
    () => mseLoss(int([1]), zeros([1])),
    TypeError,
    '[mseLoss] expected x to be float32, got int32\n  hint: x.to("float32") converts it',
  );
  expectError(
    () => mseLoss(zeros([1]), zeros([1]), { reductions: 'sum' } as never),
    TypeError,
    '[mseLoss] unknown option "reductions", did you mean "reduction"?',
  );
});
