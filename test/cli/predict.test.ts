// simdnn predict, evaluate, info: a model's way back from its file.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { data, info } from '../../src';
import { folder } from '../io/files';
import { digits, json, program, type Summary, simdnn, train, writeFlats, writeFlowers } from './cli';

const at = folder();
let flowers: string;
let flats: string;
let runs: Record<string, Summary>;
beforeAll(() => {
  flowers = writeFlowers(at('flowers.csv'));
  flats = writeFlats(at('flats.csv'));
  runs = {
    flowers: train(flowers, 'species', '--model', at('flowers.model')),
    flats: train(flats, 'rent', '--model', at('flats.model')),
    digits: train(digits, 'digit', '--model', at('digits.model'), '--epochs', '5'),
  };
});

interface Predicted {
  classes: (string | number)[] | null;
  predictions: (string | number)[];
  probabilities: number[][] | null;
}
interface Evaluated {
  rows: number;
  metrics: Record<string, number>;
  confusion: number[][] | null;
}

describe('predict', () => {
  it('classes with their probabilities, as JSON and as CSV', async () => {
    const { predictions, probabilities, classes } = json<Predicted>('predict', at('flowers.model'), flowers);
    expect(classes).toEqual(['setosa', 'versicolor', 'virginica, blue']);
    expect(predictions).toHaveLength(150);
    probabilities!.forEach((row, i) => {
      expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
      expect(classes![row.indexOf(Math.max(...row))]).toBe(predictions[i]);
    });
    const { status, stdout, stderr } = simdnn('predict', at('flowers.model'), flowers);
    expect([status, stderr]).toEqual([0, '']);
    const table = await data.readTable(Buffer.from(stdout));
    expect(table.names).toEqual(['prediction', 'probability_setosa', 'probability_versicolor', 'probability_virginica, blue']);
    expect(table.texts('prediction')).toEqual(predictions);
    expect([...table.numbers('probability_setosa')]).toEqual(probabilities!.map(([p]) => p));
  });

  it('classes that are numbers', () => {
    const { predictions, classes } = json<Predicted>('predict', at('digits.model'), digits);
    expect(classes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const right = readFileSync(digits, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .filter((line, i) => Number(line.split(',').at(-1)) === predictions[i]);
    expect(right.length).toBeGreaterThan(0.9 * predictions.length);
  });

  it('quantities, to a file', async () => {
    const output = at('rents.csv');
    const { status, stdout, stderr } = simdnn('predict', at('flats.model'), flats, '--output', output);
    expect([status, stdout, stderr]).toEqual([0, '', `wrote ${output}: 240 rows\n`]);
    const rents = (await data.readTable(output)).numbers('prediction');
    const { predictions } = json<Predicted>('predict', at('flats.model'), flats);
    expect([...rents]).toEqual(predictions);
  });

  it('rows in another order of columns, without the target, with gaps and texts that are new', async () => {
    const file = at('new.csv');
    const areas = [50, 80];
    writeFileSync(file, `area,other,city,rooms\n${areas[0]},1,Oslo,2\n${areas[1]},1,,?\n60,1,Lima,\n`);
    const { status, stdout, stderr } = simdnn('predict', at('flats.model'), file);
    expect([status, stderr]).toEqual([0, 'note: the model has not met "Lima" in column "city"\n']);
    const rents = (await data.readTable(Buffer.from(stdout))).numbers('prediction');
    expect(Math.abs(rents[0]! - 1000)).toBeLessThan(150);
    expect([...rents].every(Number.isFinite)).toBe(true);
  });

  it('for whoever stops reading', () => {
    const shell = `"${process.execPath}" "${program}" predict "${at('digits.model')}" "${digits}" | head -1`;
    const { stdout, stderr } = spawnSync('sh', ['-c', shell], { encoding: 'utf8' });
    expect([stdout.slice(0, 10), stderr]).toEqual(['prediction', '']);
  });
});

describe('evaluate', () => {
  it('gives the figures that the training gave, for its rows', async () => {
    const all = (await data.readTable(flowers)).length;
    const { rows, metrics, confusion } = json<Evaluated>('evaluate', at('flowers.model'), flowers);
    expect(rows).toBe(all);
    const right = confusion!.reduce((sum, row, c) => sum + row[c]!, 0);
    expect(metrics.accuracy).toBeCloseTo(right / all, 6);
    expect(confusion!.map((row) => row.reduce((sum, n) => sum + n, 0))).toEqual([50, 50, 50]);
  });

  it('of the rows that were held out', () => {
    const { predictions } = json<Predicted>('predict', at('flats.model'), flats);
    const lines = readFileSync(flats, 'utf8').trim().split('\n').slice(1);
    const rents = Float32Array.from(lines, (line) => Number(line.split(',').at(-1)));
    const { metrics, rows } = json<Evaluated>('evaluate', at('flats.model'), flats);
    const errors = predictions.map((value, i) => Math.abs((value as number) - rents[i]!));
    expect(metrics.mae).toBeCloseTo(errors.reduce((sum, error) => sum + error, 0) / rows, 2);
    expect(metrics.r2).toBeGreaterThan(0.9);
  });

  it('prints a report', () => {
    const { stdout } = simdnn('evaluate', at('flowers.model'), flowers);
    expect(stdout).toMatch(/^ +weighted avg +0\.\d\d +0\.\d\d +0\.\d\d +150$/m);
    expect(stdout).toMatch(/^target \\ predicted +setosa +versicolor +virginica, blue$/m);
  });

  it('leaves out rows without a target', () => {
    const file = at('gaps.csv');
    writeFileSync(file, 'sepal length,sepal width,petal length,petal width,species\n5,3.4,1.5,0.3,setosa\n5,3,2,1,\n');
    expect(simdnn('evaluate', at('flowers.model'), file).stdout).toContain('1 row, 1 without species left out');
  });
});

describe('info', () => {
  it('of what runs here', () => {
    const { threads: _, ...here } = info();
    expect(json('info')).toMatchObject(here);
    expect(simdnn('info').stdout).toMatch(new RegExp(`^target +${here.target}$`, 'm'));
  });

  it('of a model', () => {
    const model = json<Record<string, unknown>>('info', at('flats.model'));
    expect(model).toMatchObject({ task: 'regression', target: 'rent', numbers: ['rooms', 'area'], texts: ['city'], classes: null });
    expect(model['categories']).toEqual({ city: ['Bonn', 'Oslo', 'Rome', null] });
    expect(model['sha256']).toBe(runs['flats']!.data.sha256);
    expect(simdnn('info', at('flowers.model')).stdout).toContain('classes: setosa, versicolor, virginica, blue\n');
  });
});

describe('bench', () => {
  it('times a step', () => {
    const figures = json<Record<string, { median: number; best: number }>>('bench', '--seconds', '0.2');
    for (const name of ['compiledStep', 'eagerStep']) {
      expect(figures[name]!.median).toBeGreaterThan(0);
      expect(figures[name]!.best).toBeLessThanOrEqual(figures[name]!.median);
    }
    expect(simdnn('bench', '--seconds', '0.2').stdout).toMatch(/^compiled +\d+\.\d us/m);
  });
});
