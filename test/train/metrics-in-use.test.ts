// A metric counts the rows of one run at a time: two would each reset what the other has counted.
import { describe, expect, it } from 'vitest';
import { data, manualSeed, metrics, nn, optim, train } from '../../src';
import { rejection } from '../rejection';
import { makeModel, quiet, students } from './runs';

function setUp() {
  manualSeed(1);
  const rows = students(60);
  const loader = new data.DataLoader(rows, { batchSize: 8 });
  const other = new data.DataLoader(new data.Subset(rows, [0, 1, 2, 3, 4, 5, 6]), { batchSize: 2 });
  const acc = new metrics.Accuracy({ task: 'multiclass', numClasses: 5 });
  const options = () => {
    const model = makeModel([13, 8, 5]);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    return { model, ...quiet, criterion: new nn.CrossEntropyLoss(), optimizer, loader, epochs: 40 };
  };
  return { loader, other, acc, options };
}

const inUse = (name: string, by: string) =>
  `[${name}] a metric is in use by ${name === by ? 'another ' : ''}${by}\n  hint: make one for each, or await the other first`;

describe('a metric that is in use', () => {
  it('by an evaluation is refused to another, whose own figures it then has', async () => {
    const { loader, other, acc, options } = setUp();
    const { model } = options();
    const first = train.evaluate(model, loader, { metrics: { acc } });
    const second = await rejection(train.evaluate(model, other, { metrics: { a: acc } }));
    expect([second.code, second.message]).toEqual(['SIMDNN_IN_USE', inUse('train.evaluate', 'train.evaluate')]);
    const fresh = new metrics.Accuracy({ task: 'multiclass', numClasses: 5 });
    expect(await first).toEqual(await train.evaluate(model, loader, { metrics: { acc: fresh } }));
    expect(await train.evaluate(model, other, { metrics: { acc } })).toEqual(
      await train.evaluate(model, other, { metrics: { acc: fresh } }),
    );
  });

  it.each(['metrics', 'trainMetrics'] as const)(
    'by a fit, as one of its %s, is refused to another fit and to an evaluation',
    async (list) => {
      const { loader, acc, options } = setUp();
      const [{ model, ...one }, { model: otherModel, ...another }] = [options(), options()];
      const fitting = train.fit(model, { ...one, validation: loader, [list]: { acc } });
      const fit = await rejection(train.fit(otherModel, { ...another, metrics: { acc } }));
      expect([fit.code, fit.message]).toEqual(['SIMDNN_IN_USE', inUse('train.fit', 'train.fit')]);
      expect((await rejection(train.evaluate(model, loader, { metrics: { acc } }))).message).toBe(inUse('train.evaluate', 'train.fit'));
      await fitting;
      expect((await train.fit(otherModel, { ...another, epochs: 1, metrics: { acc } })).epochs).toBe(1);
    },
  );

  it('by a fit is free in its callbacks, and until they end', async () => {
    const { loader, acc, options } = setUp();
    const { model, ...rest } = options();
    const seen: number[] = [];
    const result = await train.fit(model, {
      ...rest,
      epochs: 3,
      validation: loader,
      metrics: { acc },
      onEpoch: async () => void seen.push((await train.evaluate(model, loader, { metrics: { acc } })).acc),
    });
    expect(seen).toEqual(result.metrics.acc);
    let left: Promise<unknown> = Promise.resolve();
    const onEpoch = () => {
      left = train.evaluate(model, loader, { metrics: { acc } });
    };
    const error = await rejection(train.fit(model, { ...rest, epochs: 3, metrics: { acc }, onEpoch }));
    expect(error.message).toBe(inUse('train.fit', 'train.evaluate'));
    await left;
    model.forward(students(2).tensors[0]);
  });

  it('is free after a run that fails', async () => {
    const { loader, acc, options } = setUp();
    const { model, ...rest } = options();
    const onEpoch = () => {
      throw new Error('mine');
    };
    await expect(train.fit(model, { ...rest, metrics: { acc }, onEpoch })).rejects.toThrow('mine');
    await expect(train.fit(model, { ...rest, metrics: { acc }, loader: [] })).rejects.toThrow('no batches');
    await expect(train.evaluate(model, [[students(2).tensors[1]]] as never, { metrics: { acc } })).rejects.toThrow();
    expect(Object.keys(await train.evaluate(model, loader, { metrics: { acc } }))).toEqual(['acc']);
  });
});
