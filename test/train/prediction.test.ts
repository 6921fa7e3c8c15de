// Predictions of several inputs and outputs, over batches of any kind, and into tensors that are given.
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { cat, data, manualSeed, nn, ones, randint, randn, type Tensor, train, zeros } from '../../src';
import { eagerly, Pair } from './pair';
import { digest } from './runs';

const leavesOf = ({ kind, rest }: ReturnType<Pair['forward']>): Tensor[] => [kind, ...rest];

manualSeed(31);
const rows = 700;
const [a, b, y] = [randn([rows, 4]), randn([rows, 4]), randint(3, [rows])];

describe('several inputs', () => {
  it.each([1, 3, 256, 257, 700])('%i rows', async (n) => {
    const model = new Pair();
    const [one, two] = [a.narrow(0, 0, n), b.narrow(0, 0, n)];
    const expected = leavesOf(eagerly(model, () => model.call(one, two))).map(digest);
    for (let again = 0; again < 3; again++) {
      const output = await train.predict(model, [one, two]);
      expect(Object.keys(output)).toEqual(['kind', 'rest', 'none']);
      expect(output.none).toBe(null);
      expect(leavesOf(output).map(digest)).toEqual(expected);
      expect(output.rest[1].dtype).toBe('int32');
    }
    expect(leavesOf(await train.predict(model, [one])).map(digest)).toEqual(leavesOf(eagerly(model, () => model.call(one))).map(digest));
    expect(digest((await train.predict(model, [one, one])).kind)).toBe(digest(eagerly(model, () => model.call(one, one)).kind));
    expect(model.training).toBe(true);
  });

  it('are each other’s rows where a model mixes them', async () => {
    class Gram extends nn.Module {
      forward(p: Tensor, q: Tensor): Tensor[] {
        return [p.matmul(q.t()), p.sub(q.mean(0))];
      }
    }
    const model = new Gram();
    const output = await train.predict(model, [a, b]);
    expect(output.map(digest)).toEqual(eagerly(model, () => model.call(a, b)).map(digest));
    expect(output.map(({ shape }) => shape)).toEqual([
      [rows, rows],
      [rows, 4],
    ]);
  });

  it('that are given out come back as copies', async () => {
    class Same extends nn.Module {
      forward(p: Tensor, q: Tensor): Tensor[] {
        return [p, q, p];
      }
    }
    const model = new Same();
    for (let again = 0; again < 3; again++) {
      const output = await train.predict(model, [a.narrow(0, 0, 2), b.narrow(0, 0, 2)]);
      for (const t of output) t.data.fill(7);
      expect(output.every((t) => t.toArray().toString() === output[0]!.toArray().toString())).toBe(true);
    }
    expect(a.narrow(0, 0, 1).toArray()).not.toEqual([[7, 7, 7, 7]]);
  });

  it.each<[unknown, RegExp]>([
    [[a, b.narrow(0, 0, 3)], /expected inputs of as many rows each, got \[700, 4\] and \[3, 4\]/],
    [[a, zeros([])], /expected rows, got shape \[\]/],
    [[a, b, y], /a batch has 3 tensors, and Pair\.forward takes 2\n.*say targets: 1/],
    [[a, 3], /expected the loader to give lists of tensors, got 3/],
    [[], /the loader has no batches/],
    [3, /expected x to be a tensor, got 3/],
    [null, /expected x to be a tensor, got null/],
    ['rows', /expected x to be a tensor, got "rows"/],
    [new Float32Array(4), /expected x to be a tensor.*\n.*tensor\(\.\.\.\) makes one/],
    [{}, /expected a loader of batches, got/],
  ])('refuses %#', async (x, message) => {
    await expect(train.predict(new Pair(), x as Tensor)).rejects.toThrow(message);
  });

  it.each<[object, RegExp]>([
    [{ targets: 1 }, /targets and sampleWeights are of batches, and x is tensors/],
    [{ sampleWeights: true }, /targets and sampleWeights are of batches/],
    [{ targets: -1 }, /targets/],
    [{ batchSize: 3 }, /unknown option "batchSize"/],
  ])('refuses %j', async (options, message) => {
    await expect(train.predict(new Pair(), a, options)).rejects.toThrow(message);
  });
});

