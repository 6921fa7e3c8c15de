// npm run build, then node bench/tables.mjs --python PATH [--rounds 3] [--what CSV|Parquet|weights]: reads a table of 500,000 rows and 14 columns as CSV and as
// Parquet, and 100 MB of safetensors, compared with pandas, pyarrow and safetensors in the Python of that path. Each time is measured in a new process after it
// has loaded its packages. Prints the median and the extremes of the rounds, and the peak memory of a process.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '3' },
    what: { type: 'string', default: '' },
    only: { type: 'string' },
    folder: { type: 'string' },
  },
});
const self = fileURLToPath(import.meta.url);

const all = (batches) => {
  let rows = 0;
  for (const [x] of batches) rows += x.shape[0];
  return rows;
};

/** The measurements in Node: each function prepares, and returns the function that is timed. */
const drivers = {
  'CSV: data.readCsv':
    (at, { data }) =>
    () =>
      data.readCsv(at('table.csv')),
  'CSV: data.csvBatches, both passes':
    (at, { data }) =>
    async () =>
      all(await data.csvBatches(at('table.csv'), { batchSize: 256 })),
  'Parquet: data.readParquet':
    (at, { data }) =>
    () =>
      data.readParquet(at('table.parquet')),
  'Parquet: data.parquetBatches, both passes':
    (at, { data }) =>
    async () =>
      all(await data.parquetBatches(at('table.parquet'), { batchSize: 256 })),
  'weights: io.saveSafetensors, synced': (at, { io, randn }) => {
    const tensors = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`layer${i}.weight`, randn([1024, 1024])]));
    return () => io.saveSafetensors(at('weights.safetensors'), tensors);
  },
  'weights: io.loadSafetensors':
    (at, { io }) =>
    () =>
      io.loadSafetensors(at('weights.safetensors')),
};

/** The measurements in Python: the preparation, and the code that is timed. */
const pythons = {
  'CSV: pandas.read_csv': ['import pandas', "pandas.read_csv(at('table.csv'))"],
  'CSV: pyarrow.csv.read_csv': ['import pyarrow.csv', "pyarrow.csv.read_csv(at('table.csv'))"],
  'Parquet: pyarrow.parquet.read_table': ['import pyarrow.parquet', "pyarrow.parquet.read_table(at('table.parquet'))"],
  'Parquet: pandas.read_parquet': ['import pandas, pyarrow.parquet', "pandas.read_parquet(at('table.parquet'))"],
  'weights: safetensors.numpy.save_file, no sync': [
    "import numpy, safetensors.numpy; tensors = {f'layer{i}.weight': numpy.random.rand(1024, 1024).astype('float32') for i in range(25)}",
    "safetensors.numpy.save_file(tensors, at('python.safetensors'))",
  ],
  'weights: safetensors.numpy.save_file, fsync': [
    "import numpy, os, safetensors.numpy; tensors = {f'layer{i}.weight': numpy.random.rand(1024, 1024).astype('float32') for i in range(25)}",
    "safetensors.numpy.save_file(tensors, at('python.safetensors')); file = os.open(at('python.safetensors'), os.O_RDONLY); os.fsync(file)",
  ],
  'weights: safetensors.numpy.load_file': ['import numpy, safetensors.numpy', "safetensors.numpy.load_file(at('python.safetensors'))"],
};

const program = ([ready, timed]) => `import os, resource, sys, time
at = lambda name: os.path.join(sys.argv[1], name)
${ready}
begin = time.perf_counter()
${timed}
print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)`;

/** The seconds and megabytes of one process; null if its packages are not installed. */
function once(name, folder) {
  const [command, args] =
    name in drivers
      ? [process.execPath, [self, '--only', name, '--folder', folder]]
      : [options.python, ['-c', program(pythons[name]), folder]];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout.trim().split(' ').map(Number);
  console.log(`${name}: ${stderr.trim().split('\n').at(-1)}`);
  return null;
}

function makeFiles(folder) {
  const csv = join(folder, 'table.csv');
  execFileSync(process.execPath, [fileURLToPath(new URL('csv.mjs', import.meta.url)), csv, 'none'], { stdio: 'ignore' });
  const write = 'import sys, pyarrow.csv, pyarrow.parquet; pyarrow.parquet.write_table(pyarrow.csv.read_csv(sys.argv[1]), sys.argv[2])';
  spawnSync(options.python, ['-c', write, csv, join(folder, 'table.parquet')]);
  for (const name of ['table.csv', 'table.parquet']) {
    if (existsSync(join(folder, name))) console.log(`${name}: ${(statSync(join(folder, name)).size / 1e6).toFixed(1)} MB`);
  }
}

if (options.only !== undefined) {
  const run = drivers[options.only]((name) => join(options.folder, name), createRequire(import.meta.url)('simdnn'));
  const begin = performance.now();
  await run();
  console.log(`${(performance.now() - begin) / 1000} ${process.resourceUsage().maxRSS / 1000}`);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'simdnn-tables-'));
  try {
    makeFiles(folder);
    const names = [...Object.keys(drivers), ...Object.keys(pythons)].sort((a, b) => (a.split(':')[0] < b.split(':')[0] ? -1 : 1));
    for (const name of names.filter((one) => one.startsWith(options.what))) {
      const runs = Array.from({ length: Number(options.rounds) }, () => once(name, folder)).filter((run) => run !== null);
      if (runs.length === 0) continue;
      const seconds = runs.map(([s]) => s).sort((a, b) => a - b);
      const memory = Math.max(...runs.map(([, megabytes]) => megabytes));
      const figures = `${seconds[seconds.length >> 1].toFixed(2)} s, ${seconds[0].toFixed(2)} to ${seconds.at(-1).toFixed(2)}, ${memory.toFixed(0)} MB`;
      console.log(`${name.padEnd(46)} ${figures}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
