import { expect, it } from 'vitest';
import { groupAlike, pythonFloat } from '../../src/nn/format';

// str(float) of Python 3.11
it.each([
  [0.5, '0.5'],
  [1, '1.0'],
  [0, '0.0'],
  [-0, '-0.0'],
  [-2, '-2.0'],
  [123456.789, '123456.789'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [1.5e-7, '1.5e-07'],
  [1e15, '1000000000000000.0'],
  [1e16, '1e+16'],
  [1e20, '1e+20'],
  [1e-100, '1e-100'],
  [Infinity, 'inf'],
  [-Infinity, '-inf'],
  [Number.NaN, 'nan'],
])('prints %d as Python does: %s', (value, text) => {
  expect(pythonFloat(value)).toBe(text);
});

it('groups neighbours only', () => {
  expect(groupAlike(['a', 'a', 'b', 'a'])).toEqual([
    ['0-1', '2 x a'],
    ['2', 'b'],
    ['3', 'a'],
  ]);
  expect(groupAlike([])).toEqual([]);
});
