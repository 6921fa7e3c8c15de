// simdnn train: what it finds in a file, what it learns, and that its figures are those of the library.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { cat, data, io, manualSeed, metrics, nn, optim, type Tensor, tensor, train as training, version } from '../../src';
import { folder } from '../io/files';
import { digits, json, type Summary, simdnn, train, writeFlats, writeFlowers } from './cli';

const at = folder();
let flowers: string;
let flats: string;
beforeAll(() => {
  flowers = writeFlowers(at('flowers.csv'));
  flats = writeFlats(at('flats.csv'));
});

const roles = ({ columns }: Summary): string[] => columns.map(({ name, role }) => `${name}: ${role}`);

describe('what it finds in a file', () => {
  it('classes of text', () => {
    const run = train(flowers, 'species', '--epochs', '1');
    expect(run).toMatchObject({
      version,
      task: 'classification',
      classes: ['setosa', 'versicolor', 'virginica, blue'],
      seed: 0,
      notes: [],
    });
    expect(run.rows).toEqual({ train: 120, validation: 30, test: 0 });
    const bytes = readFileSync(flowers);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(run.data).toEqual({ file: flowers, sha256, bytes: bytes.length, rows: 150 });
  });

  it('texts, gaps, a column that counts, and a quantity', () => {
    const run = train(flats, 'rent', '--epochs', '1');
    expect([run.task, run.classes]).toEqual(['regression', null]);
    expect(roles(run)).toEqual(['id: dropped', 'city: text', 'rooms: number', 'area: number', 'rent: target']);
    expect(run.columns.map(({ missing }) => missing)).toEqual([0, 14, 19, 0, 0]);
    expect(run.columns[0]!.reason).toBe('counts the rows');
    expect(run.columns[1]!.categories).toEqual(['Bonn', 'Oslo', 'Rome']);
  });

  it('columns that tell nothing', () => {
    const file = at('dull.csv');
    const rows = Array.from({ length: 40 }, (_, i) => [i % 2, 7, '', `name${i}`, (i * 7) % 11].join(','));
    writeFileSync(file, `y,same,none,names,x\n${rows.join('\n')}\n`);
    const run = train(file, 'y', '--epochs', '1');
    expect(run.columns.map(({ reason }) => reason)).toEqual([
      null,
      'the same value in every row',
      'no value in the rows to learn from',
      '32 different texts in 32 rows',
      null,
    ]);
    const asked = train(file, 'y', '--epochs', '1', '--column', 'names', '--column', 'same');
    expect(roles(asked)).toEqual(['names: text', 'same: number', 'y: target']);
    const refused = simdnn('train', file, '--target', 'y', '--drop', 'x');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(
      'no column besides "y" to learn from: left out are "same" (the same value in every row), "none" (no value',
    );
    expect(refused.stderr).toContain('"x" (as --drop says)');
  });

  it('a column that counts, where there is no other', () => {
    const file = at('counts.csv');
    writeFileSync(file, `x,y\n${Array.from({ length: 30 }, (_, i) => `${i},${i * 1.5}`).join('\n')}\n`);
    expect(roles(train(file, 'y', '--epochs', '1'))).toEqual(['x: number', 'y: target']);
  });

  it('numbers that are names, where it is told so', () => {
    const run = train(flats, 'rent', '--epochs', '1', '--text', 'rooms');
    expect(roles(run)).toEqual(['id: dropped', 'city: text', 'rooms: text', 'area: number', 'rent: target']);
    expect(run.columns[2]!.categories).toEqual(['1', '2', '3', '4', '5']);
  });

  it('texts in all columns, where it is told so', () => {
    const file = at('texts.csv');
    writeFileSync(file, `a,y\n${Array.from({ length: 30 }, (_, i) => `${i % 3},${i % 3}`).join('\n')}\n`);
    const run = train(file, 'y', '--epochs', '1', '--text', 'a', '--text', 'y');
    expect([run.classes, run.columns[0]!.categories]).toEqual([
      ['0', '1', '2'],
      ['0', '1', '2'],
    ]);
  });

  it.each([
    ['two integers', [0, 1, 1, 0, 1, 0, 1, 0], 'classification'],
    ['few integers in many rows', Array.from({ length: 30 }, (_, i) => i % 5), 'classification'],
    ['an integer for each row or two', Array.from({ length: 30 }, (_, i) => i % 15), 'regression'],
    ['fractions', Array.from({ length: 30 }, (_, i) => (i % 3) / 2), 'regression'],
  ])('a target of %s', (_, values, task) => {
    const file = at('target.csv');
    writeFileSync(file, `x,y\n${values.map((y, i) => `${(i * 5) % 7},${y}`).join('\n')}\n`);
    expect(train(file, 'y', '--epochs', '1').task).toBe(task);
  });

  it('rows without a target, which it leaves out', () => {
    const file = at('gaps.csv');
    writeFileSync(
      file,
      `x,y\n${Array.from({ length: 20 }, (_, i) => `${(i * 3) % 7},${i % 5 === 0 ? '' : i % 2 === 0 ? 'a' : 'b'}`).join('\n')}\n`,
    );
    const run = train(file, 'y', '--epochs', '1');
    expect([run.data.rows, run.notes, run.classes]).toEqual([16, ['4 rows without y left out'], ['a', 'b']]);
  });

  it('four rows of a quantity, of which one is held out', () => {
    const file = at('four.csv');
    writeFileSync(file, 'x,y\n1,2\n2,4.5\n3,6\n4,8\n');
    const run = train(file, 'y', '--epochs', '2');
    expect([run.rows.validation, Object.keys(run.history.metrics), run.metrics['r2']]).toEqual([1, ['mse', 'mae'], null]);
  });

  it('a class of one row, for which parts cannot be alike', () => {
    const file = at('rare.csv');
    writeFileSync(
      file,
      `x,y\n${Array.from({ length: 20 }, (_, i) => `${(i * 3) % 7},${i === 4 ? 'c' : i % 2 === 0 ? 'a' : 'b'}`).join('\n')}\n`,
    );
    expect(train(file, 'y', '--epochs', '1').notes).toEqual([
      'a class has a single row: rows are held out without regard to their classes',
    ]);
  });

  it('files written otherwise', () => {
    const file = at('other.csv');
    writeFileSync(file, Array.from({ length: 20 }, (_, i) => `${(i * 3) % 7},5;${i % 4 === 0 ? '-' : i % 3};${i % 2}\n`).join(''));
    const options = ['--delimiter', ';', '--decimal', ',', '--no-header', '--na', '-', '--epochs', '1'];
    const run = train(file, '2', ...options);
    expect(roles(run)).toEqual(['0: number', '1: number', '2: target']);
    expect(run.columns[1]!.missing).toBe(5);
  });
});

