// npm run bench:long: tests whether steps become slower in a long training. A network memorizes its data until its predictions are
// confident, and a third of its ReLU units die early: gradients underflow, and moments decay below the smallest normal number. The exit code is 1 if the
// slowest window of steps takes more than 1.15 of the time of the fastest, twice in a row.
//
// Other load on the machine is factored out: each stretch of the training is followed by one of a twin, the same network with learning rate 0,
// whose numbers do not change. The result of a stretch is its processor time divided by the twin's, that of a window the median of its stretches.
import { parseArgs } from 'node:util';
import { compile, data, setFlushDenormal, setNumThreads, tensor, train } from 'simdnn';
import { normal } from './data.mjs';
import { columns, duration, ratio } from './format.mjs';
import { modelOf, stepOf } from './model.mjs';
import { median, steadiness } from './statistics.mjs';
import { trials } from './trials.mjs';

const help = `npm run bench:long -- [options]

  --steps N      of a training (1000000; an eager one does a fifth of them)
  --modes A,B    of: compiled fit eager
  --limit N      of the slowest window over the fastest (1.15)
  --denormals    counts denormal numbers instead of taking them as zero: how much they cost on this processor
  --help         this text
`;

const WINDOWS = 20;
const BATCHES = 50;
const STRETCH = 5; // epochs
const student = trials.find(({ name }) => name === 'student-relu');
const [width, batch] = [student.layers[0], student.batch];

/** Rows whose class is the largest of their first five features. */
function easyRows() {
  const x = normal(BATCHES * batch * width, 1);
  const y = Int32Array.from({ length: BATCHES * batch }, (_, row) => {
    const five = x.subarray(row * width, row * width + 5);
    return five.indexOf(Math.max(...five));
  });
  return { x, y };
}

/** Makes every third unit of the hidden layers output 0 permanently. */
function kill({ model }) {
  for (const { bias } of [...model].slice(0, -1)) for (let unit = 0; unit < (bias?.numel ?? 0); unit += 3) bias.data[unit] = -1e3;
}

/** The batches of the easy rows. */
function easyBatches({ x, y }) {
  return Array.from({ length: BATCHES }, (_, i) => [
    tensor(x.slice(i * batch * width, (i + 1) * batch * width)).reshape([batch, width]),
    tensor(y.slice(i * batch, (i + 1) * batch)),
  ]);
}

/** A function that continues training for this many epochs and returns the last loss. */
function trainerOf(step) {
  const batches = easyBatches(easyRows());
  return (epochs) => {
    let loss;
    for (let e = 0; e < epochs; e++) for (const [x, y] of batches) loss = step(x, y);
    return loss.item();
  };
}

/** The seconds of processor time, which do not include what other processes take. */
function secondsOf(work) {
  const used = process.cpuUsage();
  work();
  return secondsSince(used);
}

function secondsSince(used) {
  const { user, system } = process.cpuUsage(used);
  return (user + system) / 1e6;
}

/** The seconds of a step of the twin, measured now. */
function twinOf(form) {
  const twin = trainerOf(form(stepOf(modelOf({ ...student, adam: { ...student.adam, lr: 0 } }))));
  twin(40);
  return () => secondsOf(() => twin(STRETCH)) / (STRETCH * BATCHES);
}

/** A loop that calls a step, one stretch at a time: { samples: [{ seconds, ratio }], loss }. */
function loop(form, steps) {
  const parts = modelOf(student);
  const training = trainerOf(form(stepOf(parts)));
  const twin = twinOf(form);
  training(40);
  kill(parts);
  const samples = [];
  let loss;
  for (let done = 0; done < steps; done += STRETCH * BATCHES) {
    const seconds =
      secondsOf(() => {
        loss = training(STRETCH);
      }) /
      (STRETCH * BATCHES);
    samples.push({ seconds, ratio: seconds / twin() });
  }
  return { samples, loss };
}

/** One fit; the twin, a compiled step, runs in onBatch. */
async function fit(steps) {
  const { model, ...options } = modelOf(student);
  const { x, y } = easyRows();
  const dataset = new data.TensorDataset(tensor(x).reshape([y.length, width]), tensor(y));
  const settings = { ...options, loader: new data.DataLoader(dataset, { batchSize: batch }), progress: false };
  const twin = twinOf(compile);
  await train.fit(model, { ...settings, epochs: 40 });
  kill({ model });
  const samples = [];
  let [done, used] = [0, process.cpuUsage()];
  const onBatch = ({ epoch, batch: at }) => {
    const seconds = secondsSince(used) / ((epoch - 1) * BATCHES + at - done);
    if (done > 0) samples.push({ seconds, ratio: seconds / twin() }); // the first segment includes the recording
    [done, used] = [(epoch - 1) * BATCHES + at, process.cpuUsage()];
  };
  const { loss } = await train.fit(model, { ...settings, epochs: Math.ceil(steps / BATCHES), onBatch, progressEvery: 5 });
  return { samples, loss: loss.at(-1) };
}

const eager = (step) => step;
const modes = {
  compiled: (steps) => loop(compile, steps),
  fit,
  eager: (steps) => loop(eager, steps / 5),
};

/** The medians of twenty windows. */
function windowsOf(samples) {
  const size = Math.max(1, Math.floor(samples.length / WINDOWS));
  return Array.from({ length: Math.min(WINDOWS, samples.length) }, (_, w) => {
    const window = samples.slice(w * size, (w + 1) * size);
    return { seconds: median(window.map(({ seconds }) => seconds)), ratio: median(window.map(({ ratio }) => ratio)) };
  });
}

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000000' },
    modes: { type: 'string', default: 'compiled,fit,eager' },
    limit: { type: 'string', default: '1.15' },
    denormals: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(help);
else {
  setNumThreads(1);
  setFlushDenormal(!values.denormals);
  const rows = [['', 'first window', 'last window', 'slowest / fastest', 'last loss']];
  for (const name of values.modes.split(',')) {
    for (let attempt = 0; attempt < 2; attempt++) {
      const { samples, loss } = await modes[name](Number(values.steps));
      const windows = windowsOf(samples);
      const worst = steadiness(windows.map((window) => window.ratio));
      const times = [windows[0], windows.at(-1)].map((window) => duration(window.seconds));
      rows.push([name, ...times, ratio(worst), loss.toExponential(1)]);
      if (worst <= Number(values.limit)) break;
      if (attempt === 1) process.exitCode = 1;
    }
  }
  console.log(columns(rows).join('\n'));
  if (process.exitCode) console.log(`a step gets slower: more than ${values.limit} of the fastest window`);
}
