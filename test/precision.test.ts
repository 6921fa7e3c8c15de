// Products of rounded operands: within their bounds of float64, the same bits however they are run, and highest as if there were no others.
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  compile,
  data,
  type Float32MatmulPrecision,
  full,
  getFloat32MatmulPrecision,
  getNumThreads,
  manualSeed,
  nn,
  noGrad,
  optim,
  rand,
  randn,
  setFloat32MatmulPrecision,
  setNumThreads,
  type Tensor,
  tensor,
  train,
} from '../src';

const lower = ['high', 'medium'] as const;
const all = ['highest', ...lower] as const;

// Of the sum of the products' magnitudes, at worst, and float32's own roundings.
const bounds = { highest: 0, high: 2 ** -15 + 2 ** -24, medium: 2 ** -7 + 2 ** -16 };
const float32Part = (k: number): number => 2 ** -24 * (Math.sqrt(k) + 8);

const threads = getNumThreads();
afterEach(() => {
  setFloat32MatmulPrecision('highest');
  setNumThreads(threads);
});

function at<T>(precision: Float32MatmulPrecision, fn: () => T): T {
  setFloat32MatmulPrecision(precision);
  try {
    return fn();
  } finally {
    setFloat32MatmulPrecision('highest');
  }
}

const bitsOf = (t: Tensor): Buffer => Buffer.from(new Float32Array(t.data as Float32Array).buffer);

/** Errors of a b, in parts of the magnitudes: the largest, the mean, the root of the mean square. */
function errors(product: Tensor, a: Tensor, b: Tensor): { largest: number; mean: number; rms: number } {
  const [m, k] = a.shape as [number, number];
  const n = b.shape[1]!;
  let [largest, total, squares] = [0, 0, 0];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let [sum, magnitude] = [0, 0];
      for (let l = 0; l < k; l++) {
        const term = a.data[i * k + l]! * b.data[l * n + j]!;
        sum += term;
        magnitude += Math.abs(term);
      }
      const error = (product.data[i * n + j]! - sum) / magnitude;
      if (!(Math.abs(error) <= largest)) largest = Math.abs(error);
      total += error;
      squares += error ** 2;
    }
  }
  return { largest, mean: Math.abs(total) / (m * n), rms: Math.sqrt(squares / (m * n)) };
}

type Model = nn.Sequential;

/** The parameters of a network that `run` has trained. */
function trained(run: (model: Model, optimizer: optim.Adam) => void): Buffer {
  manualSeed(3);
  const { model, optimizer } = network();
  run(model, optimizer);
  return Buffer.concat([...model.parameters()].map(bitsOf));
}

function network() {
  const model = new nn.Sequential(new nn.Linear(40, 300), new nn.ReLU(), new nn.Linear(300, 129), new nn.Tanh(), new nn.Linear(129, 3));
  return { model, optimizer: new optim.Adam(model.parameters(), { lr: 1e-2 }) };
}

function samples(rows: number) {
  manualSeed(5);
  const x = randn([rows, 40]);
  return { x, y: tensor(Int32Array.from({ length: rows }, (_, i) => i % 3)) };
}

