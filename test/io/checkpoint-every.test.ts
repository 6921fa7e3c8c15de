// Checkpoints in the course of a fit: when they are written, what the best is, and that a fit goes on from one.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { data, io, manualSeed, metrics, nn, ones, optim, randn, setRngState, tensor, train } from '../../src';
import { flat, thrownBy } from '../helpers';
import { rejection } from '../rejection';
import { folder } from './files';

const at = folder();
const epochOf = async (file: string): Promise<number> => (await io.loadCheckpoint(file, {})).epoch;

describe('while a fit runs', () => {
  const make = () => {
    manualSeed(2);
    const x = randn([40, 3]);
    const model = new nn.Sequential(new nn.Linear(3, 8), new nn.Dropout(0.5), new nn.ReLU(), new nn.Linear(8, 1));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
    const loader = new data.DataLoader(new data.TensorDataset(x, x.sum(1, { keepdim: true })), { batchSize: 16, shuffle: true });
    return { model, optimizer, loader };
  };
  const fit = (parts: ReturnType<typeof make>, epochs: number, onEpoch?: (report: train.EpochReport) => unknown) =>
    train.fit(parts.model, {
      criterion: new nn.MSELoss(),
      optimizer: parts.optimizer,
      loader: parts.loader,
      epochs,
      progress: false,
      onEpoch,
    });

  it('the file is of the last epoch that is a multiple, and a fit that goes on has the same bits', async () => {
    const whole = make();
    const { loss } = await fit(whole, 7);
    const first = make();
    const path = at('run.safetensors');
    await fit(first, 5, io.checkpointEvery({ path, every: 2, ...first }).onEpoch);
    expect(existsSync(at('run.best.safetensors'))).toBe(false);
    const second = make();
    setRngState(Int32Array.of(9, 9, 9, 9));
    const { epoch } = await io.loadCheckpoint(path, second);
    expect(epoch).toBe(4);
    const rest = await fit(second, 3, io.checkpointEvery({ path, epochsBefore: epoch, ...second }).onEpoch);
    expect(rest.loss).toEqual(loss.slice(4));
    expect(second.model.parameters().map((p) => flat(p))).toEqual(whole.model.parameters().map((p) => flat(p)));
    expect(await epochOf(path)).toBe(7);
  });
});

describe('the best epoch', () => {
  it('is one that was written', async () => {
    const folderLater = at('later');
    const { onEpoch } = io.checkpointEvery({ path: join(folderLater, 'run'), best: 'loss', model });
    await rejection(onEpoch(report(1, 0.1)));
    mkdirSync(folderLater);
    await onEpoch(report(2, 0.5));
    expect(await epochOf(join(folderLater, 'run.best'))).toBe(2);
  });

  it('of another figure is none to go on from', async () => {
    const path = at('other');
    await io
      .checkpointEvery({ path, best: { monitor: 'score', mode: 'max' }, model })
      .onEpoch({ ...report(1, 1), metrics: { score: 0.1 } });
    await io.checkpointEvery({ path, best: 'loss', epochsBefore: 1, model }).onEpoch(report(1, 0.3));
    expect(await epochOf(at('other.best'))).toBe(2);
  });

  const model = new nn.Linear(1, 1);
  const report = (epoch: number, loss: number, more: object = {}) => ({ epoch, loss, metrics: {}, ...more });

  it('has a file of its own, by the loss or what is named', async () => {
    const path = at('best.safetensors');
    const { onEpoch } = io.checkpointEvery({ path, every: 10, best: true, model });
    for (const [i, loss] of [3, 2, Number.NaN, 2, 2.5].entries()) await onEpoch(report(i + 1, loss));
    expect(existsSync(path)).toBe(false);
    expect(await epochOf(at('best.best.safetensors'))).toBe(2);
    await onEpoch(report(6, 9, { validationLoss: 1 }));
    expect(await epochOf(at('best.best.safetensors'))).toBe(6);
  });

  it('is known to a run that goes on, not to a new one', async () => {
    const path = at('on.safetensors');
    await io.checkpointEvery({ path, best: 'loss', model }).onEpoch(report(1, 1));
    const on = io.checkpointEvery({ path, best: 'loss', epochsBefore: 1, model });
    await on.onEpoch(report(1, 2));
    expect([await epochOf(at('on.best.safetensors')), await epochOf(path)]).toEqual([1, 2]);
    await on.onEpoch(report(2, 0.5));
    expect(await epochOf(at('on.best.safetensors'))).toBe(3);
    await io.checkpointEvery({ path, best: 'loss', model }).onEpoch(report(1, 4));
    expect(await epochOf(at('on.best.safetensors'))).toBe(1);
  });

  it('is the one with the larger figure where a metric or the mode says so', async () => {
    const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 2 });
    accuracy.update(tensor(Int32Array.of(1)), tensor(Int32Array.of(1)));
    const byMetric = io.checkpointEvery({ path: at('metric'), best: 'accuracy', model, metrics: { accuracy } });
    const byMode = io.checkpointEvery({ path: at('mode'), best: { monitor: 'score', mode: 'max' }, model });
    for (const [i, figure] of [0.1, 0.5, 0.4].entries()) {
      await byMetric.onEpoch(report(i + 1, 1, { metrics: { accuracy: figure } }));
      await byMode.onEpoch(report(i + 1, 1, { metrics: { score: figure } }));
    }
    expect([await epochOf(at('metric.best')), await epochOf(at('mode.best'))]).toEqual([2, 2]);
    const unknown = io.checkpointEvery({ path: at('no'), best: 'score', model });
    expect((await rejection(unknown.onEpoch(report(1, 1, { metrics: { score: 1 } })))).message).toContain(
      'best cannot know whether "score" is to become smaller or larger',
    );
    expect((await rejection(unknown.onEpoch(report(1, 1)))).message).toContain('best cannot monitor "score" (known: loss, validationLoss)');
    expect(existsSync(at('no'))).toBe(false);
  });
});

describe('what cannot be used', () => {
  const model = new nn.Linear(1, 1);
  it.each<[string, unknown, new (...args: never[]) => Error, string]>([
    ['no path', { model }, TypeError, '[io.checkpointEvery] expected a path or a file: URL, got undefined'],
    ['nothing to save', { path: 'x' }, TypeError, '[io.checkpointEvery] expected something to be saved'],
    ['every 0', { path: 'x', model, every: 0 }, RangeError, '[io.checkpointEvery] expected every to be at least 1, got 0'],
    ['another option', { path: 'x', model, epoch: 1 }, TypeError, '[io.checkpointEvery] unknown option "epoch"'],
    ['best as a number', { path: 'x', model, best: 1 }, TypeError, '[io.checkpointEvery: best] expected an options object, got 1'],
    [
      'best without a name',
      { path: 'x', model, best: {} },
      TypeError,
      '[io.checkpointEvery] expected best.monitor to be a name, got undefined',
    ],
    [
      'another mode',
      { path: 'x', model, best: { monitor: 'loss', mode: 'up' } },
      RangeError,
      '[io.checkpointEvery] expected best.mode to be one of "min", "max", got "up"',
    ],
    ['no model', { path: 'x', model: ones([1]) }, TypeError, '[io.checkpointEvery] expected model to be a module'],
  ])('%s', (_, options, kind, message) => {
    const error = thrownBy(() => io.checkpointEvery(options as never));
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(error.constructor).toBe(kind);
  });
});
