// Two steps with gradients that are not finite, whose square is not, and that are zero: what PyTorch 2.13 makes of them.
import { describe, expect, it } from 'vitest';
import { nn, optim, tensor } from '../../src';

const { NaN: nan } = Number;
const decayed = Math.fround(Math.fround(1 - 1e-5) * Math.fround(1 - 1e-5));

// Of 6e20 and of 0; and of 0 where eps is 0. NaN and infinities make NaN.
const cases: [
  name: 'Adam' | 'AdamW' | 'RMSprop' | 'Adagrad' | 'Adadelta' | 'Adamax' | 'NAdam',
  options: object,
  huge: number,
  zero: number,
  by0: number,
][] = [
  ['Adam', {}, 1, 1, nan],
  ['AdamW', { amsgrad: true }, decayed, decayed, nan],
  ['RMSprop', {}, 1, 1, nan],
  ['RMSprop', { centered: true, momentum: 0.9 }, 1, 1, nan],
  ['Adagrad', {}, 1, 1, nan],
  ['Adadelta', {}, 1, 1, nan],
  ['Adamax', {}, 0.996, 1, nan],
  ['NAdam', {}, 1, 1, nan],
];

describe.each(cases)('%s %j', (name, options, huge, zero, by0) => {
  it.each([
    [{}, [nan, nan, nan, huge, zero]],
    [{ eps: 0 }, [nan, nan, nan, huge, by0]],
  ])('with %j', (more, expected) => {
    const w = new nn.Parameter(tensor([1, 1, 1, 1, 1]));
    const optimizer = new optim[name]([w], { ...options, ...more });
    for (let step = 0; step < 2; step++) {
      w.grad = tensor([nan, Infinity, -Infinity, 6e20, 0]);
      optimizer.step();
    }
    expect([...w.data].map((value, i) => (Math.abs(value - expected[i]!) < 2 ** -23 ? expected[i] : value))).toEqual(expected);
  });
});
