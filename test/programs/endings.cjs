// Eight workers train at once and are terminated at random moments; processes exit while their workers train; a hundred rounds each.
// Nothing may crash, and nothing may take long. Prints `N passed, N failed`.
// Usage: node --no-concurrent-recompilation endings.cjs [ROUNDS [SEED]]. Without that flag Node 20 itself aborts once in some hundred times, when
// its optimizing compiler still works for a thread that ends (an assertion in node::NodePlatform::ForIsolate).
const { spawn } = require('node:child_process');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');

const rounds = Number(process.argv[2] ?? 100);
const workersAtOnce = 8;
const patience = 60_000; // a round takes a fraction of a second on an idle machine, a few under sanitizers on a busy one

const seed = Number(process.argv[3] ?? 1);
let state = seed;
const below = (n) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Resolves like the promise; rejects when that takes too long.
function soon(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${patience / 1000} s`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A worker that is ended `delay` ms after its start (it loads, or trains already) or after its first step.
async function startAndTerminate(number, delay, whenTraining) {
  const workerData = { seed: number, threads: 1 + (number % 4) };
  const worker = new Worker(join(__dirname, 'train-forever.cjs'), { workerData });
  const failed = new Promise((_, reject) => worker.once('error', reject));
  if (whenTraining) await Promise.race([failed, new Promise((resolve) => worker.once('message', resolve))]);
  await Promise.race([failed, pause(delay)]);
  await worker.terminate();
}

async function terminations() {
  let trained = 0;
  for (let round = 0; round < rounds; round++) {
    const workers = Array.from({ length: workersAtOnce }, (_, i) => {
      const whenTraining = below(2) === 0;
      trained += whenTraining;
      return startAndTerminate(round * workersAtOnce + i, below(whenTraining ? 15 : 150), whenTraining);
    });
    await soon(`round ${round} of terminations`, Promise.all(workers));
  }
  return `${rounds * workersAtOnce} workers terminated, ${trained} of them after their first step`;
}

function exitOnce(round) {
  const child = spawn(process.execPath, [...process.execArgv, join(__dirname, 'exit-while-training.cjs'), String(seed + round)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0 && output === '') resolve();
      else reject(new Error(`process ${round} ended with ${signal ?? `status ${status}`}\n${output}`));
    });
  });
  return soon(`process ${round}`, ended).finally(() => child.kill('SIGKILL'));
}

async function exits() {
  for (let round = 0; round < rounds; round += 2) await Promise.all([exitOnce(round), exitOnce(round + 1)]);
  return `${rounds} processes exited while their workers trained`;
}

async function main() {
  let failures = 0;
  for (const part of [terminations, exits]) {
    const start = performance.now();
    try {
      console.log(`${await part()}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
    } catch (error) {
      failures++;
      console.log(`${part.name}: ${error.stack}`);
    }
  }
  console.log(`${2 - failures} passed, ${failures} failed`);
  process.exit(failures > 0 ? 1 : 0);
}

main();
