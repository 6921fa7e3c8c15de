// npm run bench:many: many fits of the lecture's network in one process, all at once, and in sequence in as many queues as there are CPUs. Reports the threads
// of the process, how late a 1 ms timer is, in total and until all fits have been called, the time of both ways, and the memory. Each way has a process of its
// own.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { data, train } from 'simdnn';
import { columns } from './format.mjs';
import { datasetOf, modelOf } from './model.mjs';
import { quantile, watchTimer } from './timer.mjs';
import { trials } from './trials.mjs';

const help = `npm run bench:many -- [options]

  --fits N       how many (1000)
  --epochs N     epochs of each, over 2,368 rows (100)
  --help         this text
`;

const trial = trials.find(({ name }) => name === 'student-relu');

/** A figure of this process from the system; null if it is unknown. */
function status(name) {
  try {
    return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return null;
  }
}

/** Does all fits, at most `together` of them at a time. */
async function run({ fits, epochs, together }) {
  const loader = new data.DataLoader(datasetOf(trial), { batchSize: trial.batch });
  const fit = () => {
    const { model, ...options } = modelOf(trial);
    return train.fit(model, { ...options, loader, epochs, progress: false });
  };
  await fit();
  let left = fits;
  const row = async () => {
    while (left-- > 0) await fit();
  };
  const rows = [];
  const begin = async () => {
    for (let i = 0; i < Math.min(fits, together); i++) {
      rows.push(row());
      await setImmediate(); // as with requests: each fit begins in its own turn of the event loop
    }
  };
  let begun;
  const all = async () => {
    begun = await watchTimer(begin);
    await Promise.all(rows);
  };
  let threads = status('Threads');
  let seen = 0;
  const look = () => {
    if (seen++ % 20 === 0) threads = Math.max(threads, status('Threads'));
  };
  const { late, milliseconds } = await watchTimer(all, look);
  return {
    threads,
    late: [0.5, 0.99, 1].map((q) => quantile(late, q)),
    begun: { late: quantile(begun.late, 0.99), seconds: begun.milliseconds / 1000 },
    seconds: milliseconds / 1000,
    peakMiB: status('VmHWM') / 1024,
  };
}

/** Measures in a process of its own. */
function runApart(job) {
  const args = [fileURLToPath(import.meta.url), '--job', JSON.stringify(job)];
  const { stdout, stderr, status: code } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (code !== 0) throw new Error(stderr || `a process ended with ${code}`);
  return JSON.parse(stdout);
}

const { values } = parseArgs({
  options: {
    fits: { type: 'string', default: '1000' },
    epochs: { type: 'string', default: '100' },
    job: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(help);
else if (values.job) console.log(JSON.stringify(await run(JSON.parse(values.job))));
else {
  const [fits, epochs] = [Number(values.fits), Number(values.epochs)];
  const cpus = availableParallelism();
  const ways = [...new Set([1, cpus, fits])];
  const rows = ways.map((together) => {
    const { threads, late, begun, seconds, peakMiB } = runApart({ fits, epochs, together });
    const figures = [...late, begun.late, begun.seconds, seconds].map((figure) => figure.toFixed(2));
    return [`${together} at a time`, `${threads}`, ...figures, peakMiB.toFixed(0)];
  });
  const head = [
    `${fits} fits, ${cpus} CPUs`,
    'threads',
    'timer late, median ms',
    'p99',
    'max',
    'p99 until all are called',
    's until then',
    'seconds',
    'peak MiB',
  ];
  console.log(columns([head, ...rows]).join('\n'));
}
