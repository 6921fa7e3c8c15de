// Averages of weights, against the means of the weights that were taken in, and what they refuse.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, noGrad, ones, optim, randn, type Tensor, tensor, train, zeros } from '../../src';
import { expectClose, expectError, expectSame, flat } from '../helpers';
import { quiet } from '../train/runs';

const { AveragedModel, getEmaAvgFn, getEmaMultiAvgFn, getSwaAvgFn, getSwaMultiAvgFn, updateBn } = optim.swaUtils;

// Batch normalisation without weights, in operations.
class Norm extends nn.Module {
  declare runningMean: Tensor;
  declare runningVar: Tensor;
  declare numBatchesTracked: Tensor;
  momentum: number | null = 0.1;
  constructor(readonly width: number) {
    super();
    this.registerBuffer('runningMean', zeros([width]));
    this.registerBuffer('runningVar', ones([width]));
    this.registerBuffer('numBatchesTracked', tensor(Int32Array.of(0)));
  }
  forward(x: Tensor): Tensor {
    const rows = x.shape[0]!;
    const mean = x.mean(0);
    const centred = x.sub(mean);
    const variance = centred
      .mul(centred)
      .sum(0)
      .div(rows - 1);
    if (this.training) {
      noGrad(() => {
        this.numBatchesTracked.add_(1);
        const rate = this.momentum ?? 1 / this.numBatchesTracked.item();
        this.runningMean.lerp_(mean, rate);
        this.runningVar.lerp_(variance, rate);
      });
      return centred.div(variance.add(1e-5).sqrt());
    }
    return x.sub(this.runningMean).div(this.runningVar.add(1e-5).sqrt());
  }
}

const histories = (count: number): nn.Linear[] => {
  manualSeed(5);
  return Array.from({ length: count }, () => new nn.Linear(3, 2));
};

