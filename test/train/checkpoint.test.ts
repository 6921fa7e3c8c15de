// The option `checkpoint`: a fit that was stopped anywhere and is begun anew by the same program ends as one that was not.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { data, io, manualSeed, metrics, nn, optim, randint, randn, train } from '../../src';
import { temporaryFolder } from '../temporary';
import { bitsOf, quiet } from './runs';

const folder = temporaryFolder();
let files = 0;
const newPath = (): string => join(folder, `run${files++}.safetensors`);

const n = 60;
manualSeed(3);
const [x, y] = [randn([n, 4]), randint(3, [n])];

function program(more: (optimizer: optim.Adam) => Partial<train.FitOptions>) {
  manualSeed(4);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.3), new nn.ReLU(), new nn.Linear(8, 3));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 16, shuffle: true, seed: 5 });
  const validation = new data.DataLoader(new data.TensorDataset(x.narrow(0, 0, 20), y.narrow(0, 0, 20)), { batchSize: 7, shuffle: true });
  const options = { optimizer, loader, validation, criterion: new nn.CrossEntropyLoss(), epochs: 12, ...quiet, ...more(optimizer) };
  return { model, options };
}

const programs: Record<string, (optimizer: optim.Adam) => Partial<train.FitOptions>> = {
  plain: () => ({}),
  'a scheduler': (optimizer) => ({ scheduler: new optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: 12 }) }),
  'two schedulers': (optimizer) => ({
    scheduler: [
      { scheduler: new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 0.05, totalSteps: 48 }), interval: 'step' as const },
      new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0 }),
    ],
  }),
  'early stopping': () => ({ earlyStopping: { patience: 2, restoreBest: true }, accumulate: 2 }),
  metrics: () => ({
    metrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: 3 }) },
    earlyStopping: { monitor: 'accuracy', patience: 3, restoreBest: true },
  }),
};

describe.each(Object.entries(programs))('%s', (_, more) => {
  it.each([1, 3, 7])('stopped in epoch %i', async (stopped) => {
    const whole = program(more);
    const expected = await train.fit(whole.model, whole.options);
    const path = newPath();
    const first = program(more);
    const end = new Error('the process ends');
    const checkpoint = { path, resume: true, best: true };
    const interrupted = train.fit(first.model, {
      ...first.options,
      checkpoint,
      onEpoch: ({ epoch }) => {
        if (epoch === stopped + 1) throw end;
      },
    });
    if (expected.epochs <= stopped) await interrupted;
    else await expect(interrupted).rejects.toThrow(end);
    const second = program(more);
    const { epochs, loss, lr, stopped: by, bestEpoch } = await train.fit(second.model, { ...second.options, checkpoint });
    const done = Math.min(stopped, expected.epochs);
    expect([epochs, loss, lr]).toEqual([expected.epochs - done, expected.loss.slice(done), expected.lr.slice(done)]);
    expect(by).toBe(expected.stopped);
    if (second.options.earlyStopping) expect(bestEpoch).toBe(expected.bestEpoch);
    expect(bitsOf(second.model)).toEqual(bitsOf(whole.model));
    expect(existsSync(path.replace('.safetensors', '.best.safetensors'))).toBe(true);
  });
});

it('of a fit that is done ends at once, with its weights', async () => {
  const path = pathToFileURL(newPath());
  const one = program(() => ({}));
  await train.fit(one.model, { ...one.options, checkpoint: { path, every: 4 } });
  const again = program(() => ({}));
  const { epochs, loss } = await train.fit(again.model, { ...again.options, checkpoint: { path, resume: true } });
  expect([epochs, loss]).toEqual([0, []]);
  expect(bitsOf(again.model)).toEqual(bitsOf(one.model));
  const more = program(() => ({}));
  expect((await train.fit(more.model, { ...more.options, epochs: 14, checkpoint: { path, resume: true } })).epochs).toBe(2);
});

