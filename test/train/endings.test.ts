// However a fit ends, model, optimizer and loader are whole; while it runs, they say who has them.
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compile, data, manualSeed, nn, noGrad, ones, optim, randn, SimdnnError, type Tensor, tensor, train } from '../../src';
import { rejection } from '../rejection';
import { bitsOf, eagerFit, eagerStep, makeModel, quiet, stateOf, students } from './runs';

const criterion = new nn.CrossEntropyLoss();

const setUp = (rows = 2000, widths = [13, 64, 64, 5], dropout = 0.1) => {
  manualSeed(5);
  const model = makeModel(widths, { dropout });
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
  const loader = new data.DataLoader(students(rows), { batchSize: 32, shuffle: true, seed: 2 });
  return { model, optimizer, loader, criterion };
};
const endless = 1_000_000_000;
const patience = { timeout: 300_000 }; // for a fit's thread to do a step on a busy machine

const fitOf = ({ model, ...rest }: ReturnType<typeof setUp>, options: Partial<train.FitOptions> = {}) =>
  train.fit(model, { ...rest, epochs: endless, ...quiet, ...options });

describe('a signal', () => {
  it('ends the fit between two steps: what is left is a loop of as many steps', async () => {
    const run = setUp();
    const controller = new AbortController();
    const reason = new Error('enough');
    const [weight] = run.model.parameters() as [nn.Parameter];
    const first = weight.data.slice();
    const fit = fitOf(run, { signal: controller.signal });
    await vi.waitFor(() => expect(weight.data).not.toEqual(first), patience);
    controller.abort(reason);
    expect(await rejection(fit)).toBe(reason);

    const { step } = Object.values(run.optimizer.stateDict().state)[0] as unknown as { step: Tensor };
    const steps = step.item();
    expect(steps).toBeGreaterThan(0);
    const loop = setUp();
    for (let done = 0; done < steps; ) {
      for (const batch of loop.loader) {
        eagerStep({ ...loop, epochs: 1 }, batch);
        if (++done === steps) break;
      }
    }
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
    expect(stateOf(run.optimizer)).toEqual(stateOf(loop.optimizer));
    // Both go on alike, in the epochs that come next.
    manualSeed(6);
    const more = await fitOf(run, { epochs: 2 });
    manualSeed(6);
    expect(more.loss).toEqual(eagerFit({ ...loop, epochs: 2 }));
  });

  it('that was aborted before begins nothing', async () => {
    const run = setUp();
    const before = bitsOf(run.model);
    expect(await rejection(fitOf(run, { signal: AbortSignal.abort('why') }).catch((e) => Promise.reject(new Error(e))))).toMatchObject({
      message: 'why',
    });
    expect(bitsOf(run.model)).toEqual(before);
  });

  it('ends a fit from within a callback', async () => {
    const run = setUp(64);
    const controller = new AbortController();
    const seen: number[] = [];
    const fit = fitOf(run, {
      signal: controller.signal,
      onEpoch: ({ epoch }) => {
        seen.push(epoch);
        if (epoch === 3) controller.abort();
      },
    });
    expect((await rejection(fit)).name).toBe('AbortError');
    expect(seen).toEqual([1, 2, 3]);
    const loop = setUp(64);
    eagerFit({ ...loop, epochs: 3 });
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
  });

  it('leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    await fitOf(setUp(64), { epochs: 1, signal });
    expect(add.mock.calls.length).toBe(1);
    expect(remove.mock.calls.length).toBe(1);
  });
});

