import { expect, test } from 'vitest';
import { tensor } from '../../src/ops';
import { expectError, expectSame, gradientCheck } from '../helpers';
import { numbers } from '../model';

test('clone is a copy that passes gradients', () => {
  gradientCheck(
    (x) => x.clone(),
    (m) => m,
    [numbers([3, 4])],
  );
  const x = tensor([1, 2]);
  const y = x.clone();
  y.data[0] = 9;
  expect(x.toArray()).toEqual([1, 2]);
  expect(tensor([1], { dtype: 'int32' }).clone().dtype).toBe('int32');
});

test('to float32 and back', () => {
  const x = tensor([1.7, -1.7, 0, 2147483520, -2147483648, 3e9, Number.NaN, Infinity]);
  const least = -(2 ** 31);
  expectSame(x.to('int32'), [1, -1, 0, 2147483520, least, least, least, least]);
  expectSame(tensor([1, -1, 16777217], { dtype: 'int32' }).to('float32'), [1, -1, 16777216]);
});

test('to the dtype that it has is the tensor itself', () => {
  const x = tensor([1], { requiresGrad: true });
  expect(x.to('float32')).toBe(x);
  expect(x.to('int32').requiresGrad).toBe(false);
});

test('errors', () => {
  expectError(
    () => tensor([1]).to('float64' as never),
    RangeError,
    '[Tensor.to] expected dtype to be one of "float32", "int32", got "float64"',
  );
});
