// A fit is the loop of epochs, batches and steps on another thread, with the same bits.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { data, getNumThreads, manualSeed, nn, optim, rand, randn, setNumThreads, type Tensor, tensor, train } from '../../src';
import { bitsOf, classes, digest, eagerEvaluate, eagerFit, type FitRun, makeModel, quiet, stateOf, students } from './runs';

const criterion = new nn.CrossEntropyLoss();
let threads: number;
beforeEach(() => {
  threads = getNumThreads();
});
afterEach(() => setNumThreads(threads));

const optimizers: Record<string, (model: nn.Module) => FitRun['optimizer']> = {
  adam: (model) => new optim.Adam(model.parameters(), { lr: 0.01 }),
  amsgrad: (model) => new optim.Adam(model.parameters(), { lr: 0.01, amsgrad: true, weightDecay: 0.1 }),
  adamw: (model) => new optim.AdamW(model.parameters()),
  sgd: (model) => new optim.SGD(model.parameters(), { lr: 0.1 }),
  momentum: (model) => new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true }),
};

/** Runs the loop and the fit from the same seed and compares everything that they leave. */
async function compare(make: () => FitRun): Promise<void> {
  manualSeed(11);
  const loop = make();
  const losses = eagerFit(loop);
  const drawnAfterLoop = rand([3]).toArray();
  manualSeed(11);
  const run = make();
  const { model, ...options } = run;
  const result = await train.fit(model, { ...options, ...quiet });
  expect(result.loss).toEqual(losses);
  expect(result.epochs).toBe(run.epochs);
  expect(rand([3]).toArray()).toEqual(drawnAfterLoop);
  expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
  expect(stateOf(run.optimizer)).toEqual(stateOf(loop.optimizer));
  const order = ({ loader }: FitRun) => {
    manualSeed(12);
    return [...loader].map(([x]) => digest(x!));
  };
  expect(order(run)).toEqual(order(loop)); // the loader goes on where the loop's would
}

