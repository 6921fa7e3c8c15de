// Callbacks that come with the library: logs, and averages of the weights within the recorded step.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { compile, data, manualSeed, metrics, nn, noGrad, optim, randint, randn, type Tensor, tensor, train } from '../../src';
import { temporaryFolder } from '../temporary';
import { bitsOf, quiet } from './runs';

const folder = temporaryFolder();

function setUp() {
  manualSeed(9);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.BatchNorm1d(8), new nn.ReLU(), new nn.Linear(8, 3));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  const dataset = new data.TensorDataset(randn([40, 4]), randint(3, [40]));
  const loader = new data.DataLoader(dataset, { batchSize: 10, shuffle: true });
  return { model, optimizer, loader, criterion: new nn.CrossEntropyLoss(), epochs: 3, ...quiet };
}

describe('csvLogger', () => {
  it('writes every figure of one number, and goes on where it is told so', async () => {
    const path = join(folder, 'log.csv');
    const { model, ...options } = setUp();
    const more = {
      validation: { near: options.loader, 'far, "off"': options.loader },
      metrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: 3 }) },
      trainMetrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: 3 }) },
    };
    const result = await train.fit(model, { ...options, ...more, callbacks: [train.csvLogger(path)] });
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines[0]).toBe(
      'epoch,loss,validationLoss,accuracy,trainMetrics.accuracy,near.loss,near.accuracy,"far, ""off"".loss","far, ""off"".accuracy",lr,seconds',
    );
    expect(lines).toHaveLength(5);
    const table = await data.readTable(path);
    expect([...(table.column('loss') as { values: Float32Array }).values]).toEqual(result.loss.map(Math.fround));
    expect([...(table.column('trainMetrics.accuracy') as { values: Float32Array }).values]).toEqual(
      result.trainMetrics['accuracy']!.map(Math.fround),
    );
    await train.fit(model, { ...options, ...more, initialEpoch: 3, epochs: 5, callbacks: [train.csvLogger(path, { append: true })] });
    expect(
      readFileSync(path, 'utf8')
        .split('\n')
        .map((line) => line.split(',')[0]),
    ).toEqual(['epoch', '1', '2', '3', '4', '5', '']);
    await train.fit(model, { ...options, epochs: 1, callbacks: [train.csvLogger(path, { separator: ';' })] });
    expect(readFileSync(path, 'utf8')).toMatch(/^epoch;loss;lr;seconds\n1;/);
  });

  it('rejects where the file cannot be written, the model free', async () => {
    const { model, ...options } = setUp();
    const path = join(folder, 'none', 'log.csv');
    await expect(train.fit(model, { ...options, callbacks: [train.csvLogger(path)] })).rejects.toThrow(/none/);
    model.call(randn([2, 4]));
  });

  it.each([[3], ['']])('refuses the path %j', (path) => {
    expect(() => train.csvLogger(path as string)).toThrow(/path/);
    expect(() => train.jsonLogger(path as string)).toThrow(/path/);
  });
  it.each(['', ', ', '"', '\n', 3])('refuses the separator %j', (separator) => {
    expect(() => train.csvLogger('x', { separator: separator as string })).toThrow(/separator/);
  });
});

it('jsonLogger writes reports, arrays included', async () => {
  const path = join(folder, 'log.jsonl');
  writeFileSync(path, '{"before":1}\n');
  const { model, ...options } = setUp();
  const confusion = new metrics.ConfusionMatrix({ task: 'multiclass', numClasses: 3 });
  const result = await train.fit(model, { ...options, metrics: { confusion }, callbacks: [train.jsonLogger(path, { append: true })] });
  const lines = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(4);
  expect(lines[3]).toMatchObject({ epoch: 3, epochs: 3, loss: result.loss[2], arrays: { confusion: result.arrays['confusion']![2] } });
  expect(lines[3]).not.toHaveProperty('stop');
});

