// Variances, norms, extremes, sums without NaN and narrower products: corners, int32 and messages. Values are in dense.test.ts.
import { describe, expect, it } from 'vitest';
import { ones, tensor, zeros } from '../../src/index';
import type { Tensor } from '../../src/tensor';
import { expectClose, expectError, expectSame } from '../helpers';

const int = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });
const toFloat = '\n  hint: x.to("float32") converts it';

describe('variances', () => {
  it('of too few elements are NaN, and of equal ones 0 with gradient 0', () => {
    expectSame(tensor([3]).var(), [Number.NaN]);
    expectSame(zeros([2, 0]).std(1), [Number.NaN, Number.NaN]);
    expectSame(tensor([3]).std({ correction: 0 }), [0]);
    const x = ones([2, 3]).requiresGrad_();
    x.std(1).sum().backward();
    expectSame(x.grad!, [0, 0, 0, 0, 0, 0]);
    expect([
      ones([2, 3]).var().shape,
      ones([2, 3]).var(undefined, { keepdim: true }).shape,
      ones([2, 3]).varMean(-1, { keepdim: true })[0].shape,
    ]).toEqual([[], [1, 1], [2, 1]]);
  });
  it('keep small differences of large numbers', () => {
    expectClose(tensor([10000, 10001, 10002]).var(), [1], 1e-6);
  });
  it('take unbiased in place of the correction, as in PyTorch', () => {
    const x = tensor([[1, 3], [2, 6]]); // biome-ignore format: matrix
    expect(x.std(1, { unbiased: false }).toArray()).toEqual([1, 2]);
    expect(x.var({ unbiased: false }).item()).toBe(3.5);
    expect(x.varMean(1, { unbiased: true, keepdim: true })[0].toArray()).toEqual([[2], [8]]);
    expectError(() => x.std({ unbiased: 0 as never }), TypeError, '[Tensor.std] expected unbiased to be true or false, got 0');
  });
  it('say what does not fit', () => {
    expectError(() => int([1]).var(), TypeError, `[Tensor.var] expected x to be float32, got int32${toFloat}`);
    expectError(() => zeros([2]).std(1), RangeError, '[Tensor.std] dim 1 is outside [-1, 0]');
    expectError(
      () => zeros([2]).var({ unbiased: true, correction: 1 }),
      TypeError,
      '[Tensor.var] expected correction or unbiased, got both',
    );
    expectError(
      () => zeros([2]).varMean(0, { correction: '1' as never }),
      TypeError,
      '[Tensor.varMean] expected correction to be a number, got "1"',
    );
    expectError(
      () => zeros([2]).stdMean(0, { keepdim: 1 as never }),
      TypeError,
      '[Tensor.stdMean] expected keepdim to be true or false, got 1',
    );
    expectError(() => zeros([2, 2]).var([0, 0]), RangeError, '[Tensor.var] dim 0 is named twice');
  });
});

describe('norms', () => {
  it('of nothing are 0, count what is not 0, and take NaN on', () => {
    expect([
      zeros([0]).norm().item(),
      zeros([0]).norm(1).item(),
      zeros([0]).norm(3).item(),
      tensor([0, 5, -2]).norm(0).item(),
      tensor(-3).norm().item(),
    ]).toEqual([0, 0, 0, 2, 3]);
    expectSame(tensor([1, Number.NaN]).norm(), [Number.NaN]);
    expectSame(tensor([1, -Infinity]).norm(Infinity), [Infinity]);
    expect([zeros([2, 3]).norm(2, [0, 1], { keepdim: true }).shape, zeros([2, 3]).norm(2, -1).shape]).toEqual([[1, 1], [2]]);
  });
  it('say what does not fit', () => {
    const hint = '\n  hint: p is the exponent: 1, 2, Infinity, ...';
    expectError(() => zeros([2]).norm('nuc' as never), TypeError, `[Tensor.norm] expected p to be a number or "fro", got "nuc"${hint}`);
    expectError(() => zeros([2]).norm(Number.NaN), TypeError, `[Tensor.norm] expected p to be a number or "fro", got NaN${hint}`);
    expectError(() => int([2]).norm(), TypeError, `[Tensor.norm] expected x to be float32, got int32${toFloat}`);
    expectError(() => zeros([0]).norm(Infinity), RangeError, '[Tensor.norm] [0] is empty where an extreme is asked for');
    expectError(
      () => zeros([2]).dist(zeros([3])),
      RangeError,
      '[Tensor.dist] shapes [2] and [3] do not broadcast\n  hint: dimension -1 is 2 and 3',
    );
  });
});

