// npm run build, then node bench/csv.mjs [FILE]: the time in which readCsv reads a table of numbers, and the peak memory of the process, compared with
// csv-parse and, if python3 or $PYTHON has it, pandas. Every line is measured in a process of its own. Without FILE a table of 500,000 rows and 14 columns is
// made.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [, self, given, only] = process.argv;

/** A table of 60 MB with constant contents. */
function makeTable(path) {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const file = openSync(path, 'w');
  const names = Array.from({ length: 14 }, (_, i) => (i < 13 ? `f${i}` : 'label'));
  writeSync(file, `${names.join(',')}\n`);
  for (let block = 0; block < 500; block++) {
    let text = '';
    for (let row = 0; row < 1000; row++) {
      for (let i = 0; i < 10; i++) text += `${((random() - 0.5) * 400).toFixed(5 + (i % 2))},`;
      for (let i = 0; i < 3; i++) text += `${Math.floor(random() * 100000)},`;
      text += `${Math.floor(random() * 5)}\n`;
    }
    writeSync(file, text);
  }
  closeSync(file);
}

const drivers = {
  async readCsv(path) {
    const { data } = await import('simdnn');
    const begin = performance.now();
    await data.readCsv(path);
    return performance.now() - begin;
  },
  async csvBatches(path) {
    const { data } = await import('simdnn');
    const begin = performance.now();
    for (const _ of await data.csvBatches(path, { batchSize: 256 }));
    return performance.now() - begin;
  },
  async 'csv-parse'(path) {
    const { parse } = await import('csv-parse');
    const { createReadStream } = await import('node:fs');
    const begin = performance.now();
    const values = [];
    for await (const cells of createReadStream(path).pipe(parse({ from_line: 2 }))) for (const cell of cells) values.push(Number(cell));
    return performance.now() - begin;
  },
};

if (only === 'none') {
  makeTable(given); // only makes the file, for tables.mjs
} else if (only !== undefined) {
  const milliseconds = await drivers[only](given);
  console.log(`${(milliseconds / 1000).toFixed(2)} s, ${Math.round(process.resourceUsage().maxRSS / 1000)} MB`);
} else {
  const path = given ?? join(tmpdir(), 'simdnn-bench.csv');
  if (!existsSync(path)) makeTable(path);
  console.log(`${path}: ${(statSync(path).size / 1e6).toFixed(1)} MB`);
  for (const name of Object.keys(drivers)) {
    const { stdout, stderr } = spawnSync(process.execPath, [self ?? fileURLToPath(import.meta.url), path, name], { encoding: 'utf8' });
    console.log(`${name}: ${stdout.trim() || stderr.trim().split('\n').at(-1)}`);
  }
  const program = `import time, resource, sys, pandas
begin = time.perf_counter()
pandas.read_csv(sys.argv[1])
print(f"{time.perf_counter() - begin:.2f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000} MB")`;
  const { stdout, status } = spawnSync(process.env.PYTHON ?? 'python3', ['-c', program, path], { encoding: 'utf8' });
  console.log(`pandas: ${status === 0 ? stdout.trim() : 'not there'}`);
}
