// A fit whose callbacks change the data: further batches have the new values, as in a loop.
import { expect, it } from 'vitest';
import { data, manualSeed, nn, noGrad, optim, randn, type Tensor, tensor, train } from '../../src';

type Loader = train.Batches;
const [rows, batch, epochs] = [160, 8, 3];
const targets = () => tensor(Int32Array.from({ length: rows }, (_, i) => i % 3));

class Plain extends data.Dataset<[Tensor, Tensor]> {
  constructor(
    private readonly x: Tensor,
    private readonly y: Tensor,
  ) {
    super();
  }
  override get length(): number {
    return rows;
  }
  override get(i: number): [Tensor, Tensor] {
    return [this.x.select(0, i), this.y.select(0, i)];
  }
}

const loaders: Record<string, (x: Tensor, y: Tensor) => Loader> = {
  'rows of a dataset': (x, y) => new data.DataLoader(new data.TensorDataset(x, y), { batchSize: batch }),
  'shuffled rows': (x, y) => new data.DataLoader(new data.TensorDataset(x, y), { batchSize: batch, shuffle: true }),
  'rows of a subset': (x, y) =>
    new data.DataLoader(
      new data.Subset(
        new data.TensorDataset(x, y),
        Array.from({ length: rows }, (_, i) => (7 * i) % rows),
      ),
      { batchSize: batch },
    ),
  'a dataset of its own': (x, y) => new data.DataLoader(new Plain(x, y), { batchSize: batch }) as unknown as Loader,
  'views of a generator': (x, y) => ({
    *[Symbol.iterator]() {
      for (let i = 0; i < rows; i += batch) yield [x.narrow(0, i, batch), y.narrow(0, i, batch)];
    },
  }),
  'results of a generator': (x, y) => ({
    *[Symbol.iterator]() {
      for (let i = 0; i < rows; i += batch) yield [x.narrow(0, i, batch).mul(2), y.narrow(0, i, batch)];
    },
  }),
  'an async generator': (x, y) => ({
    async *[Symbol.asyncIterator]() {
      for (let i = 0; i < rows; i += batch) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield [x.narrow(0, i, batch).add(1), y.narrow(0, i, batch)];
      }
    },
  }),
  'a list of views': (x, y) =>
    Array.from({ length: rows / batch }, (_, i) => [x.narrow(0, batch * i, batch), y.narrow(0, batch * i, batch)]),
};

const changes: Record<string, (x: Tensor) => void> = {
  'in place': (x) => noGrad(() => x.mul_(1.5)),
  'through a typed array': (x) => {
    for (let i = 0; i < x.numel; i++) x.data[i]! *= 1.5;
  },
};

type Means = 'loop' | 'fit';
/** The losses and the weight of a training in which the data changes after each epoch and after these batches. */
async function trained(means: Means, make: (x: Tensor, y: Tensor) => Loader, change: (x: Tensor) => void, within: Set<string>) {
  manualSeed(5);
  const x = randn([rows, 4]);
  if (change === changes['through a typed array']) void x.data;
  const model = new nn.Sequential(new nn.Linear(4, 900), new nn.ReLU(), new nn.Linear(900, 900), new nn.ReLU(), new nn.Linear(900, 3)); // a step takes some milliseconds
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const criterion = new nn.CrossEntropyLoss();
  const loader = make(x, targets());
  const validation = make(x, targets());
  const losses: number[] = [];
  const validationLosses: number[] = [];
  if (means === 'fit') {
    const onBatch = ({ epoch, batch }: train.BatchReport) => {
      within.add(`${epoch} ${batch} ${epoch === ended ? 'ended' : 'within'}`);
      change(x);
    };
    let ended = 0;
    const onEpoch = () => {
      ended++;
      change(x);
    };
    const { loss, validationLoss } = await train.fit(model, {
      ...{ criterion, optimizer, loader, epochs, onBatch, onEpoch },
      progress: false,
      progressEvery: 1,
      validation,
    });
    losses.push(...loss, ...validationLoss);
  } else {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      let [sum, count] = [0, 0];
      for await (const [input, target] of loader as AsyncIterable<[Tensor, Tensor]>) {
        optimizer.zeroGrad();
        const loss = criterion.forward(model.forward(input), target);
        loss.backward();
        optimizer.step();
        sum += loss.item();
        count++;
        if (within.has(`${epoch} ${count} within`)) change(x);
      }
      losses.push(sum / count);
      let validationSum = 0;
      for await (const [input, target] of validation as AsyncIterable<[Tensor, Tensor]>) {
        validationSum += noGrad(() => criterion.forward(model.forward(input), target)).item();
      }
      validationLosses.push(validationSum / count);
      change(x);
      if (within.has(`${epoch} ${loaderLength} ended`)) change(x);
    }
  }
  losses.push(...validationLosses);
  return { losses, weights: [...model.parameters()].map((p) => p.sum().item()) };
}
const loaderLength = rows / batch;

for (const [loader, make] of Object.entries(loaders)) {
  for (const [how, change] of Object.entries(changes)) {
    it(`${loader}, changed ${how}`, async () => {
      const within = new Set<string>();
      const fit = await trained('fit', make, change, within);
      const loop = await trained('loop', make, change, within);
      expect(fit).toEqual(loop);
      expect([...within].some((at) => at.endsWith('within'))).toBe(true);
    });
  }
}
