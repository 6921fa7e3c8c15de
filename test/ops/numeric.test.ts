// Signs, steps, lengths, running extremes and cross products: corners and messages. Their numbers and gradients are PyTorch's in float64: dense.test.ts.
import { describe, expect, it } from 'vitest';
import { ones, type Tensor, tensor, zeros } from '../../src';
import { expectError, expectSame } from '../helpers';

const int = (...values: number[]) => tensor(values, { dtype: 'int32' });
const { NaN: nan } = Number;

describe('hypot, copysign, heaviside, sinc and logaddexp2', () => {
  it('hypot has no NaN in its gradient at 0, and neither overflow nor underflow', () => {
    const x = tensor([0, 3], { requiresGrad: true });
    x.hypot(tensor([0, 4]))
      .sum()
      .backward();
    expectSame(x.grad!, [0, Math.fround(0.6)]);
    expectSame(tensor([Infinity, nan, nan, -Infinity]).hypot(tensor([nan, -Infinity, 1, 0])), [Infinity, Infinity, nan, Infinity]);
    expectSame(tensor([3 * 2 ** 120, 3 * 2 ** -100]).hypot(tensor([4 * 2 ** 120, 4 * 2 ** -100])), [5 * 2 ** 120, 5 * 2 ** -100]);
  });
  it('hypot has the value and the gradient of all lengths, small sides among them', () => {
    for (let exponent = -124; exponent < 126; exponent++) {
      for (const ratio of [1, 3 / 4, 1 / 16]) {
        const size = 2 ** exponent;
        const [x, other] = [size, Math.max(size * ratio, 2 ** -126)].map((side) => tensor([side], { requiresGrad: true })) as [
          Tensor,
          Tensor,
        ];
        const y = x.hypot(other);
        y.mul(tensor([0.01]))
          .sum()
          .backward();
        const expected = Math.hypot(x.item(), other.item());
        expect(y.item() / expected).toBeCloseTo(1, 6);
        expect(x.grad!.item() * 100).toBeCloseTo(x.item() / expected, 6);
        expect(other.grad!.item() * 100).toBeCloseTo(other.item() / expected, 6);
      }
    }
  });
  it('tell -0 from 0', () => {
    expectSame(tensor([-0, 0, nan, -Infinity]).signbit(), [1, 0, 0, 1]);
    const signed = tensor([0, 1, nan]).copysign(-0);
    expect([Object.is(signed.data[0], -0), signed.data[1], signed.data[2]]).toEqual([true, -1, nan]);
    expect(int(1, -2).copysign(int(-1, 1)).dtype).toBe('float32');
    expectSame(int(1, -2).copysign(-0), [-1, -2]);
  });
  it('keep int32 where PyTorch does, and check their arguments', () => {
    expect(int(1).heaviside(int(2)).dtype).toBe('int32');
    expectSame(tensor([nan]).heaviside(tensor([2])), [0]);
    expectSame(int(0, 1).sinc().gt(0.5), [1, 0]);
    expectSame(tensor([-Infinity, Infinity, Infinity]).logaddexp2(tensor([-Infinity, Infinity, -Infinity])), [
      -Infinity,
      Infinity,
      Infinity,
    ]);
    expect(() => int(1).heaviside(ones([1]))).toThrow('[Tensor.heaviside] expected values to be int32, got float32');
    expect(() => int(1).hypot(int(1))).toThrow('[Tensor.hypot] expected x to be float32, got int32');
    expect(() => ones([2]).hypot(ones([3]))).toThrow('[Tensor.hypot]');
    expect(() => ones([2]).logaddexp2(2 as never)).toThrow('[Tensor.logaddexp2] expected other to be a tensor, got 2');
    expect(() => ones([2]).copysign('2' as never)).toThrow('[Tensor.copysign]');
    expect(() => ones([2]).floatPower(ones([3]))).toThrow('[Tensor.floatPower]');
  });
});

describe('cross', () => {
  it('takes the first dimension of size 3, and checks its arguments', () => {
    expectSame(ones([3, 3]).cross(ones([3, 3])), new Array(9).fill(0));
    expect(zeros([0, 3]).cross(zeros([0, 3])).shape).toEqual([0, 3]);
    expectError(
      () => ones([2, 2]).cross(ones([2, 2])),
      RangeError,
      '[Tensor.cross] expected both tensors to have as many dimensions and a dimension of size 3, got [2, 2] and [2, 2]',
    );
    expect(() => ones([3]).cross(ones([1, 3]))).toThrow('got [3] and [1, 3]');
    expect(() => ones([3, 2]).cross(ones([3, 2]), 1)).toThrow('size 3 in dimension 1');
    expect(() => ones([3]).cross(int(1, 2, 3))).toThrow(TypeError);
  });
});

describe('cummax, cummin and logcumsumexp', () => {
  it('are what walking finds, for every length', () => {
    for (let n = 1; n < 20; n++) {
      const x = tensor(Array.from({ length: n }, (_, i) => (i * 7 + 3) % 5));
      const { values, indices } = x.cummax(0);
      const walked = [...x.data].map((_, i) => Math.max(...x.data.slice(0, i + 1)));
      expectSame(values, walked);
      expectSame(
        indices,
        walked.map((most, i) => [...x.data].slice(0, i + 1).lastIndexOf(most)),
      );
    }
  });
  it('have their corners', () => {
    const { values, indices } = tensor(5).cummin(0);
    expect([values.shape, values.item(), indices.item(), tensor(5).logcumsumexp(-1).item()]).toEqual([[], 5, 0, 5]);
    expect([zeros([0, 2]).cummax(0).values.shape, zeros([2, 0]).cummin(1).indices.shape, zeros([0]).logcumsumexp(0).shape]).toEqual([
      [0, 2],
      [2, 0],
      [0],
    ]);
    expectSame(tensor([-Infinity, -Infinity, 1]).logcumsumexp(0), [-Infinity, -Infinity, 1]);
    expect(int(2, 1).cummax(0).values.dtype).toBe('int32');
    expect(() => ones([2]).cummax(1)).toThrow('[Tensor.cummax]');
    expect(() => int(1).logcumsumexp(0)).toThrow('[Tensor.logcumsumexp] expected x to be float32, got int32');
  });
});

it('the gradient of sinc is exact near 0, where its formula cancels and divides by squares that are 0', () => {
  const at = [0, 1e-30, -1e-12, 1e-4, -0.01, 0.1, 0.3, 0.318, 0.319, -0.5, 1, 3.7, 20];
  const x = tensor(at, { requiresGrad: true });
  x.sinc().sum().backward();
  const derivative = (v: number): number => {
    const z = Math.PI * v;
    if (Math.abs(z) < 0.02) return Math.PI * (-z / 3 + z ** 3 / 30);
    return (Math.PI * (z * Math.cos(z) - Math.sin(z))) / z ** 2;
  };
  at.forEach((v, i) => {
    const [got, expected] = [x.grad!.data[i]!, derivative(Math.fround(v))];
    expect(Math.abs(got - expected), `at ${v}: ${got}`).toBeLessThanOrEqual(2e-6 * Math.abs(expected));
  });
});
