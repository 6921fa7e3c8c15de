// npm run bench:lateness: how late a 1 ms timer is in a process that trains: by train.fit, plain and with a scheduler that is stepped after each step,
// clipping, averages, metrics, logs, validation and checkpoints; by an eager loop that yields to the event loop after every batch; and in an idle process.
// Default number of threads; each line is measured in a process of its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { data, info, train } from 'simdnn';
import { columns } from './format.mjs';
import { datasetOf, everythingOf, modelOf, stepOf } from './model.mjs';
import { quantile, watchTimer } from './timer.mjs';
import { trials } from './trials.mjs';

const help = `npm run bench:lateness -- [options]

  --all          the network "wide" as well
  --seconds N    how long each is watched (5)
  --help         this text
`;

const loaderOf = (trial) => new data.DataLoader(datasetOf(trial), { batchSize: trial.batch, shuffle: true });

/** The number of epochs that a fit does in this many seconds. */
async function epochsFor(seconds, fit) {
  let [epochs, spent] = [0, 0];
  while (spent < 0.5) {
    epochs = 2 * epochs + 1;
    spent = (await fit(epochs)).seconds;
  }
  return Math.ceil((epochs * seconds) / spent);
}

/** Each prepares, and returns a function that keeps the process busy for about this many seconds and resolves to the number of training steps. */
const modes = {
  async fit(trial, seconds) {
    const loader = loaderOf(trial);
    const { model, ...options } = modelOf(trial);
    const fit = (epochs) => train.fit(model, { ...options, loader, epochs, progress: false });
    const epochs = await epochsFor(seconds, fit);
    return async () => {
      await fit(epochs);
      return epochs * loader.length;
    };
  },

  async everything(trial, seconds) {
    const loader = loaderOf(trial);
    const folder = mkdtempSync(join(tmpdir(), 'simdnn-bench-'));
    const { model, options } = everythingOf(trial, 1e9, folder);
    const checkpoint = { path: join(folder, 'checkpoint.safetensors'), every: 100 };
    const fit = (epochs) => train.fit(model, { ...options, validation: loader, checkpoint, loader, epochs, progress: false });
    const epochs = await epochsFor(seconds, fit);
    return async () => {
      await fit(epochs);
      rmSync(folder, { recursive: true });
      return epochs * loader.length;
    };
  },

  async eager(trial, seconds) {
    const loader = loaderOf(trial);
    const step = stepOf(modelOf(trial));
    return async () => {
      const end = performance.now() + 1000 * seconds;
      for (let steps = 0; ; ) {
        for (const batch of loader) {
          step(...batch);
          steps++;
          await setImmediate();
          if (performance.now() >= end) return steps;
        }
      }
    };
  },

  idle: async (_, seconds) => () => wait(1000 * seconds, 0),
};

/** Measures one mode. */
async function watch(trial, mode, seconds) {
  const { result: steps, milliseconds, ...timer } = await watchTimer(await modes[mode](trial, seconds));
  return { ...timer, stepsPerSecond: (1000 * steps) / milliseconds };
}

const labels = { fit: 'train.fit', everything: 'train.fit, with everything', eager: 'eager, setImmediate a batch', idle: 'idle' };

function row(mode, { start, end, late, stepsPerSecond }) {
  const speed = mode === 'idle' ? '' : Math.round(stepsPerSecond).toLocaleString('en');
  return [labels[mode], ...[quantile(late, 0.5), quantile(late, 0.99), quantile(late, 1), start, end].map((ms) => ms.toFixed(2)), speed];
}

/** Measures in a process of its own. */
function watched(...job) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--watch', job.join()], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

async function main({ all, seconds, watch: job, help: asked }) {
  if (asked) return help;
  if (job !== undefined) {
    const [name, mode, duration] = job.split(',');
    return JSON.stringify(
      await watch(
        trials.find((trial) => trial.name === name),
        mode,
        Number(duration),
      ),
    );
  }
  const { target, threads } = info();
  const lines = [`a 1 ms timer: milliseconds late; ${target}, ${threads} threads`];
  for (const name of ['student-relu', 'mnist-mlp', ...(all ? ['wide'] : [])]) {
    const rows = Object.keys(modes).map((mode) => row(mode, watched(name, mode, seconds)));
    lines.push('', ...columns([[name, 'median', 'p99', 'max', 'start', 'end', 'steps/s'], ...rows]));
  }
  return `${lines.join('\n')}\n`;
}

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '5' },
    watch: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
process.stdout.write(await main(values));
