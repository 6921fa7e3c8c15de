// What train.fit makes of a loader: the bits of a plain loop and of a compiled one, whoever makes the batches and wherever it begins.
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile';
import {
  BatchSampler,
  ConcatDataset,
  DataLoader,
  type Dataset,
  RandomSampler,
  SequentialSampler,
  StackDataset,
  Subset,
  SubsetRandomSampler,
  TensorDataset,
  WeightedRandomSampler,
} from '../../src/data';
import * as nn from '../../src/nn';
import { rand, randint, randn } from '../../src/ops';
import { SGD } from '../../src/optim';
import { manualSeed, randomPosition } from '../../src/random';
import type { Tensor } from '../../src/tensor';
import { fit } from '../../src/train';

type Pair = [Tensor, Tensor];
type Loader = DataLoader<Pair, Pair>;

manualSeed(1);
const n = 23;
const [x, y] = [randn([n, 3]), randint(2, [n])];
const rows = new TensorDataset(x, y);
const [more, moreY] = [randn([5, 3]), randint(2, [5])];

const datasets: Record<string, Dataset<Pair>> = {
  tensors: rows,
  'a stack of tensors': new StackDataset(x, y),
  'a concatenation': new ConcatDataset([rows, new TensorDataset(more, moreY), new Subset(rows, [3, 3, 1])]),
  'a subset of a concatenation': new Subset(
    new ConcatDataset([new Subset(rows, [5, 4, 3]), new TensorDataset(more, moreY)]),
    [7, 0, 2, 5, 1],
  ),
};
const options: Record<string, { native: boolean; make: (items: number) => object }> = {
  'in order': { native: true, make: (items) => ({ sampler: new SequentialSampler(items) }) },
  shuffled: { native: true, make: () => ({ shuffle: true }) },
  'with RandomSampler': { native: true, make: (items) => ({ sampler: new RandomSampler(items), dropLast: true }) },
  'with a seed of the sampler': { native: true, make: (items) => ({ sampler: new RandomSampler(items, { seed: 4 }), seed: 9 }) },
  'of some items': { native: true, make: () => ({ sampler: new SubsetRandomSampler([4, 0, 2, 1, 3, 2]) }) },
  'of some items, by the seed of the loader': {
    native: true,
    make: () => ({ sampler: new SubsetRandomSampler([4, 0, 2, 1, 3, 2]), seed: 3 }),
  },
  'in batches of a sampler': {
    native: true,
    make: (items) => ({ batchSampler: new BatchSampler(new RandomSampler(items), { batchSize: 3 }) }),
  },
  'by weights': { native: false, make: (items) => ({ sampler: new WeightedRandomSampler(new Array(items).fill(1)) }) },
  'with replacement': { native: false, make: (items) => ({ sampler: new RandomSampler(items, { replacement: true }) }) },
  'by lists': { native: false, make: () => ({ batchSampler: [[0, 1], [2], [4, 3, 1]] }) },
};

const makeLoader = (dataset: Dataset<Pair>, given: object): Loader =>
  new DataLoader<Pair, Pair>(dataset, { ...('batchSampler' in given ? {} : { batchSize: 4 }), ...given });

interface Run {
  weights: unknown;
  position: unknown;
  epochs: number;
}

// A model that draws in each step, so that orders and steps share one sequence.
function training() {
  manualSeed(8);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Dropout(0.3), new nn.Linear(4, 2));
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  return { model, optimizer, criterion: new nn.CrossEntropyLoss() };
}

function loopOf({ model, optimizer, criterion }: ReturnType<typeof training>, compiled: boolean): (batch: Pair) => void {
  const step = (input: Tensor, target: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(input), target);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const run = compiled ? compile(step) : step;
  return ([input, target]) => void run(input, target);
}

const ended = ({ model }: ReturnType<typeof training>, loader: Loader): Run => ({
  weights: model.parameters().map((p) => p.toArray()),
  position: randomPosition(),
  epochs: loader.epochsBegun,
});

async function runs(mode: 'loop' | 'compiled' | 'fit', makes: () => Loader, begin: (loader: Loader) => void = () => {}): Promise<Run> {
  const trained = training();
  const loader = makes();
  begin(loader);
  if (mode === 'fit')
    await fit(trained.model, { criterion: trained.criterion, optimizer: trained.optimizer, loader, epochs: 3, progress: false });
  else {
    const step = loopOf(trained, mode === 'compiled');
    for (let epoch = 0; epoch < 3; epoch++) for (const batch of loader) step(batch);
  }
  return ended(trained, loader);
}

describe.each(Object.entries(datasets))('of %s', (_, dataset) => {
  it.each(Object.entries(options))('%s', async (_, { native, make }) => {
    const makes = () => makeLoader(dataset, make(dataset.length));
    expect(makes().rows() !== null).toBe(native);
    const loop = await runs('loop', makes);
    expect(await runs('compiled', makes)).toEqual(loop);
    expect(await runs('fit', makes)).toEqual(loop);
  });
});

describe('a fit with a loader that goes on in the middle of an epoch', () => {
  it.each(Object.entries(options))('%s', async (_, { make }) => {
    const makes = () => makeLoader(rows, make(n));
    const begin = (loader: Loader): void => {
      const other = makes();
      rand([3]);
      for (const batch of other) if (batch[0] !== undefined && other.stateDict().batch === 1) break;
      loader.loadStateDict(other.stateDict());
    };
    const loop = await runs('loop', makes, begin);
    expect(await runs('fit', makes, begin)).toEqual(loop);
    expect(loop.weights).not.toEqual((await runs('loop', makes)).weights);
  });
});