it('is a file that loadCheckpoint reads, and is begun anew without resume', async () => {
  const path = newPath();
  const { model, options } = program((optimizer) => ({ scheduler: new optim.lrScheduler.StepLR(optimizer, { stepSize: 2 }) }));
  await train.fit(model, { ...options, epochs: 5, checkpoint: { path, every: 2 } });
  const other = program((optimizer) => ({ scheduler: new optim.lrScheduler.StepLR(optimizer, { stepSize: 2 }) }));
  const { optimizer, loader } = other.options;
  const scheduler = other.options.scheduler as optim.lrScheduler.StepLR;
  const { epoch } = await io.loadCheckpoint(path, { model: other.model, optimizer: optimizer as optim.Adam, loader, scheduler });
  expect([epoch, scheduler.lastEpoch]).toEqual([5, 5]);
  const fresh = program(() => ({}));
  expect((await train.fit(fresh.model, { ...fresh.options, checkpoint: { path } })).epochs).toBe(12);
});

it.each([
  [{ path: 3 }, /path/],
  [{}, /path/],
  [{ path: 'x', every: 0 }, /every/],
  [{ path: 'x', best: 'accuracy' }, /checkpoint\.best cannot be "accuracy" \(known: loss, validationLoss\)/],
  [{ path: 'x', best: {} }, /checkpoint\.best/],
  [{ path: 'x', best: { monitor: 'loss', mode: 'up' } }, /checkpoint\.best\.mode/],
  [{ path: 'x', resume: 1 }, /checkpoint\.resume/],
  [{ path: 'x', keep: 3 }, /unknown option "keep"/],
  ['x', /checkpoint/],
  [null, /checkpoint/],
])('refuses %j', async (checkpoint, message) => {
  const { model, options } = program(() => ({}));
  await expect(train.fit(model, { ...options, checkpoint: checkpoint as train.CheckpointOptions })).rejects.toThrow(message);
  expect(existsSync('x')).toBe(false);
});

it('tells where a file cannot be written or read, the model whole', async () => {
  const { model, options } = program(() => ({}));
  const path = join(folder, 'none', 'run.safetensors');
  await expect(train.fit(model, { ...options, checkpoint: { path } })).rejects.toThrow(/none/);
  expect(bitsOf(model).length).toBeGreaterThan(0);
  const own = newPath();
  await train.fit(model, { ...options, epochs: 1, checkpoint: { path: own } });
  const other = new nn.Linear(4, 3);
  const optimizer = new optim.Adam(other.parameters());
  await expect(train.fit(other, { ...options, optimizer, checkpoint: { path: own, resume: true } })).rejects.toThrow(
    /the model is another/,
  );
});

it('takes the model while the file is read', async () => {
  const path = newPath();
  const first = program(() => ({}));
  await train.fit(first.model, { ...first.options, epochs: 2, checkpoint: { path } });
  const { model, options } = program(() => ({}));
  const values = model.parameters().map((p) => p.toArray());
  const resuming = train.fit(model, { ...options, epochs: 3, checkpoint: { path, resume: true } });
  for (const again of [
    train.fit(model, { ...options, epochs: 1 }),
    train.fit(model, { ...options, epochs: 3, checkpoint: { path, resume: true } }),
  ]) {
    await expect(again).rejects.toMatchObject({
      code: 'SIMDNN_IN_USE',
      message: expect.stringContaining('the model or the optimizer is in use by another train.fit'),
    });
  }
  expect(() => model.call(x)).toThrow(/in use by train\.fit/);
  expect(model.parameters().map((p) => p.toArray())).toEqual(values);
  expect((await resuming).epochs).toBe(1);
  model.call(x);
});

it('gives the model back where the file cannot be read', async () => {
  const path = newPath();
  writeFileSync(path, 'no checkpoint');
  const { model, options } = program(() => ({}));
  await expect(train.fit(model, { ...options, checkpoint: { path, resume: true } })).rejects.toThrow(/io\.loadCheckpoint/);
  const controller = new AbortController();
  await train.fit(model, { ...options, epochs: 1, checkpoint: { path } });
  const aborted = train.fit(model, { ...options, epochs: 2, checkpoint: { path, resume: true }, signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  model.call(x);
  options.optimizer.step();
});
