// What the ranks of test/distributed/rounds.test.ts run: node rounds-programs.mjs NAME [ARGUMENT ...], below mpirun. The built package is used.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

// How often JavaScript has asked for sums, and how many rounds the runs had: the addons are loaded behind this.
const counted = { sums: 0, rounds: [] };
const { dlopen } = process;
process.dlopen = (module, ...rest) => {
  dlopen.call(process, module, ...rest);
  const { sum, runLoops } = module.exports;
  if (sum !== undefined && module.exports.announceStop !== undefined) {
    module.exports.sum = (...given) => {
      counted.sums++;
      return sum(...given);
    };
  }
  if (runLoops !== undefined) {
    module.exports.runLoops = (...given) => {
      counted.rounds.push(given[3]);
      return runLoops(...given);
    };
  }
};
const { data, distributed, manualSeed, metrics, nn, noGrad, optim, rand, setNumThreads, tensor, train } = await import(
  '../../dist/index.mjs'
);

const [name, ...args] = process.argv.slice(2);
setNumThreads(1);
distributed.initProcessGroup({ timeout: 20 });
const [rank, n] = [distributed.getRank(), distributed.getWorldSize()];
const isLast = rank === n - 1;

// In one piece: the lines of two ranks would mingle.
const say = (value) => writeSync(1, `${JSON.stringify({ rank, ...value })}\n`);
const hashOf = (value) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
const valuesOf = (model) => [...model.parameters(), ...model.buffers()].flatMap((t) => [...t.data]);

const rows = 231;
manualSeed(7);
const x = rand([rows, 6]);
// `labelOf` turns the sum of a row into its label.
const setOf = (classes, labelOf = (sum) => Math.floor(sum) % classes) =>
  new data.TensorDataset(x, tensor(Int32Array.from(noGrad(() => x.sum(1)).toArray(), labelOf)));
const batches = (of, options) =>
  new data.DataLoader(of, { batchSize: 24 / n, sampler: new data.DistributedSampler(of, { pad: false, seed: 5, ...options }) });
const held = (set, from, to) => {
  const some = Array.from({ length: to - from }, (_, i) => from + i);
  return batches(new data.Subset(set, some), { shuffle: false });
};

function made({ classes = 5, labelOf } = {}) {
  manualSeed(3 + rank); // dropout draws others on each rank
  const set = setOf(classes, labelOf);
  const layers = [new nn.Linear(6, 12), new nn.BatchNorm1d(12), new nn.Tanh(), new nn.Dropout(0.1), new nn.Linear(12, classes)];
  const model = new nn.parallel.DistributedDataParallel(new nn.Sequential(...layers));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const loader = batches(set);
  const task = { task: 'multiclass', numClasses: classes };
  const figures = () => ({ accuracy: new metrics.Accuracy(task), f1: new metrics.F1Score({ ...task, average: 'macro' }) });
  return { set, model, optimizer, loader, task, figures, criterion: new nn.CrossEntropyLoss() };
}

const { lrScheduler } = optim;
const cosine = ({ optimizer }) => new lrScheduler.CosineAnnealingLR(optimizer, { tMax: 30 });
// Each has a fit's options, for which rounds are done ahead.
const ways = {
  plain: () => ({}),
  metrics: ({ figures, task }) => ({ metrics: { ...figures(), matrix: new metrics.ConfusionMatrix(task) } }),
  logs: ({ log }) => ({ callbacks: [...log, train.learningRateMonitor()] }),
  /** Of one rank alone, and others than the rest has. */
  'log of rank 0': ({ log }) => ({ callbacks: rank === 0 ? log : [] }),
  progress: () => ({ progress: true }),
  validation: ({ set, figures }) => ({
    validation: { near: held(set, 3, 34), far: held(set, 100, 100 + n + 1) },
    metrics: figures(),
    trainMetrics: figures(),
  }),
  schedulers: (given) => ({
    scheduler: [cosine(given), { scheduler: new lrScheduler.StepLR(given.optimizer, { stepSize: 7, gamma: 0.8 }), interval: 'epoch' }],
    callbacks: [...given.log, train.learningRateMonitor()],
    validation: held(given.set, 3, 34),
  }),
  accumulation: ({ figures }) => ({ accumulate: 3, clipGradNorm: 0.5, metrics: figures() }),
  /** One rank is handed its epochs late, and runs of another end in the midst of epochs. */
  'ranks of other speed': ({ figures, log }) => ({ metrics: figures(), callbacks: log, progressEvery: isLast ? 1 : 100 }),
  /** The counts are too many to come with a meeting. */
  'many classes': ({ figures }) => ({ metrics: figures() }),
  /** Some rows have a label that the loss and the metrics leave out. */
  'labels that are left out': ({ task }) => ({
    metrics: { accuracy: new metrics.Accuracy({ ...task, ignoreIndex: -100 }) },
  }),
  /** One rank cannot foresee its rates, and goes epoch by epoch beside the others. */
  'a rate that is asked for': (given) => ({
    scheduler: isLast
      ? new lrScheduler.LambdaLR(given.optimizer, { lrLambda: () => 1 })
      : new lrScheduler.ExponentialLR(given.optimizer, { gamma: 1 }),
    metrics: given.figures(),
  }),
  'rates of single steps': (given) => ({
    scheduler: new lrScheduler.OneCycleLR(given.optimizer, { maxLr: 0.02, totalSteps: 700 }),
    metrics: given.figures(),
  }),
  'the loader of the training for the validation': ({ loader, figures }) => ({ validation: loader, metrics: figures() }),
};
const special = {
  'many classes': { classes: 70 },
  'labels that are left out': { labelOf: (sum) => (sum > 3.6 ? -100 : Math.floor(sum) % 5) },
};

