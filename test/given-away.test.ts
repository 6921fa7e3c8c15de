// Memory that JavaScript transfers to another thread: of the library's nothing can be; who gives away an array of their own has a tensor that
// says so in every operation.
import { describe, expect, it } from 'vitest';
import { compile, data, io, metrics, nn, ones, optim, Tensor, tensor, train } from '../src';
import { expectError, expectSame, thrownBy } from './helpers';
import { cases } from './ops/cases';
import { rejection } from './rejection';

const gone = 'the array is detached: its buffer was transferred elsewhere';

const give = (t: Tensor): void => {
  try {
    structuredClone(t.data, { transfer: [t.data.buffer as ArrayBuffer] });
  } catch (error) {
    expect((error as Error).name).toBe('DataCloneError'); // before Node 21 it is a copy that is made
  }
};

// On an array of one's own: such memory can be transferred.
const own = (t: Tensor): Tensor => Tensor.fromTypedArray(t.data.slice(), t.shape.slice());
const lost = (shape: number[] = [4], make = ones): Tensor => {
  const t = own(make(shape));
  give(t);
  expect(t.data.length).toBe(0);
  return t;
};

describe('memory of the library stays', () => {
  const makers: Record<string, () => Tensor> = {
    'a loss': () => ones([3]).sum(),
    'a small result': () => ones([100]).mul(2),
    'a large result': () => ones([100_000]).mul(2),
    'given numbers': () => tensor([1, 2]),
    'a weight': () => new nn.Linear(2, 3).weight,
    'a buffer': () => (new nn.BatchNorm1d(2).buffers() as Iterable<Tensor>)[Symbol.iterator]().next().value!,
    'a gradient': () => {
      const { weight } = new nn.Linear(2, 3);
      weight.sum().backward();
      return weight.grad!;
    },
    'the gradient of a loss': () => {
      let seen: Tensor | null = null;
      const loss = ones([2], { requiresGrad: true }).sum();
      loss.registerHook((gradient) => {
        seen = gradient;
      });
      loss.backward();
      return seen!;
    },
    'a state of an optimizer': () => {
      const { weight } = new nn.Linear(2, 3);
      const optimizer = new optim.Adam([weight]);
      weight.sum().backward();
      optimizer.step();
      return (optimizer.stateDict().state[0] as Record<string, Tensor>)['exp_avg']!;
    },
    'a result of a compiled function': () => compile((x: Tensor) => x.mul(2))(ones([3])),
    'a batch of a loader': () => [...new data.DataLoader(new data.TensorDataset(ones([8, 2])), { batchSize: 4 })][0]![0]!,
    'a row': () => ones([4, 3]).narrow(0, 1, 1),
    'a metric': () => {
      const accuracy = new metrics.ConfusionMatrix({ task: 'multiclass', numClasses: 3 });
      accuracy.update(tensor([1, 2], { dtype: 'int32' }), tensor([1, 1], { dtype: 'int32' }));
      return accuracy.compute() as Tensor;
    },
  };

  it.each(Object.keys(makers))('%s', (name) => {
    const t = makers[name]!();
    const beside = makers[name]!();
    const before = [t.toArray(), beside.toArray()];
    give(t);
    expect([t.toArray(), beside.toArray()]).toEqual(before);
    expect(new nn.Linear(3, 2).weight.numel).toBe(6);
  });

  it('and an array of the user may go where they please', () => {
    expectError(() => lost().sum(), TypeError, '[sum] x: the array is detached');
  });
});

describe('a tensor without memory', () => {
  it.each(Object.keys(cases))('is refused: %s', (name) => {
    for (const { inputs, call } of cases[name]!) {
      for (let i = 0; i < inputs().length; i++) {
        const given = inputs().map(own);
        give(given[i]!);
        const error = thrownBy(() => call(...given));
        expect(error, `argument ${i}`).toBeInstanceOf(TypeError);
        expect(error.message, `argument ${i}`).toContain('the array is detached');
      }
    }
  });

  it('says so where it is read', () => {
    expectError(() => lost().toArray(), TypeError, `[Tensor.toArray] ${gone}`);
    expectError(() => JSON.stringify(lost()), TypeError, `[Tensor.toArray] ${gone}`);
    expectError(() => lost([1]).item(), TypeError, `[Tensor.item] ${gone}`);
    expectError(() => Number(lost([])), TypeError, `[Tensor.item] ${gone}`);
    expectError(() => [...lost()], TypeError, `[Tensor.narrow] ${gone}`);
    expect(String(lost([2, 2]))).toBe('tensor(detached: its buffer was transferred elsewhere, size=[2, 2])');
  });

  it('is refused in a compiled function, as an argument and as what it captured', () => {
    const [x, w] = [own(ones([3])), own(ones([3]))];
    const f = compile((a: Tensor) => a.mul(w));
    for (let i = 0; i < 3; i++) expectSame(f(x), [1, 1, 1]);
    give(w);
    for (let i = 0; i < 2; i++) expect(thrownBy(() => f(x)).message).toContain('the array is detached');
    const g = compile((a: Tensor) => a.mul(2));
    g(x);
    give(x);
    for (let i = 0; i < 2; i++) expect(thrownBy(() => g(x)).message).toContain('detached');
  });

  it('is refused by modules, optimizers, losses, metrics and files', async () => {
    const layer = new nn.Linear(2, 1);
    expect(thrownBy(() => layer.forward(lost([3, 2]))).message).toContain(gone);
    expect(thrownBy(() => layer.loadStateDict({ weight: lost([1, 2]), bias: ones([1]) })).message).toContain(gone);
    const accuracy = new metrics.MeanSquaredError();
    expect(thrownBy(() => accuracy.update(lost(), ones([4]))).message).toContain(gone);
    expect((await rejection(io.saveSafetensors('nowhere', { lost: lost() }))).message).toContain(gone);
    expect(thrownBy(() => ones([4], { requiresGrad: true }).mul(2).backward(lost())).message).toContain(gone);
    expect(thrownBy(() => (ones([4]).grad = lost())).message).toContain(gone);
    expect(thrownBy(() => new nn.Parameter(lost())).message).toContain(gone);
    expect(thrownBy(() => new data.TensorDataset(lost())).message).toContain(gone);
  });

  const fitOf = (dataset: data.TensorDataset, model: nn.Module, options: object = {}) =>
    train.fit(model, {
      criterion: new nn.MSELoss(),
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      loader: new data.DataLoader(dataset, { batchSize: 2 }),
      epochs: 3,
      progress: false,
      ...options,
    });

  it('is refused by a fit, also when it goes while the fit runs', async () => {
    const model = (): nn.Module => new nn.Linear(2, 1);
    const [x, y] = [own(ones([4, 2])), own(ones([4, 1]))];
    const dataset = new data.TensorDataset(x, y);
    give(x);
    expect((await rejection(fitOf(dataset, model()))).message).toContain('detached');

    const weight = new nn.Parameter(own(ones([1, 2])));
    const linear = Object.assign(new nn.Linear(2, 1), { weight });
    const fit = fitOf(new data.TensorDataset(ones([4, 2]), ones([4, 1])), linear, {
      onEpoch: ({ epoch }: { epoch: number }) => epoch === 1 && give(weight),
    });
    expect((await rejection(fit)).message).toContain('detached');
    expectError(() => weight.toArray(), TypeError, `[Tensor.toArray] ${gone}`);
  });
});
