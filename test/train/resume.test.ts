// A fit that ends in the midst of an epoch says where its loader stands, and another goes on from there with the bits of one that was not interrupted.
import { describe, expect, it, vi } from 'vitest';
import { data, getRngState, manualSeed, nn, optim, randint, randn, setRngState, type Tensor, train } from '../../src';
import { bitsOf, OwnRows, quiet } from './runs';

const n = 37;
manualSeed(11);
const [x, y] = [randn([n, 4]), randint(3, [n])];

function setUp(options: object, own = false) {
  manualSeed(12);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.3), new nn.ReLU(), new nn.Linear(8, 3));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const loader = new data.DataLoader((own ? new OwnRows(x, y) : new data.TensorDataset(x, y)) as data.Dataset<[Tensor, Tensor]>, {
    batchSize: 5,
    ...options,
  });
  return { model, optimizer, loader, criterion: new nn.CrossEntropyLoss(), ...quiet };
}

const batches = 8;

// Where the loader stands after each step of a loop.
function placesOfLoop(options: object, own: boolean, epochs: number): data.DataLoaderState[] {
  const { model, optimizer, loader, criterion } = setUp(options, own);
  const places: data.DataLoaderState[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [bx, by] of loader) {
      optimizer.zeroGrad();
      criterion.forward(model.call(bx), by).backward();
      optimizer.step();
      places.push(loader.stateDict());
    }
  }
  return places;
}

describe.each([
  ['in order', {}],
  ['shuffled', { shuffle: true }],
  ['with a seed', { shuffle: true, seed: 3 }],
])('%s', (_, options) => {
  describe.each([
    ['rows', false, 1],
    ['rows', false, 2],
    ['own items', true, 1],
    ['own items', true, 3],
  ])('%s %s, accumulate %i', (_, own, accumulate) => {
    it.each([1, 6, 8, 11, 12, 19])('stopped in onBatch after %i batches', async (after) => {
      const { model: whole, ...uninterrupted } = setUp(options, own);
      await train.fit(whole, { ...uninterrupted, accumulate, epochs: 3 });

      const { model, ...first } = setUp(options, own);
      const scheduler = { scheduler: { step() {} }, interval: 'step' as const };
      const seen: data.DataLoaderState[] = [];
      let done = 0;
      let now = 0;
      const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
        now += 10;
        return now;
      });
      await train.fit(model, {
        ...first,
        accumulate,
        epochs: 3,
        scheduler, // back to JavaScript after each step
        progressEvery: 1,
        onBatch: ({ epoch, batch, stop }) => {
          seen.push(first.loader.stateDict());
          done = (epoch - 1) * batches + batch;
          if (done >= after) stop();
        },
      });
      clock.mockRestore();
      const state = {
        model: model.stateDict(),
        optimizer: first.optimizer.stateDict(),
        loader: first.loader.stateDict(),
        random: getRngState(),
      };
      expect(state.loader).toEqual(seen.at(-1));
      const isUnderWay = done % batches !== 0;
      expect([state.loader.epoch, state.loader.batch]).toEqual([Math.ceil(done / batches), done % batches]);
      if (accumulate === 1 && isUnderWay) expect(state.loader.random).toEqual(placesOfLoop(options, own, 3)[done - 1]!.random);

      const { model: other, ...second } = setUp(options, own);
      other.loadStateDict(state.model);
      second.optimizer.loadStateDict(state.optimizer);
      second.loader.loadStateDict(JSON.parse(JSON.stringify(state.loader)));
      setRngState(state.random);
      const epochsBefore = Math.floor(done / batches);
      const result = await train.fit(other, { ...second, accumulate, initialEpoch: epochsBefore, epochs: 3 });
      expect(result.epochs).toBe(3 - epochsBefore);
      expect(bitsOf(other)).toEqual(bitsOf(whole));
      expect(second.loader.stateDict()).toMatchObject({ epoch: 3, batch: 0, random: null });
    });
  });
});

it('an epoch of which nothing is left is not counted', async () => {
  const { model, loader, ...options } = setUp({ shuffle: true });
  const iterator = loader[Symbol.iterator]();
  for (let i = 0; i < batches; i++) iterator.next();
  const state = loader.stateDict();
  expect(state.batch).toBe(batches);
  loader.loadStateDict(state);
  const { epochs, loss } = await train.fit(model, { ...options, loader, epochs: 2 });
  expect([epochs, loss.length, loader.stateDict().epoch]).toEqual([2, 2, 3]);
});

it('a loader that was aborted says where the fit was', async () => {
  const { model, loader, ...options } = setUp({ shuffle: true });
  const controller = new AbortController();
  const fitting = train.fit(model, { ...options, loader, epochs: 100_000, signal: controller.signal });
  const begun = setInterval(() => {
    if (loader.stateDict().epoch < 3) return;
    clearInterval(begun);
    controller.abort(new Error('enough'));
  }, 5);
  await expect(fitting).rejects.toThrow('enough');
  const { epoch, batch } = loader.stateDict();
  const steps = (options.optimizer.stateDict().state as Record<string, { step: number | Tensor }>)['0']!.step;
  expect(batch === 0 ? epoch * batches : (epoch - 1) * batches + batch).toBe(Number(steps));
});

it('a scheduler stands behind the epoch whose validation was aborted, for whoever goes on trains the next one', async () => {
  const scheduled = () => {
    const given = setUp({ shuffle: true, seed: 3 });
    return { ...given, scheduler: new optim.lrScheduler.ExponentialLR(given.optimizer, { gamma: 0.5 }) };
  };
  const { model, ...options } = scheduled();
  const controller = new AbortController();
  let validated = 0;
  const validation = {
    *[Symbol.iterator](): Generator<[Tensor, Tensor]> {
      if (++validated === 2) controller.abort(new Error('enough'));
      yield [x, y];
    },
  };
  await expect(train.fit(model, { ...options, validation, epochs: 5, signal: controller.signal })).rejects.toThrow('enough');
  expect([options.loader.stateDict().epoch, options.loader.stateDict().random, options.scheduler.lastEpoch]).toEqual([2, null, 2]);
  await train.fit(model, { ...options, epochs: 3, initialEpoch: 2 });
  const { model: whole, ...others } = scheduled();
  await train.fit(whole, { ...others, epochs: 3 });
  expect(options.optimizer.paramGroups[0]!.lr).toBe(0.01 * 0.5 ** 3);
  expect(others.scheduler.lastEpoch).toBe(options.scheduler.lastEpoch);
});