describe('logsumexp', () => {
  it('has no overflow, and takes infinities as they are', () => {
    expectClose(tensor([-1000, -1000]).logsumexp(0), [-1000 + Math.log(2)], 1e-4);
    expectSame(tensor([-Infinity, -Infinity]).logsumexp(0), [-Infinity]);
    expectSame(tensor([Infinity, 1]).logsumexp(0), [Infinity]);
    expectSame(tensor([Number.NaN, 1]).logsumexp(0), [Number.NaN]);
    expectSame(zeros([2, 0]).logsumexp(1), [-Infinity, -Infinity]);
    expect([zeros([]).logsumexp(0).item(), zeros([2, 3]).logsumexp(0, { keepdim: true }).shape]).toEqual([0, [1, 3]]);
    expectSame(int([1, 2]).logsumexp(0), tensor([1, 2]).logsumexp(0));
  });
});

describe('amax and amin', () => {
  it('take int32, NaN and scalars', () => {
    expect([int([1, 5, 2]).amax().item(), int([1, 5, 2]).amax().dtype, tensor(3).amin().item(), int([4, 3]).aminmax().min.dtype]).toEqual([
      5,
      'int32',
      3,
      'int32',
    ]);
    expectSame(tensor([1, Number.NaN]).amax(), [Number.NaN]);
    const x = tensor([1, Number.NaN, 2], { requiresGrad: true });
    x.amin().backward();
    expectSame(x.grad!, [Number.NaN, Number.NaN, Number.NaN]); // as PyTorch's, which max() does not have
    expectSame(tensor([1, Number.NaN]).amin(), [Number.NaN]);
    expect([zeros([0, 2]).amax(1).shape, zeros([2, 3, 4]).amin([0, 2], { keepdim: true }).shape]).toEqual([[0], [1, 3, 1]]);
  });
  it('say what does not fit', () => {
    expectError(() => zeros([0]).amax(), RangeError, '[Tensor.amax] [0] is empty where an extreme is asked for');
    expectError(() => zeros([2, 0]).aminmax({ dim: 1 }), RangeError, '[Tensor.aminmax] [2, 0] is empty where an extreme is asked for');
    expectError(() => zeros([2]).amin(2), RangeError, '[Tensor.amin] dim 2 is outside [-1, 0]');
    expectError(() => zeros([2]).aminmax({ axis: 0 } as never), TypeError, '[Tensor.aminmax] unknown option "axis", did you mean "dim"?');
  });
});

describe('differences and sums without NaN', () => {
  it('take int32 and nothing', () => {
    expect([int([1, 4, 9]).diff().toArray(), int([1, 4, 9]).diff().dtype, zeros([0]).diff().shape, zeros([1, 2]).diff(5, 0).shape]).toEqual(
      [[3, 5], 'int32', [0], [0, 2]],
    );
    expect([int([1, 2]).nansum().item(), zeros([0]).nansum().item(), int([1]).nanToNum().toArray()]).toEqual([3, 0, [1]]);
    expectSame(tensor([Number.NaN]).nanmean(), [Number.NaN]);
    expectSame(tensor([Infinity, -Infinity, Number.NaN, -0]).nanToNum(), [3.4028234663852886e38, -3.4028234663852886e38, 0, -0]);
    const x = tensor([1, Number.NaN, Infinity], { requiresGrad: true });
    x.nanToNum().backward(tensor([1, 2, 3]));
    expectSame(x.grad!, [1, 0, 0]);
  });
  it('say what does not fit', () => {
    expectError(() => zeros([2]).diff(-1), RangeError, '[Tensor.diff] expected n to be at least 0, got -1');
    expectError(() => zeros([]).diff(), RangeError, '[Tensor.diff] a scalar has no neighbours');
    expectError(() => int([1]).nanmean(), TypeError, `[Tensor.nanmean] expected x to be float32, got int32${toFloat}`);
    expectError(() => zeros([2]).nanToNum({ nan: '0' as never }), TypeError, '[Tensor.nanToNum] expected nan to be a number, got "0"');
  });
});

