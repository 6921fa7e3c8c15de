// A tensor that leaves a recorded function by another way than its result holds nothing: it says so when it is used.
import { describe, expect, it } from 'vitest';
import { compile, data, nn, ones, optim, randn, type Tensor, tensor, train } from '../src';

const code = (fn: () => unknown): string => {
  try {
    fn();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no error';
};

class Keeps extends nn.Module {
  readonly inner = new nn.Linear(3, 2);
  kept: Tensor | null = null;
  input: Tensor | null = null;
  override forward(x: Tensor): Tensor {
    this.input = x;
    const y = this.inner.forward(x);
    this.kept = y;
    return y.relu();
  }
}

const uses: Record<string, (t: Tensor) => unknown> = {
  data: (t) => t.data,
  'item()': (t) => t.narrow(0, 0, 1).item(),
  'toArray()': (t) => t.toArray(),
  'toString()': (t) => String(t),
  add: (t) => t.add(1),
  'other of add': (t) => ones([1]).add(t),
  matmul: (t) => t.matmul(t.t()),
  detach: (t) => t.detach().toArray(),
  sum: (t) => t.sum(),
  compiled: (t) => compile((x: Tensor) => x.mul(2))(t),
  predict: (t) => compile((x: Tensor) => x.mul(t))(ones([1])),
};

describe.each(Object.keys(uses))('used by %s', (use) => {
  it('it is refused after a compiled call', () => {
    const model = new Keeps();
    const run = compile((x: Tensor) => model.forward(x));
    for (let i = 0; i < 2; i++) {
      const result = run(randn([4, 3]));
      expect(result.toArray()).toHaveLength(4);
      for (const t of [model.kept!, model.input!]) expect(code(() => uses[use]!(t))).toBe('SIMDNN_LEFT_RECORDING');
    }
  });

  it('it is refused after predict, evaluate and fit', async () => {
    const model = new Keeps();
    const dataset = new data.TensorDataset(randn([10, 3]), randn([10, 2]));
    const loader = new data.DataLoader(dataset, { batchSize: 5 });
    const criterion = new nn.MSELoss();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    for (const run of [
      () => train.predict(model, randn([4, 3])),
      () => train.evaluate(model, loader, { criterion }),
      () => train.fit(model, { criterion, optimizer, loader, epochs: 1, progress: false }),
    ]) {
      await run();
      for (const t of [model.kept!, model.input!]) expect(code(() => uses[use]!(t))).toBe('SIMDNN_LEFT_RECORDING');
    }
  });
});

it('by a hook or as a part of a criterion it is refused too', async () => {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 2));
  const seen: Tensor[] = [];
  model.children()[0]!.registerForwardHook((_, __, output) => void seen.push(output as Tensor));
  const criterion = {
    parts: [] as Tensor[],
    forward(output: Tensor, target: Tensor) {
      this.parts = [output.sub(target).pow(2).mean(), output.abs().mean()];
      return this.parts[0]!.add(this.parts[1]!);
    },
  };
  const loader = new data.DataLoader(new data.TensorDataset(randn([10, 3]), randn([10, 2])), { batchSize: 5 });
  await train.fit(model, { criterion, optimizer: new optim.SGD(model.parameters()), loader, epochs: 2, progress: false });
  expect(() => criterion.parts[0]!.item()).toThrow(/recorded, by another way than its result.*\n {2}hint: return it/);
  expect(() => seen.at(-1)!.mean()).toThrow('left by a function that train.fit recorded');
});

it('what a step carries on by itself is refused, for a replay would begin with the first value again', async () => {
  let running = ones([3]);
  const mean = compile((x: Tensor) => {
    running = running.mul(0.9).add(x.mean(0));
    return running.sum();
  });
  mean(ones([2, 3]));
  expect(() => mean(ones([2, 3]))).toThrow('[mul] this tensor was left by a function that compile recorded');
  expect(() => mean(ones([4, 3]))).toThrow('[mul] this tensor was left by a function that compile recorded');

  let scale = ones([3]);
  const scaled = compile((x: Tensor) => x.mul(scale));
  scaled(ones([3]));
  scale = ones([3]).mul(2);
  expect(() => scaled(ones([3]))).toThrow('uses other memory: a tensor that one call leaves for the next, or one that was replaced');

  class Counts extends nn.Module {
    readonly inner = new nn.Linear(3, 2);
    calls = 0;
    override forward(x: Tensor): Tensor {
      return this.inner.forward(x).mul(++this.calls);
    }
  }
  const model = new Counts();
  const loader = new data.DataLoader(new data.TensorDataset(randn([10, 3]), randn([10, 2])), { batchSize: 5 });
  const fit = train.fit(model, {
    criterion: new nn.MSELoss(),
    optimizer: new optim.SGD(model.parameters()),
    loader,
    epochs: 1,
    progress: false,
  });
  await expect(fit).rejects.toMatchObject({ code: 'SIMDNN_RECORDING_DIFFERS' });
});

it('a fit that is to check records its step again', async () => {
  let scale = 1;
  class Scales extends nn.Module {
    readonly inner = new nn.Linear(3, 2);
    override forward(x: Tensor): Tensor {
      return this.inner.forward(x).mul(scale);
    }
  }
  const model = new Scales();
  const loader = new data.DataLoader(new data.TensorDataset(randn([10, 3]), randn([10, 2])), { batchSize: 5 });
  const fit = (check: number) =>
    train.fit(model, {
      criterion: new nn.MSELoss(),
      optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
      loader,
      epochs: 6,
      progress: false,
      check,
      onEpoch: ({ epoch }) => {
        if (epoch === 3) scale++;
      },
    });
  await expect(fit(2)).rejects.toMatchObject({ code: 'SIMDNN_RECORDING_DIFFERS' });
  expect((await fit(0)).epochs).toBe(6); // frozen, as the page says
  await expect(fit(-1)).rejects.toThrow('check');
});

it('constants that a function makes keep their values, and so do results and gradients', () => {
  let scale: Tensor | null = null;
  const w = tensor([1, 2], { requiresGrad: true });
  const run = compile(
    (x: Tensor) => {
      scale = tensor([3, 4]);
      const loss = w.mul(x).mul(scale).sum();
      loss.backward();
      return { loss, scaled: x.mul(scale) };
    },
    { keepGrad: true },
  );
  for (let i = 1; i <= 3; i++) {
    const { loss, scaled } = run(ones([2]));
    expect([loss.item(), scaled.toArray(), w.grad!.toArray()]).toEqual([11, [3, 4], [3 * i, 4 * i]]);
    expect(scale!.toArray()).toEqual([3, 4]);
  }
});