describe('a log of a fit that goes on from a checkpoint', () => {
  const epochsIn = (text: string): string[] => text.split('\n').map((line) => /^(?:\{"epoch":)?(\w*)/.exec(line)![1]!);
  // Ends in epoch 4, with the checkpoint of epoch 2 and lines of 1 to 3; begun anew it goes on from epoch 2.
  async function goOn(callbacksOf: () => train.Callback[], between: () => void = () => {}): Promise<void> {
    const path = join(folder, `checkpoint${checkpoints++}.safetensors`);
    for (const isFirst of [true, false]) {
      const { model, ...options } = setUp();
      const onEpoch = ({ epoch }: train.EpochReport): void => {
        if (isFirst && epoch === 4) throw new Error('the process ends');
      };
      const checkpoint = { path, every: 2, resume: true };
      const fitting = train.fit(model, { ...options, epochs: 6, checkpoint, onEpoch, callbacks: callbacksOf() });
      if (!isFirst) expect((await fitting).epochs).toBe(4);
      else {
        await expect(fitting).rejects.toThrow('the process ends');
        between();
      }
    }
  }
  let checkpoints = 0;

  it('is the log of one that was not stopped', async () => {
    const [csv, json] = [join(folder, 'resumed.csv'), join(folder, 'resumed.jsonl')];
    writeFileSync(csv, 'of an earlier program\n');
    await goOn(
      () => [train.csvLogger(csv), train.jsonLogger(json)],
      () => {
        expect(epochsIn(readFileSync(csv, 'utf8'))).toEqual(['epoch', '1', '2', '3', '']);
        // a process that ends while it writes
        for (const file of [csv, json]) writeFileSync(file, `${readFileSync(file, 'utf8')}${file === csv ? '1' : '{"epo'}`);
      },
    );
    expect(epochsIn(readFileSync(csv, 'utf8'))).toEqual(['epoch', '1', '2', '3', '4', '5', '6', '']);
    expect(epochsIn(readFileSync(json, 'utf8'))).toEqual(['1', '2', '3', '4', '5', '6', '']);
  });

  it('keeps what stood in the file before with append, and begins one that is gone', async () => {
    const [csv, gone] = [join(folder, 'appended.csv'), join(folder, 'gone.csv')];
    writeFileSync(csv, 'epoch;loss;lr;seconds\n7;1;1;1\n8;1;1;1\n1;1;1;1\n');
    await goOn(
      () => [train.csvLogger(csv, { append: true, separator: ';' }), train.csvLogger(gone)],
      () => rmSync(gone),
    );
    expect(epochsIn(readFileSync(csv, 'utf8'))).toEqual(['epoch', '7', '8', '1', '1', '2', '3', '4', '5', '6', '']);
    expect(epochsIn(readFileSync(gone, 'utf8'))).toEqual(['epoch', '3', '4', '5', '6', '']);
  });

  it('is begun anew where there is no checkpoint, or none is asked for', async () => {
    const path = join(folder, 'anew.csv');
    writeFileSync(path, 'epoch,loss,lr,seconds\n1,1,1,1\n');
    const begun: unknown[] = [];
    const onBegin = ({ resumed, initialEpoch }: train.BeginReport): void => void begun.push([resumed, initialEpoch]);
    const callbacks = [train.csvLogger(path), { onBegin }];
    const checkpoint = { path: join(folder, 'anew.safetensors'), resume: true };
    const { model, ...options } = setUp();
    await train.fit(model, { ...options, epochs: 1, checkpoint, callbacks });
    await train.fit(model, { ...options, epochs: 2, checkpoint, callbacks });
    expect(epochsIn(readFileSync(path, 'utf8'))).toEqual(['epoch', '1', '2', '']);
    await train.fit(model, { ...options, initialEpoch: 5, epochs: 6, callbacks });
    expect(epochsIn(readFileSync(path, 'utf8'))).toEqual(['epoch', '6', '']);
    expect(begun).toEqual([
      [false, 0],
      [true, 1],
      [false, 5],
    ]);
  });
});

describe('emaWeights', () => {
  it('are those of the loop, in every step, without coming back to JavaScript', async () => {
    const one = setUp();
    const own = one.model.parameters().map((p) => p.detach().clone());
    const step = (x: Tensor, y: Tensor): void => {
      one.optimizer.zeroGrad();
      one.criterion.forward(one.model.call(x), y).backward();
      one.optimizer.step();
    };
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const [x, y] of one.loader) {
        step(x, y);
        noGrad(() => own.forEach((average, i) => void average.lerp_(one.model.parameters()[i]!, 1 - 0.9)));
      }
    }
    const two = setUp();
    const ema = train.emaWeights(two.model, { decay: 0.9 });
    const { model, ...options } = two;
    const taken = vi.spyOn(ema, 'afterStep');
    await train.fit(model, { ...options, callbacks: [ema] });
    expect(taken.mock.calls.length).toBeLessThan(8); // it is recorded
    expect(bitsOf(model)).toEqual(bitsOf(one.model));
    expect(ema.model.parameters().map((p) => [...p.data])).toEqual(own.map((p) => [...p.data]));
    expect(ema.model.buffers().map((b) => b.toArray())).toEqual(model.buffers().map((b) => b.toArray()));
    expect(ema.model.parameters().some((p) => p.requiresGrad)).toBe(false);

    const three = setUp();
    const compiledEma = train.emaWeights(three.model, { decay: 0.9 });
    const compiled = compile((x: Tensor, y: Tensor) => {
      three.optimizer.zeroGrad();
      const loss = three.criterion.forward(three.model.call(x), y);
      loss.backward();
      three.optimizer.step();
      compiledEma.afterStep();
      return loss;
    });
    for (let epoch = 0; epoch < 3; epoch++) for (const [x, y] of three.loader) compiled(x, y);
    expect(bitsOf(compiledEma.model)).toEqual(bitsOf(ema.model));
  });

  it('are in use while the fit runs', async () => {
    const { model, ...options } = setUp();
    const ema = train.emaWeights(model);
    const fitting = train.fit(model, { ...options, callbacks: [ema] });
    expect(() => ema.model.call(randn([1, 4]))).toThrow(/in use by train\.fit/);
    await fitting;
    ema.model.call(randn([1, 4]));
  });

  it('are of the model that is fitted, or of a part of it', async () => {
    const { model, ...options } = setUp();
    const other = setUp();
    const before = bitsOf(model);
    for (const ema of [train.emaWeights(other.model), train.emaWeights(new nn.Sequential(model, other.model))]) {
      await expect(train.fit(model, { ...options, callbacks: [{ onEpoch() {} }, ema] })).rejects.toThrow(
        '[train.fit] callbacks[1] averages the weights of another model than the one that is fitted\n  hint: train.emaWeights(model)',
      );
    }
    expect(bitsOf(model)).toEqual(before);
    const ema = train.emaWeights(model.children()[0]!, { decay: 0 });
    await train.fit(model, { ...options, callbacks: [ema] });
    expect(bitsOf(ema.model)).toEqual(bitsOf(model.children()[0]!));
  });

  it('are refused where the model has other parts since', () => {
    const { model } = setUp();
    const ema = train.emaWeights(model);
    model.append(new nn.Linear(3, 3));
    expect(() => ema.afterStep()).toThrow('[train.emaWeights] the model has other parameters or buffers than when its averages were begun');
  });

  it.each([-0.1, 1.1, NaN, '1'])('refuses decay %j', (decay) => {
    expect(() => train.emaWeights(setUp().model, { decay: decay as number })).toThrow(/decay/);
  });
  it('refuses what is no module', () => {
    expect(() => train.emaWeights(3 as unknown as nn.Module)).toThrow(/expected a module, got 3/);
  });
});

