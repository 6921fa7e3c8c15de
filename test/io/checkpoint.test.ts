// Checkpoints: every part comes back; a file is whole or refused; what is refused changes nothing.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { data, getRngState, info, io, manualSeed, metrics, nn, ones, optim, rand, randn, Tensor, tensor, train, zeros } from '../../src';
import { expectSame, flat } from '../helpers';
import { rejection } from '../rejection';
import { folder, hostile } from './files';

const at = folder();
// Everything that a checkpoint has, after a few steps.
function everything(steps = 3) {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2));
  const optimizer = new optim.NAdam(model.parameters(), { lr: 0.1 });
  const scheduler = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 1 });
  const loader = new data.DataLoader(new data.TensorDataset(randn([6, 3])), { shuffle: true, seed: 1 });
  const scaler = new data.StandardScaler();
  const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 2 });
  const area = new metrics.AUROC({ task: 'binary' });
  const both = new metrics.MetricCollection({
    mean: new metrics.MeanMetric(),
    confusion: new metrics.ConfusionMatrix({ task: 'multiclass', numClasses: 2 }),
  });
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    model
      .forward(randn([5, 3]))
      .pow(2)
      .sum()
      .backward();
    optimizer.step();
    scheduler.step(i);
    for (const _ of loader) break;
    const labels = tensor(Int32Array.of(0, 1, 1));
    accuracy.update(tensor(Int32Array.of(0, 1, 0)), labels);
    area.update(tensor([0.1, 0.7, 0.3]), labels);
    both.metrics.mean.update(i);
    both.metrics.confusion.update(tensor(Int32Array.of(0, 1, 0)), labels);
  }
  if (steps > 0) scaler.fit(randn([5, 3]));
  return { model, optimizer, scheduler, loader, scalers: { x: scaler }, metrics: { accuracy, area, both } };
}
type Everything = ReturnType<typeof everything>;

function plain({ model, optimizer, scheduler, loader, scalers, metrics: m }: Everything): unknown {
  const numbers = (dict: object): unknown =>
    JSON.parse(
      JSON.stringify(dict, (_, value) =>
        value instanceof Tensor ? { shape: value.shape, dtype: value.dtype, values: flat(value) } : (value as unknown),
      ),
    );
  return {
    model: numbers(model.stateDict()),
    optimizer: numbers(optimizer.stateDict()),
    scheduler: scheduler.stateDict(),
    epochs: loader.epochsBegun,
    scaler: scalers.x.stateDict(),
    metrics: [
      flat(m.accuracy.compute()),
      flat(m.area.compute()),
      flat(m.both.metrics.mean.compute()),
      flat(m.both.metrics.confusion.compute()),
    ],
    random: [...getRngState()],
  };
}

