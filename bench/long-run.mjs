// npm run bench:long: whether a step gets slower in a long training. A network learns what can be learnt by heart until its predictions are
// confident, a third of its ReLU units die early on: gradients underflow, and moments decay below the smallest normal number. Ends with 1 when the
// slowest window of steps takes more than 1.15 of the fastest, twice in a row.
//
// What the machine does meanwhile is taken out: after each stretch of the training comes one of a twin, the same network at a learning rate of 0,
// whose numbers stay as they are. A stretch counts as its processor time over the twin's, a window as the median of its stretches.
import { parseArgs } from 'node:util';
import { compile, data, setFlushDenormal, setNumThreads, tensor, train } from 'simdnn';
import { normal } from './data.mjs';
import { columns, duration, ratio } from './format.mjs';
import { modelOf, stepOf } from './model.mjs';
import { median, steadiness } from './statistics.mjs';
import { trials } from './trials.mjs';

const help = `npm run bench:long -- [options]

  --steps N      of a training (1000000; eager: a tenth of it)
  --modes A,B    of: compiled fit eager
  --limit N      of the slowest window over the fastest (1.15)
  --denormals    counts denormal numbers instead of taking them as zero: how much they cost on this processor
  --help         this text
`;

const WINDOWS = 20;
const BATCHES = 50;
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

/** Every third unit of the hidden layers never answers again. */
function kill({ model }) {
  for (const { bias } of [...model].slice(0, -1)) for (let unit = 0; unit < (bias?.numel ?? 0); unit += 3) bias.data[unit] = -1e3;
}

/** Each makes of a network a function that trains it for so many epochs and returns the last loss; `epochs` make a stretch. */
const modes = {
  compiled: { epochs: 5, steps: 1, trainer: (parts) => trainer(compile(stepOf(parts))) },
  eager: { epochs: 5, steps: 0.1, trainer: (parts) => trainer(stepOf(parts)) },
  fit: {
    epochs: 40, // it takes some milliseconds to begin
    steps: 1,
    trainer({ model, ...options }) {
      const { x, y } = easyRows();
      const loader = new data.DataLoader(new data.TensorDataset(tensor(x).reshape([y.length, width]), tensor(y)), { batchSize: batch });
      return async (epochs) => (await train.fit(model, { ...options, loader, epochs, progress: false })).loss.at(-1);
    },
  },
};

function trainer(step) {
  const { x, y } = easyRows();
  const batches = Array.from({ length: BATCHES }, (_, i) => [
    tensor(x.slice(i * batch * width, (i + 1) * batch * width)).reshape([batch, width]),
    tensor(y.slice(i * batch, (i + 1) * batch)),
  ]);
  return (epochs) => {
    let loss;
    for (let e = 0; e < epochs; e++) for (const [x, y] of batches) loss = step(x, y);
    return loss.item();
  };
}

/** Seconds of the processor: what others take from it in the meantime does not count. */
async function secondsOf(work) {
  const used = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(used);
  return (user + system) / 1e6;
}

/** Windows of a long training: the median of a stretch over the twin's, and seconds of a step. */
async function measure({ epochs, steps: share, trainer: of }, steps) {
  const stretches = Math.max(1, Math.round((steps * share) / (WINDOWS * epochs * BATCHES)));
  const parts = modelOf(student);
  const [training, twin] = [of(parts), of(modelOf({ ...student, adam: { ...student.adam, lr: 0 } }))];
  await training(2 * epochs);
  await twin(2 * epochs);
  kill(parts);
  const windows = [];
  let loss;
  for (let w = 0; w < WINDOWS; w++) {
    const [ratios, seconds] = [[], []];
    for (let s = 0; s < stretches; s++) {
      const time = await secondsOf(async () => {
        loss = await training(epochs);
      });
      ratios.push(time / (await secondsOf(() => twin(epochs))));
      seconds.push(time / (epochs * BATCHES));
    }
    windows.push({ ratio: median(ratios), seconds: median(seconds) });
  }
  return { windows, loss, steps: WINDOWS * stretches * epochs * BATCHES };
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
  const rows = [['', 'steps', 'first window', 'last window', 'slowest / fastest', 'last loss']];
  for (const name of values.modes.split(',')) {
    for (let attempt = 0; attempt < 2; attempt++) {
      const { windows, loss, steps } = await measure(modes[name], Number(values.steps));
      const worst = steadiness(windows.map((window) => window.ratio));
      const times = [windows[0], windows.at(-1)].map((window) => duration(window.seconds));
      rows.push([name, steps.toLocaleString('en'), ...times, ratio(worst), loss.toExponential(1)]);
      if (worst <= Number(values.limit)) break;
      if (attempt === 1) process.exitCode = 1;
    }
  }
  console.log(columns(rows).join('\n'));
  if (process.exitCode) console.log(`a step gets slower: more than ${values.limit} of the fastest window`);
}