describe('while a fit runs', () => {
  let run: ReturnType<typeof setUp>;
  let controller: AbortController;
  let fit: Promise<unknown>;
  let replay: (x: Tensor) => Tensor;
  let stepAlone: () => null;
  let zeroed: () => Tensor;
  beforeEach(async () => {
    run = setUp();
    const predict = compile((x: Tensor) => run.model.forward(x) as Tensor);
    replay = (x) => noGrad(() => predict(x));
    replay(randn([2, 13]));
    stepAlone = compile(() => {
      run.optimizer.step();
      return null;
    });
    stepAlone();
    zeroed = compile(() => nn.init.zeros_(run.model.parameters()[0]!));
    zeroed();
    controller = new AbortController();
    fit = fitOf(run, { signal: controller.signal }).catch(() => 'ended');
    await pause(20);
  });
  afterEach(async () => {
    controller.abort();
    expect(await fit).toBe('ended');
    run.model.forward(randn([1, 13])); // free again
    run.optimizer.zeroGrad();
  });

  const inUse = (fn: () => unknown): void => {
    let error: unknown;
    try {
      fn();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SimdnnError);
    expect((error as SimdnnError).code).toBe('SIMDNN_IN_USE');
    expect((error as SimdnnError).message).toMatch(/^\[[\w.]+\] .*in use by (another )?train\.fit\n {2}hint: /);
  };

  it.each<[string, () => unknown]>([
    ['forward', () => run.model.forward(randn([2, 13]))],
    ['a compiled forward', () => replay(randn([2, 13]))],
    ['a compiled step of the optimizer', () => stepAlone()],
    ['a compiled change in place', () => zeroed()],
    ['forward without gradients', () => noGrad(() => run.model.forward(randn([2, 13])))],
    ['an operation on a parameter', () => run.model.parameters()[0]!.mul(2)],
    ['optimizer.step', () => run.optimizer.step()],
    ['optimizer.zeroGrad', () => run.optimizer.zeroGrad()],
    ['optimizer.loadStateDict', () => run.optimizer.loadStateDict(run.optimizer.stateDict())],
    ['optimizer.addParamGroup', () => run.optimizer.addParamGroup({ params: [new nn.Parameter(randn([2]))] })],
    ['model.zeroGrad', () => run.model.zeroGrad()],
    ['model.loadStateDict', () => run.model.loadStateDict(setUp().model.stateDict())],
    ['nn.init', () => nn.init.zeros_(run.model.parameters()[0]!)],
    ['assigning a gradient', () => (run.model.parameters()[0]!.grad = null)],
  ])('%s says so', (_, touch) => inUse(touch));

  it('another fit of the model, or with its optimizer, says so', async () => {
    expect((await rejection(fitOf(run))).message).toMatch(/in use by another train\.fit/);
    const other = setUp();
    expect((await rejection(fitOf({ ...other, optimizer: run.optimizer }))).message).toMatch(/in use by another train\.fit/);
  });

  it('reading gives the values of the last finished step, as a copy', async () => {
    const [weight] = run.model.parameters() as [nn.Parameter];
    const first = weight.data;
    const again = first.slice();
    await vi.waitFor(() => expect(weight.data).not.toEqual(first), patience);
    expect(first).toEqual(again);
    expect(weight.data.buffer).not.toBe(weight.data.buffer);
    expect(weight.toString()).toMatch(/^tensor\(/);
    expect(weight.toArray()).toHaveLength(64);
    const dict = run.model.stateDict();
    expect(Object.keys(dict)).toHaveLength(6);
    expect(dict['0.weight']!.data).toHaveLength(13 * 64);
  });

  it('predict and evaluate work on a copy of the model as it is', async () => {
    const x = randn([300, 13]);
    const first = await train.predict(run.model, x);
    expect(first.shape).toEqual([300, 5]);
    await vi.waitFor(async () => expect((await train.predict(run.model, x)).toArray()).not.toEqual(first.toArray()), patience);
    const figures = await train.evaluate(run.model, run.loader, { criterion });
    expect(figures['loss']).toBeGreaterThan(0);
  });

  it('other models train and predict', async () => {
    const make = () => setUp(128, [13, 64, 5], 0);
    const others = [1, 2, 3].map(make);
    const results = await Promise.all(others.map((other) => fitOf(other, { epochs: 3 })));
    const loop = make();
    const losses = eagerFit({ ...loop, epochs: 3 });
    for (const { loss } of results) expect(loss).toEqual(losses);
    const eager = setUp(32);
    eagerFit({ ...eager, epochs: 1 });
  });
});

describe('what is thrown', () => {
  it('in a callback rejects, and the model is free and whole', async () => {
    const run = setUp(64);
    const error = new Error('in the callback');
    const fit = fitOf(run, {
      onEpoch: async ({ epoch }) => {
        await pause(1);
        if (epoch === 2) throw error;
      },
    });
    expect(await rejection(fit)).toBe(error);
    const loop = setUp(64);
    eagerFit({ ...loop, epochs: 2 });
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
    eagerFit({ ...run, epochs: 1 });
  });

  it('by a dataset rejects after the batches before it', async () => {
    const error = new Error('no such row');
    class Broken extends data.Dataset<[Tensor, Tensor]> {
      get length() {
        return 40;
      }
      get(i: number): [Tensor, Tensor] {
        if (i === 21) throw error;
        return [tensor(Array.from({ length: 13 }, (_, j) => (i * j) % 7)), tensor(i % 5, { dtype: 'int32' })];
      }
    }
    const make = () => ({
      ...setUp(),
      loader: new data.DataLoader(new Broken(), { batchSize: 4 }) as unknown as ReturnType<typeof setUp>['loader'],
    });
    const run = make();
    expect(await rejection(fitOf(run))).toBe(error);
    const loop = make();
    expect(() => eagerFit({ ...loop, epochs: 1 })).toThrow(error);
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
  });

  it('by a label that is no class names the batch', async () => {
    const run = setUp(64);
    const labels = run.loader.dataset as data.TensorDataset<[Tensor, Tensor]>;
    labels.tensors[1].data[40] = 9;
    const error = await rejection(fitOf(run, { loader: new data.DataLoader(labels, { batchSize: 32 }) }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('[train.fit] [softmaxCrossEntropy] labels[8] = 9 is out of range [0, 5), in batch 2 of epoch 1');
    run.model.forward(randn([1, 13]));
  });

  it('with detectAnomaly at the first value that is not finite, by name', async () => {
    const run = setUp(64, [13, 8, 5]);
    run.model.parameters()[0]!.data[3] = Number.POSITIVE_INFINITY;
    const loader = new data.DataLoader(run.loader.dataset, { batchSize: 32 });
    const error = await rejection(fitOf({ ...run, loader }, { detectAnomaly: true }));
    expect(error.code).toBe('SIMDNN_NOT_FINITE');
    expect(error.message).toMatch(/^\[train\.fit\] in batch 1 of epoch 1 a value is not finite for the first time after linear\w+/);
    expect(error.message).toContain('32 13 8');
  });

  it.each(['native', 'own'])('with detectAnomaly where the data are not finite, by batch and row: %s', async (kind) => {
    const run = setUp(64, [13, 8, 5]);
    (run.loader.dataset as data.TensorDataset<[Tensor, Tensor]>).tensors[0].data[50 * 13 + 4] = Number.NaN;
    const rows = new data.DataLoader(run.loader.dataset, { batchSize: 32 });
    const loader = (kind === 'own' ? [...rows] : rows) as unknown as typeof rows;
    const error = await rejection(fitOf({ ...run, loader }, { detectAnomaly: true }));
    expect(error.code).toBe('SIMDNN_NOT_FINITE');
    expect(error.message).toBe('[train.fit] the data of batch 2 of epoch 1 are not finite: tensor 0 of the batch has NaN in row 18');
    const { loss } = await fitOf({ ...setUp(64, [13, 8, 5]), loader }, { epochs: 1 });
    expect(loss).toEqual([Number.NaN]); // without it, as in PyTorch
  });

  it.each([optim.Adam, optim.AdamW])('not by detectAnomaly where padding between parameters is 0/0', async (Optimizer) => {
    const loader = new data.DataLoader(new data.TensorDataset(randn([64, 4]), randn([64, 3])), { batchSize: 32 });
    const fitted = async (detectAnomaly: boolean) => {
      manualSeed(1);
      const model = makeModel([4, 3]);
      const optimizer = new Optimizer(model.parameters(), { lr: 0.01, eps: 0 });
      const options = { criterion: new nn.MSELoss(), optimizer, loader, epochs: 3, detectAnomaly, ...quiet };
      return [(await train.fit(model, options)).loss, bitsOf(model)];
    };
    expect(await fitted(true)).toEqual(await fitted(false));
  });

  it('by the model while it is recorded', async () => {
    class Peeking extends nn.Module {
      layer = new nn.Linear(13, 5);
      override forward(x: Tensor): Tensor {
        x.item();
        return this.layer.forward(x);
      }
    }
    const model = new Peeking();
    const error = await rejection(
      train.fit(model, { criterion, optimizer: new optim.Adam(model.parameters()), loader: setUp().loader, epochs: 1, ...quiet }),
    );
    expect(error.code).toBe('SIMDNN_READ_WHILE_RECORDING');
    model.layer.forward(randn([1, 13]));
  });
});

describe('options that cannot be used', () => {
  const base = setUp(64);
  it.each<[string, unknown, RegExp]>([
    ['an unknown one', { epoch: 3 }, /^\[train\.fit\] unknown option "epoch", did you mean "epochs"\?/],
    ['no criterion', { criterion: undefined }, /^\[train\.fit\] expected criterion with a method forward, got undefined/],
    ['no optimizer', { optimizer: {} }, /^\[train\.fit\] expected optimizer to be an optimizer, got an Object/],
    ['no loader', { loader: 3 }, /^\[train\.fit\] expected a loader of batches, got 3/],
    ['a tensor as loader', { loader: ones([2, 3]) }, /^\[train\.fit\] expected a loader of batches, got a Tensor/],
    ['half an epoch', { epochs: 1.5 }, /^\[train\.fit\] expected epochs to be an integer, got 1\.5/],
    ['no epochs', { epochs: 0 }, /^\[train\.fit\] expected epochs to be at least 1, got 0/],
    ['a metric that is none', { metrics: { a: 3 } }, /^\[train\.fit\] expected metrics\.a to be a metric or a function, got 3/],
    ['a signal that is none', { signal: {} }, /^\[train\.fit\] expected signal to be an AbortSignal/],
    ['a callback that is none', { onEpoch: 3 }, /^\[train\.fit\] expected onEpoch to be a function, got 3/],
    ['a scheduler that is none', { scheduler: {} }, /^\[train\.fit\] expected scheduler with a method step/],
    ['something unknown to watch', { earlyStopping: { monitor: 'x' } }, /^\[train\.fit\] earlyStopping cannot monitor "x" \(known: loss\)/],
    ['validation to watch without it', { earlyStopping: { monitor: 'validationLoss' } }, /hint: give fit a validation loader/],
    ['a misspelt one of early stopping', { earlyStopping: { patient: 1 } }, /unknown option "patient", did you mean "patience"\?/],
    ['an empty loader', { loader: [] }, /^\[train\.fit\] the loader has no batches/],
    ['batches that are no tensors', { loader: [[1, 2]] }, /^\[train\.fit\] expected the loader to give lists of tensors/],
  ])('%s', async (_, options, message) => {
    const { model, ...rest } = base;
    const error = await rejection(train.fit(model, { ...rest, epochs: 1, ...quiet, ...(options as object) } as train.FitOptions));
    expect(error.message).toMatch(message);
    base.model.forward(randn([1, 13]));
  });

  it('what is no module', async () => {
    expect((await rejection(train.fit(3 as unknown as nn.Module, {} as train.FitOptions))).message).toBe(
      '[train.fit] expected a module, got 3',
    );
    expect((await rejection(train.predict(base.model, 3 as unknown as Tensor))).message).toMatch(/expected x to be a tensor/);
    expect((await rejection(train.predict(base.model, tensor(1)))).message).toMatch(/expected rows, got shape \[\]/);
    expect((await rejection(train.evaluate(base.model, base.loader, { loss: criterion } as never))).message).toMatch(
      /unknown option "loss"/,
    );
  });

  it('a loss of many numbers', async () => {
    const { model, ...rest } = setUp(64);
    const each = new nn.CrossEntropyLoss({ reduction: 'none' });
    expect((await rejection(train.fit(model, { ...rest, criterion: each, epochs: 1, ...quiet }))).message).toMatch(
      /expected the criterion to give one number, got shape \[32\]\n {2}hint: reduction: "mean"/,
    );
  });
});

describe('a generator of batches', () => {
  it('is gone through once an epoch, with batches of any shape', async () => {
    const batches = [10, 3, 10, 7].map((n) => [randn([n, 13]), tensor(Int32Array.from({ length: n }, (_, i) => i % 5))]);
    const once = {
      *[Symbol.iterator]() {
        yield* batches;
      },
    };
    const run = setUp();
    const { loss } = await train.fit(run.model, { criterion, optimizer: run.optimizer, loader: once, epochs: 3, ...quiet });
    manualSeed(5);
    const loop = setUp();
    const losses = [0, 1, 2].map(() => batches.reduce((sum, batch) => sum + eagerStep({ ...loop, epochs: 1 }, batch), 0) / 4);
    expect(loss).toEqual(losses);
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
  });
});

describe('progress', () => {
  it('is plain lines where there is no terminal, some twenty of them, and nothing when it is not wanted', async () => {
    const written: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    const terminal = process.stderr.isTTY;
    process.stderr.isTTY = false;
    try {
      await fitOf(setUp(64), { epochs: 100, progress: true });
      expect(written).toHaveLength(20);
      expect(written.at(-1)).toMatch(/^epoch 100\/100: loss [\d.]+, [\d,]+ samples\/s\n$/);
      written.length = 0;
      await fitOf(setUp(64), { epochs: 100, progress: true, onEpoch: ({ epoch, stop }) => void (epoch === 12 && stop()) });
      expect(written.map((line) => /^epoch (\d+\/100): loss/.exec(line)?.[1])).toEqual(['5/100', '10/100', '12/100']);
      written.length = 0;
      await fitOf(setUp(64), { epochs: 3, progress: false });
      expect(written).toEqual([]);
    } finally {
      process.stderr.isTTY = terminal;
      write.mockRestore();
    }
  });
});
