// node bench/scheduler.mjs: a step of a fit without a scheduler, of one with a scheduler that is stepped after each step, and of the compiled step in a loop
// that steps the scheduler. The lecture's network with ReLU, one thread, in turns; medians of whole fits, including recording.
import { compile, data, optim, setNumThreads, train } from 'simdnn';
import { columns, duration } from './format.mjs';
import { datasetOf, modelOf, stepOf } from './model.mjs';
import { median } from './statistics.mjs';
import { trials } from './trials.mjs';

setNumThreads(1);
const trial = trials.find(({ name }) => name === 'student-relu');
const loader = new data.DataLoader(datasetOf(trial), { batchSize: trial.batch, shuffle: true });
const epochs = 100;
const steps = epochs * loader.length;

const scheduled = () => {
  const made = modelOf(trial);
  return { ...made, scheduler: new optim.lrScheduler.OneCycleLR(made.optimizer, { maxLr: 10 * trial.adam.lr, totalSteps: steps }) };
};
const ways = {
  async 'train.fit'() {
    const { model, ...options } = modelOf(trial);
    await train.fit(model, { ...options, loader, epochs, progress: false });
  },
  async 'train.fit, OneCycleLR'() {
    const { model, ...options } = scheduled();
    await train.fit(model, { ...options, loader, epochs, progress: false });
  },
  async 'compiled loop, OneCycleLR'() {
    const { scheduler, ...parts } = scheduled();
    const step = compile(stepOf(parts));
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const [x, y] of loader) {
        step(x, y);
        if (scheduler.lastEpoch + 1 < steps) scheduler.step();
      }
    }
  },
};

const times = Object.keys(ways).map(() => []);
for (let round = 0; round < 8; round++) {
  for (const [i, way] of Object.values(ways).entries()) {
    const begin = performance.now();
    await way();
    if (round > 0) times[i].push((performance.now() - begin) / 1000 / steps); // the first round warms up
  }
}
console.log(columns([['', 'a step'], ...Object.keys(ways).map((name, i) => [name, duration(median(times[i]))])]).join('\n'));