describe('AveragedModel', () => {
  it('is the mean of the weights that it took in', () => {
    const models = histories(7);
    const averaged = new AveragedModel(models[0]!);
    models.forEach((model, i) => {
      averaged.updateParameters(model);
      const mean = (k: number) => models.slice(0, i + 1).reduce((sum, one) => sum + flat(one.weight)[k]!, 0) / (i + 1);
      // One rounding of the difference, of the quotient and of the sum in each step, of numbers below 1.
      expectClose(
        averaged.module.weight,
        Array.from(flat(averaged.module.weight), (_, k) => mean(k)),
        (i + 1) * 3 * 2 ** -24,
      );
    });
    expect(averaged.numAveraged).toBe(7);
    expect(averaged.module).not.toBe(models[0]);
  });

  it('forgets with getEmaAvgFn', () => {
    const models = histories(5);
    const averaged = new AveragedModel(models[0]!, { avgFn: getEmaAvgFn(0.75) });
    for (const model of models) averaged.updateParameters(model);
    const expected = Array.from(flat(models[0]!.bias!), (first, k) =>
      models.slice(1).reduce((value, model) => 0.75 * value + 0.25 * flat(model.bias!)[k]!, first),
    );
    expectClose(averaged.module.bias!, expected, 5 * 3 * 2 ** -24);
  });

  it('averages all tensors at once, as one by one', () => {
    const models = histories(6);
    const pairs = [
      [getEmaAvgFn(0.75), getEmaMultiAvgFn(0.75)],
      [getSwaAvgFn(), getSwaMultiAvgFn()],
    ] as const;
    for (const [avgFn, multiAvgFn] of pairs) {
      const [single, multi] = [new AveragedModel(models[0]!, { avgFn }), new AveragedModel(models[0]!, { multiAvgFn })];
      expect(multi.multiAvgFn).toBe(multiAvgFn);
      for (const model of models) for (const averaged of [single, multi]) averaged.updateParameters(model);
      for (const name of ['weight', 'bias'] as const) {
        expectClose(multi.module[name]!, single.module[name]!, 6 * 4 * 2 ** -24);
        expect(flat(multi.module[name]!)).not.toEqual(flat(models[0]![name]!));
      }
    }
  });

  it('hands multiAvgFn the averages, the values and how many it is of; what goes wrong changes nothing', () => {
    const model = new nn.Linear(1, 2);
    const at = '[AveragedModel.updateParameters]';
    const seen: unknown[] = [];
    const returned: unknown[] = [undefined];
    const averaged = new AveragedModel(model, {
      multiAvgFn(own, current, count) {
        seen.push([own.map((t) => t.shape), current.map((t) => flat(t)[0]), count]);
        for (const t of own) t.add_(10);
        return returned[0] as never;
      },
    });
    for (const weight of [2, 5]) {
      nn.init.constant_(model.weight, weight);
      nn.init.constant_(model.bias!, -weight);
      averaged.updateParameters(model);
    }
    expect(seen).toEqual([[[[2, 1], [2]], [5, -5], 1]]);
    expect([averaged.module.weight, averaged.module.bias!].map(flat)).toEqual([
      [12, 12],
      [8, 8],
    ]);
    const before = JSON.stringify(averaged.stateDict());
    returned[0] = [];
    expectError(
      () => averaged.updateParameters(model),
      TypeError,
      `${at} expected multiAvgFn to change its averages in place and return nothing, got an array`,
    );
    const replacing = new AveragedModel(model, { multiAvgFn: (own) => void own.splice(1, 1, zeros([2])) });
    replacing.updateParameters(model);
    expectError(
      () => replacing.updateParameters(model),
      TypeError,
      `${at} expected multiAvgFn to change bias in place\n  hint: averaged[i].lerp_(current[i], weight)`,
    );
    expect(JSON.stringify(averaged.stateDict())).toBe(before);
    expect(replacing.numAveraged).toBe(1);
    const both = { avgFn: getSwaAvgFn(), multiAvgFn: getSwaMultiAvgFn() };
    expectError(() => new AveragedModel(model, both), TypeError, '[AveragedModel] expected avgFn or multiAvgFn, got both');
    expectError(
      () => new AveragedModel(model, { multiAvgFn: 3 as never }),
      TypeError,
      '[AveragedModel] expected multiAvgFn to be a function, got 3',
    );
    expectError(() => getEmaMultiAvgFn(-1), RangeError, '[swaUtils.getEmaMultiAvgFn] expected decay to be from 0 to 1, got -1');
  });

  it('hands a function of the user the average, the value and how many it is of', () => {
    const model = new nn.Linear(1, 1, { bias: false });
    const seen: unknown[] = [];
    const averaged = new AveragedModel(model, {
      avgFn(own, current, count) {
        seen.push([own.item(), current.item(), count]);
        return own.add(1);
      },
    });
    for (const weight of [2, 5, 7]) {
      nn.init.constant_(model.weight, weight);
      averaged.updateParameters(model);
    }
    expect(seen).toEqual([
      [2, 5, 1],
      [3, 7, 2],
    ]);
    expect(averaged.module.weight.item()).toBe(4);
  });

  it('takes over buffers, or averages those of floats', () => {
    for (const useBuffers of [false, true]) {
      const norm = new Norm(2);
      const averaged = new AveragedModel(norm, { useBuffers });
      for (const value of [1, 4]) {
        norm.runningMean.fill_(value);
        norm.numBatchesTracked.fill_(value);
        averaged.updateParameters(norm);
      }
      expect(flat(averaged.module.runningMean)).toEqual(useBuffers ? [2.5, 2.5] : [4, 4]);
      expect(flat(averaged.module.numBatchesTracked)).toEqual([4]);
    }
  });

  it('has the state dict of PyTorch, and goes on from it', () => {
    const models = histories(4);
    const [whole, first, second] = [0, 1, 2].map(() => new AveragedModel(models[0]!));
    for (const model of models) whole!.updateParameters(model);
    for (const model of models.slice(0, 2)) first!.updateParameters(model);
    expect(Object.keys(first!.stateDict()).sort()).toEqual(['module.bias', 'module.weight', 'n_averaged']);
    expect(first!.stateDict()['n_averaged']!.shape).toEqual([]);
    second!.loadStateDict(first!.stateDict());
    for (const model of models.slice(2)) second!.updateParameters(model);
    expectSame(second!.module.weight, whole!.module.weight);
    expectSame(second!.clone().module.weight, whole!.module.weight);
    second!.clone().updateParameters(models[0]!);
    expect(second!.numAveraged).toBe(4);
  });

  it.each(['epoch', 'step'] as const)('averages in a fit after each %s, as in a loop', async (interval) => {
    const criterion = new nn.MSELoss();
    const begin = () => {
      manualSeed(2);
      const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1));
      const loader = new data.DataLoader(new data.TensorDataset(randn([10, 3]), randn([10, 1])), { batchSize: 5 });
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      return { model, loader, optimizer, averaged: new AveragedModel(model, { avgFn: getEmaAvgFn(0.5) }) };
    };
    const loop = begin();
    for (let epoch = 0; epoch < 4; epoch++) {
      for (const [x, y] of loop.loader) {
        loop.optimizer.zeroGrad();
        criterion.forward(loop.model.forward(x), y).backward();
        loop.optimizer.step();
        if (interval === 'step') loop.averaged.updateParameters(loop.model);
      }
      if (interval === 'epoch') loop.averaged.updateParameters(loop.model);
    }
    const { model, averaged, ...rest } = begin();
    const step = () => averaged.updateParameters(model);
    const when = interval === 'epoch' ? { onEpoch: step } : { scheduler: { scheduler: { step }, interval } };
    await train.fit(model, { ...rest, ...quiet, criterion, epochs: 4, ...when });
    expect(averaged.numAveraged).toBe(interval === 'epoch' ? 4 : 8);
    for (const [name, value] of Object.entries(loop.averaged.stateDict())) expectSame(averaged.stateDict()[name]!, value);
    const x = randn([3, 3]);
    expectSame(await train.predict(averaged, x), averaged.module.forward(x));
  });

  it('refuses what does not fit, and is as it was', () => {
    const model = new nn.Linear(2, 2);
    const where = '[AveragedModel]';
    expectError(() => new AveragedModel(3 as never), TypeError, `${where} expected a module, got 3`);
    expectError(() => new AveragedModel(model, { avgFn: 3 as never }), TypeError, `${where} expected avgFn to be a function, got 3`);
    expectError(
      () => new AveragedModel(model, { useBuffers: 1 as never }),
      TypeError,
      `${where} expected useBuffers to be true or false, got 1`,
    );
    const averaged = new AveragedModel(model, { avgFn: (own) => (own.shape.length === 1 ? zeros([3]) : own.add(1)) });
    averaged.updateParameters(model);
    const before = JSON.stringify(averaged.stateDict());
    const at = '[AveragedModel.updateParameters]';
    const refused: [unknown, new (message: string) => Error, string][] = [
      [null, TypeError, 'expected a module, got null'],
      [new nn.Linear(2, 2, { bias: false }), RangeError, 'expected a model with 2 parameters, got 1'],
      [new nn.Linear(3, 2), RangeError, 'expected weight to be float32 [2, 2], got float32 [2, 3]'],
      [new Norm(2), RangeError, 'expected a model with 2 parameters, got 0'],
      [model, RangeError, 'expected avgFn to return [2] for bias, got [3]'],
    ];
    for (const [given, kind, message] of refused) expectError(() => averaged.updateParameters(given as never), kind, `${at} ${message}`);
    expect(JSON.stringify(averaged.stateDict())).toBe(before);
    const wrong = new AveragedModel(model, { avgFn: () => 3 as never });
    wrong.updateParameters(model);
    expectError(() => wrong.updateParameters(model), TypeError, `${at} expected avgFn to return a float32 tensor for weight, got 3`);
    const step = compile((x: Tensor) => {
      averaged.updateParameters(model);
      return x.mul(2);
    });
    expect(() => step(ones([1]))).toThrow(`${at} weights cannot be averaged inside a compiled function`);
  });

  it('refuses decays that are none', () => {
    const where = '[swaUtils.getEmaAvgFn]';
    expectError(() => getEmaAvgFn(1.5), RangeError, `${where} expected decay to be from 0 to 1, got 1.5`);
    expectError(() => getEmaAvgFn('x' as never), TypeError, `${where} expected decay to be a number, got "x"`);
    expect(getSwaAvgFn()(tensor([1]), tensor([3]), 1).toArray()).toEqual([2]);
  });
});

