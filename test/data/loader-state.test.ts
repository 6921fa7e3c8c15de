// A loader that goes on where another stood has the batches that the other had left, bit for bit, and the epochs after.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DataLoader,
  type DataLoaderOptions,
  type DataLoaderState,
  IterableDataset,
  RandomSampler,
  Sampler,
  SubsetRandomSampler,
  TensorDataset,
  WeightedRandomSampler,
} from '../../src/data';
import { rand } from '../../src/ops';
import { getRngState, manualSeed, setRngState } from '../../src/random';
import { Tensor } from '../../src/tensor';

const rows = (n: number): TensorDataset<[Tensor]> =>
  new TensorDataset(Tensor.fromTypedArray(Float32Array.from({ length: n }, (_, i) => i)));
const epoch = (loader: Iterable<Tensor[]>): unknown[] => [...loader].map(([x]) => x!.toArray());
const asJson = <T>(state: T): T => JSON.parse(JSON.stringify(state)) as T;

type Options = DataLoaderOptions<[Tensor], Tensor[]>;
const kinds: Record<string, (n: number) => Options> = {
  'in order': () => ({}),
  shuffled: () => ({ shuffle: true }),
  'shuffled by a seed': () => ({ shuffle: true, seed: 7 }),
  'with dropLast': () => ({ shuffle: true, dropLast: true }),
  weighted: (n) => ({ sampler: new WeightedRandomSampler(new Array(n).fill(1)) }),
  'with replacement, by a seed': (n) => ({ sampler: new RandomSampler(n, { replacement: true, seed: 2 }) }),
  'of some items': (n) => ({ sampler: new SubsetRandomSampler([0, n - 1, 1]) }),
  'with an own sampler that draws': (n) => ({
    sampler: {
      length: n,
      *[Symbol.iterator]() {
        for (let i = 0; i < n; i++) yield Math.floor(rand([]).item() * n);
      },
    },
  }),
};

describe.each(Object.entries(kinds))('a loader %s', (_, optionsOf) => {
  it('goes on from anywhere in an epoch, and between two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 1, max: 7 }), fc.nat(2), fc.nat(20), (n, batchSize, before, steps) => {
        const make = () => new DataLoader(rows(n), { ...optionsOf(n), batchSize });
        manualSeed(5);
        const loader = make();
        for (let i = 0; i < before; i++) epoch(loader);
        const batches = loader[Symbol.iterator]();
        const begun = Math.min(steps, loader.length);
        for (let i = 0; i < begun; i++) {
          batches.next();
          rand([3]); // a step draws as well
        }
        const saved = asJson({ loader: loader.stateDict(), random: [...getRngState()] });
        expect([saved.loader.epoch, saved.loader.batch]).toEqual([before + 1, begun]);
        const rest: unknown[] = [];
        for (let next = batches.next(); next.done !== true; next = batches.next()) rest.push(next.value[0]!.toArray());
        const after = [epoch(loader), epoch(loader)];

        manualSeed(77);
        const other = make();
        epoch(other);
        other.loadStateDict(saved.loader);
        setRngState(Int32Array.from(saved.random));
        expect(other.stateDict()).toEqual(saved.loader);
        expect(epoch(other)).toEqual(rest);
        expect([epoch(other), epoch(other)]).toEqual(after);
      }),
      { numRuns: 30 },
    );
  });
});