describe('a checkpoint', () => {
  it('brings back every part, the random numbers, the epoch and whatever else', async () => {
    const parts = everything();
    const extra = Object.fromEntries([
      ['numbers', [1.5, Number.NaN, -Infinity, -0, 2 ** 60]],
      ['nothing', [null, undefined, true, '']],
      ['tensor', { weights: tensor([[1, 2]]), labels: tensor(Int32Array.of(3)) }],
      ['arrays', [Float64Array.of(1 / 3), Float32Array.of(1), Int32Array.of(-1)]],
      ['marks', { $tensor: 'x', $: 1 }],
      ['__proto__', { a: 1 }],
    ]);
    await io.saveCheckpoint(at('all.safetensors'), { ...parts, epoch: 7, extra });
    const before = plain(parts);
    const others = everything(0);
    rand([5]);
    for (const one of [...others.model.parameters()]) nn.init.zeros_(one);
    const loaded = await io.loadCheckpoint(at('all.safetensors'), others);
    expect(plain(others)).toEqual(before);
    expect(loaded.epoch).toBe(7);
    const { tensor: tensors, ...rest } = loaded.extra as Record<'tensor', Record<string, Tensor>>;
    const { tensor: theirs, ...wanted } = extra as unknown as Record<'tensor', Record<string, Tensor>>;
    expect(rest).toStrictEqual(wanted);
    for (const name of ['weights', 'labels']) {
      expectSame(tensors[name]!, theirs[name]!);
      expect(tensors[name]!.shape).toEqual(theirs[name]!.shape);
    }
    // What was loaded goes on by itself: nothing is shared with the file's memory or the first parts.
    others.metrics.area.update(tensor([0.2, 0.9]), tensor(Int32Array.of(1, 0)));
    expect(plain(parts)).toMatchObject({ metrics: (before as { metrics: unknown }).metrics });
  });

  it('is a safetensors file with the names of the state dict behind "model."', async () => {
    const { model } = everything();
    await io.saveCheckpoint(at('model.safetensors'), { model });
    const { tensors } = await io.loadSafetensors(at('model.safetensors'));
    expect(Object.keys(tensors)).toEqual(Object.keys(model.stateDict()).map((name) => `model.${name}`));
    expect(await io.loadCheckpoint(at('model.safetensors'), { model })).toEqual({ epoch: 0, extra: undefined });
  });

  it('is read in parts', async () => {
    const parts = everything();
    await io.saveCheckpoint(at('parts.safetensors'), { ...parts, scalers: parts.scalers.x });
    const { model } = everything(0);
    const scaler = new data.StandardScaler();
    await io.loadCheckpoint(at('parts.safetensors'), { model, scalers: scaler });
    for (const [name, one] of Object.entries(model.stateDict())) expectSame(one, parts.model.stateDict()[name]!);
    expect(scaler.stateDict()).toEqual(parts.scalers.x.stateDict());
  });

  it('of every optimizer and scheduler loads', async () => {
    const makers = Object.entries(optim).filter(
      ([, made]) => typeof made === 'function' && made.prototype instanceof optim.Optimizer,
    ) as unknown as [string, new (params: Tensor[]) => optim.Adam][];
    expect(makers.length).toBeGreaterThan(12);
    for (const [name, Maker] of makers) {
      if (name === 'SparseAdam') continue; // steps tables alone
      const make = () => {
        manualSeed(2);
        const model = new nn.Linear(3, 2);
        return { model, optimizer: new Maker(name === 'Muon' ? [model.weight] : model.parameters()) };
      };
      const step = ({ model, optimizer }: ReturnType<typeof make>): void => {
        const closure = (): Tensor => {
          optimizer.zeroGrad();
          const loss = model
            .forward(ones([2, 3]))
            .pow(2)
            .sum();
          loss.backward();
          return loss;
        };
        if (name !== 'LBFGS') closure();
        (optimizer.step as (closure: () => Tensor) => void)(closure);
      };
      const first = make();
      step(first);
      step(first);
      await io.saveCheckpoint(at('optimizer.safetensors'), first);
      const second = make();
      await io.loadCheckpoint(at('optimizer.safetensors'), second);
      step(first);
      step(second);
      for (const [key, one] of Object.entries(first.model.stateDict())) expectSame(second.model.stateDict()[key]!, one);
    }
  });

  it('holds the run as it is at the call', async () => {
    const { model, optimizer } = everything();
    const before = flat(model.stateDict()['0.weight']!);
    const saved = io.saveCheckpoint(at('now.safetensors'), { model, optimizer });
    nn.init.zeros_((model[0] as nn.Linear).weight);
    await saved;
    await io.loadCheckpoint(at('now.safetensors'), { model });
    expect(flat(model.stateDict()['0.weight']!)).toEqual(before);
  });

  it('warns on another instruction set, and then alone', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const { model } = everything();
      await io.saveCheckpoint(at('target.safetensors'), { model });
      await io.loadCheckpoint(at('target.safetensors'), { model });
      expect(warn).not.toHaveBeenCalled();
      const other = info().target === 'scalar' ? 'sse4' : 'scalar';
      const script = `const { io, nn } = require('simdnn'); io.saveCheckpoint(process.argv[1], { model: new nn.Linear(2, 1) })`;
      const file = at('other.safetensors');
      if (!info().targets.includes(other)) return;
      execFileSync(process.execPath, ['-e', script, file], {
        env: { ...process.env, SIMDNN_TARGET: other },
        cwd: join(__dirname, '../..'),
      });
      await io.loadCheckpoint(file, { model: new nn.Linear(2, 1) });
      expect(warn.mock.calls).toEqual([
        [
          `[io.loadCheckpoint] ${file} was written on ${other}, here runs ${info().target}: the run goes on with other bits than it would have there. SIMDNN_TARGET chooses.`,
          { code: 'SIMDNN_OTHER_TARGET' },
        ],
      ]);
    } finally {
      warn.mockRestore();
    }
  });
});

