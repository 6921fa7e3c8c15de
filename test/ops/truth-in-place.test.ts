// Comparisons and logical operations in place: what the operation gives, in the tensor's own memory and type.
import { describe, expect, it } from 'vitest';
import { compile, noGrad, type Tensor, tensor } from '../../src';
import { expectError, expectSame } from '../helpers';

const compared = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const;
const joined = ['logicalAnd', 'logicalOr', 'logicalXor'] as const;
const float = () => tensor([[1, -2, 0], [2, Number.NaN, -0]]); // biome-ignore format: matrix
const int = () => tensor([[1, -2, 0], [2, 5, 0]], { dtype: 'int32' }); // biome-ignore format: matrix

describe.each([...compared, ...joined, 'logicalNot'] as const)('%s_', (name) => {
  const others = name === 'logicalNot' ? [[]] : [[tensor([1, -2, 0])], [tensor([[2], [0]], { dtype: 'int32' })]];
  const apply = (x: Tensor, form: string, args: Tensor[]) => (x as never as Record<string, (...args: Tensor[]) => Tensor>)[form]!(...args);
  it.each([
    ['float32', float],
    ['int32', int],
  ] as const)('has the values of the operation, as %s', (dtype, make) => {
    // biome-ignore format: pairs
    for (const args of others) {
      const expected = apply(make(), name, args);
      const x = make();
      const step = compile((t: Tensor) => apply(t, `${name}_`, args));
      for (const y of [apply(x, `${name}_`, args), step(make()), step(make())]) {
        expect(y.dtype).toBe(dtype);
        expectSame(y.data, expected.data);
      }
      expectSame(x.data, expected.data);
    }
  });
  it('compares a tensor with itself', () => {
    const x = float();
    if (name !== 'logicalNot') expectSame(apply(x, `${name}_`, [x]).data, apply(float(), name, [float()]).data);
  });
  it('stops the gradient of the former value, and refuses leaves', () => {
    const args = name === 'logicalNot' ? [] : [tensor([1, 2, 3])];
    const leaf = tensor([1, 2, 0], { requiresGrad: true });
    expect(() => apply(leaf, `${name}_`, args)).toThrow(`[Tensor.${name}_] a leaf tensor that requires grad`);
    const y = leaf.mul(2);
    apply(y, `${name}_`, args);
    y.sum().backward();
    expect(leaf.grad!.toArray()).toEqual([0, 0, 0]);
    noGrad(() => apply(leaf, `${name}_`, args));
  });
});

it('say what does not fit', () => {
  const wide = '[Tensor.eq_] the result is [2, 2], and this tensor [2]\n  hint: eq() makes a new tensor';
  expectError(() => tensor([1, 2]).eq_(tensor([[1], [2]])), RangeError, wide);
  expect(() => tensor([1, 2]).lt_('1' as never)).toThrow('[Tensor.lt_]');
  expect(() => tensor([1, 2]).logicalAnd_('1' as never)).toThrow('[Tensor.logicalAnd_]');
});
