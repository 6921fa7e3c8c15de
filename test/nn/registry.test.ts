import { expect, it } from 'vitest';
import { compile, nn, ones } from '../../src';
import { ownersOf } from '../../src/nn/registry';
import { expectSame } from '../helpers';

it('knows the fields that hold a parameter once their module was looked through', () => {
  const layer = new nn.Linear(2, 2);
  const tied = new nn.Linear(2, 2);
  const { weight } = layer;
  tied.weight = weight;
  expect(ownersOf(weight)).toEqual([]);
  new nn.Sequential(layer, tied).eval();
  const [first, second] = ownersOf(weight);
  expect([first!(), second!()]).toEqual([true, true]);
  tied.weight = new nn.Linear(2, 2).weight;
  expect([first!(), second!()]).toEqual([true, false]);
  expect(ownersOf(weight)).toHaveLength(1);
});

it('is not needed for a layer of the library: a compiled step sees that its weight was replaced', () => {
  const layer = new nn.Linear(2, 1, { bias: false });
  const step = compile((x) => layer.forward(x));
  const x = ones([1, 2]);
  const before = step(x).item();
  layer.weight = new nn.Parameter(layer.weight.detach().mul(2));
  expectSame(step(x), [2 * before]);
});