describe('the bits of the loop', () => {
  it.each(Object.keys(optimizers))('%s', async (name) => {
    await compare(() => {
      const model = makeModel([13, 30, 20, 5], { dropout: 0.2 });
      const loader = new data.DataLoader(students(211), { batchSize: 32, shuffle: true });
      return { model, criterion, optimizer: optimizers[name]!(model), loader, epochs: 4 };
    });
  });

  it.each([
    ['in the given order', {}],
    ['with a seed of its own', { shuffle: true, seed: 5 }],
    ['without the last batch', { shuffle: true, dropLast: true }],
    ['with batches of one', { batchSize: 1 }],
    ['with one batch that is not full', { batchSize: 500, shuffle: true }],
    ['with batches that fit', { batchSize: 20, shuffle: true }],
  ])('%s', async (_, options) => {
    await compare(() => {
      const model = makeModel([13, 16, 5]);
      const loader = new data.DataLoader(students(100), { batchSize: 32, ...options });
      return { model, criterion, optimizer: optimizers['adam']!(model), loader, epochs: 3 };
    });
  });

  it('of a part of a part of a dataset', async () => {
    await compare(() => {
      const part = new data.Subset(
        new data.Subset(students(90), [...Array(80).keys()].reverse()),
        [...Array(70).keys()].map((i) => i + 3),
      );
      const model = makeModel([13, 16, 5]);
      return {
        model,
        criterion,
        optimizer: optimizers['adam']!(model),
        loader: new data.DataLoader(part, { batchSize: 16, shuffle: true }),
        epochs: 3,
      };
    });
  });

  it.each([1, 2, 3])('with %i threads, layers large enough to be divided', async (n) => {
    setNumThreads(n);
    await compare(() => {
      const model = makeModel([64, 256, 256, 5]);
      const loader = new data.DataLoader(students(600, 64), { batchSize: 256, shuffle: true });
      return { model, criterion, optimizer: optimizers['adam']!(model), loader, epochs: 2 };
    });
  });

  it('with several optimizer groups, frozen and shared layers', async () => {
    await compare(() => {
      const shared = new nn.Linear(8, 8);
      const first = new nn.Linear(13, 8);
      first.weight.requiresGrad_(false);
      const model = new nn.Sequential(first, shared, new nn.Tanh(), shared, new nn.Linear(8, 5));
      const optimizer = new optim.Adam([
        { params: shared.parameters(), lr: 0.02 },
        { params: [first.bias!, ...model.children().at(-1)!.parameters()], weightDecay: 0.1 },
      ]);
      return { model, criterion, optimizer, loader: new data.DataLoader(students(64), { batchSize: 16 }), epochs: 3 };
    });
  });

  it('of a dataset that JavaScript reads, which draws random numbers as the model does', async () => {
    class Noisy extends data.Dataset<[Tensor, number]> {
      private readonly rows = randn([50, 6]);
      get length() {
        return 50;
      }
      get(i: number): [Tensor, number] {
        return [
          this.rows
            .narrow(0, i, 1)
            .reshape([6])
            .add(rand([6])),
          i % 3,
        ];
      }
    }
    await compare(() => {
      const model = makeModel([6, 12, 3], { dropout: 0.3 });
      const collate = (items: [Tensor, number][]): Tensor[] => [
        tensor(items.map(([x]) => x.toArray() as number[])),
        tensor(Int32Array.from(items, ([, y]) => y)),
      ];
      const loader = new data.DataLoader(new Noisy(), { batchSize: 8, shuffle: true, collate });
      return { model, criterion, optimizer: optimizers['momentum']!(model), loader, epochs: 3 };
    });
  });

  it('of random networks, losses and optimizers', async () => {
    const network = fc.record({
      widths: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
      dropout: fc.constantFrom(0, 0.1),
      optimizer: fc.constantFrom(...Object.keys(optimizers)),
      rows: fc.integer({ min: 2, max: 80 }),
      batchSize: fc.integer({ min: 1, max: 33 }),
      shuffle: fc.boolean(),
      regression: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(network, async ({ widths, dropout, optimizer, rows, batchSize, shuffle, regression }) => {
        await compare(() => {
          const model = makeModel([7, ...widths, 4], { dropout });
          const dataset = regression ? new data.TensorDataset(randn([rows, 7]), randn([rows, 4])) : students(rows, 7, 4);
          const loader = new data.DataLoader(dataset, { batchSize, shuffle });
          const loss = regression ? new nn.MSELoss() : criterion;
          return { model, criterion: loss, optimizer: optimizers[optimizer]!(model), loader, epochs: 3 };
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('random numbers', () => {
  it('of shuffled training and validation loaders are drawn as the loop draws them, and so is what comes after', async () => {
    const make = () => {
      manualSeed(8);
      const [model, rows, held] = [makeModel([13, 16, 5], { dropout: 0.2 }), students(70), students(30)];
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const loader = new data.DataLoader(rows, { batchSize: 16, shuffle: true });
      const validation = new data.DataLoader(held, { batchSize: 8, shuffle: true });
      return { model, optimizer, loader, validation, criterion };
    };
    const evaluated = ({ model, validation }: ReturnType<typeof make>) => eagerEvaluate(model, validation, criterion);
    const loop = make();
    const expected: number[] = [];
    eagerFit({ ...loop, epochs: 3 }, () => expected.push(evaluated(loop)));
    const last = evaluated(loop);
    const after = rand([2]).toArray();
    const { model, ...run } = make();
    const { validationLoss } = await train.fit(model, { ...run, epochs: 3, ...quiet });
    expect(validationLoss).toEqual(expected);
    expect(await train.evaluate(model, run.validation, { criterion })).toEqual({ loss: last });
    expect(rand([2]).toArray()).toEqual(after);
  });

  it('of two fits at once do not depend on which is faster', async () => {
    const both = async () => {
      manualSeed(8);
      const runs = [1, 2].map(() => {
        const model = makeModel([13, 16, 5], { dropout: 0.2 });
        return {
          model,
          optimizer: new optim.Adam(model.parameters()),
          loader: new data.DataLoader(students(90), { batchSize: 16, shuffle: true }),
        };
      });
      await Promise.all(runs.map(({ model, ...run }) => train.fit(model, { ...run, criterion, epochs: 5, ...quiet })));
      return runs.map(({ model }) => bitsOf(model));
    };
    expect(await both()).toEqual(await both());
  });
});

describe('a class of losses', () => {
  it('takes a loss that is a function with forward, and inputs of several tensors', async () => {
    class Two extends nn.Module {
      a = new nn.Linear(3, 4);
      b = new nn.Linear(2, 4);
      override forward(x: Tensor, z: Tensor): Tensor {
        return this.a.forward(x).add(this.b.forward(z));
      }
    }
    const dataset = new data.TensorDataset(randn([20, 3]), randn([20, 2]), randn([20, 4]));
    const model = new Two();
    const own = { forward: (output: Tensor, target: Tensor) => output.sub(target).abs().mean() };
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
    const { loss } = await train.fit(model, {
      criterion: own,
      optimizer,
      loader: new data.DataLoader(dataset, { batchSize: 8 }),
      epochs: 60,
      ...quiet,
    });
    expect(loss.at(-1)!).toBeLessThan(loss[0]!);
  });

  it('reaches the accuracy of the task', async () => {
    manualSeed(1);
    const x = randn([400, 2]);
    const y = classes(x);
    const model = makeModel([2, 16, 2]);
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 32, shuffle: true });
    await train.fit(model, { criterion, optimizer: new optim.Adam(model.parameters(), { lr: 0.02 }), loader, epochs: 60, ...quiet });
    const predicted = (await train.predict(model, x)).argmax(1);
    expect(predicted.eq(y).to('float32').mean().item()).toBeGreaterThan(0.95);
  });
});