describe('updateBn', () => {
  it('finds the means over all batches, and leaves momenta and modes as they were', () => {
    manualSeed(4);
    const norm = new Norm(3);
    const model = new nn.Sequential(new nn.Linear(2, 3), norm, new nn.Dropout(0.5));
    norm.eval();
    norm.runningMean.fill_(9);
    const batches = Array.from({ length: 3 }, () => [randn([5, 2]), zeros([5])]);
    updateBn(batches, model);
    const outputs = batches.map(([x]) => model[0]!.forward(x!));
    const means = outputs.map((y) => [...flat(y.mean(0))]);
    expectClose(
      norm.runningMean,
      [0, 1, 2].map((k) => (means[0]![k]! + means[1]![k]! + means[2]![k]!) / 3),
      1e-6,
    );
    expect(flat(norm.numBatchesTracked)).toEqual([3]);
    expect([norm.momentum, norm.training, model.training]).toEqual([0.1, false, true]);
  });

  it('is over where the model fails, with all as it was', () => {
    const norm = new Norm(3);
    norm.eval();
    expect(() => updateBn([ones([2, 4])], new nn.Sequential(norm))).toThrow();
    expect([norm.momentum, norm.training]).toEqual([0.1, false]);
  });

  it('does nothing without such a module, and refuses what is no loader or model', () => {
    let drawn = 0;
    const loader = {
      *[Symbol.iterator]() {
        drawn++;
        yield ones([1, 1]);
      },
    };
    updateBn(loader, new nn.Linear(1, 1));
    expect(drawn).toBe(0);
    expectError(() => updateBn(3 as never, new Norm(1)), TypeError, '[swaUtils.updateBn] expected the batches to be iterable, got 3');
    expectError(() => updateBn([], 3 as never), TypeError, '[swaUtils.updateBn] expected a module, got 3');
    const step = compile((x: Tensor) => {
      updateBn([], new Norm(1));
      return x.mul(2);
    });
    expect(() => step(ones([1]))).toThrow('[swaUtils.updateBn] statistics cannot be found inside a compiled function');
  });
});