describe('what it learns', () => {
  it('flowers', () => {
    const { metrics, rows } = train(flowers, 'species', '--test', '0.2');
    expect(rows).toEqual({ train: 90, validation: 30, test: 30 });
    expect(metrics.accuracy).toBeGreaterThan(0.9);
  });

  it('rents, whose errors are in their own unit', () => {
    const { metrics, history, bestEpoch } = train(flats, 'rent');
    expect(metrics.r2).toBeGreaterThan(0.95);
    expect(metrics.mae).toBeLessThan(80);
    for (const name of ['mse', 'mae', 'r2']) expect(metrics[name]).toBe(history.metrics[name]![bestEpoch - 1]);
  });

  it('digits', () => {
    const { metrics, testMetrics, history, bestEpoch, stopped } = train(digits, 'digit', '--test', '0.2');
    expect(metrics.accuracy).toBeGreaterThan(0.96);
    expect(testMetrics!.accuracy).toBeGreaterThan(0.94);
    expect(stopped).toBe('earlyStopping');
    expect(history.loss.length).toBe(bestEpoch + 25);
    expect(Math.min(...history.validationLoss)).toBe(history.validationLoss[bestEpoch - 1]);
  });

  it('with every optimizer, schedule and activation', () => {
    const losses = [
      ['--optimizer', 'adam', '--schedule', 'cosine', '--activation', 'gelu'],
      ['--optimizer', 'sgd', '--lr', '0.1', '--schedule', 'plateau', '--activation', 'tanh'],
      ['--class-weight', 'balanced', '--activation', 'silu', '--dropout', '0.1', '--hidden', '8'],
      ['--hidden', '0', '--lr', '0.02', '--batch-size', '16', '--weight-decay', '0', '--threads', '1'],
    ].map((options) => train(flowers, 'species', '--epochs', '60', ...options).metrics.accuracy!);
    for (const accuracy of losses) expect(accuracy).toBeGreaterThan(0.85);
  });

  it('at rates that fall', () => {
    const { history } = train(flowers, 'species', '--schedule', 'cosine', '--epochs', '10', '--patience', '0');
    expect(history.lr).toEqual([...history.lr].sort((a, b) => b - a));
    expect(history.lr[9]).toBeLessThan(0.0002);
  });
});

