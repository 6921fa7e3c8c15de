// node bench/distributed.mjs: a step of train.fit on two ranks of mpirun (Open MPI), compared with one process; one thread each. "half": the batch is divided,
// so the ranks should take half the time; "whole": each rank has as many rows as the single process, and should take the same time. Then a sum of the gradients
// alone. All ways take turns; figures are medians. node bench/distributed.mjs TRIAL SHARE, under mpirun or alone: measures one way and prints JSON.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { data, distributed, nn, setNumThreads, train, zeros } from 'simdnn';
import { columns, duration, percent, ratio } from './format.mjs';
import { datasetOf, modelOf } from './model.mjs';
import { median } from './statistics.mjs';
import { trials } from './trials.mjs';

const ranks = 2;
const blocks = 5;
const blockSeconds = 0.3;

async function secondsOf(work) {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

// The time of one call of many, without the overhead of the first: the time of 2 n calls less that of n. Rank 0 determines n for all ranks, so that n calls
// take about a block.
async function secondsOfOne(work) {
  await work(1);
  const once = await secondsOf(() => work(1));
  const each = Math.max(1e-7, ((await secondsOf(() => work(21))) - once) / 20);
  const calls = zeros([1]);
  calls.data[0] = Math.max(1, Math.min(1e5, Math.ceil(blockSeconds / each)));
  distributed.broadcast(calls);
  const n = calls.item();
  const times = [];
  for (let block = 0; block < blocks; block++) {
    const single = await secondsOf(() => work(n));
    times.push(((await secondsOf(() => work(2 * n))) - single) / n);
  }
  return median(times);
}

async function measure(trial, share) {
  setNumThreads(1);
  distributed.initProcessGroup({ timeout: 120 });
  const set = datasetOf(trial);
  const { model, ...parts } = modelOf(trial);
  const sampler = new data.DistributedSampler(set, { seed: 1 });
  const loader = new data.DataLoader(set, { batchSize: trial.batch * share, sampler });
  const parallel = new nn.parallel.DistributedDataParallel(model);
  const epoch = await secondsOfOne((epochs) => train.fit(parallel, { ...parts, loader, epochs, progress: false }));
  const gradients = zeros([model.parameters().reduce((n, p) => n + p.numel, 0)]);
  const sum = await secondsOfOne((calls) => {
    for (let i = 0; i < calls; i++) distributed.allReduce(gradients);
  });
  if (distributed.getRank() === 0) console.log(JSON.stringify({ step: epoch / loader.length, sum }));
  distributed.destroyProcessGroup();
}

const self = fileURLToPath(import.meta.url);
const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

function run(name, share, launcher) {
  const [command, ...args] = [...launcher, process.execPath, self, name, String(share)];
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ${error?.message ?? ''}${stdout}${stderr}`);
  return JSON.parse(stdout);
}

const mpirun = ['mpirun', '--bind-to', 'none', '--oversubscribe', '-n', String(ranks)];
const ways = { alone: [1, []], half: [1 / ranks, mpirun], whole: [1, mpirun] };

function compare(name) {
  const found = { alone: [], half: [], whole: [] };
  for (let round = 0; round < 3; round++)
    for (const [way, [share, launcher]] of Object.entries(ways)) found[way].push(run(name, share, launcher));
  const [alone, half, whole] = Object.values(found).map((runs) => median(runs.map(({ step }) => step)));
  const sum = median(found.whole.map((one) => one.sum));
  return [name, duration(alone), duration(half), ratio(alone / half), duration(whole), percent(alone / whole), duration(sum)];
}

const [name, share] = process.argv.slice(2);
if (name !== undefined) {
  await measure(
    trials.find((trial) => trial.name === name),
    Number(share),
  );
} else {
  const head = ['', 'one process', 'half the batch', 'faster', 'whole batch', 'efficiency', 'a sum'];
  console.log(columns([head, ...['student', 'tabular', 'mnist-mlp'].map(compare)]).join('\n'));
}