describe.each(lower)('%s', (precision) => {
  it('is within half of its bound of float64 for normal operands, whose errors cancel', () => {
    manualSeed(1);
    const [a, b] = [randn([9, 300]), randn([300, 70])];
    const { largest, mean } = errors(
      at(precision, () => a.matmul(b)),
      a,
      b,
    );
    expect(largest).toBeLessThan(precision === 'medium' ? 2 ** -8 : 2 ** -16);
    expect(largest).toBeLessThan(bounds[precision] / 3);
    expect(largest).toBeGreaterThan(bounds[precision] / 3000);
    expect(mean).toBeLessThan(bounds[precision] / 100);
  });

  it('is within its bound for badly scaled operands, where few products decide, and there as well on average', () => {
    manualSeed(2);
    const scaled = (shape: number[]): Tensor => randn(shape).mul(rand(shape).mul(41).sub(20).floor().exp2());
    const [a, b] = [scaled([40, 260]), scaled([260, 65])];
    const { largest, mean, rms } = errors(
      at(precision, () => a.matmul(b)),
      a,
      b,
    );
    expect(largest).toBeLessThanOrEqual(bounds[precision] + float32Part(260));
    expect(rms).toBeLessThan(bounds[precision] / 4);
    expect(mean).toBeLessThan(bounds[precision] / 100);
  });

  it('reaches its bound, and is within it, where both operands of all products are rounded as far as can be to one side', () => {
    const worst = 1 + 2 ** -8 - 2 ** -17 - 2 ** -23;
    const [a, b] = [full([1, 64], worst), full([64, 128], worst)];
    const { largest } = errors(
      at(precision, () => a.matmul(b)),
      a,
      b,
    );
    expect(largest).toBeLessThanOrEqual(bounds[precision] + float32Part(64));
    expect(largest).toBeGreaterThan(0.95 * bounds[precision]);
  });

  it('has infinities and NaN where float32 has them', () => {
    const values = [Infinity, -Infinity, NaN, 0, 1, -3, 3.4e38];
    const a = tensor(Float32Array.from({ length: 7 * 128 }, (_, i) => (i % 128 === 5 ? values[(i / 128) | 0]! : 0))).reshape([7, 128]);
    const b = tensor(Float32Array.from({ length: 128 * 70 }, (_, i) => (((i / 70) | 0) === 5 ? values[i % 7]! : 0))).reshape([128, 70]);
    const kind = (x: number): string => (Number.isNaN(x) ? 'NaN' : Number.isFinite(x) ? String(Math.sign(x)) : String(x));
    const rounded = at(precision, () => a.matmul(b));
    expect([...rounded.data].map(kind)).toEqual([...a.matmul(b).data].map(kind));
  });

  it('gives the bits of a row whatever stands beside it, and on any number of threads', () => {
    manualSeed(4);
    const layer = new nn.Linear(200, 150);
    const x = randn([77, 200]);
    setFloat32MatmulPrecision(precision);
    noGrad(() => {
      const y = bitsOf(layer.forward(x));
      for (const n of [1, 2, 4]) {
        setNumThreads(n);
        expect(bitsOf(layer.forward(x)).equals(y)).toBe(true);
      }
      for (const i of [0, 41, 76]) {
        const row = bitsOf(layer.forward(x.slice(0, i, i + 1)));
        expect(row.equals(y.subarray(i * row.length, (i + 1) * row.length))).toBe(true);
      }
    });
  });

  it('trains with the same bits in a loop, compiled and by fit, set for all or as an option, and with others than highest', async () => {
    const { x, y } = samples(96);
    const criterion = new nn.CrossEntropyLoss();
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 20 });
    const stepOf = (model: Model, optimizer: optim.Adam) => (xb: Tensor, yb: Tensor) => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(xb), yb);
      loss.backward();
      optimizer.step();
      return loss;
    };
    const epochs = (step: (xb: Tensor, yb: Tensor) => Tensor): void => {
      for (let epoch = 0; epoch < 3; epoch++) for (const [xb, yb] of loader) step(xb!, yb!);
    };
    const loop = (model: Model, optimizer: optim.Adam): void => epochs(stepOf(model, optimizer));
    const eager = at(precision, () => trained(loop));
    expect(eager.equals(trained(loop))).toBe(false);
    const compiled = at(precision, () => trained((model, optimizer) => epochs(compile(stepOf(model, optimizer)))));
    const asked = trained((model, optimizer) => epochs(compile(stepOf(model, optimizer), { precision })));
    expect([compiled.equals(eager), asked.equals(eager)]).toEqual([true, true]);

    const fitted = async (options: object, change: () => void): Promise<Buffer> => {
      manualSeed(3);
      const { model, optimizer } = network();
      await train.fit(model, { loader, criterion, optimizer, epochs: 3, progress: false, onEpoch: change, ...options });
      return Buffer.concat([...model.parameters()].map(bitsOf));
    };
    expect((await fitted({ precision }, () => {})).equals(eager)).toBe(true);
    setFloat32MatmulPrecision(precision);
    expect((await fitted({}, () => setFloat32MatmulPrecision('highest'))).equals(eager)).toBe(true); // it keeps the one it began with
  });

  it('predicts and evaluates as the model itself does', async () => {
    const { x, y } = samples(50);
    const { model } = network();
    model.eval();
    const plain = await train.predict(model, x);
    setFloat32MatmulPrecision(precision);
    const expected = noGrad(() => model.forward(x));
    const predicted = (await train.predict(model, x)) as Tensor;
    expect(bitsOf(predicted).equals(bitsOf(expected))).toBe(true);
    expect(bitsOf(predicted).equals(bitsOf(plain as Tensor))).toBe(false);
    const one = (await train.predict(model, x.slice(0, 0, 1))) as Tensor;
    expect(bitsOf(one).equals(bitsOf(expected).subarray(0, 12))).toBe(true);
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 50 });
    const criterion = new nn.CrossEntropyLoss();
    const { loss } = await train.evaluate(model, loader, { criterion });
    expect(loss).toBe(criterion.forward(expected, y).item());
  });

  it('leaves small layers as they are', () => {
    manualSeed(6);
    const x = randn([33, 64]);
    for (const [k, n] of [
      [64, 127], // 8,128 elements
      [31, 1000],
      [1000, 31],
    ] as const) {
      const [a, b] = [randn([33, k]), randn([k, n])];
      expect(bitsOf(at(precision, () => a.matmul(b))).equals(bitsOf(a.matmul(b)))).toBe(true);
    }
    const large = randn([64, 128]);
    expect(bitsOf(at(precision, () => x.matmul(large))).equals(bitsOf(x.matmul(large)))).toBe(false);
  });
});

