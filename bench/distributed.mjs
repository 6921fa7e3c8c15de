// node bench/distributed.mjs: a step of train.fit on two ranks of mpirun (Open MPI), compared with one process; one thread each. "half": the batch is divided,
// so the ranks should take half the time; "whole": each rank has as many rows as the single process, and should take the same time. "beside": two single processes at
// once, without a group: what the cores of the machine take from each other by themselves. Then a sum of the gradients alone. All ways take turns; figures are
// medians. A second table compares a DistributedDataParallel in a single process with its module, in fits and in compiled steps, which take turns in one
// process. node bench/distributed.mjs TRIAL SHARE, under mpirun or alone: measures one way and prints JSON; TRIAL alone: the single process.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compile, data, distributed, nn, setNumThreads, train, zeros } from 'simdnn';
import { columns, duration, percent, ratio } from './format.mjs';
import { datasetOf, modelOf, stepOf } from './model.mjs';
import { median, rotated } from './statistics.mjs';
import { trials } from './trials.mjs';

const ranks = 2;
const blocks = 5;
const blockSeconds = 0.3;

async function secondsOf(work) {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

// The time of one call of many, without the overhead of the first: the time of 2 n calls less that of n. Rank 0 doubles n for all ranks until n calls take a
// block. A difference of single measurements would not do: the overhead is as long as twenty epochs, and a negative difference made n huge.
async function secondsOfOne(work) {
  await work(1);
  let n = 1;
  const isShort = zeros([1]);
  do {
    n *= 2;
    isShort.data[0] = Number((await secondsOf(() => work(n))) < blockSeconds);
    distributed.broadcast(isShort);
  } while (isShort.item() === 1);
  const times = [];
  for (let block = 0; block < blocks; block++) {
    const single = await secondsOf(() => work(n));
    times.push(((await secondsOf(() => work(2 * n))) - single) / n);
  }
  return median(times);
}

async function measure(trial, share) {
  setNumThreads(1);
  if (share === 'beside') delete process.env.OMPI_COMM_WORLD_SIZE; // each is the only process of its group
  distributed.initProcessGroup({ timeout: 120 });
  const set = datasetOf(trial);
  const { model, ...parts } = modelOf(trial);
  const sampler = new data.DistributedSampler(set, { seed: 1 });
  const loader = new data.DataLoader(set, { batchSize: share === 'beside' ? trial.batch : trial.batch * share, sampler });
  const parallel = new nn.parallel.DistributedDataParallel(model);
  const epoch = await secondsOfOne((epochs) => train.fit(parallel, { ...parts, loader, epochs, progress: false }));
  const gradients = zeros([model.parameters().reduce((n, p) => n + p.numel, 0)]);
  const sum = await secondsOfOne((calls) => {
    for (let i = 0; i < calls; i++) distributed.allReduce(gradients);
  });
  if (distributed.getRank() === 0) console.log(JSON.stringify({ step: epoch / loader.length, sum }));
  distributed.destroyProcessGroup();
}

// Ways of training in turns, each for as long as a block at a time: the seconds of a step in each round.
async function inTurns(ways) {
  for (const way of ways) {
    await way.steps(1);
    way.count = Math.ceil(blockSeconds / (await secondsOf(() => way.steps(1))));
  }
  const times = ways.map(() => []);
  for (let round = 0; round < 20; round++)
    for (const i of rotated([...ways.keys()], round)) {
      const { steps, count, batches } = ways[i];
      times[i].push((await secondsOf(() => steps(count))) / count / batches);
    }
  return times;
}

async function measureAlone(trial) {
  setNumThreads(1);
  distributed.initProcessGroup();
  const ways = [false, true].flatMap((isParallel) => {
    const make = () => {
      const { model, ...parts } = modelOf(trial);
      return { ...parts, model: isParallel ? new nn.parallel.DistributedDataParallel(model) : model };
    };
    const loader = new data.DataLoader(datasetOf(trial), { batchSize: trial.batch, shuffle: true, seed: 1 });
    const { model, ...parts } = make();
    const step = compile(stepOf(make()));
    const all = [...loader];
    const compiled = (epochs) => {
      for (let epoch = 0; epoch < epochs; epoch++) for (const [x, y] of all) step(x, y);
    };
    const fit = (epochs) => train.fit(model, { ...parts, loader, epochs, progress: false });
    return [fit, compiled].map((steps) => ({ steps, batches: all.length }));
  });
  console.log(JSON.stringify(await inTurns(ways)));
  distributed.destroyProcessGroup();
}

const self = fileURLToPath(import.meta.url);
const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

function run(name, share, launcher) {
  const [command, ...args] = [...launcher, process.execPath, self, name, String(share)];
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ${error?.message ?? ''}${stdout}${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

const mpirun = ['mpirun', '--bind-to', 'none', '--oversubscribe', '-n', String(ranks)];
const ways = { alone: [1, []], half: [1 / ranks, mpirun], whole: [1, mpirun], beside: ['beside', mpirun] };

function compare(name) {
  const found = { alone: [], half: [], whole: [], beside: [] };
  for (let round = 0; round < 3; round++)
    for (const [way, [share, launcher]] of Object.entries(ways)) found[way].push(run(name, share, launcher));
  const [alone, half, whole, beside] = Object.values(found).map((runs) => median(runs.map(({ step }) => step)));
  const sum = median(found.whole.map((one) => one.sum));
  return [
    name,
    duration(alone),
    duration(half),
    ratio(alone / half),
    duration(whole),
    percent(alone / whole),
    duration(beside),
    duration(sum),
  ];
}

function compareAlone(name) {
  const [fit, compiled, fitParallel, compiledParallel] = run(name, 'alone', []);
  const cells = (module, parallel) => [
    duration(median(module)),
    duration(median(parallel)),
    median(parallel.map((time, round) => time / module[round])).toFixed(3),
  ];
  return [name, ...cells(fit, fitParallel), ...cells(compiled, compiledParallel)];
}

const [name, share] = process.argv.slice(2);
if (name !== undefined) {
  const trial = trials.find((trial) => trial.name === name);
  await (share === 'alone' ? measureAlone(trial) : measure(trial, share === 'beside' ? share : Number(share)));
} else {
  const names = ['student', 'tabular', 'mnist-mlp'];
  const head = ['', 'one process', 'half the batch', 'faster', 'whole batch', 'efficiency', 'two at once', 'a sum'];
  console.log(columns([head, ...names.map(compare)]).join('\n'));
  const headAlone = ['', 'fit', 'alone in a group', 'of that', 'compiled', 'alone in a group', 'of that'];
  console.log(columns([headAlone, ...names.map(compareAlone)]).join('\n'));
}
