import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, optim, randn, type Tensor, tensor, train } from '../../src/index';
import { expectClose, gradientCheck } from '../helpers';
import { build, get, type Model, numbers, total } from '../model';

const F = nn.functional;

// x [rows, columns] by its own statistics.
function normalized(x: Model, weight: Model, bias: Model): Model {
  const rows = Array.from({ length: x.shape[0]! }, (_, r) => r);
  return build(x.shape, (index) => {
    const c = index[1]!;
    const column = rows.map((r) => get(x, [r, c]));
    const mean = total(column) / column.length;
    const variance = total(column.map((v) => (v - mean) ** 2)) / column.length;
    return ((get(x, index) - mean) / Math.sqrt(variance + 1e-5)) * weight.data[c]! + bias.data[c]!;
  });
}

describe('batchNorm', () => {
  const inputs = [numbers([7, 5], -2, 3), numbers([5], 0.5, 1.5), numbers([5], -1, 1)];

  it('normalises columns, with the gradients through mean and variance', () => {
    gradientCheck((x, weight, bias) => F.batchNorm(x, null, null, { weight, bias, training: true }), normalized, inputs, 3e-5);
  });

  it('goes by the running statistics in evaluation', () => {
    const [mean, variance] = [tensor([1, 2, 3, 4, 5]), tensor([1, 4, 9, 16, 25])];
    gradientCheck(
      (x, weight, bias) => F.batchNorm(x, mean, variance, { weight, bias }),
      (x, weight, bias) =>
        build(x.shape, (index) => {
          const c = index[1]!;
          return ((get(x, index) - (c + 1)) / Math.sqrt((c + 1) ** 2 + 1e-5)) * weight.data[c]! + bias.data[c]!;
        }),
      inputs,
    );
  });

  it('takes [n, columns, length] as n x length rows', () => {
    const x = randn([3, 2, 4]);
    const rows = x.permute([0, 2, 1]).reshape([12, 2]);
    const expected = F.batchNorm(rows, null, null, { training: true }).reshape([3, 4, 2]).permute([0, 2, 1]);
    expect(F.batchNorm(x, null, null, { training: true }).toArray()).toEqual(expected.toArray());
  });

  it('refuses a single row in training, and evaluation without statistics', () => {
    expect(() => F.batchNorm(tensor([[1, 2]]), null, null, { training: true })).toThrow('[batchNorm] expected more than one row');
    expect(() => F.batchNorm(tensor([[1, 2]]), null, null)).toThrow('expected runningMean and runningVar where training is false');
    expect(() => F.batchNorm(tensor([1, 2]), null, null, { training: true })).toThrow('expected x [n, columns]');
    expect(() => F.batchNorm(tensor([[1], [2]]), tensor([1, 2]), tensor([1]))).toThrow('expected runningMean [1], got [2]');
  });
});

describe('BatchNorm1d', () => {
  it('keeps running statistics under the names that PyTorch gives them', () => {
    const norm = new nn.BatchNorm1d(2);
    expect(Object.keys(norm.stateDict())).toEqual(['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']);
    norm.forward(
      tensor([
        [1, 2],
        [3, 6],
      ]),
    );
    expectClose(norm.runningMean!, [0.2, 0.4], 1e-7);
    expectClose(norm.runningVar!, [0.9 + 0.1 * 2, 0.9 + 0.1 * 8], 1e-6);
    expect(norm.numBatchesTracked!.item()).toBe(1);
    norm.eval();
    const before = norm.runningMean!.toArray();
    norm.forward(tensor([[1, 2]]));
    expect(norm.runningMean!.toArray()).toEqual(before);
    norm.resetRunningStats();
    expect(norm.runningVar!.toArray()).toEqual([1, 1]);
  });

  it('keeps the plain mean over batches with momentum null', () => {
    const norm = new nn.BatchNorm1d(1, { momentum: null });
    norm.forward(tensor([[1], [3]]));
    norm.forward(tensor([[5], [7]]));
    expectClose(norm.runningMean!, [4], 1e-6);
  });

  it('goes by the batch where it keeps no statistics', () => {
    const norm = new nn.BatchNorm1d(1, { trackRunningStats: false, affine: false, eps: 0 });
    expect(Object.keys(norm.stateDict())).toEqual([]);
    expect(
      norm
        .eval()
        .forward(tensor([[1], [3]]))
        .toArray(),
    ).toEqual([[-1], [1]]);
  });

  it.each([nn.BatchNorm1d, nn.LazyBatchNorm1d])('may have a weight alone', (Maker) => {
    const norm =
      Maker === nn.BatchNorm1d ? new nn.BatchNorm1d(1, { bias: false, eps: 0 }) : new nn.LazyBatchNorm1d({ bias: false, eps: 0 });
    const y = norm.forward(tensor([[1], [3]]));
    y.sum().backward();
    expect(y.toArray()).toEqual([[-1], [1]]);
    expect(norm.bias).toBeNull();
    expect(Object.keys(norm.stateDict())).toEqual(['weight', 'running_mean', 'running_var', 'num_batches_tracked']);
    expect(String(norm)).toBe('BatchNorm1d(1, eps=0.0, momentum=0.1, affine=True, bias=False, track_running_stats=True)');
    expect(new nn.BatchNorm1d(1, { affine: false }).bias).toBeNull();
    expect(() => new nn.BatchNorm1d(1, { bias: 1 as never })).toThrow('[BatchNorm1d] expected bias to be');
  });

  it('prints as PyTorch', () => {
    expect(String(new nn.BatchNorm1d(3, { momentum: null }))).toBe(
      'BatchNorm1d(3, eps=1e-05, momentum=None, affine=True, bias=True, track_running_stats=True)',
    );
  });

  const network = () => {
    manualSeed(3);
    const model = new nn.Sequential(
      new nn.Linear(4, 8),
      new nn.BatchNorm1d(8),
      new nn.ReLU(),
      new nn.Linear(8, 3),
      new nn.BatchNorm1d(3, { momentum: null }),
    );
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const criterion = new nn.CrossEntropyLoss();
    const x = randn([30, 4]);
    const y = x.argmax(1).remainder(3);
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8 });
    return { model, optimizer, criterion, loader };
  };
  const bits = (model: nn.Module) => Object.values(model.stateDict()).map((t) => [...t.values]);

  it('trains with the same bits eagerly, compiled and by fit', async () => {
    const loop = network();
    const step =
      ({ model, optimizer, criterion }: ReturnType<typeof network>) =>
      (x: Tensor, y: Tensor) => {
        optimizer.zeroGrad();
        const loss = criterion.forward(model.forward(x) as Tensor, y);
        loss.backward();
        optimizer.step();
        return loss;
      };
    const run = step(loop);
    for (let epoch = 0; epoch < 3; epoch++) for (const [x, y] of loop.loader) run(x!, y!);
    const compiled = network();
    const fast = compile(step(compiled));
    for (let epoch = 0; epoch < 3; epoch++) for (const [x, y] of compiled.loader) fast(x!, y!);
    const fitted = network();
    const { model, ...settings } = fitted;
    await train.fit(model, { ...settings, epochs: 3 });
    expect(bits(compiled.model)).toEqual(bits(loop.model));
    expect(bits(fitted.model)).toEqual(bits(loop.model));
  });
});