class Items extends data.Dataset<Promise<[Tensor, Tensor, Tensor]>> {
  get length(): number {
    return rows;
  }
  async get(i: number): Promise<[Tensor, Tensor, Tensor]> {
    if (i % 50 === 0) await setImmediate();
    return [a.select(0, i), b.select(0, i), y.select(0, i)];
  }
}
class Lines extends data.IterableDataset<[Tensor, Tensor, Tensor]> {
  override async *[Symbol.asyncIterator](): AsyncGenerator<[Tensor, Tensor, Tensor]> {
    for (let i = 0; i < rows; i++) yield [a.select(0, i), b.select(0, i), y.select(0, i)];
  }
}
const slices = (size: number): [Tensor, Tensor, Tensor][] =>
  Array.from({ length: Math.ceil(rows / size) }, (_, i) => {
    const [begin, n] = [i * size, Math.min(size, rows - i * size)];
    return [a.narrow(0, begin, n), b.narrow(0, begin, n), y.narrow(0, begin, n)];
  });

describe.each<[string, (size: number) => train.Batches]>([
  ['a loader of rows', (batchSize) => new data.DataLoader(new data.TensorDataset(a, b, y), { batchSize })],
  ['a loader of promises', (batchSize) => new data.DataLoader(new Items(), { batchSize })],
  ['a loader of a stream', (batchSize) => new data.DataLoader(new Lines(), { batchSize })],
  ['a list of batches', slices],
  ['a list of promises', (size) => slices(size).map((batch) => Promise.resolve(batch))],
  [
    'a generator',
    (size) =>
      (function* () {
        yield* slices(size);
      })(),
  ],
  [
    'an async generator',
    (size) =>
      (async function* () {
        for (const batch of slices(size)) {
          await setImmediate();
          yield batch;
        }
      })(),
  ],
])('%s', (_, make) => {
  it.each([1, 7, 64, 256, 1000])('in batches of %i', async (size) => {
    const model = new Pair();
    const parts = slices(size).map(([one, two]) => leavesOf(eagerly(model, () => model.call(one, two))));
    const expected = parts[0]!.map((_, i) =>
      digest(
        cat(
          parts.map((part) => part[i]!),
          0,
        ),
      ),
    );
    expect(leavesOf(await train.predict(model, make(size), { targets: 1 })).map(digest)).toEqual(expected);
    const into = { kind: zeros([rows, 3]), rest: [zeros([rows, 1]), zeros([rows], { dtype: 'int32' })] as [Tensor, Tensor], none: null };
    const before = into.kind.data;
    expect(await train.predict(model, make(size), { targets: 1, into })).toBe(into);
    expect(leavesOf(into).map(digest)).toEqual(expected);
    expect(into.kind.data).toBe(before);
  });
});

