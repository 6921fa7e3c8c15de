// Batches of many kinds: each is recorded when it is met first, and never again.
import { describe, expect, it, vi } from 'vitest';
import { nn, optim, randn, type Tensor, train } from '../../src';

class Net extends nn.Module {
  readonly inner = new nn.Linear(3, 2);
  forwards = 0;
  override forward(x: Tensor): Tensor {
    this.forwards++;
    return this.inner.forward(x).tanh();
  }
}

const batchOf = (rows: number): [Tensor, Tensor] => [randn([rows, 3]), randn([rows, 2])];

async function fitOver(batches: [Tensor, Tensor][], epochs = 2): Promise<{ forwards: number; bits: string; expected: string }> {
  const run = () => {
    const model = new Net();
    model.inner.weight.data.fill(0.1);
    model.inner.bias!.data.fill(0);
    return { model, optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }) };
  };
  const bitsOf = (model: Net): string =>
    model
      .parameters()
      .map((p) => new Int32Array(p.data.slice().buffer))
      .join();
  const criterion = new nn.MSELoss();
  const loop = run();
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [x, y] of batches) {
      loop.optimizer.zeroGrad();
      criterion.forward(loop.model.forward(x), y).backward();
      loop.optimizer.step();
    }
  }
  const { model, optimizer } = run();
  await train.fit(model, { criterion, optimizer, loader: batches, epochs, progress: false });
  return { forwards: model.forwards, bits: bitsOf(model), expected: bitsOf(loop.model) };
}

describe('a fit over batches of many shapes', () => {
  it.each([1, 5, 60])('has the bits of the loop, and records each of %i twice at most', async (shapes) => {
    const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      const batches = Array.from({ length: 130 }, (_, i) => batchOf(1 + (i % shapes)));
      const { forwards, bits, expected } = await fitOver(batches);
      expect(bits).toBe(expected);
      expect(forwards).toBeLessThanOrEqual(2 * shapes);
      const warnings = emit.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('more than 16 shapes'));
      expect(warnings).toHaveLength(shapes > 16 ? 1 : 0);
    } finally {
      emit.mockRestore();
    }
  });

  it('tells batches apart by which of their tensors are one', async () => {
    const [a, b] = [randn([4, 2]), randn([4, 2])];
    const seen: boolean[] = [];
    class Sees extends nn.Module {
      readonly inner = new nn.Linear(2, 2);
      override forward(x: Tensor, other: Tensor): Tensor {
        seen.push(x === other);
        return x === other ? this.inner.forward(x) : this.inner.forward(x.add(other));
      }
    }
    const run = () => {
      const model = new Sees();
      model.inner.weight.data.fill(0.3);
      model.inner.bias!.data.fill(0.1);
      return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }) };
    };
    const batches = [
      [a, a, b],
      [a, b, b],
      [a, a, a],
      [b, a, a],
    ];
    const criterion = new nn.MSELoss();
    const loop = run();
    let total = 0;
    for (const [x, other, y] of batches) {
      loop.optimizer.zeroGrad();
      const loss = criterion.forward(loop.model.forward(x!, other!), y!);
      loss.backward();
      loop.optimizer.step();
      total += loss.item();
    }
    const { model, optimizer } = run();
    const { loss } = await train.fit(model, { criterion, optimizer, loader: batches, epochs: 1, progress: false });
    expect(loss).toEqual([total / 4]);
    expect(Array.from(model.inner.weight.data)).toEqual(Array.from(loop.model.inner.weight.data));
    expect(new Set(seen)).toEqual(new Set([true, false]));
  });

  it('of views of one series, one row apart, of which the model holds the whole', async () => {
    const series = randn([40, 3]);
    class Holds extends nn.Module {
      readonly inner = new nn.Linear(3, 3);
      override forward(x: Tensor): Tensor {
        return this.inner.forward(x).add(series.mean(0));
      }
    }
    const run = () => {
      const model = new Holds();
      model.inner.weight.data.fill(0.3);
      model.inner.bias!.data.fill(0.1);
      return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }) };
    };
    const batches = Array.from({ length: 5 }, (_, i) => [series.narrow(0, i, 35), series.narrow(0, i + 1, 35)]);
    const criterion = new nn.MSELoss();
    const loop = run();
    let total = 0;
    for (const [x, y] of batches) {
      loop.optimizer.zeroGrad();
      const loss = criterion.forward(loop.model.forward(x!), y!);
      loss.backward();
      loop.optimizer.step();
      total += loss.item();
    }
    const { model, optimizer } = run();
    const { loss } = await train.fit(model, { criterion, optimizer, loader: batches, epochs: 1, progress: false });
    expect(loss).toEqual([total / 5]);
    expect(Array.from(model.inner.weight.data)).toEqual(Array.from(loop.model.inner.weight.data));
    const evaluated = await train.evaluate(model, batches, { criterion });
    expect(evaluated['loss']).toBeCloseTo(batches.reduce((sum, [x, y]) => sum + criterion.forward(model.forward(x!), y!).item(), 0) / 5, 6);
  });
});

it('a batch that a step changes in place is refused where the loader hands out memory of its own, and changed where it is gathered', async () => {
  class Clamps extends nn.Module {
    readonly inner = new nn.Linear(3, 2);
    override forward(x: Tensor): Tensor {
      return this.inner.forward(x.clamp_({ min: 0 }));
    }
  }
  const model = new Clamps();
  const options = { criterion: new nn.MSELoss(), optimizer: new optim.SGD(model.parameters()), epochs: 1, progress: false };
  await expect(train.fit(model, { ...options, loader: [batchOf(4)] })).rejects.toThrow('a batch is changed in place');
});
