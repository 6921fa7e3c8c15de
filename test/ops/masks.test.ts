// Masks, and what is so of elements: corners, int32, messages, and what cannot be recorded.
import { describe, expect, it } from 'vitest';
import { compile, tensor, zeros } from '../../src/index';
import type { Tensor } from '../../src/tensor';
import { expectError, expectSame, thrownBy } from '../helpers';

const int = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });

describe('maskedFill', () => {
  it('keeps NaN and Infinity where the mask is 0, and lets none through where it is not', () => {
    const x = tensor([Number.NaN, Infinity, Number.NaN, 1], { requiresGrad: true });
    const y = x.maskedFill(int([1, 0, 0, 1]), 2);
    expectSame(y, [2, Infinity, Number.NaN, 2]);
    y.backward(tensor([Number.NaN, 3, 4, Infinity]));
    expectSame(x.grad!, [0, 3, 4, 0]);
  });
  it('takes any number but 0 for a 1, and int32 tensors', () => {
    expect(
      tensor([1, 2, 3])
        .maskedFill(int([2, 0, -1]), 9)
        .toArray(),
    ).toEqual([9, 2, 9]);
    expect(
      int([1, 2])
        .maskedFill(int([0, 1]), 9)
        .toArray(),
    ).toEqual([1, 9]);
    expect(zeros([0, 2]).maskedFill(int([0, 1]), 9).shape).toEqual([0, 2]);
    expect(
      tensor([1, 2])
        .maskedFill(tensor([[1], [0]], { dtype: 'int32' }), 0)
        .toArray(),
    ).toEqual([
      [0, 0],
      [1, 2],
    ]);
    expect(
      tensor([1, 2])
        .maskedFill(int([1, 0]), int([7]).squeeze())
        .toArray(),
    ).toEqual([7, 2]);
  });
  it('says what does not fit', () => {
    const where = '[Tensor.maskedFill]';
    expectError(
      () => zeros([2]).maskedFill(zeros([2]), 0),
      TypeError,
      `${where} expected mask to be int32, got float32\n  hint: mask.to("int32") converts it`,
    );
    expectError(
      () => zeros([2]).maskedFill(int([1, 0, 1]), 0),
      RangeError,
      `${where} shapes [3] and [2] do not broadcast\n  hint: dimension -1 is 3 and 2`,
    );
    expectError(
      () => zeros([2]).maskedFill(int([1, 0]), '0' as never),
      TypeError,
      `${where} expected value to be a number or a scalar tensor, got "0"`,
    );
    expectError(
      () => zeros([2]).maskedFill(int([1, 0]), zeros([2])),
      RangeError,
      `${where} expected value to be a number or a scalar tensor, got [2]`,
    );
    expectError(() => int([2]).maskedFill(int([1]), 0.5), RangeError, `${where} an int32 tensor cannot hold 0.5`);
    expectError(() => int([2]).maskedFill(int([1]), tensor(1)), RangeError, `${where} an int32 tensor cannot hold a float32 value`);
  });
});

describe('what depends on values', () => {
  it('of nothing is empty', () => {
    expect([
      zeros([2, 3]).nonzero().shape,
      zeros([]).nonzero().shape,
      tensor(5).nonzero().shape,
      zeros([0]).maskedSelect(int([])).shape,
    ]).toEqual([[0, 2], [0, 0], [1, 0], [0]]);
    expect(tensor([0, Number.NaN, -0, Infinity]).nonzero().toArray()).toEqual([[1], [3]]);
    expect(int([5, 6]).maskedSelect(int([0, 1])).dtype).toBe('int32');
  });
  it.each<[string, (x: Tensor) => unknown]>([
    ['maskedSelect', (x) => x.maskedSelect(x.gt(0))],
    ['nonzero', (x) => x.nonzero()],
    ['argwhere', (x) => x.argwhere()],
    ['allclose', (x) => x.allclose(x)],
    ['equal', (x) => x.equal(x)],
  ])('%s refuses to be recorded, as reading a value does', (name, call) => {
    const read = thrownBy(() => compile((x: Tensor) => x.mul(x.sum().item()))(tensor([1, 2])));
    const error = thrownBy(() => compile((x: Tensor) => call(x) as Tensor)(tensor([1, 2])));
    expect(error.code).toBe(read.code);
    expect(error.message).toBe(
      read.message
        .replace('Tensor.item', `Tensor.${name}`)
        .replace(/masks\.test\.ts:\d+:\d+/, error.message.match(/masks\.test\.ts:\d+:\d+/)?.[0] ?? ''),
    );
  });
});

describe('any, all and the logical operations', () => {
  it('of nothing', () => {
    expect([zeros([0]).any().item(), zeros([0]).all().item(), zeros([2, 0]).all(1).toArray(), zeros([0]).countNonzero().item()]).toEqual([
      0,
      1,
      [1, 1],
      0,
    ]);
  });
  it('take NaN for something', () => {
    const x = tensor([0, Number.NaN]);
    expect([
      x.any().item(),
      x.all().item(),
      x.logicalNot().toArray(),
      x.logicalAnd(1).toArray(),
      x.logicalOr(0).toArray(),
      x.logicalXor(1).toArray(),
    ]).toEqual([1, 0, [1, 0], [0, 1], [0, 1], [1, 0]]);
    expect([
      int([3, 0]).any(0, { keepdim: true }).toArray(),
      int([3, 0]).logicalXor(2).toArray(),
      int([1]).isnan().toArray(),
      int([1]).isinf().toArray(),
      int([1]).isfinite().toArray(),
    ]).toEqual([[1], [0, 1], [0], [0], [1]]);
  });
  it('say what does not fit', () => {
    const hint = '\n  hint: dimension -1 is 2 and 3';
    for (const name of ['logicalAnd', 'logicalOr', 'logicalXor'] as const) {
      expectError(() => zeros([2])[name](zeros([3])), RangeError, `[Tensor.${name}] shapes [2] and [3] do not broadcast${hint}`);
      expectError(() => zeros([2])[name]('1' as never), TypeError, `[Tensor.${name}] expected other to be a tensor, got "1"`);
    }
    expectError(() => zeros([2]).isclose(zeros([3])), RangeError, `[Tensor.isclose] shapes [2] and [3] do not broadcast${hint}`);
    expectError(() => zeros([2]).isclose(zeros([2]), { rtol: -1 }), RangeError, '[Tensor.isclose] expected rtol to be at least 0, got -1');
    expectError(
      () => zeros([2]).allclose(zeros([2]), { rTol: 1 } as never),
      TypeError,
      '[Tensor.allclose] unknown option "rTol", did you mean "rtol"?',
    );
  });
});

describe('allclose and equal', () => {
  it('answer true or false', () => {
    const x = tensor([1, Number.NaN]);
    expect([
      x.allclose(x),
      x.allclose(x, { equalNan: true }),
      x.equal(x),
      int([1]).equal(tensor([1])),
      int([1]).allclose(tensor([1])),
    ]).toEqual([false, true, false, true, true]);
    expect([
      zeros([0]).equal(zeros([0])),
      zeros([0]).equal(zeros([0, 1])),
      zeros([]).equal(zeros([1])),
      zeros([0]).allclose(zeros([0])),
    ]).toEqual([true, false, false, true]);
    expectError(() => x.equal(1 as never), TypeError, '[Tensor.equal] expected other to be a tensor, got 1\n  hint: tensor(...) makes one');
  });
});
