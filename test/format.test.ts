// Prints of PyTorch 2.13, with our words in the notes behind the numbers.
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { arange, full, ones, tensor, zeros } from '../src/ops';
import type { Tensor } from '../src/tensor';

const prints: [Tensor, string][] = [
  [tensor([1, 2, 3]), `tensor([1., 2., 3.])`],
  [tensor([1.5, 2, 300]), `tensor([  1.5000,   2.0000, 300.0000])`],
  [
    tensor([
      [1, -2.5],
      [10.25, 3],
    ]),
    `tensor([[ 1.0000, -2.5000],
        [10.2500,  3.0000]])`,
  ],
  [tensor(3), `tensor(3.)`],
  [tensor(3.14061), `tensor(3.1406)`],
  [tensor([0, 0]), `tensor([0., 0.])`],
  [tensor([-0, 0.5]), `tensor([-0.0000, 0.5000])`],
  [tensor([0.0001]), `tensor([1.0000e-04])`],
  [tensor([0.00009]), `tensor([9.0000e-05])`],
  [tensor([0.001, 2]), `tensor([1.0000e-03, 2.0000e+00])`],
  [tensor([1, 1000]), `tensor([   1., 1000.])`],
  [tensor([1, 1001]), `tensor([1.0000e+00, 1.0010e+03])`],
  [tensor([1e9]), `tensor([1.0000e+09])`],
  [tensor([1e-10, 1e10]), `tensor([1.0000e-10, 1.0000e+10])`],
  [tensor([123456.78125]), `tensor([123456.7812])`],
  [tensor([1000.25, 1]), `tensor([1.0002e+03, 1.0000e+00])`],
  [tensor([Number.NaN, 1, Infinity]), `tensor([nan, 1., inf])`],
  [tensor([Number.NaN, 1.5, -Infinity]), `tensor([   nan, 1.5000,   -inf])`],
  [tensor([Infinity, -Infinity]), `tensor([inf, -inf])`],
  [
    tensor(
      [
        [1, -20],
        [300, 4],
      ],
      { dtype: 'int32' },
    ),
    `tensor([[  1, -20],
        [300,   4]], dtype=int32)`,
  ],
  [
    arange(30).div(10),
    `tensor([0.0000, 0.1000, 0.2000, 0.3000, 0.4000, 0.5000, 0.6000, 0.7000, 0.8000,
        0.9000, 1.0000, 1.1000, 1.2000, 1.3000, 1.4000, 1.5000, 1.6000, 1.7000,
        1.8000, 1.9000, 2.0000, 2.1000, 2.2000, 2.3000, 2.4000, 2.5000, 2.6000,
        2.7000, 2.8000, 2.9000])`,
  ],
  [
    zeros([2, 2, 2]),
    `tensor([[[0., 0.],
         [0., 0.]],

        [[0., 0.],
         [0., 0.]]])`,
  ],
  [
    zeros([1, 2, 1, 2]),
    `tensor([[[[0., 0.]],

         [[0., 0.]]]])`,
  ],
  [arange(1001), `tensor([   0.,    1.,    2.,  ...,  998.,  999., 1000.])`],
  [
    ones([7, 200]),
    `tensor([[1., 1., 1.,  ..., 1., 1., 1.],
        [1., 1., 1.,  ..., 1., 1., 1.],
        [1., 1., 1.,  ..., 1., 1., 1.],
        ...,
        [1., 1., 1.,  ..., 1., 1., 1.],
        [1., 1., 1.,  ..., 1., 1., 1.],
        [1., 1., 1.,  ..., 1., 1., 1.]])`,
  ],
  [zeros([0]), `tensor([])`],
  [zeros([2, 0]), `tensor([], size=(2, 0))`],
  [zeros([0, 3], { dtype: 'int32' }), `tensor([], size=(0, 3), dtype=int32)`],
  [tensor([1, 2], { requiresGrad: true }), `tensor([1., 2.], requiresGrad=true)`],
  [
    full([9], 0.125, { requiresGrad: true }),
    `tensor([0.1250, 0.1250, 0.1250, 0.1250, 0.1250, 0.1250, 0.1250, 0.1250, 0.1250],
       requiresGrad=true)`,
  ],
  [
    full([8], 0.125, { requiresGrad: true }),
    `tensor([0.1250, 0.1250, 0.1250, 0.1250, 0.1250, 0.1250, 0.1250, 0.1250],
       requiresGrad=true)`,
  ],
];

test.each(prints)('%s', (x, text) => {
  expect(x.toString()).toBe(text);
});

test('names the operation that made a tensor', () => {
  const x = tensor([1, 2], { requiresGrad: true });
  expect(String(x.mul(2))).toBe('tensor([2., 4.], gradFn=<mul>)');
  expect(String(x.mul(2).detach())).toBe('tensor([2., 4.])');
});

test('is what console.log shows', () => {
  expect(inspect(tensor([[1, 2]]))).toBe('tensor([[1., 2.]])');
});
