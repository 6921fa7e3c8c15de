// Folds: every row is validated once, classes have their shares, and the bits are those of fits by hand.
import { afterEach, expect, it } from 'vitest';
import { data, getNumThreads, manualSeed, metrics, nn, optim, setNumThreads, type Tensor, tensor, train } from '../../src';
import { rejection } from '../rejection';
import { bitsOf, makeModel, OwnRows, quiet, students } from './runs';

const threads = getNumThreads();
afterEach(() => setNumThreads(threads));

manualSeed(9);
const rows = students(72);
const make = () => {
  const model = makeModel([13, 8, 5], { dropout: 0.2 });
  return {
    model,
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }),
    metrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: 5 }) },
    epochs: 4,
  };
};

it('is the same for any concurrency and threads', async () => {
  const seen: unknown[] = [];
  for (const [concurrency, most] of [
    [1, 1],
    [2, 2],
    [8, 3],
  ] as const) {
    setNumThreads(most);
    manualSeed(5);
    const { folds, mean, std } = await train.crossValidate(make, rows, { stratify: true, concurrency });
    seen.push({ mean, std, folds: folds.map((fold) => [fold.rows, fold.seed, fold.history.validationLoss, bitsOf(fold.model)]) });
  }
  for (const other of seen.slice(1)) expect(other).toEqual(seen[0]);
});

it('validates every row once, and gives classes their shares', async () => {
  const { folds, mean, std } = await train.crossValidate(make, rows, { folds: 4, stratify: true, seed: 1 });
  expect(folds.flatMap((fold) => [...fold.rows]).sort((a, b) => a - b)).toEqual(Array.from({ length: 72 }, (_, i) => i));
  const labels = rows.tensors[1].data;
  for (let label = 0; label < 5; label++) {
    const counts = folds.map((fold) => [...fold.rows].filter((row) => labels[row] === label).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
  const figures = folds.map((fold) => fold.figures['accuracy']!);
  const average = figures.reduce((a, b) => a + b) / 4;
  expect(mean['accuracy']).toBeCloseTo(average, 12);
  expect(std['accuracy']).toBeCloseTo(Math.sqrt(figures.reduce((sum, x) => sum + (x - average) ** 2, 0) / 3), 12);
});

it('does what a fit by hand does', async () => {
  const { folds } = await train.crossValidate(make, rows, { folds: 3, seed: 2 });
  const { seed, model, rows: held, history } = folds[1]!;
  manualSeed(seed);
  const { model: own, ...options } = make();
  const others = Array.from({ length: 72 }, (_, i) => i).filter((i) => !held.includes(i));
  const loader = new data.DataLoader(new data.Subset(rows, others), { batchSize: 32, shuffle: true });
  const validation = new data.DataLoader(new data.Subset(rows, held), { batchSize: 256 });
  const result = await train.fit(own, { ...options, ...quiet, loader, validation });
  expect(result.validationLoss).toEqual(history.validationLoss);
  expect(bitsOf(own)).toEqual(bitsOf(model));
});

it('stratifies by the last tensor of a dataset of rows, also of a part of one', async () => {
  const part = new data.Subset(new data.Subset(rows, [...Array(60).keys()].reverse()), [...Array(41).keys()]);
  const classes = rows.tensors[1].indexSelect(0, tensor(Int32Array.from({ length: 41 }, (_, i) => 59 - i)));
  const rowsBy = async (dataset: data.Dataset<[Tensor, Tensor]>, stratify: Tensor | boolean) =>
    (await train.crossValidate(make, dataset, { folds: 4, seed: 3, stratify })).folds.map((fold) => [...fold.rows]);
  const expected = await rowsBy(part, classes);
  expect(await rowsBy(part, true)).toEqual(expected);
  expect(await rowsBy(part, false)).not.toEqual(expected);
  const own = new OwnRows(...rows.tensors);
  expect(await rowsBy(own, rows.tensors[1])).toEqual(await rowsBy(rows, true));
  expect((await rejection(rowsBy(own, true))).message).toBe(
    '[train.crossValidate] stratify: true is for rows of tensors, and this dataset makes its items\n  hint: stratify: classes, a tensor',
  );
});

it('refuses what it cannot use', async () => {
  const of = async (...args: unknown[]) =>
    (await rejection((train.crossValidate as (...args: unknown[]) => Promise<unknown>)(...args))).message;
  expect(await of(1, rows)).toBe('[train.crossValidate] expected makeModel to be a function, got 1');
  expect(await of(make, rows, { folds: 100 })).toBe('[train.crossValidate] 72 rows cannot be divided into 100 folds');
  expect(await of(make, rows, { folds: 20, stratify: true })).toContain('class 0 has 15 rows, fewer than');
  expect(await of(make, rows, { stratify: rows.tensors[0] })).toContain('expected stratify [72], got [72, 13]');
  expect(await of(() => ({ ...make(), epochs: 0 }), rows)).toContain('expected epochs to be at least 1');
});
