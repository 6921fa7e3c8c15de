import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logSoftmax, softmax, tensor, zeros } from '../../src/ops';
import { epsilon, expectClose, expectError, gradientCheck } from '../helpers';
import { map, models, numbers, shapes, softmax as softmaxOf, toTensor } from '../model';

const cases = shapes(4, 1, 1).chain((shape) => fc.tuple(models(shape), fc.nat({ max: shape.length - 1 })));

test('along any dimension', () => {
  fc.assert(
    fc.property(cases, ([m, dim]) => {
      const expected = softmaxOf(m, dim);
      const y = toTensor(m).softmax(dim - m.shape.length);
      expect(y.shape).toEqual(m.shape);
      expectClose(y, expected, 8 * epsilon);
      expectClose(toTensor(m).logSoftmax(dim), map(expected, Math.log), 8 * 10 * epsilon); // log-probabilities of at least -10
    }),
  );
});

test('gradients along every dimension', () => {
  for (const dim of [0, 1, 2]) {
    gradientCheck(
      (x) => softmax(x, dim),
      (m) => softmaxOf(m, dim),
      [numbers([3, 4, 5])],
    );
    gradientCheck(
      (x) => logSoftmax(x, dim),
      (m) => map(softmaxOf(m, dim), Math.log),
      [numbers([3, 4, 5])],
    );
  }
});

test('large inputs neither overflow nor lose the difference', () => {
  expectClose(tensor([1e30, 1e30]).softmax(0), [0.5, 0.5], 0);
  expectClose(tensor([1000, 1001]).logSoftmax(0), [-1.3132616875182228, -0.3132616875182228], 4 * epsilon);
});

test('of a scalar and of nothing', () => {
  expect([tensor(3).softmax(0).item(), tensor(3).logSoftmax(-1).item()]).toEqual([1, 0]);
  expect(zeros([0, 3]).softmax(1).shape).toEqual([0, 3]);
  expect(zeros([3, 0]).softmax(1).shape).toEqual([3, 0]);
  expect(zeros([3, 0]).softmax(0).shape).toEqual([3, 0]);
});

test('errors', () => {
  const x = zeros([2, 3]);
  expectError(() => x.softmax(2), RangeError, '[Tensor.softmax] dim 2 is outside [-2, 1]');
  expectError(() => x.logSoftmax(-3), RangeError, '[Tensor.logSoftmax] dim -3 is outside [-2, 1]');
  expectError(() => softmax(x, undefined as never), TypeError, '[softmax] expected dim to be a number, got undefined');
  expectError(() => logSoftmax(x, '1' as never), TypeError, '[logSoftmax] expected dim to be a number, got "1"');
  expectError(
    () => zeros([2], { dtype: 'int32' }).softmax(0),
    TypeError,
    '[Tensor.softmax] expected x to be float32, got int32\n  hint: x.to("float32") converts it',
  );
});