describe('stateDict', () => {
  it('says where a loader stands', () => {
    const loader = new DataLoader(rows(4), { batchSize: 2, shuffle: true, seed: 3 });
    expect(loader.stateDict()).toEqual({ epoch: 0, batch: 0, batchSize: 2, random: null, sampler: null, types: {} });
    epoch(loader);
    expect(loader.stateDict()).toEqual({ epoch: 1, batch: 0, batchSize: 2, random: null, sampler: null, types: {} });
    loader[Symbol.iterator]().next();
    expect(loader.stateDict()).toEqual({ epoch: 2, batch: 1, batchSize: 2, random: [3, 4], sampler: null, types: {} });
  });

  it('of a loop that was left is of its epoch, and the next loop begins another', () => {
    const loader = new DataLoader(rows(4));
    for (const _ of loader) break;
    const saved = loader.stateDict();
    expect([saved.epoch, saved.batch]).toEqual([1, 1]);
    expect(epoch(loader)).toEqual([[0], [1], [2], [3]]);
    loader.loadStateDict(saved);
    expect(epoch(loader)).toEqual([[1], [2], [3]]);
    expect(epoch(loader)).toEqual([[0], [1], [2], [3]]);
  });

  it('has no rows for a native thread until the rest of the epoch is done', () => {
    const loader = new DataLoader(rows(4));
    for (const _ of loader) break;
    expect(loader.rows()).not.toBeNull();
    loader.loadStateDict(loader.stateDict());
    expect(loader.rows()).toBeNull();
    epoch(loader);
    expect(loader.rows()?.epoch).toBe(1);
  });

  it('refuses the middle of an epoch in batches of another size', () => {
    const loader = new DataLoader(rows(6), { batchSize: 2 });
    for (const _ of loader) break;
    const state = loader.stateDict();
    const other = new DataLoader(rows(6), { batchSize: 3 });
    expect(() => other.loadStateDict(state)).toThrow(/batches of 2 items, and this loader makes batches of 3/);
    expect(epoch(other)).toHaveLength(2);
    epoch(loader);
    other.loadStateDict(loader.stateDict());
  });

  it('follows what is done elsewhere', () => {
    const loader = new DataLoader(rows(6), { shuffle: true });
    manualSeed(2);
    const whole = epoch(loader);
    manualSeed(2);
    const other = new DataLoader(rows(6), { shuffle: true });
    other.countEpochs(1);
    other.standAt({ position: { seed: 2, offset: 0 }, batch: 0, sampler: undefined }, 4);
    expect(other.stateDict()).toMatchObject({ epoch: 1, batch: 4, random: [2, 0] });
    other.loadStateDict(other.stateDict());
    expect(epoch(other)).toEqual(whole.slice(4));
  });

  it('carries the state of a sampler that has one', () => {
    class Rising extends Sampler {
      from = 0;
      get length(): number {
        return 3;
      }
      *[Symbol.iterator](): Generator<number> {
        for (let i = 0; i < 3; i++) yield this.from++ % 10;
      }
      stateDict(): object {
        return { from: this.from };
      }
      loadStateDict({ from }: { from: number }): void {
        this.from = from;
      }
    }
    const make = () => new DataLoader(rows(10), { sampler: new Rising() });
    const loader = make();
    epoch(loader);
    const batches = loader[Symbol.iterator]();
    batches.next();
    const other = make();
    other.loadStateDict(asJson(loader.stateDict()));
    expect([epoch(other), epoch(other)]).toEqual([
      [[4], [5]],
      [[6], [7], [8]],
    ]);
    expect(() => new DataLoader(rows(10)).loadStateDict(loader.stateDict())).toThrow('the state has one of a sampler');
  });

  it('carries the types of numbers', () => {
    const values = [0.5, 1, 2];
    const make = () => new DataLoader({ length: 3, get: (i: number) => [values[i]!] as [number] });
    const loader = make();
    for (const _ of loader) break;
    const other = make();
    other.loadStateDict(asJson(loader.stateDict()));
    expect([...other].map(([x]) => x.dtype)).toEqual(['float32', 'float32']);
  });

  it('of an iterable dataset: what was given is read over', () => {
    class Five extends IterableDataset<number> {
      override *[Symbol.iterator](): Generator<number> {
        for (let i = 0; i < 5; i++) yield i;
      }
    }
    const loader = new DataLoader(new Five(), { batchSize: 2 });
    for (const _ of loader) break;
    loader.loadStateDict(loader.stateDict());
    expect([...loader].map((x) => x.toArray())).toEqual([[2, 3], [4]]);
    expect([...loader].length).toBe(3);
  });
});

describe('loadStateDict', () => {
  it('refuses what does not fit, and changes nothing', () => {
    const loader = new DataLoader(rows(4), { batchSize: 2 });
    const good: DataLoaderState = { epoch: 1, batch: 1, batchSize: 2, random: [0, 0], sampler: null, types: {} };
    const load = (state: unknown) => () => loader.loadStateDict(state as DataLoaderState);
    expect(load(null)).toThrow('[DataLoader.loadStateDict] expected what stateDict() gave, got null');
    expect(load({ ...good, epoch: -1 })).toThrow('[DataLoader.loadStateDict] expected epoch to be at least 0, got -1');
    expect(load({ ...good, batch: 0.5 })).toThrow('expected batch to be an integer, got 0.5');
    expect(load({ ...good, batch: 3 })).toThrow('the state is of batch 3 of an epoch, which has 2 here');
    expect(load({ ...good, random: [1] })).toThrow('expected random to be [seed, offset] or null, got an array');
    expect(load({ ...good, random: [-1, 0] })).toThrow(RangeError);
    expect(load({ ...good, random: null })).toThrow('expected a state that stateDict() gave');
    expect(load({ ...good, epoch: 0 })).toThrow('expected a state that stateDict() gave');
    expect(load({ ...good, types: { a: 'int64' } })).toThrow('expected a state that stateDict() gave');
    expect(load({ ...good, sampler: {} })).toThrow('the state has one of a sampler, which has no loadStateDict here');
    expect(load({ ...good, batches: 1 })).toThrow('unknown option "batches"');
    expect(loader.stateDict()).toEqual({ epoch: 0, batch: 0, batchSize: 2, random: null, sampler: null, types: {} });
  });

  it('takes the number of an epoch alone', () => {
    const loader = new DataLoader(rows(4));
    loader.loadStateDict({ epoch: 3 } as DataLoaderState);
    expect(loader.epochsBegun).toBe(3);
  });
});

describe('setEpoch', () => {
  it('makes the next epoch one by number', () => {
    const loader = new DataLoader(rows(9), { shuffle: true, seed: 1 });
    const epochs = [epoch(loader), epoch(loader), epoch(loader)];
    for (const n of [2, 0, 1]) {
      for (const _ of loader) break;
      loader.setEpoch(n);
      expect(loader.stateDict()).toMatchObject({ epoch: n, batch: 0 });
      expect(epoch(loader)).toEqual(epochs[n]);
    }
    expect(() => loader.setEpoch(-1)).toThrow('[DataLoader.setEpoch] expected n to be at least 0, got -1');
  });

  it('tells the sampler', () => {
    const told: number[] = [];
    const loader = new DataLoader(rows(2), { sampler: Object.assign([0], { setEpoch: (n: number) => void told.push(n) }) });
    loader.setEpoch(4);
    expect(told).toEqual([4]);
  });
});