describe('a training', () => {
  it("of the lecture's network has the bits of highest at any precision: no layer is large", async () => {
    const fitted = async (precision: Float32MatmulPrecision): Promise<string> => {
      manualSeed(9);
      const sizes = [13, 30, 25, 20, 15, 10, 5];
      const model = new nn.Sequential(...sizes.slice(1).flatMap((size, i) => [new nn.Linear(sizes[i]!, size), new nn.ReLU()]));
      const rows = new data.TensorDataset(randn([100, 13]), tensor(Int32Array.from({ length: 100 }, (_, i) => i % 5)));
      const loader = new data.DataLoader(rows, { batchSize: 32, shuffle: true });
      const rest = { criterion: new nn.CrossEntropyLoss(), optimizer: new optim.Adam(model.parameters()), progress: false };
      const { loss } = await train.fit(model, { ...rest, loader, epochs: 5, precision });
      return [...loss, ...[...model.parameters()].map((p) => bitsOf(p).toString('hex'))].join();
    };
    const highest = await fitted('highest');
    for (const precision of lower) expect(await fitted(precision)).toBe(highest);
  });

  it('on digits reaches the accuracy of highest (of ten seeds: docs/precision.md)', async () => {
    const { x, y } = await data.readCsv(join(__dirname, '../examples/data/digits.csv'), { target: 'digit' });
    const accuracyOf = async (precision: Float32MatmulPrecision, seed: number): Promise<number> => {
      manualSeed(seed);
      const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x!, y!, { testSize: 0.2, stratify: y! }) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const loader = new data.DataLoader(new data.TensorDataset(xTrain.div(16), yTrain), { batchSize: 32, shuffle: true });
      const model = new nn.Sequential(new nn.Linear(64, 256), new nn.ReLU(), new nn.Linear(256, 10));
      const rest = { criterion: new nn.CrossEntropyLoss(), optimizer: new optim.Adam(model.parameters()), progress: false };
      await train.fit(model, { ...rest, loader, epochs: 8, precision });
      return noGrad(() => model.forward(xTest.div(16)).argmax(1).eq(yTest).to('float32').mean().item());
    };
    const means = await Promise.all(
      all.map(async (precision) => {
        let sum = 0;
        for (const seed of [1, 2, 3]) sum += await accuracyOf(precision, seed);
        return sum / 3;
      }),
    );
    expect(means[0]).toBeGreaterThan(0.94);
    for (const mean of means.slice(1)) expect(Math.abs(mean - means[0]!)).toBeLessThan(0.01);
  });
});

describe('a precision', () => {
  it("is part of a compiled function's signature", () => {
    manualSeed(7);
    const [a, b] = [randn([4, 128]), randn([128, 64])];
    const product = compile((x: Tensor) => x.matmul(b));
    const expected = all.map((precision) => bitsOf(at(precision, () => a.matmul(b))));
    for (let round = 0; round < 3; round++) {
      for (const [i, precision] of all.entries()) expect(bitsOf(at(precision, () => product(a))).equals(expected[i]!)).toBe(true);
    }
    const medium = compile((x: Tensor) => x.matmul(b), { precision: 'medium' });
    for (const precision of all) expect(bitsOf(at(precision, () => medium(a))).equals(expected[2]!)).toBe(true);
    expect(getFloat32MatmulPrecision()).toBe('highest');
    expect(() =>
      compile(
        () => {
          throw new Error('own');
        },
        { precision: 'high' },
      )(),
    ).toThrow('own');
    expect(getFloat32MatmulPrecision()).toBe('highest');
  });

  it('is one of three names', () => {
    for (const wrong of ['low', '', 1, null, undefined, {}]) {
      expect(() => setFloat32MatmulPrecision(wrong as 'high')).toThrow(RangeError);
      if (wrong !== undefined) expect(() => compile((x: Tensor) => x, { precision: wrong as 'high' })).toThrow(RangeError);
    }
    expect(getFloat32MatmulPrecision()).toBe('highest');
  });

  it('is highest in a copy of the library that is loaded anew', async () => {
    setFloat32MatmulPrecision('medium');
    vi.resetModules();
    const anew = await import('../src/index.js');
    expect(anew.getFloat32MatmulPrecision()).toBe('highest');
    expect(
      anew
        .full([1, 128], 1 + 2 ** -9)
        .matmul(anew.ones([128, 64]))
        .at(0, 0)
        .item(),
    ).toBe(128.25);
  });

  it('of a gradient is that of the layer', () => {
    manualSeed(8);
    const layer = new nn.Linear(130, 90);
    const x = randn([40, 130]).requiresGrad_();
    const gradients = (): Buffer[] => {
      layer.zeroGrad();
      x.grad = null;
      layer.forward(x).square().sum().backward();
      return [x.grad!, layer.weight.grad!].map((g) => bitsOf(g as Tensor));
    };
    const [highest, medium] = [gradients(), at('medium', gradients)];
    expect(medium[0]!.equals(highest[0]!)).toBe(false);
    expect(medium[1]!.equals(highest[1]!)).toBe(false);
  });
});
