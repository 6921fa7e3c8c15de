// clamp with a tensor for a limit: PyTorch's values and gradients.
import { describe, expect, it } from 'vitest';
import { compile, noGrad, type Tensor, tensor } from '../../src';

const wanted = (values: readonly number[]): Tensor => tensor([...values]).requiresGrad_();

describe('clamp by tensors', () => {
  it('has a limit for each element, of which the greatest value counts', () => {
    const [x, min, max] = [wanted([-2, -1, 0, 1, 3]), wanted([-1, -1, 1, 2, 2]), wanted([0, 1, 0, 1, 4])];
    const y = x.clamp({ min, max });
    expect(y.toArray()).toEqual([-1, -1, 0, 1, 3]);
    y.backward(tensor([1, 2, 3, 4, 5]));
    expect([x, min, max].map((t) => t.grad!.toArray())).toEqual([
      [0, 2, 0, 0, 5],
      [1, 0, 0, 0, 0],
      [0, 0, 3, 4, 0],
    ]);
  });

  it('is NaN where x or a limit is', () => {
    expect(
      tensor([NaN, 2, 2])
        .clamp(tensor([0, NaN, 0]), tensor([1, 3, NaN]))
        .toArray(),
    ).toEqual([NaN, NaN, NaN]);
    const [x, min, max] = [wanted([NaN, 2, 2]), wanted([0, NaN, 0]), wanted([1, 3, NaN])];
    x.clamp(min, max).sum().backward();
    expect([x, min, max].map((t) => t.grad!.toArray())).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('broadcasts, and sums the gradient of a limit', () => {
    const x = tensor([
      [1, 5],
      [3, -4],
    ]).requiresGrad_();
    const min = wanted([2, -1]);
    const y = x.clampMin(min);
    expect(y.toArray()).toEqual([
      [2, 5],
      [3, -1],
    ]);
    y.sum().backward();
    expect([x.grad!.toArray(), min.grad!.toArray()]).toEqual([
      [
        [0, 1],
        [1, 0],
      ],
      [1, 1],
    ]);
  });

  it('takes a number for one limit and a tensor for the other', () => {
    const x = tensor([-3, 0, 3]);
    expect(x.clip(-1, tensor([0, -2, 1])).toArray()).toEqual([-1, -2, 1]);
    expect(x.clip(tensor([0, 1, 1]), 2).toArray()).toEqual([0, 1, 2]);
    expect(x.clampMax(tensor([-4, 1, 1])).toArray()).toEqual([-4, 0, 1]);
  });

  it('changes in place, also where it is its own limit', () => {
    const x = tensor([-3, 0, 3]);
    expect(
      x
        .clone()
        .clamp_({ min: tensor([0, 1, 1]), max: 2 })
        .toArray(),
    ).toEqual([0, 1, 2]);
    expect(
      x
        .clone()
        .clampMin_(tensor([1, 1, 1]))
        .toArray(),
    ).toEqual([1, 1, 3]);
    const own = x.clone();
    expect(own.clamp_({ max: own }).toArray()).toEqual([-3, 0, 3]);
    const w = wanted([1, -1]);
    const y = w.mul(2).clamp_({ min: tensor([0, 0]) });
    y.sum().backward();
    expect(w.grad!.toArray()).toEqual([2, 0]);
  });

  it('is recorded', () => {
    const step = compile((x: Tensor, min: Tensor) => noGrad(() => x.clamp({ min, max: 1 })));
    for (const bound of [-1, 0, 0.5])
      expect(step(tensor([-2, 0.25, 3]), tensor([bound])).toArray()).toEqual([bound, Math.max(0.25, bound), 1]);
  });

  it('takes limits of int32, as in PyTorch, and refuses other types and shapes', () => {
    const x = tensor([1, 2]);
    expect(x.clamp({ min: tensor([2, 1], { dtype: 'int32' }) }).toArray()).toEqual([2, 2]);
    expect(() => x.clamp('0' as never)).toThrow('[Tensor.clamp] expected an options object');
    expect(() => x.clamp_({ min: tensor([[1], [2]]) })).toThrow('[Tensor.clamp_]');
    expect(() => x.clamp({})).toThrow('expected min, max or both');
  });
});
