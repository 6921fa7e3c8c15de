import { expect, test } from 'vitest';
import { dropout, ones, tensor, zeros } from '../../src/ops';
import { manualSeed } from '../../src/random';
import { expectError, expectSame } from '../helpers';

test('zeroes a share p of the elements and scales the others', () => {
  manualSeed(1);
  const n = 100_000;
  for (const p of [0.1, 0.5, 0.9]) {
    const y = dropout(ones([n]), p, true);
    const kept = [...y.data].filter((v) => v !== 0);
    expect(kept.every((v) => v === Math.fround(1 / (1 - p)))).toBe(true);
    // five standard deviations of a binomial count
    expect(Math.abs(kept.length - n * (1 - p)) < 5 * Math.sqrt(n * p * (1 - p))).toBe(true);
  }
});

test('sends gradients through the elements that it kept', () => {
  manualSeed(2);
  const x = ones([4097], { requiresGrad: true });
  const y = dropout(x, 0.3, true);
  y.sum().backward();
  expectSame(x.grad!, y);
});

test('a seed gives the same zeros again, a second call others', () => {
  const x = ones([1000]);
  manualSeed(3);
  const [a, b] = [dropout(x, 0.5, true), dropout(x, 0.5, true)];
  manualSeed(3);
  expectSame(dropout(x), a);
  expect(b.toArray()).not.toEqual(a.toArray());
});

test('does nothing when not training, or for p = 0; p = 1 leaves nothing', () => {
  const x = tensor([1, 2], { requiresGrad: true });
  expect(dropout(x, 0.5, false)).toBe(x);
  expect(dropout(x, 0, true)).toBe(x);
  const y = dropout(x, 1, true);
  expectSame(y, [0, 0]);
  y.sum().backward();
  expectSame(x.grad!, [0, 0]);
  expect(dropout(zeros([0]), 0.5, true).shape).toEqual([0]);
});

test('errors', () => {
  expectError(() => dropout(zeros([1]), 1.5, true), RangeError, '[dropout] expected p to be from 0 to 1, got 1.5');
  expectError(() => dropout(zeros([1]), Number.NaN, true), RangeError, '[dropout] expected p to be from 0 to 1, got NaN');
  expectError(
    () => dropout(zeros([1], { dtype: 'int32' }), 0.5, true),
    TypeError,
    '[dropout] expected x to be float32, got int32\n  hint: x.to("float32") converts it',
  );
});
