// Callbacks that come with the library: logs, and averages of the weights within the recorded step.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { compile, data, manualSeed, metrics, nn, noGrad, optim, randint, randn, type Tensor, train } from '../../src';
import { bitsOf, quiet } from './runs';

const folder = mkdtempSync(join(tmpdir(), 'simdnn-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