// What the command does, written out: the same bits.
describe('its figures are those of the library', () => {
  const shape = ({ history, metrics, bestEpoch }: Summary) => {
    const { epochSeconds: _, ...figures } = history;
    return { figures, metrics, bestEpoch };
  };

  it('for the same seed, whatever the threads', () => {
    const [one, again, other] = [['--threads', '1'], [], ['--seed', '1']].map((options) => shape(train(flowers, 'species', ...options)));
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    const files = ['a', 'b'].map((name) => {
      const model = at(`${name}.safetensors`);
      train(flowers, 'species', '--epochs', '20', '--model', model);
      return readFileSync(model);
    });
    expect(files[0]!.equals(files[1]!)).toBe(true);
  });

  it('as a fit that stops early', async () => {
    const model = at('fit.safetensors');
    const run = train(flowers, 'species', '--model', model);
    const table = await data.readTable(flowers);
    const y = new data.LabelEncoder().fitTransform(table.texts('species') as string[]);
    const rows = Int32Array.from({ length: table.length }, (_, i) => i);
    const parts = data.trainTestSplit(rows, y, { testSize: 0.2, stratify: y, seed: 0 } as data.TrainTestSplitOptions);
    const [trainRows, heldRows, trainY, heldY] = parts as unknown as [Int32Array, Int32Array, typeof y, typeof y];
    const names = table.names.slice(0, 4);
    const x = (part: Int32Array) => tensor(Array.from(part, (row) => names.map((name) => table.numbers(name)[row]!)));
    const scaler = new data.StandardScaler().fit(x(trainRows));
    manualSeed(0);
    const network = new nn.Sequential(new nn.Linear(4, 64), new nn.ReLU(), new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 3));
    const heldX = scaler.transform(x(heldRows));
    const result = await training.fit(network, {
      criterion: new nn.CrossEntropyLoss(),
      optimizer: new optim.AdamW(network.parameters(), { lr: 0.002, weightDecay: 0.01 }),
      loader: new data.DataLoader(new data.TensorDataset(scaler.transform(x(trainRows)), trainY), { batchSize: 32, shuffle: true }),
      validation: new data.DataLoader(new data.TensorDataset(heldX, heldY), { batchSize: 1024 }),
      metrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: 3, average: 'micro' }) },
      epochs: 300,
      earlyStopping: { patience: 25, restoreBest: true },
      progress: false,
    });
    expect(run.history.loss).toEqual(result.loss);
    expect(run.history.validationLoss).toEqual(result.validationLoss);
    expect(run.history.metrics).toEqual(result.metrics);
    expect([run.bestEpoch, run.stopped]).toEqual([result.bestEpoch, result.stopped]);
    const saved = (await io.loadModel(model)).model;
    for (const [name, weights] of Object.entries(network.stateDict()))
      expect(saved.stateDict()[name]!.toArray()).toEqual(weights.toArray());
    const outputs = await training.predict(network, heldX);
    expect(run.metrics.loss).toBe(new nn.CrossEntropyLoss().forward(outputs, heldY).item());
  });

  it('as a loop of steps', async () => {
    const run = train(flats, 'rent', '--epochs', '5', '--column', 'area', '--column', 'rooms', '--test', '0.1', '--seed', '7');
    const table = await data.readTable(flats, { naValues: 'NA' });
    const rows = Int32Array.from({ length: table.length }, (_, i) => i);
    const split = (all: Int32Array, testSize: number) =>
      data.trainTestSplit(all, { testSize, seed: 7 } as data.TrainTestSplitOptions) as unknown as [Int32Array, Int32Array];
    const [rest] = split(rows, 0.1);
    const [learned] = split(rest, 0.2 / 0.9);
    const column = (name: string) => tensor(Array.from(learned, (row) => [table.numbers(name)[row]!]));
    const prepared = ['area', 'rooms'].map((name) =>
      new data.StandardScaler().fitTransform(new data.SimpleImputer({ strategy: 'median' }).fitTransform(column(name))),
    );
    const x = cat(prepared as Tensor[], 1);
    const y = new data.StandardScaler().fitTransform(column('rent'));
    manualSeed(7);
    const network = new nn.Sequential(new nn.Linear(2, 64), new nn.ReLU(), new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 1));
    const optimizer = new optim.AdamW(network.parameters(), { lr: 0.002, weightDecay: 0.01 });
    const criterion = new nn.MSELoss();
    const losses = [];
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 32, shuffle: true });
    for (let epoch = 0; epoch < 5; epoch++) {
      let [sum, batches] = [0, 0];
      for (const [features, targets] of loader) {
        optimizer.zeroGrad();
        const loss = criterion.forward(network.forward(features!), targets!);
        loss.backward();
        optimizer.step();
        sum += loss.item();
        batches++;
      }
      losses.push(sum / batches);
    }
    expect(run.history.loss).toEqual(losses);
  });
});

