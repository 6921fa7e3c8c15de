import { describe, expect, it, test } from 'vitest';
import { einsum, tensor, zeros } from '../../src/ops';
import { Tensor } from '../../src/tensor';
import { expectError, expectSame, gradientCheck } from '../helpers';
import { along, build, get, type Model, numbers, product, shaped, total } from '../model';

const running = (f: (a: number, b: number) => number) => (values: number[]) => values.map((_, k) => values.slice(0, k + 1).reduce(f));
const int = (values: number[], shape: number[] = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);

describe('running sums and products', () => {
  test.each([0, 1, 2])('along dim %i', (dim) => {
    const x = numbers([3, 4, 5], 0.4, 1.6);
    gradientCheck(
      (t) => t.cumsum(dim),
      (m) =>
        along(
          m,
          dim,
          running((a, b) => a + b),
        ),
      [x],
    );
    gradientCheck(
      (t) => t.cumprod(dim),
      (m) =>
        along(
          m,
          dim,
          running((a, b) => a * b),
        ),
      [x],
    );
    gradientCheck(
      (t) => t.prod(dim, { keepdim: true }),
      (m) => along(m, dim, (values) => [values.reduce((a, b) => a * b, 1)]),
      [x],
    );
  });

  it('has the gradient where elements are 0', () => {
    const x: Model = { shape: [4], data: [2, 0, 3, 0] };
    const y: Model = { shape: [4], data: [2, 0, 3, 4] };
    gradientCheck(
      (t) => t.cumprod(0),
      (m) =>
        along(
          m,
          0,
          running((a, b) => a * b),
        ),
      [x],
    );
    gradientCheck(
      (t) => t.prod(),
      (m) =>
        shaped(
          along(m, 0, (v) => [v.reduce((a, b) => a * b)]),
          [],
        ),
      [y],
    );
  });

  it('takes integers, scalars and nothing', () => {
    expect(int([1, 2, 3]).cumsum(0).toArray()).toEqual([1, 3, 6]);
    expect(
      int([2 ** 31 - 1, 1])
        .cumsum(0)
        .toArray(),
    ).toEqual([2 ** 31 - 1, -(2 ** 31)]);
    expect(tensor(3).cumsum(0).item()).toBe(3);
    expect(tensor(3).prod().item()).toBe(3);
    expect(tensor([]).prod().item()).toBe(1);
    expect(zeros([2, 0]).prod(1).toArray()).toEqual([1, 1]);
    expect(zeros([0, 2]).cumprod(0).shape).toEqual([0, 2]);
    expect(tensor([[1, 2]]).prod(undefined, { keepdim: true }).shape).toEqual([1, 1]);
  });
});

describe('scatter', () => {
  it('writes elements to their places, the last of several stays', () => {
    expectSame(tensor([1, 2, 3]).scatter(0, int([2, 0, 2]), tensor([7, 8, 9])), [8, 2, 9]);
    expectSame(int([1, 2, 3]).scatter(0, int([1]), 5), [1, 5, 3]);
    const part = zeros([3, 4]).scatter(1, int([3, 0], [2, 1]), tensor([[1], [2]]));
    expectSame(part, [0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0]);
    expectSame(
      zeros([2, 3]).scatterAdd(
        0,
        int([1, 1, 0, 1, 1, 1], [2, 3]),
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ),
      [0, 0, 3, 5, 7, 6],
    );
  });

  const places = [3, 1, 0, 2, 2, 0];
  const indexOf = (row: number, column: number): number => places[row * 3 + column]!;
  const scattered = (x: Model, source: Model, add: boolean): Model => {
    const out = build(x.shape, (_, i) => x.data[i]!);
    for (let r = 0; r < 2; r++) {
      for (let c = 0; c < 3; c++) {
        const at = r * 5 + indexOf(r, c);
        out.data[at] = (add ? out.data[at]! : 0) + get(source, [r, c]);
      }
    }
    return out;
  };
  it('sends gradients to what stayed and to what came, of a part of x too', () => {
    const inputs = [numbers([3, 5], -1, 1), numbers([2, 4], -1, 1)];
    const index = int(places, [2, 3]);
    gradientCheck(
      (x, s) => x.scatter(1, index, s),
      (x, s) => scattered(x, s, false),
      inputs,
    );
    gradientCheck(
      (x, s) => x.scatterAdd(1, index, s),
      (x, s) => scattered(x, s, true),
      inputs,
    );
  });

  it('refuses bad places and shapes', () => {
    expectError(() => zeros([3]).scatter(0, int([3]), 1), RangeError, '[Tensor.scatter] index[0] = 3 is out of range [0, 3)');
    expect(() => zeros([3]).scatterAdd(0, int([-1]), zeros([1]))).toThrow('index[0] = -1 is out of range [0, 3)');
    expect(() => zeros([2, 2]).scatter(0, int([0, 0, 0], [1, 3]), 1)).toThrow('[Tensor.scatter] expected index');
    expect(() => zeros([3]).scatter(0, int([0, 1]), zeros([1]))).toThrow('[Tensor.scatter] expected source [>=2], got [1]');
    expect(() => zeros([3]).scatter(0, int([0]), int([1]))).toThrow(TypeError);
    expect(() => zeros([]).scatter(0, int([0], []), 1)).toThrow('a scalar has no dimension');
  });
});

