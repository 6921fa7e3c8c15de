// A product, the row that is added to it and the activation that follows are one kernel in a recording, with the same bits.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, noGrad, randn, type Tensor } from '../src/index';

const kernelsOf = (compiled: object): string[] => [...String(compiled).matchAll(/^\d+ +(\w+)/gm)].map(([, kernel]) => kernel!);

manualSeed(1);
const [weight, bias, row] = [randn([6, 5]), randn([5]), randn([1, 5])];
const matrix = randn([4, 5]);
const layer = new nn.Parameter(randn([5, 6]));

const programs: [string, string[], (x: Tensor) => Tensor | Tensor[]][] = [
  ['a product, its bias and an activation', ['denseForward'], (x) => x.matmul(weight).add(bias).relu()],
  ['another activation, with its parameter', ['denseForward'], (x) => x.matmul(weight).add(row).clamp({ min: -0.5, max: 0.5 })],
  ['a bias alone', ['denseForward'], (x) => x.matmul(weight).add(bias)],
  ['no bias', ['matmul', 'reluForward'], (x) => x.matmul(weight).relu()],
  ['a matrix in place of a bias', ['matmul', 'add', 'reluForward'], (x) => x.matmul(weight).add(matrix).relu()],
  ['a column', ['matmul', 'add'], (x) => x.matmul(weight).add(x.select(1, 0).reshape([4, 1]))],
  ['a number', ['matmul', 'add'], (x) => x.matmul(weight).add(3)],
  [
    'one of its own rows',
    ['matmul', 'add', 'reluForward'],
    (x) => {
      const product = x.matmul(weight);
      return product.add(product.narrow(0, 3, 1)).relu();
    },
  ],
  [
    'a layer and one of its own rows',
    ['linearForwardPacked', 'add'],
    (x) => {
      const y = nn.functional.linear(x, layer);
      return y.add(y.narrow(0, 1, 1));
    },
  ],
  [
    'a product that is read twice',
    ['matmul', 'add', 'mul'],
    (x) => {
      const product = x.matmul(weight);
      return product.add(bias).mul(product);
    },
  ],
  [
    'a product that is a result',
    ['matmul', 'add'],
    (x) => {
      const product = x.matmul(weight);
      return [product, product.add(bias)];
    },
  ],
];

describe('a compiled function has the kernels and bits of', () => {
  it.each(programs)('%s', (_, kernels, program) => {
    noGrad(() => {
      const compiled = compile(program as (x: Tensor) => Tensor);
      for (let i = 0; i < 3; i++) {
        const x = randn([4, 6]);
        const values = (given: Tensor | Tensor[]): number[][] => [given].flat().map((t) => Array.from(t.data));
        expect(values(compiled(x))).toEqual(values(program(x)));
      }
      const found = kernelsOf(compiled);
      if (kernels[0] === 'denseForward') expect(found).toEqual(kernels);
      else expect(found).not.toContain('denseForward');
    });
  });
});