describe('batches', () => {
  it('are tensors alone where a model has one input, and targets and weights are left out', async () => {
    const model = new nn.Linear(4, 2);
    const expected = digest(eagerly(model, () => model.call(a)));
    const alone = slices(100).map(([one]) => one);
    expect(
      digest(
        await train.predict(
          model,
          (function* () {
            yield* alone;
          })(),
        ),
      ),
    ).toBe(expected);
    expect(
      digest(
        await train.predict(
          model,
          (async function* () {
            yield* alone;
          })(),
        ),
      ),
    ).toBe(expected);
    const weighed = new data.DataLoader(new data.TensorDataset(a, y, ones([rows])), { batchSize: 100 });
    expect(digest(await train.predict(model, weighed, { targets: 1, sampleWeights: true }))).toBe(expected);
  });

  it('are of more data than is held', async () => {
    const model = new nn.Linear(1000, 1);
    const n = 100;
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    let [given, seen] = [0, 0];
    const memory = () => process.memoryUsage().arrayBuffers;
    let most = 0;
    const begin = memory();
    const x = async function* () {
      for (let i = 0; i < 300; i++) {
        given++;
        yield [ones([n, 1000])]; // 400 KB, 120 MB in all
        if (i % 20 === 0) gc();
        most = Math.max(most, memory() - begin);
        seen++;
      }
    };
    const output = await train.predict(model, x());
    expect([given, seen, output.shape]).toEqual([300, 300, [300 * n, 1]]);
    expect(most).toBeLessThan(80e6);
  });

  it('of loaders that shuffle come in their order, and count its epochs', async () => {
    const model = new nn.Linear(4, 2);
    const make = () => new data.DataLoader(new data.TensorDataset(a), { batchSize: 64, shuffle: true, seed: 3 });
    const loader = make();
    for (const batches of [make(), make()].slice(0, 1)) {
      for (let epoch = 0; epoch < 2; epoch++) {
        const expected = cat(
          [...batches].map(([x]) => eagerly(model, () => model.call(x))),
          0,
        );
        expect(digest(await train.predict(model, loader))).toBe(digest(expected));
      }
    }
  });

  it.each<[string, unknown[], RegExp]>([
    [
      'other widths',
      [[ones([2, 4])], [ones([2, 3])]],
      /the outputs of all batches are put together, and one gives tensor of float32 \[rows, 3\], those before tensor of float32 \[rows, 4\]/,
    ],
    ['no batch', [], /the loader has no batches/],
    ['no tensor', [[3]], /expected the loader to give lists of tensors, got/],
    [
      'too many tensors',
      [[ones([2, 4]), ones([2])]],
      /a batch has 2 tensors, and Twice\.forward takes 1\n {2}hint: of a target behind the inputs say targets: 1/,
    ],
  ])('are refused: %s', async (_, batches, message) => {
    class Twice extends nn.Module {
      forward(x: Tensor): Tensor {
        return x.mul(2);
      }
    }
    for (const loader of [
      batches,
      (async function* () {
        yield* batches;
      })(),
    ]) {
      await expect(train.predict(new Twice(), loader as train.Batches)).rejects.toThrow(message);
    }
  });

  it('are refused where no input is left, and outputs that are no rows or no tensors', async () => {
    const model = new nn.Linear(4, 2);
    await expect(train.predict(model, [[a]], { targets: 1 })).rejects.toThrow(
      /a batch has 1 tensor, 1 of them behind the inputs: Linear\.forward gets none/,
    );
    const returning = (output: (x: Tensor) => unknown): nn.Module =>
      new (class Own extends nn.Module {
        forward(x: Tensor): unknown {
          return output(x);
        }
      })();
    for (const x of [a, [[a]]]) {
      await expect(
        train.predict(
          returning((t) => t.sum()),
          x,
        ),
      ).rejects.toThrow(/expected an output for each of 700 rows, got shape \[\]/);
      await expect(
        train.predict(
          returning((t) => ({ all: t, sum: t.sum(0) })),
          x,
        ),
      ).rejects.toThrow(/expected output\.sum for each of 700 rows, got shape \[4\]/);
      await expect(
        train.predict(
          returning(() => 3),
          x,
        ),
      ).rejects.toThrow(/expected the model to give a tensor, or several in lists and plain objects, got 3/);
      await expect(
        train.predict(
          returning((t) => [t, { size: 4 }]),
          x,
        ),
      ).rejects.toThrow(/got 4 as output\[1\]\.size/);
      await expect(
        train.predict(
          returning(() => [null]),
          x,
        ),
      ).rejects.toThrow(/expected the model to give a tensor/);
      await expect(
        train.predict(
          returning(async (t) => t),
          x,
        ),
      ).rejects.toThrow(/expected the model to give a tensor, .* got a Promise|expected the model to give/);
    }
  });

  it('throw what they throw, and are left', async () => {
    let left = 0;
    const failing = async function* () {
      try {
        yield [a];
        throw new Error('the line is cut');
      } finally {
        left++;
      }
    };
    const model = new nn.Linear(4, 2);
    await expect(train.predict(model, failing())).rejects.toThrow('the line is cut');
    const endless = async function* () {
      try {
        for (;;) yield [ones([2, 4]), 3];
      } finally {
        left++;
      }
    };
    await expect(train.predict(model, endless() as unknown as train.Batches)).rejects.toThrow(/expected the loader to give/);
    expect(left).toBe(2);
  });
});