// All that a fit leaves, but for times.
async function leaves(way, folder, more) {
  const file = join(folder, `${rank}.csv`);
  rmSync(file, { force: true });
  const given = made(special[way]);
  const options = ways[way]({ ...given, log: [train.csvLogger(file)] });
  const { callbacks = [], ...others } = options;
  Object.assign(counted, { sums: 0, rounds: [] });
  const { set: _, figures: __, task: ___, model, ...parts } = given;
  const busy = way === 'ranks of other speed' && rank === 0 ? setInterval(() => pause(3), 4) : undefined;
  const result = await train.fit(model, {
    ...{ ...parts, epochs: 70, progress: false, ...others },
    ...(callbacks.length > 0 && { callbacks }),
    ...more,
  });
  clearInterval(busy);
  const { seconds, epochSeconds, rowsPerSecond, ...figures } = result;
  const states = [given.optimizer, given.loader, ...[options.scheduler ?? []].flat().map((one) => one.scheduler ?? one)].map((one) =>
    one.stateDict(),
  );
  const rates = callbacks.find((one) => one.table !== undefined)?.table;
  const lines = callbacks.some((one) => one === callbacks[0] && one.table === undefined) ? readFileSync(file, 'latin1').split('\n') : [];
  const own = [states, epochSeconds.length, rates, lines.map((line) => line.replace(/,[^,]*$/, '')), rand([3]).toArray()];
  return { ...counted, figures: hashOf([figures, valuesOf(model)]), own: hashOf(own), epochs: result.epochs };
}

function pause(milliseconds) {
  for (const begin = performance.now(); performance.now() - begin < milliseconds; );
}

const programs = {
  /** Fits ahead, and the same epoch by epoch, as a callback of the last rank has them all go. */
  async same(folder) {
    for (const way of Object.keys(ways)) {
      const ahead = await leaves(way, folder, {});
      const byEpoch = await leaves(way, folder, isLast ? { onEpoch() {} } : {});
      say({
        way,
        ahead: { ...ahead, most: Math.max(...ahead.rounds), rounds: 0 },
        byEpoch: { ...byEpoch, most: Math.max(...byEpoch.rounds), rounds: 0 },
      });
    }
    distributed.destroyProcessGroup();
  },
  /**
   * A fit that ends early in the midst of rounds, in the way of the second argument after so many milliseconds. The ranks say where they stand, sum a number, go on for three epochs, and then say
   * whether they have what a fit has that nothing has befallen.
   */
  async ends(folder, how, wait, ...more) {
    const gone = join(folder, 'gone');
    const [isFirst, has] = [rank === 0, (what) => more.includes(what)];
    const controller = new AbortController();
    const abort = () => controller.abort(new Error('enough'));
    const ends = {
      one: () => isLast && setTimeout(abort, Number(wait)),
      all: () => setTimeout(abort, Number(wait) + 0.3 * rank),
      log: () => isFirst && setTimeout(() => rmSync(gone, { recursive: true }), Number(wait)),
      signal: () => process.on('SIGTERM', abort).on('SIGINT', abort),
    };
    const make = () => {
      const { set, figures, task: _, ...given } = made();
      const validation = has('validated') ? { validation: held(set, 3, 34) } : {};
      return { ...given, ...(has('scheduled') && { scheduler: cosine(given) }), metrics: figures(), ...validation, progress: false };
    };
    const given = make();
    const { model, ...options } = given;
    if (isFirst) mkdirSync(gone, { recursive: true });
    const callbacks = how === 'log' && isFirst ? [train.csvLogger(join(gone, 'log.csv'))] : [];
    let error = null;
    ends[how]();
    say({ pid: process.pid });
    try {
      await train.fit(model, { ...options, callbacks, epochs: 1e6, signal: controller.signal });
    } catch (thrown) {
      error = thrown.message;
    }
    const { loader, scheduler, optimizer } = given;
    const { epoch, batch, random } = loader.stateDict();
    const epochs = random === null ? epoch : epoch - 1; // one that has begun without a step is as good as none
    const step = Object.values(optimizer.stateDict().state)[0]?.step.item(); // none where they have ended before the first step
    say({ error, stands: [epochs, batch, scheduler?.lastEpoch ?? null, step, hashOf(valuesOf(model))].join() });
    if (how === 'signal') return distributed.destroyProcessGroup();
    const sum = tensor([1]);
    distributed.allReduce(sum);
    loader.loadStateDict(loader.stateDict());
    await train.fit(model, { ...options, epochs: epochs + 3, initialEpoch: epochs });
    const whole = make();
    const { model: other, ...others } = whole;
    await train.fit(other, { ...others, epochs: epochs + 3 });
    const [found, expected] = [given, whole].map((one) => hashOf([valuesOf(one.model), one.scheduler?.lastEpoch, one.loader.stateDict()]));
    say({ sum: sum.item(), isSame: found === expected });
    distributed.destroyProcessGroup();
  },
};

await programs[name](...args);
