// What the kernels of an optimizer are given may depend on the step in any way: loop, compiled step and fit end with the same bits.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, ones, type optim, randn, type Tensor, tensor, train } from '../../src';
import * as calls from '../../src/calls.generated';
import { Adam } from '../../src/optim/adam';
import { type Definition, Optimizer } from '../../src/optim/optimizer';
import { bitsOf, quiet } from '../train/runs';

interface Options {
  lr: number;
}

// Gradient descent with another rate in each step.
class Own extends Optimizer<Options> {
  constructor(params: Tensor[], rate: (count: number) => number, known: Partial<Definition<Options>> = {}) {
    const recipe: Definition<Options> = {
      name: 'Own',
      defaults: { lr: 0.125 },
      check: () => {},
      allKeys: ['seen'],
      stateKeys: () => keys,
      countsSteps: true,
      step: ({ values, gradient, n }, { lr }, count) => calls.sgdStep({ param: values, grad: gradient, n, lr: lr * rate(count) }),
      ...known,
    };
    super(recipe, params, undefined);
  }
}
const keys = ['seen'];

// NAdam's product of momenta, in JavaScript.
function product(count: number): number {
  let all = 1;
  for (let t = 1; t <= count; t++) all *= 0.9 * (1 - 0.5 * 0.96 ** (t * 0.004));
  return 1 - all;
}

type Make = (model: nn.Module) => optim.Adam | Own;

function adamWithGetter(model: nn.Module): Adam {
  const optimizer = new Adam(model.parameters());
  const { version } = model.parameters()[0]!;
  const begin = version.count;
  Object.defineProperty(optimizer.paramGroups[0]!, 'lr', { enumerable: true, get: () => (version.count - begin < 4 ? 0.125 : 0.01) });
  return optimizer;
}

const makers: [string, Make][] = [
  ['a product', (model) => new Own(model.parameters(), product)],
  ['a root', (model) => new Own(model.parameters(), (count) => 1 / Math.sqrt(count))],
  ['a line that rounding bends', (model) => new Own(model.parameters(), (count) => 0.1 + 0.3 * count)],
  ['a stair', (model) => new Own(model.parameters(), (count) => (count < 5 ? 1 : 0.5))],
  ['a product that the recipe calls linear', (model) => new Own(model.parameters(), product, { linear: true })],
  [
    'a line that rounding bends and the recipe calls linear',
    (model) => new Own(model.parameters(), (count) => 0.1 + 0.3 * count, { linear: true }),
  ],
  ['a getter', adamWithGetter],
];

describe.each(makers)('%s', (_, make) => {
  const criterion = new nn.MSELoss();
  const begin = () => {
    manualSeed(7);
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
    const dataset = new data.TensorDataset(randn([11, 3]), randn([11, 2]));
    return { model, optimizer: make(model), loader: new data.DataLoader(dataset, { batchSize: 4, shuffle: true }) };
  };
  const loop = (recorded: boolean): string[] => {
    const { model, optimizer, loader } = begin();
    const plain = (x: Tensor, y: Tensor): Tensor => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    };
    const step = recorded ? compile(plain) : plain;
    for (let epoch = 0; epoch < 4; epoch++) for (const [x, y] of loader) step(x, y);
    return bitsOf(model);
  };

  it('in a compiled step', () => {
    expect(loop(true)).toEqual(loop(false));
  });

  it('in a fit over rows', async () => {
    const { model, ...rest } = begin();
    await train.fit(model, { ...rest, ...quiet, criterion, epochs: 4 });
    expect(bitsOf(model)).toEqual(loop(false));
  });

  it('in a fit over batches of JavaScript', async () => {
    const { model, optimizer, loader } = begin();
    const batches = { [Symbol.iterator]: () => loader[Symbol.iterator]() };
    await train.fit(model, { optimizer, loader: batches, ...quiet, criterion, epochs: 4 });
    expect(bitsOf(model)).toEqual(loop(false));
  });
});

it('a number that the kernel refuses ends a fit over batches of its own, and nothing stays in use', async () => {
  manualSeed(2);
  const model = new nn.Linear(3, 2);
  const optimizer = new Own(model.parameters(), () => Number.NaN, {
    step: ({ values, gradient, n }, _, count) => calls.fill({ out: gradient.subarray(0, n), n: count + 0.5, value: values[0]! }),
  });
  const loader = [[randn([4, 3]), tensor(Int32Array.of(0, 1, 1, 0))]] as [Tensor, Tensor][];
  const fitting = train.fit(model, { loader, criterion: new nn.CrossEntropyLoss(), optimizer, epochs: 2, ...quiet });
  await expect(fitting).rejects.toThrow('[fill] n: expected an integer');
  expect(model.forward(ones([1, 3])).shape).toEqual([1, 2]);
});
