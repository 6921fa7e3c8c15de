// The real data of trainings, in files for every driver: x as float32, then y as int32, both little-endian. They have whole batches in the order of
// the rows, with features standardized to mean 0 and deviation 1. Also computes the correct losses, in float64.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { batches } from './data.mjs';
import { networkStep } from './plain-network.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const STUDENTS = 2392; // the number of rows of the dataset with that schema

/** The generator of the examples' data, which is TypeScript. */
async function generator() {
  if (!existsSync(join(root, 'dist/index.mjs'))) throw new Error('the students are drawn by the library: npm run build');
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({ input: join(root, 'examples/student-data.ts'), external: ['simdnn'] });
  const file = join(root, 'build/bench/student-data.mjs'); // a folder from which `simdnn` can be resolved
  await bundle.write({ file, format: 'esm' });
  await bundle.close();
  return import(file);
}

/** Numeric columns, by their names in the first line. */
function readNumbers(path) {
  const [head, ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const names = head.split(',').map((name) => name.trim());
  return { names, rows: lines.map((line) => line.split(',').map(Number)) };
}

/** { x: rows of numbers, y: classes } of the named columns. */
function columnsOf(path, features, target) {
  const { names, rows } = readNumbers(path);
  const at = (features ?? names.filter((name) => name !== target)).map((name) => names.indexOf(name));
  const y = rows.map((row) => row[names.indexOf(target)]);
  const x = rows.map((row) => at.map((column) => row[column]));
  if (![...x.flat(), ...y].every(Number.isFinite)) throw new Error(`${path} lacks a column, or holds something that is no number`);
  return { x, y };
}

const sources = {
  async students(csv) {
    const { features, makeStudents, target } = await generator();
    if (csv) return columnsOf(csv, features, target);
    const { x, y } = makeStudents(STUDENTS);
    return { x: x.toArray(), y: y.toArray() };
  },
  digits: () => columnsOf(join(root, 'examples/data/digits.csv'), null, 'digit'),
};

/** Subtracts the mean of each column and divides by its deviation, unless that is 0. */
function standardised(rows) {
  const columns = rows[0].map((_, j) => {
    const values = rows.map((row) => row[j]);
    const mean = values.reduce((sum, v) => sum + v, 0) / rows.length;
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / rows.length);
    return { mean, scale: deviation || 1 };
  });
  return rows.map((row) => row.map((value, j) => (value - columns[j].mean) / columns[j].scale));
}

/** The mean losses of the first two epochs. */
function firstEpochs(trial) {
  const step = networkStep(trial, Float64Array);
  const data = batches(trial);
  const epoch = () => data.reduce((sum, batch) => sum + step(batch), 0) / data.length;
  return [epoch(), epoch()];
}

/** Prepares the data of trials; `remove` deletes the files. */
export function preparation({ csv } = {}) {
  let folder;
  return {
    async prepare(trial) {
      if (trial.kind !== 'training') return trial;
      folder ??= mkdtempSync(join(tmpdir(), 'simdnn-bench-'));
      const { x, y } = await sources[trial.data](csv);
      const count = Math.floor(y.length / trial.batch);
      const rows = count * trial.batch;
      const file = join(folder, `${trial.data}.bin`);
      const values = Float32Array.from(standardised(x.slice(0, rows)).flat());
      writeFileSync(file, Buffer.concat([values, Int32Array.from(y.slice(0, rows))].map(({ buffer }) => Buffer.from(buffer))));
      const ready = { ...trial, batches: count, file };
      return { ...ready, expected: firstEpochs(ready) };
    },
    remove: () => folder && rmSync(folder, { recursive: true }),
  };
}
