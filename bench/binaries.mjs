// node bench/binaries.mjs A B [TRIALS ...]: compares two builds of the addon, in two threads of one process: the times of B divided by those of A. A and B are folders
// as SIMDNN_PREBUILD names them: `.` is the checkout's own build, build/platforms/linux-x64-glibc the shipped one, once `npm run test:platform --
// linux-x64-glibc` has unpacked it. A trial is a compiled step, or a compiled prediction, on one thread. Each round starts new threads, because the addresses
// of memory affect the speed. Within a round blocks of 50 ms alternate, and either build has the first block of a pair in turn. Shorter blocks would begin with
// cold caches and branch predictors: with blocks of half a millisecond the lecture's network takes half as long again. The time of a round is its fastest
// block, which other programs have disturbed least.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { columns, duration } from './format.mjs';
import { median } from './statistics.mjs';
import { quantile } from './timer.mjs';
import { trials } from './trials.mjs';

const rounds = 15;
const pairs = 7;
const blockSeconds = 0.05;

// The thread of one build: answers each number of steps with the seconds that they took.
async function work(trial) {
  const { compile, noGrad, setNumThreads } = await import('simdnn');
  const { batchesOf, modelOf, stepOf } = await import('./model.mjs');
  setNumThreads(1);
  const parts = modelOf(trial);
  const step = compile(trial.kind === 'train' ? stepOf(parts) : (x) => noGrad(() => parts.model.forward(x)));
  const batches = batchesOf(trial);
  let next = 0;
  const steps = (n) => {
    const begin = performance.now();
    for (let i = 0; i < n; i++) {
      const [x, y] = batches[next++ % batches.length];
      if (trial.kind === 'train') step(x, y);
      else step(x);
    }
    return (performance.now() - begin) / 1000;
  };
  parentPort.on('message', (n) => {
    steps(Math.ceil(n / 4)); // refills the caches, which the other thread has used
    parentPort.postMessage(steps(n));
  });
}

async function begin(folder, trial) {
  const env = { ...process.env, SIMDNN_PREBUILD: resolve(folder) };
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: trial, env });
  const block = (n) =>
    new Promise((answer, fail) => {
      worker.once('error', fail);
      worker.once('message', (seconds) => {
        worker.off('error', fail);
        answer(seconds / n);
      });
      worker.postMessage(n);
    });
  await block(200);
  return { block, end: () => worker.terminate() };
}

const sorted = (values) => [...values].sort((a, b) => a - b);

/** The seconds of a step of both, of each round. */
async function compare(folders, trial) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const threads = [];
    for (const folder of folders) threads.push(await begin(folder, trial));
    const n = Math.max(1, Math.round(blockSeconds / (await threads[0].block(100))));
    const blocks = [[], []];
    for (let pair = 0; pair < pairs; pair++) {
      for (const which of (pair + round) % 2 ? [1, 0] : [0, 1]) blocks[which].push(await threads[which].block(n));
    }
    for (const { end } of threads) await end();
    times.push(blocks.map((seconds) => Math.min(...seconds)));
  }
  return times;
}

async function main([first, second, ...names]) {
  const chosen = names.length > 0 ? names : ['student-relu', 'student', 'mnist-mlp'];
  console.log(`A: ${first}   B: ${second}   ${rounds} rounds`);
  const rows = [['trial', 'A', 'B', 'B / A', 'quartiles of the rounds']];
  for (const name of chosen) {
    const trial = trials.find((each) => each.name === name);
    if (trial?.kind !== 'train' && trial?.kind !== 'infer') throw new Error(`${name} is no step and no prediction of bench/trials.mjs`);
    const times = await compare([first, second], trial);
    const ratios = sorted(times.map(([a, b]) => b / a));
    const of = (which) => duration(median(times.map((seconds) => seconds[which])));
    const quartiles = [0.25, 0.75].map((share) => quantile(ratios, share).toFixed(3));
    rows.push([name, of(0), of(1), median(ratios).toFixed(3), quartiles.join(' to ')]);
  }
  for (const line of columns(rows)) console.log(line);
}

if (isMainThread) await main(process.argv.slice(2));
else await work(workerData);
