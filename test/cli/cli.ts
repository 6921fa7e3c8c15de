// Shared by the tests of the command line: runs the built program as a process, and makes files for it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../../src/cli/run-record';

const root = join(__dirname, '../..');
export const program = join(root, 'bin/simdnn.js');
export const digits = join(root, 'examples/data/digits.csv');

if (!existsSync(join(root, 'dist/cli.js'))) throw new Error('dist/cli.js is missing: npm run build makes it');

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs it to its end. */
export function simdnn(...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return { status, stdout, stderr };
}

/** The JSON document of a command that must succeed. */
export function json<T>(...args: string[]): T {
  const { status, stdout, stderr } = simdnn(...args, '--json');
  if (status !== 0) throw new Error(`status ${status}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** The output of `train --json`. */
export type Summary = Omit<RunRecord, 'validation'> & { notes: string[]; files: { model: string | null; checkpoint: string | null } };

export const train = (file: string, target: string, ...args: string[]): Summary =>
  json<Summary>('train', file, '--target', target, ...args);

/** Starts it, and sends a signal as soon as `isTime` returns true. */
export function interrupted(args: string[], signal: NodeJS.Signals, isTime: () => boolean): Promise<Outcome & { signal: string | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr, sent] = ['', '', false];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const watch = setInterval(() => {
      if (sent || !isTime()) return;
      sent = child.kill(signal);
    }, 1);
    child.on('error', reject);
    child.on('close', (status, ended) => {
      clearInterval(watch);
      resolve({ status, stdout, stderr, signal: ended });
    });
  });
}

/** Numbers between 0 and 1 that are the same on every machine. */
export function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const spread = (draw: () => number): number => draw() + draw() + draw() - 1.5;

/** Flowers of three kinds that differ in four lengths; the name of one kind has a comma. */
export function writeFlowers(path: string, rows = 150): string {
  const draw = draws(1);
  const kinds = ['setosa', 'versicolor', '"virginica, blue"'];
  const lines = Array.from({ length: rows }, (_, i) => {
    const kind = i % 3;
    const lengths = [5 + 0.8 * kind, 3.4 - 0.3 * kind, 1.5 + 2 * kind, 0.3 + 0.9 * kind].map((mean) =>
      (mean + 0.9 * spread(draw)).toFixed(2),
    );
    return [...lengths, kinds[kind]].join(',');
  });
  writeFileSync(path, `${['sepal length,sepal width,petal length,petal width,species', ...lines].join('\n')}\n`);
  return path;
}

const basic: Record<string, number> = { Oslo: 500, Bonn: 200, Rome: 300 };

/** Flats with their rents: an identifier, a city that is sometimes missing, numbers of which some are "NA". */
export function writeFlats(path: string, rows = 240): string {
  const draw = draws(2);
  const cities = Object.keys(basic);
  const lines = Array.from({ length: rows }, (_, i) => {
    const city = cities[Math.floor(3 * draw())]!;
    const rooms = 1 + Math.floor(5 * draw());
    const area = 20 * rooms + 30 * draw();
    const rent = basic[city]! + 10 * area + 60 * spread(draw);
    return [1000 + i, i % 17 === 3 ? '' : city, i % 13 === 5 ? 'NA' : rooms, area.toFixed(2), rent.toFixed(2)].join(',');
  });
  writeFileSync(path, `${['id,city,rooms,area,rent', ...lines].join('\n')}\n`);
  return path;
}