describe('what is refused changes nothing', () => {
  const refuses = async (file: string, parts: Everything, message: string, more: object = {}): Promise<void> => {
    const before = plain(parts);
    const error = await rejection(io.loadCheckpoint(file, { ...parts, ...more }));
    expect(error.message).toContain(message);
    expect(error.constructor).toBe(RangeError);
    expect(plain(parts)).toEqual(before);
  };

  it('another model, optimizer, metric, or a part that is not there', async () => {
    const file = at('refused.safetensors');
    await io.saveCheckpoint(file, everything());
    const parts = everything(1);
    await refuses(file, parts, 'the model is another:\n  missing keys: "3.weight"', {
      model: new nn.Sequential(...parts.model, new nn.Linear(2, 1, { bias: false })),
    });
    await refuses(file, parts, 'a group has momentum_decay, which Adam does not know', {
      optimizer: new optim.Adam(parts.model.parameters()),
    });
    await refuses(file, parts, 'metrics.area', { metrics: { area: new metrics.MeanMetric() } });
    await refuses(file, parts, 'has no scalers.y', { scalers: { y: new data.StandardScaler() } });
    await refuses(file, parts, 'expected _last_lr to have one value for each of the 7 groups, got 1', {
      scheduler: new optim.lrScheduler.ReduceLROnPlateau(
        new optim.SGD(
          [...parts.model.parameters(), ones([1])].map((p) => [p]).map((params, i) => ({ params, lr: i + 1 })),
          { lr: 1 },
        ),
      ),
      model: undefined,
    });
  });

  it('a scaler that refuses puts back those that had taken theirs', async () => {
    const file = at('scalers.safetensors');
    const fitted = (n: number): data.StandardScaler => new data.StandardScaler().fit(tensor([[n], [n + 2]]));
    await io.saveCheckpoint(file, { scalers: { a: fitted(1), b: fitted(2) } });
    const [a, b] = [fitted(10), fitted(20)];
    const refusing = {
      stateDict: () => b.stateDict(),
      loadStateDict: () => {
        throw new RangeError('no');
      },
    };
    expect((await rejection(io.loadCheckpoint(file, { scalers: { a, b: refusing } }))).message).toBe('no');
    expect(a.mean).toEqual([11]);
  });

  it('a file of which any byte is another, or one is missing', async () => {
    const file = at('bytes.safetensors');
    const { model } = everything();
    const { optimizer } = everything();
    await io.saveCheckpoint(file, { model, optimizer, extra: 'text' });
    const whole = readFileSync(file);
    const state = getRngState();
    const before = Object.values(model.stateDict()).map((one) => flat(one));
    for (let i = 0; i < whole.length; i += i < 64 ? 1 : 37) {
      const changed = Buffer.from(whole);
      changed[i]! ^= 1 << (i % 8);
      writeFileSync(file, changed);
      const error = await rejection(io.loadCheckpoint(file, { model, optimizer }));
      expect(error.constructor).toBe(RangeError);
      writeFileSync(file, whole.subarray(0, i));
      expect((await rejection(io.loadCheckpoint(file, { model }))).constructor).toBe(RangeError);
    }
    expect(getRngState()).toEqual(state);
    expect(Object.values(model.stateDict()).map((one) => flat(one))).toEqual(before);
    writeFileSync(file, whole);
    expect((await io.loadCheckpoint(file, { model, optimizer })).extra).toBe('text');
  });

  it('a file of another kind', async () => {
    const { model } = everything();
    await io.saveSafetensors(at('plain.safetensors'), model.stateDict());
    expect((await rejection(io.loadCheckpoint(at('plain.safetensors'), { model }))).message).toContain(
      'is a safetensors file, but no checkpoint\n  hint: io.loadSafetensors reads its tensors',
    );
  });

  describe('a file with the right checksum that says', () => {
    const document = (more: object): object => ({
      kind: 'checkpoint',
      format: 1,
      simdnn: '0',
      target: info().target,
      epoch: 1,
      random: [1, 0, 0, 0],
      parts: [['metrics.m', { $fields: { higherIsBetter: null, nanStrategy: 'warn', sum: 0, weight: 0 } }]],
      extra: null,
      ...more,
    });
    const metric = (saved: unknown): object => document({ parts: [['metrics.m', saved]] });
    it.each<[string, object, string]>([
      ['no parts', document({ parts: {} }), 'it has no parts'],
      ['no epoch', document({ epoch: -1 }), 'it has no number of epochs'],
      ['no random numbers', document({ random: [1, 2, 3] }), 'it has no state of the random numbers'],
      ['random numbers that are none', document({ random: [1, -1, 0, 0] }), 'it has no state of the random numbers'],
      ['an extra that stands for nothing', document({ extra: { $tensor: 'v' } }), 'it has no tensor "v"'],
      ['an array that is none', document({ extra: { $array: 'w', kind: 'Float64Array' } }), 'it has no float64 numbers "w"'],
      ['an array of another kind', document({ extra: { $array: 'w', kind: 'Int32Array' } }), '"w" is no "Int32Array"'],
      ['pairs that are none', document({ extra: { $pairs: [['a']] } }), '$pairs: an array stands for nothing'],
      ['no metric', document({ parts: [] }), 'has no metrics.m'],
      ['a metric that is a number', metric(1), 'metrics.m: the file has 1, expected the state of an object'],
      ['a metric that is undefined', metric({ $fields: { $undefined: true } }), '$fields: an Object stands for nothing'],
      ['a metric that is a tensor', metric({ $fields: { $tensor: 'w' } }), '$fields: an Object stands for nothing'],
      ['a metric without fields', metric({ $fields: {} }), 'metrics.m: the file has no higherIsBetter, nanStrategy, sum, weight'],
      ['a field that a metric has not', metric({ $fields: { update: 1 } }), 'metrics.m has no field "update"'],
      [
        'a field of another kind',
        metric({ $fields: { higherIsBetter: null, nanStrategy: 'warn', sum: 'x', weight: 1 } }),
        'metrics.m.sum: the file has "x", here is 0',
      ],
      [
        'an object in place of a number',
        metric({ $fields: { higherIsBetter: null, nanStrategy: 'warn', sum: { $fields: {} }, weight: 1 } }),
        'metrics.m.sum: the file has the state of an object, here is 0',
      ],
    ])('%s', async (_, said, message) => {
      const mean = new metrics.MeanMetric();
      const state = getRngState();
      const error = await rejection(io.loadCheckpoint(hostile(at('hostile.safetensors'), said), { metrics: { m: mean } }));
      expect(error.message).toContain(message);
      expect(error.constructor).toBe(RangeError);
      expect(getRngState()).toEqual(state);
    });
  });

  it('a model that a fit trains', async () => {
    const model = new nn.Linear(2, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const file = at('held.safetensors');
    await io.saveCheckpoint(file, { model, optimizer });
    const loader = new data.DataLoader(new data.TensorDataset(ones([400, 2]), zeros([400, 1])), { batchSize: 2 });
    const controller = new AbortController();
    const fit = train.fit(model, {
      criterion: new nn.MSELoss(),
      optimizer,
      loader,
      epochs: 1e6,
      progress: false,
      signal: controller.signal,
    });
    expect((await rejection(io.loadCheckpoint(file, { model }))).code).toBe('SIMDNN_IN_USE');
    expect((await rejection(io.loadCheckpoint(file, { optimizer }))).code).toBe('SIMDNN_IN_USE');
    await io.saveCheckpoint(at('while.safetensors'), { model, optimizer }); // as of the last finished step
    controller.abort();
    await rejection(fit);
    await io.loadCheckpoint(at('while.safetensors'), { model, optimizer });
  });
});

describe('what cannot be saved or loaded', () => {
  const model = new nn.Linear(1, 1);
  const cyclic: { self?: unknown } = {};
  cyclic.self = [cyclic];
  it.each<[string, unknown, new (...args: never[]) => Error, string]>([
    ['nothing', undefined, TypeError, '[io.saveCheckpoint] expected the parts of a checkpoint, got undefined'],
    ['no part', { epoch: 1 }, TypeError, '[io.saveCheckpoint] expected something to be saved: model, optimizer,'],
    ['another option', { models: model }, TypeError, '[io.saveCheckpoint] unknown option "models", did you mean "model"?'],
    ['no model', { model: {} }, TypeError, '[io.saveCheckpoint] expected model to be a module, got an Object'],
    ['no optimizer', { optimizer: model }, TypeError, '[io.saveCheckpoint] expected optimizer to be an optimizer, got a Linear'],
    ['no scheduler', { scheduler: 1 }, TypeError, '[io.saveCheckpoint] expected scheduler to be a scheduler, got 1'],
    ['no loader', { loader: [] }, TypeError, '[io.saveCheckpoint] expected loader to have stateDict and loadStateDict, got an array'],
    ['no scaler', { scalers: { x: 1 } }, TypeError, '[io.saveCheckpoint] expected scalers.x to have stateDict and loadStateDict, got 1'],
    ['no metric', { metrics: { x: 0.5 } }, TypeError, '[io.saveCheckpoint] expected metrics.x to be a metric, got 0.5'],
    ['an epoch that is none', { model, epoch: 1.5 }, RangeError, '[io.saveCheckpoint] expected epoch to be an integer, got 1.5'],
    ['a function', { model, extra: { a: [() => 1] } }, TypeError, '[io.saveCheckpoint] extra.a.0 is a function, which a file cannot carry'],
    ['a date', { model, extra: new Date(0) }, TypeError, '[io.saveCheckpoint] extra is a Date, which a file cannot carry'],
    ['a bigint', { model, extra: 1n }, TypeError, '[io.saveCheckpoint] extra is'],
    ['what holds itself', { model, extra: cyclic }, TypeError, '[io.saveCheckpoint] extra.self.0 holds itself'],
  ])('%s', async (_, options, kind, message) => {
    const error = await rejection(io.saveCheckpoint(at('x'), options as never));
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(error.constructor).toBe(kind);
    expect(readdirSync(dirname(at('x')))).not.toContain('x');
  });
});

describe('what a checkpoint could not bring back', () => {
  it('is refused when it is saved', async () => {
    class Counts extends metrics.Metric {
      seen = new Map([['a', 2]]);
      update(): void {}
      compute(): Tensor {
        return tensor(this.seen.get('a') ?? 0);
      }
      reset(): void {}
    }
    const error = await rejection(io.saveCheckpoint(at('map'), { metrics: { counts: new Counts() } }));
    expect(error.message).toMatch(/cannot save a Map, whose content is in no field/);
  });

  it('is read as deep as it is written', async () => {
    let extra: unknown = 1;
    for (let i = 0; i < 98; i++) extra = { $a: [extra] };
    await expect(io.saveCheckpoint(at('deep'), { model: new nn.Linear(1, 1), extra })).rejects.toThrow(/nested more than 100 deep/);
    extra = 1;
    for (let i = 0; i < 95; i++) extra = { $a: extra };
    await io.saveCheckpoint(at('deep'), { model: new nn.Linear(1, 1), extra });
    expect((await io.loadCheckpoint(at('deep'), {})).extra).toEqual(extra);
  });

  it('saves beside what a process of the same number has left', async () => {
    for (let i = 0; i < 100; i++) writeFileSync(join(dirname(at('left')), `.left.${process.pid}.${i}.tmp`), '');
    await io.saveCheckpoint(at('left'), { model: new nn.Linear(1, 1), epoch: 3 });
    expect((await io.loadCheckpoint(at('left'), {})).epoch).toBe(3);
  });
});