describe('products of batches', () => {
  it('are as many products of matrices', () => {
    const batches = (x: Model, y: Model): Model =>
      build([2, 3, 2], ([b, i, j]) => total([0, 1, 2, 3].map((k) => get(x, [b!, i!, k]) * get(y, [b!, k, j!]))));
    const inputs = [numbers([2, 3, 4], -1, 1), numbers([2, 4, 2], -1, 1)];
    gradientCheck((x, y) => x.bmm(y), batches, inputs);
    gradientCheck(
      (x, y, z) => z.baddbmm(x, y, { beta: 2, alpha: 0.5 }),
      (x, y, z) => build([2, 3, 2], (index) => 2 * z.data[index[2]!]! + 0.5 * get(batches(x, y), index)),
      [...inputs, numbers([2], -1, 1)],
    );
    expectError(
      () => zeros([2, 3, 4]).bmm(zeros([2, 3, 4])),
      RangeError,
      '[Tensor.bmm] expected mat2 [2, 4, *] for [2, 3, 4], got [2, 3, 4]',
    );
    expect(() => zeros([3, 4]).bmm(zeros([2, 4, 3]))).toThrow('[Tensor.bmm] expected x to be a batch of matrices, got [3, 4]');
  });
});

describe('einsum', () => {
  it('is the products that it names', () => {
    const [a, b] = [numbers([3, 4], -1, 1), numbers([4, 5], -1, 1)];
    gradientCheck((x, y) => einsum('ij,jk->ik', x, y), product, [a, b]);
    gradientCheck(
      (x, y) => einsum('ij,jk', x, y).permute([1, 0]),
      (x, y) => build([5, 3], ([k, i]) => get(product(x, y), [i!, k!])),
      [a, b],
    );
    gradientCheck(
      (x) => einsum('ij->', x),
      (x) => shaped({ shape: [1], data: [total(x.data)] }, []),
      [a],
    );
    gradientCheck(
      (x) => einsum('ii->i', x),
      (x) => build([3], ([i]) => get(x, [i!, i!])),
      [numbers([3, 3], -1, 1)],
    );
    gradientCheck(
      (x) => einsum('ii', x),
      (x) => build([], () => get(x, [0, 0]) + get(x, [1, 1])),
      [numbers([2, 2], -1, 1)],
    );
    gradientCheck(
      (x, y) => einsum('bij,bkj->bik', x, y),
      (x, y) => build([2, 3, 2], ([n, i, k]) => total([0, 1, 2, 3].map((j) => get(x, [n!, i!, j]) * get(y, [n!, k!, j])))),
      [numbers([2, 3, 4], -1, 1), numbers([2, 2, 4], -1, 1)],
    );
    gradientCheck(
      (x, y, z) => einsum('i,j,ij->i', x, y, z),
      (x, y, z) => build([3], ([i]) => total([0, 1].map((j) => x.data[i!]! * y.data[j]! * get(z, [i!, j])))),
      [numbers([3], -1, 1), numbers([2], -1, 1), numbers([3, 2], -1, 1)],
    );
  });

  it('refuses what is no equation for these tensors', () => {
    const x = zeros([2, 3]);
    expect(() => einsum('i,j', x)).toThrow('[einsum] "i,j" names 2 tensors, 1 are given');
    expect(() => einsum('i', x)).toThrow('names 1 dimensions, tensor 0 is [2, 3]');
    expect(() => einsum('ij,ij->ij', x, zeros([2, 2]))).toThrow('"j" is 3 and 2');
    expect(() => einsum('ij->k', x)).toThrow('"k" of the result stands in no operand');
    expect(() => einsum('ij->ii', x)).toThrow('stands twice in the result');
    expect(() => einsum('ii', zeros([1, 2]))).toThrow('"i" is 1 and 2');
    expect(() => einsum('ii,i', zeros([2, 1]), zeros([2]))).toThrow('"i" is 2 and 1');
    expect(() => einsum('..i', x)).toThrow('is no equation');
    expect(() => einsum('...i...', x)).toThrow('is no equation');
    expect(() => einsum('i j-i', x)).toThrow('is no equation');
    expect(() => einsum(1 as never, x)).toThrow(TypeError);
  });
});
