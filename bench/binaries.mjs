// node bench/binaries.mjs A B [TRIALS ...]: two builds of the addon in turns, in two threads of one process, and the times of B over those of A. A and B are folders
// as SIMDNN_PREBUILD names them: `.` is the checkout's own build, build/platforms/linux-x64-glibc the shipped one, once `npm run test:platform -- linux-x64-glibc` has unpacked it.
// A trial is a compiled step, or a compiled prediction, on one thread. Each round begins both anew, because it matters where memory happens to lie; within a round short blocks take turns, the first of a pair in turn.
// On a machine with neighbours the last column tells most: the tenth of the blocks that was disturbed least, of B over A.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { columns, duration } from './format.mjs';
import { median } from './statistics.mjs';
import { quantile } from './timer.mjs';
import { trials } from './trials.mjs';

const rounds = 12;
const pairs = 31;
const blockSeconds = 0.003;

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
    steps(Math.ceil(n / 8)); // what the other thread has displaced
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

async function compare(folders, trial) {
  const times = [[], []];
  for (let round = 0; round < rounds; round++) {
    const threads = [];
    for (const folder of folders) threads.push(await begin(folder, trial));
    const n = Math.max(1, Math.round(blockSeconds / (await threads[0].block(100))));
    for (let pair = 0; pair < pairs; pair++) {
      for (const which of (pair + round) % 2 ? [1, 0] : [0, 1]) times[which].push(await threads[which].block(n));
    }
    for (const { end } of threads) await end();
  }
  return times;
}

async function main([first, second, ...names]) {
  const chosen = names.length > 0 ? names : ['student-relu', 'student', 'mnist-mlp'];
  console.log(`A: ${first}   B: ${second}   ${rounds} rounds of ${pairs} pairs`);
  const rows = [['trial', 'A', 'B', 'B / A', 'quartiles', 'of the rounds', 'fastest tenth']];
  for (const name of chosen) {
    const trial = trials.find((each) => each.name === name);
    if (trial?.kind !== 'train' && trial?.kind !== 'infer') throw new Error(`${name} is no step and no prediction of bench/trials.mjs`);
    const [a, b] = await compare([first, second], trial);
    const ratios = b.map((seconds, i) => seconds / a[i]);
    const quartiles = [0.25, 0.75].map((share) => quantile(sorted(ratios), share).toFixed(3));
    const ofRounds = Array.from({ length: rounds }, (_, i) => median(ratios.slice(i * pairs, (i + 1) * pairs)));
    const range = [Math.min(...ofRounds), Math.max(...ofRounds)].map((value) => value.toFixed(3));
    const fastest = quantile(sorted(b), 0.1) / quantile(sorted(a), 0.1);
    const figures = [median(ratios).toFixed(3), quartiles.join(' to '), range.join(' to '), fastest.toFixed(3)];
    rows.push([name, duration(median(a)), duration(median(b)), ...figures]);
  }
  for (const line of columns(rows)) console.log(line);
}

if (isMainThread) await main(process.argv.slice(2));
else await work(workerData);