describe('products', () => {
  it('of int32 vectors are int32', () => {
    expect([
      int([1, 2])
        .dot(int([3, 4]))
        .item(),
      int([1, 2]).dot(int([3, 4])).dtype,
      int([1, 2]).outer(int([3])).dtype,
      zeros([0])
        .dot(zeros([0]))
        .item(),
    ]).toEqual([11, 'int32', 'int32', 0]);
    expect([
      tensor(2)
        .inner(tensor([1, 2]))
        .toArray(),
      zeros([2, 3]).inner(zeros([4, 5, 3])).shape,
    ]).toEqual([
      [2, 4],
      [2, 4, 5],
    ]);
  });
  it('with beta 0 do not read what is added to', () => {
    expectSame(tensor([Number.NaN]).addmm(ones([1, 2]), ones([2, 1]), { beta: 0 }), [2]);
  });
  it('say what does not fit', () => {
    const [a, b] = [zeros([2, 3]), zeros([2])];
    expectError(() => a.mm(a), RangeError, '[Tensor.mm] expected mat2 to begin with 3, the last size of [2, 3], got [2, 3]');
    expectError(() => a.mm(b), RangeError, '[Tensor.mm] expected mat2 to be a matrix, got [2]');
    expectError(() => a.mv(b), RangeError, '[Tensor.mv] expected vec to begin with 3, the last size of [2, 3], got [2]');
    expectError(() => b.dot(zeros([3])), RangeError, '[Tensor.dot] expected other [2], got [3]');
    expectError(() => b.vdot(a), RangeError, '[Tensor.vdot] expected other to be a vector, got [2, 3]');
    expectError(
      () => b.dot(int([1, 2])),
      TypeError,
      '[Tensor.dot] expected other to be float32, got int32\n  hint: other.to("float32") converts it',
    );
    expectError(() => a.outer(b), RangeError, '[Tensor.outer] expected x to be a vector, got [2, 3]');
    expectError(() => a.inner(b), RangeError, '[Tensor.inner] expected other [*, 3], got [2]');
    expectError(() => b.addmm(a, zeros([3, 4])), RangeError, '[Tensor.addmm] expected x to broadcast to [2, 4], got [2]');
    expectError(() => b.addmv(a, zeros([2])), RangeError, '[Tensor.addmv] expected vec to begin with 3, the last size of [2, 3], got [2]');
    expectError(
      () => b.addmm(a, zeros([3, 2]), { alfa: 1 } as never),
      TypeError,
      '[Tensor.addmm] unknown option "alfa" (known: beta, alpha)',
    );
    expectError(
      () => b.addcmul(zeros([3]), b),
      RangeError,
      '[Tensor.addcmul] shapes [3] and [2] do not broadcast\n  hint: dimension -1 is 3 and 2',
    );
    expectError(
      () => b.addcdiv(b, 1 as never),
      TypeError,
      '[Tensor.addcdiv] expected tensor2 to be a tensor, got 1\n  hint: tensor(...) makes one',
    );
    expectError(
      () => b.lerp(zeros([3]), 0.5),
      RangeError,
      '[Tensor.lerp] shapes [2] and [3] do not broadcast\n  hint: dimension -1 is 2 and 3',
    );
    expectError(() => b.lerp(b, '1' as never), TypeError, '[Tensor.lerp] expected weight to be a number or a tensor, got "1"');
    expectError(() => b.rsub(zeros([3])), RangeError, '[Tensor.rsub] shapes [2] and [3] do not broadcast\n  hint: dimension -1 is 2 and 3');
    expectError(() => b.clampMin('1' as never), TypeError, '[Tensor.clampMin] expected min to be a number, got "1"');
    expectError(() => b.clampMax(Number.NaN), RangeError, '[Tensor.clampMax] expected max to be a number, got NaN');
    expectError(() => b.clip({}), RangeError, '[Tensor.clip] expected min, max or both\n  hint: clamp({ min: 0 })');
  });
});

describe('results', () => {
  it.each<[string, (x: Tensor) => Tensor]>([
    ['var', (x) => x.var(1)],
    ['std', (x) => x.std(1)],
    ['mean of varMean', (x) => x.varMean(1)[1]],
    ['norm', (x) => x.norm(2, 1)],
    ['norm of another exponent', (x) => x.norm(3, 1)],
    ['norm, the largest', (x) => x.norm(Infinity, 1)],
    ['logsumexp', (x) => x.logsumexp(1)],
    ['amax', (x) => x.amax(1)],
    ['nanmean', (x) => x.nanmean(1)],
  ])("of %s are nobody else's: changes in place can be recorded", (_, of) => {
    const x = tensor(
      [
        [1, 2, 4],
        [3, -1, 0.5],
      ],
      { requiresGrad: true },
    );
    const y = of(x);
    expect(y.requiresGrad).toBe(true);
    expectSame(of(x).add_(1), y.add(1));
  });
});
