// npm run bench:fit: the overhead of an epoch of train.fit, including shuffling and the loader, over the replays of its steps alone, which are calls of the
// compiled step on batches in memory. One thread; blocks of both take turns; figures are medians. The fixed cost of a fit (recording, copying rows, and copying
// parameters there and back) is separated by fits of n and of 2 n epochs.
// Then the same for a fit with a metric and a log, against the plain step, and for one with more options (a scheduler that is stepped after each step, clipping,
// averages of the weights, metrics of the training rows, and logs), against a step with the first three; and for one with a validation and what is decided after an
// epoch (a scheduler, early stopping, a callback), against the plain step and the replays of its validation.
// Then the cost of shapes: an epoch of 400 batches of a user's loader with various numbers of shapes, each of which is recorded once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, data, metrics, noGrad, optim, setNumThreads, tensor, train } from 'simdnn';
import { labels, normal } from './data.mjs';
import { columns, duration, percent } from './format.mjs';
import { datasetOf, everythingOf, modelOf, stepOf } from './model.mjs';
import { median } from './statistics.mjs';
import { trials } from './trials.mjs';

const blocks = 31;
const blockSeconds = 0.15; // so short that what else happens on the machine meets the replays and the fits of a block alike

async function seconds(work) {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

/** For a trial, the compiled step over batches and the fit, as functions of a number of epochs. */
function plain(trial, loader, batches, more = {}) {
  const step = compile(stepOf(modelOf(trial)));
  const { model, ...parts } = modelOf(trial);
  const options = { ...parts, ...more, ...(more.scheduler && { scheduler: more.scheduler(parts.optimizer) }) };
  return {
    replay(epochs) {
      for (let e = 0; e < epochs; e++) for (const [x, y] of batches) step(x, y);
    },
    fit: (epochs) => train.fit(model, { ...options, loader, epochs, progress: false }),
  };
}

/** The same with what most fits have: a metric and a log. */
function watched(trial, loader, batches) {
  const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: trial.layers.at(-1) });
  return plain(trial, loader, batches, { metrics: { accuracy }, callbacks: [train.csvLogger(join(folder, 'log.csv'))] });
}

/** The same with a callback of one's own after each epoch. */
const told = (trial, loader, batches) => plain(trial, loader, batches, { onEpoch() {} });

/** The same with a validation, and with what is decided after an epoch. */
function decided(trial, loader, batches) {
  const validation = new data.DataLoader(
    new data.Subset(
      loader.dataset,
      Array.from({ length: 8 * trial.batch }, (_, i) => i),
    ),
    {
      batchSize: trial.batch,
    },
  );
  const { model, ...parts } = modelOf(trial);
  const { replay, fit } = plain(trial, loader, batches, {
    validation,
    earlyStopping: { patience: 1e9, restoreBest: true },
    callbacks: [train.csvLogger(join(folder, 'log.csv'))],
    scheduler: (optimizer) => new optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: 1e9 }),
  });
  const evaluate = compile((x, y) => noGrad(() => parts.criterion.forward(model.forward(x), y)));
  const held = [...validation];
  return {
    replay(epochs) {
      for (let e = 0; e < epochs; e++) {
        replay(1);
        for (const [x, y] of held) evaluate(x, y);
      }
    },
    fit,
  };
}

/** The same with all options. */
function everything(trial, loader, batches) {
  const steps = 1e9;
  const { scheduler, ...parts } = everythingOf(trial, steps, folder);
  const step = compile(stepOf(parts));
  const { model, options } = everythingOf(trial, steps, folder);
  return {
    replay(epochs) {
      for (let e = 0; e < epochs; e++) {
        for (const [x, y] of batches) {
          step(x, y);
          scheduler.step();
        }
      }
    },
    fit: (epochs) => train.fit(model, { ...options, loader, epochs, progress: false }),
  };
}

/** The seconds of a step of both, block by block, and the fixed cost of a fit. */
async function measure(trial, way) {
  const loader = new data.DataLoader(datasetOf(trial), { batchSize: trial.batch, shuffle: true });
  const batches = [...loader];
  const { replay, fit } = way(trial, loader, batches);
  replay(2);
  await fit(2);
  const n = Math.ceil((5 * blockSeconds) / (await seconds(() => replay(5))));
  const times = { replay: [], fit: [], once: [] };
  for (let block = 0; block < blocks; block++) {
    const [single, double] = [await seconds(() => fit(n)), await seconds(() => fit(2 * n))];
    times.replay.push((await seconds(() => replay(n))) / (n * batches.length));
    times.fit.push((double - single) / (n * batches.length));
    times.once.push(2 * single - double);
  }
  return times;
}

/** The milliseconds of a fit over 400 batches of at most 200 rows, in this number of sizes with the same mean. */
async function shapes(count) {
  const trial = trials.find(({ name }) => name === 'student-relu');
  const width = trial.layers[0];
  const batches = Array.from({ length: 400 }, (_, i) => {
    const rows = Math.round((((i % count) + 0.5) * 200) / count + 0.5);
    return [tensor(normal(rows * width, i)).reshape([rows, width]), tensor(labels(rows, trial.layers.at(-1), i))];
  });
  const loader = { [Symbol.iterator]: () => batches[Symbol.iterator]() };
  const times = [];
  for (let round = 0; round < 5; round++) {
    const { model, ...options } = modelOf(trial);
    times.push(1000 * (await seconds(() => train.fit(model, { ...options, loader, epochs: 1, progress: false }))));
  }
  return median(times);
}

setNumThreads(1);
const rows = [['', 'replay', 'step of train.fit', 'overhead', 'quartiles', 'once']];
const folder = mkdtempSync(join(tmpdir(), 'simdnn-bench-'));
for (const name of ['student-relu', 'tabular', 'mnist-mlp']) {
  for (const [way, label] of [
    [plain, name],
    [watched, `${name}, a metric and a log`],
    [told, `${name}, a callback`],
    [decided, `${name}, a validation, a scheduler and early stopping`],
    [everything, `${name}, with everything`],
  ]) {
    const { replay, fit, once } = await measure(
      trials.find((trial) => trial.name === name),
      way,
    );
    const overheads = fit.map((time, block) => time / replay[block] - 1).sort((a, b) => a - b);
    const [lower, overhead, upper] = [1, 2, 3].map((quarter) => percent(overheads[Math.floor((quarter * blocks) / 4)]));
    rows.push([label, duration(median(replay)), duration(median(fit)), overhead, `${lower} to ${upper}`, duration(median(once))]);
  }
}
rmSync(folder, { recursive: true });
console.log(columns(rows).join('\n'));

process.removeAllListeners('warning'); // removes the warning that many shapes are slow, which is what is measured here
const counts = [1, 20, 50, 200];
const milliseconds = [];
for (const count of counts) milliseconds.push(await shapes(count));
const more = (i) => (i ? ((milliseconds[i] - milliseconds[i - 1]) / (counts[i] - counts[i - 1])).toFixed(2) : '');
console.log(
  `\n${columns([['shapes of 400 batches', 'ms', 'ms for each more'], ...counts.map((count, i) => [`${count}`, milliseconds[i].toFixed(1), more(i)])]).join('\n')}`,
);
