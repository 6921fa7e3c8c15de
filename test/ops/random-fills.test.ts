// Random fills: the moments of their distributions, their bounds, what a seed repeats, and what is refused.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, type Tensor, tensor, zeros } from '../../src';
import { expectSame } from '../helpers';

const n = 200000;
const mean = (t: Tensor) => t.to('float32').mean().item();
const near = (t: Tensor, expected: number, deviation: number) =>
  expect(Math.abs(mean(t) - expected)).toBeLessThan((5 * deviation) / Math.sqrt(n));
const share = (t: Tensor, expected: number) => near(t, expected, Math.sqrt(expected * (1 - expected)));
const floats = () => zeros([n]);
const ints = () => zeros([n], { dtype: 'int32' });

const fills: Record<string, (x: Tensor) => Tensor> = {
  bernoulli_: (x) => x.bernoulli_(0.3),
  exponential_: (x) => x.exponential_(2),
  geometric_: (x) => x.geometric_(0.25),
  cauchy_: (x) => x.cauchy_(1, 2),
  logNormal_: (x) => x.logNormal_(0, 0.5),
  random_: (x) => x.random_(-3, 7),
};

describe('distributions', () => {
  it('bernoulli_', () => {
    for (const make of [floats, ints]) {
      share(make().bernoulli_(), 0.5);
      share(make().bernoulli_(0.3), 0.3);
      const x = make().reshape([2, n / 2]).bernoulli_(tensor([[0], [1]])); // biome-ignore format: matrix
      expect(x.sum(1).toArray()).toEqual([0, n / 2]);
    }
  });
  it('exponential_', () => {
    const x = floats().exponential_(2);
    expect(x.min().item()).toBeGreaterThan(0);
    near(x, 0.5, 0.5);
    share(x.gt(1), Math.exp(-2));
    near(floats().exponential_(), 1, 1);
  });
  it('geometric_', () => {
    for (const make of [floats, ints]) {
      const x = make().geometric_(0.25);
      expect(x.min().item()).toBe(1);
      near(x, 4, Math.sqrt(12));
      share(x.eq(3), 0.75 * 0.75 * 0.25);
    }
  });
  it('cauchy_', () => {
    const x = floats().cauchy_(1, 2);
    expect(x.isfinite().all().item()).toBe(1);
    share(x.lt(1), 0.5);
    share(x.lt(3), 0.75);
    share(x.lt(-1), 0.25);
  });
  it('logNormal_', () => {
    near(floats().logNormal_(0.5, 0.25).log(), 0.5, 0.25);
    share(floats().logNormal_().log().lt(1), 0.5);
    share(floats().logNormal_().log().lt(3), 0.8413447460685429);
  });
  it('random_', () => {
    for (const make of [floats, ints]) {
      const x = make().random_(-3, 7);
      expect([x.min().item(), x.max().item()]).toEqual([-3, 6]);
      share(x.eq(2), 0.1);
      share(make().random_(4).eq(0), 0.25);
    }
    const all = ints().random_();
    expect(all.min().item()).toBeGreaterThanOrEqual(0);
    expect(all.max().item()).toBeGreaterThan(2 ** 31 - 2 ** 18);
    share(all.ge(2 ** 30), 0.5);
    for (const bit of [1, 2 ** 8, 2 ** 15, 2 ** 16, 2 ** 17]) share(all.floorDivide(bit).remainder(2), 0.5);
    const whole = floats().random_();
    expect([whole.frac().abs().max().item(), whole.max().item() < 2 ** 24, whole.max().item() > 2 ** 23]).toEqual([0, true, true]);
  });
});

describe.each(Object.entries(fills))('%s', (name, fill) => {
  it('repeats after a seed, and a compiled step draws what the loop draws', () => {
    const drawn = () => Array.from({ length: 3 }, () => [...fill(zeros([7])).data]).flat();
    manualSeed(3);
    const first = drawn();
    manualSeed(3);
    expectSame(drawn(), first);
    manualSeed(3);
    const step = compile(() => fill(zeros([7])));
    expectSame([1, 2, 3].flatMap(() => [...step().data]), first); // biome-ignore format: short
    expect(new Set(first.slice(0, 7)).size + new Set(first.slice(7, 14)).size).toBeGreaterThan(2);
  });
  it('stops the gradient of the former value, and refuses leaves', () => {
    const leaf = zeros([4], { requiresGrad: true });
    expect(() => fill(leaf)).toThrow(`[Tensor.${name}] a leaf tensor that requires grad`);
    const y = leaf.mul(2);
    fill(y).sum().backward();
    expect(leaf.grad!.toArray()).toEqual([0, 0, 0, 0]);
  });
  it('fills a tensor without elements', () => expect(fill(zeros([0, 3])).shape).toEqual([0, 3]));
});

it('say what does not fit', () => {
  const x = zeros([2]);
  expect(() => x.bernoulli_(1.5)).toThrow('[Tensor.bernoulli_] expected p to be from 0 to 1, got 1.5');
  expect(() => x.bernoulli_(tensor([0.5, -1]))).toThrow('[Tensor.bernoulli_] expected probabilities from 0 to 1, got -1');
  expect(() => x.bernoulli_(tensor([0.5, 0.5, 0.5]))).toThrow('[Tensor.bernoulli_] expected p to broadcast to [2], got [3]');
  expect(() => x.exponential_(0)).toThrow('[Tensor.exponential_] expected lambd to be more than 0, got 0');
  expect(() => x.geometric_(1)).toThrow('[Tensor.geometric_] expected p to be between 0 and 1, got 1');
  expect(() => x.cauchy_(0, -1)).toThrow('[Tensor.cauchy_] expected sigma to be more than 0, got -1');
  expect(() => x.logNormal_(0, 0)).toThrow('[Tensor.logNormal_] expected std to be more than 0, got 0');
  expect(() => x.random_(3, 3)).toThrow('[Tensor.random_] expected high to be more than low, got 3 and 3');
  expect(() => x.random_(0.5)).toThrow('[Tensor.random_] expected to to be an integer, got 0.5');
  expect(() => zeros([2], { dtype: 'int32' }).exponential_()).toThrow('[Tensor.exponential_] expected x to be float32, got int32');
});

it('fillDiagonal_ is PyTorch’s', () => {
  const filled = (shape: number[], wrap?: boolean) => [...zeros(shape).fillDiagonal_(1, wrap).data];
  expect(filled([2, 3])).toEqual([1, 0, 0, 0, 1, 0]);
  expect(filled([5, 2])).toEqual([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  expect(filled([5, 2], true)).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
  expect(zeros([2, 2, 2], { dtype: 'int32' }).fillDiagonal_(7).reshape([8]).toArray()).toEqual([7, 0, 0, 0, 0, 0, 0, 7]);
  const x = tensor([[1, 2], [3, 4]], { requiresGrad: true }); // biome-ignore format: matrix
  x.mul(2).fillDiagonal_(5).mul(x.detach()).sum().backward();
  expect(x.grad!.toArray()).toEqual([[0, 4], [6, 0]]); // biome-ignore format: matrix
  expect(() => zeros([2]).fillDiagonal_(1)).toThrow('[Tensor.fillDiagonal_] expected two dimensions or more, got [2]');
  expect(() => zeros([2, 2, 3]).fillDiagonal_(1)).toThrow(
    '[Tensor.fillDiagonal_] expected equal sizes of more than two dimensions, got [2, 2, 3]',
  );
  expect(() => zeros([2, 2], { dtype: 'int32' }).fillDiagonal_(0.5)).toThrow('[Tensor.fillDiagonal_] an int32 tensor cannot hold 0.5');
});