describe('afterStep', () => {
  it('bounds weights', async () => {
    const { model, ...options } = setUp();
    const afterStep = () => model.parameters().forEach((p) => void p.clamp_({ min: -0.1, max: 0.1 }));
    await train.fit(model, { ...options, callbacks: [{ afterStep }] });
    for (const p of model.parameters()) for (const value of p.data) expect(Math.abs(value)).toBeLessThanOrEqual(Math.fround(0.1));
  });
});

it.each<[string, object]>([
  ['a log', { callbacks: [train.csvLogger(join(folder, 'captured.csv'))] }],
  ['early stopping', { earlyStopping: {} }],
  ['the best weights', { earlyStopping: { restoreBest: true } }],
  ['a callback', { onEpoch() {} }],
])('a tensor that the model only reads is live between epochs, with %s', async (_, more) => {
  const build = () => {
    const made = setUp();
    const [scale, other] = [tensor([1]), tensor([2])]; // beside the running statistics
    class Scaled extends nn.Module {
      readonly inner = made.model;
      override forward(x: Tensor): Tensor {
        return this.inner.call(x).mul(scale).add(other.mul(0));
      }
    }
    return { ...made, model: new Scaled(), scale };
  };
  const a = build();
  const losses: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    let sum = 0;
    for (const [x, y] of a.loader) {
      a.optimizer.zeroGrad();
      const loss = a.criterion.forward(a.model.call(x), y);
      loss.backward();
      a.optimizer.step();
      sum += loss.item();
    }
    losses.push(sum / a.loader.length!);
    a.scale.mul_(0.5);
  }
  const { model, scale, ...options } = build();
  const scheduler = { step: () => void scale.mul_(0.5) };
  expect((await train.fit(model, { ...options, ...more, scheduler })).loss).toEqual(losses);
});

it('a fit keeps its model while a log is written, and gives it to a method that was put over the log’s', async () => {
  const { model, ...options } = setUp();
  const codes: string[] = [];
  const write = (): void => {
    try {
      noGrad(() => model.parameters()[0]!.mul_(1));
      codes.push('free');
    } catch (error) {
      codes.push((error as { code: string }).code);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const writing: train.Callback = {
    onBegin() {
      timer = setInterval(write, 0);
    },
    onEnd: () => clearInterval(timer),
  };
  const log = train.csvLogger(join(folder, 'kept.csv'));
  await train.fit(model, { ...options, epochs: 40, callbacks: [log, train.learningRateMonitor(), writing] });
  expect(new Set(codes)).toEqual(new Set(['SIMDNN_IN_USE']));
  codes.length = 0;
  await train.fit(model, { ...options, callbacks: [Object.assign(log, { onEpoch: write })] });
  expect(codes).toEqual(['free', 'free', 'free']);
});