describe('what it writes', () => {
  it('one document with --json, and nothing else', () => {
    const { status, stdout, stderr } = simdnn('train', flowers, '--target', 'species', '--epochs', '3', '--json');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(json<Summary>('train', flowers, '--target', 'species', '--epochs', '3').history.loss).toHaveLength(3);
  });

  it('a summary without', () => {
    const [model, page] = [at('summary.safetensors'), at('summary.html')];
    const { status, stdout, stderr } = simdnn(
      ...['train', flowers, '--target', 'species', '--epochs', '3', '--model', model, '--report', page],
    );
    expect(status).toBe(0);
    expect(stdout.split('\n').slice(0, 6)).toEqual([
      `${flowers}: 150 rows`,
      'target: species (classification, 3 classes: setosa, versicolor, virginica, blue)',
      'numbers: sepal length, sepal width, petal length, petal width',
      '120 rows to learn from, 30 held out',
      'model: 4-64-32-3, 2,499 parameters; adamw, lr 0.002, batches of 32, seed 0',
      expect.stringMatching(/^3 epochs \(all that were asked for\) in \d+\.\d s; best: [1-3]$/),
    ]);
    expect(stdout).toMatch(/^held-out rows: loss [\d.]+, accuracy [\d.]+, f1 [\d.]+$/m);
    expect(stdout).toContain(`\nwrote ${model}\nwrote ${page}\n`);
    expect(stderr).toMatch(/^epoch 3\/3: loss/m);
    expect(simdnn('train', flowers, '--target', 'species', '--epochs', '3', '--quiet').stderr).toBe('');
  });
});
