// What the ranks of a test run: node programs.mjs NAME [ARGUMENT ...], alone or below mpirun. The built package is used.
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import {
  compile,
  data,
  distributed,
  manualSeed,
  metrics,
  nn,
  noGrad,
  optim,
  rand,
  setNumThreads,
  tensor,
  train,
  zeros,
} from '../../dist/index.mjs';

const [name, ...args] = process.argv.slice(2);
setNumThreads(1);

// In one piece: the lines of two ranks would mingle.
const say = (value) => writeSync(1, `${JSON.stringify({ rank: distributed.getRank(), ...value })}\n`);

const rows = 240;
function samples() {
  manualSeed(7);
  const x = rand([rows, 6]);
  return new data.TensorDataset(
    x,
    noGrad(() => x.sum(1, { keepdim: true }).sin()),
  );
}
function net(seed, out = 1) {
  manualSeed(seed);
  return new nn.Sequential(new nn.Linear(6, 16), new nn.Tanh(), new nn.Linear(16, out));
}
const valuesOf = (model) => model.parameters().flatMap((p) => [...p.data]);
const bitsOf = (values) => Buffer.from(Float32Array.from(values).buffer).toString('base64');

// Each rank begins with another model: rank 0's counts.
function parts(global = 24, timeout = 20, bucketCapMb = Infinity) {
  distributed.initProcessGroup({ timeout });
  const set = samples();
  const model = new nn.parallel.DistributedDataParallel(net(1 + distributed.getRank()), { bucketCapMb });
  const sampler = new data.DistributedSampler(set, { seed: 5 });
  const loader = new data.DataLoader(set, { batchSize: global / distributed.getWorldSize(), sampler });
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  return { set, model, loader, optimizer, criterion: new nn.MSELoss() };
}

function leave(model, more = {}) {
  say({ bits: bitsOf(valuesOf(model)), ...more });
  distributed.destroyProcessGroup();
}

const step =
  ({ model, optimizer, criterion }) =>
  (x, y) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    nn.utils.clipGradNorm_(model.parameters(), 1);
    optimizer.step();
    return loss;
  };

// No count and no sum says it: the largest number that was predicted.
class Largest extends metrics.Metric {
  largest = -Infinity;
  update(preds) {
    this.largest = Math.max(this.largest, preds.max().item());
  }
  compute() {
    return tensor(this.largest);
  }
  reset() {
    this.largest = -Infinity;
  }
}

// Of rank 0 what one process is told; another on each other rank.
class Drawn extends Largest {
  compute() {
    return tensor(0.5 + distributed.getRank());
  }
}

// Of a model that does not change, in a fit: over the rows of an epoch, and of a validation set that ranks divide unevenly.
async function figuresOf(out, criterion, targetOf, make) {
  const [x] = samples().tensors;
  const set = new data.TensorDataset(
    x,
    noGrad(() => targetOf(x)),
  );
  const rank = distributed.getRank();
  const n = distributed.getWorldSize();
  const model = new nn.parallel.DistributedDataParallel(net(3, out));
  const some = Array.from({ length: 31 }, (_, i) => i);
  const result = await train.fit(model, {
    loader: new data.DataLoader(set, { batchSize: 24 / n, sampler: new data.DistributedSampler(set, { seed: 5 }) }),
    optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
    validation: new data.DataLoader(new data.Subset(set, some), {
      batchSize: 8,
      sampler: new data.DistributedSampler(31, { shuffle: false, pad: false, numReplicas: n, rank }),
    }),
    ...{ criterion, metrics: make(), trainMetrics: make(), epochs: 2, progress: false },
  });
  return [result.metrics, result.arrays, result.trainMetrics, result.trainArrays, { loss: result.validationLoss }];
}

const programs = {
  /** The way of training is the argument: loop, compiled, fit; then the number of epochs, and the megabytes of a sum. */
  async train(way, epochs = '1', megabytes = 'Infinity') {
    const all = parts(24, 20, Number(megabytes));
    const { model, loader, optimizer, criterion } = all;
    if (way === 'fit') {
      const { loss } = await train.fit(model, { loader, optimizer, criterion, epochs: Number(epochs), clipGradNorm: 1, progress: false });
      return leave(model, { loss });
    }
    const run = way === 'compiled' ? compile(step(all)) : step(all);
    for (let epoch = 0; epoch < Number(epochs); epoch++) for (const [x, y] of loader) run(x, y);
    return leave(model);
  },
  /** Two micro-batches a step: by noSync, or by fit's accumulate. */
  async accumulate(way, megabytes = 'Infinity') {
    const { model, loader, optimizer, criterion } = parts(12, 20, Number(megabytes));
    if (way === 'fit') await train.fit(model, { loader, optimizer, criterion, epochs: 1, accumulate: 2, progress: false });
    else {
      let batch = 0;
      for (const [x, y] of loader) {
        if (batch % 2 === 0) optimizer.zeroGrad();
        const backward = () => criterion.forward(model.forward(x), y).div(2).backward();
        if (batch++ % 2 === 0) model.noSync(backward);
        else {
          backward();
          optimizer.step();
        }
      }
    }
    leave(model);
  },
  /** The calls of a compiled step whose gradients are summed in parts. */
  overlap() {
    distributed.initProcessGroup({ timeout: 20 });
    const layers = [new nn.Linear(6, 70), new nn.Linear(70, 80), new nn.Linear(80, 70)];
    const model = new nn.parallel.DistributedDataParallel(new nn.Sequential(...layers), { bucketCapMb: 1e-3 });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const run = compile((x) => {
      optimizer.zeroGrad();
      model.forward(x).sum().backward();
      nn.utils.clipGradNorm_(model.parameters(), 1);
      optimizer.step();
    });
    for (let i = 0; i < 2; i++) run(zeros([70, 6]));
    const { calls } = run.profile(1);
    say({ calls: calls.map(({ kernel, numbers }) => (kernel === 'allReduce' ? (/begin|end/.exec(numbers)?.[0] ?? 'whole') : kernel)) });
    distributed.destroyProcessGroup();
  },
  /** Rank r has 2 + r rows of one batch. SGD: Adam's first step would hide a wrong weight, a common factor of all gradients. */
  uneven() {
    const { model, criterion, set } = parts();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const [x, y] = set.tensors;
    const n = distributed.getWorldSize();
    const begin = (r) => 2 * r + (r * (r - 1)) / 2;
    const [from, to] = n === 1 ? [0, 5] : [begin(distributed.getRank()), begin(distributed.getRank() + 1)];
    optimizer.zeroGrad();
    criterion.forward(model.forward(x.narrow(0, from, to - from)), y.narrow(0, from, to - from)).backward();
    optimizer.step();
    leave(model);
  },
  /** Validation sets of different lengths, a scheduler and early stopping on the loss over all. */
  async decide() {
    const { model, loader, optimizer, criterion, set } = parts();
    const validation = new data.DataLoader(
      new data.Subset(
        set,
        Array.from({ length: 31 }, (_, i) => i),
      ),
      {
        batchSize: 8,
        sampler: new data.DistributedSampler(31, { shuffle: false, pad: false }),
      },
    );
    const rank = distributed.getRank();
    const result = await train.fit(model, {
      ...{ loader, optimizer, criterion, validation, epochs: 50, progress: false },
      scheduler: new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0 }),
      ...(rank === 1 && { onEpoch: ({ epoch, stop }) => epoch === 6 && stop() }),
    });
    leave(model, { epochs: result.epochs, validationLoss: result.validationLoss, lr: result.lr });
  },
  /**
   * Fits of which nothing needs figures before the end, and the same with a callback of the last rank: their results, and how often JavaScript has asked for sums.
   * The ranks have 116 and 115 rows of 231.
   */
  async agree() {
    let sums = 0;
    const { dlopen } = process;
    process.dlopen = (module, ...rest) => {
      dlopen.call(process, module, ...rest);
      const { sum } = module.exports;
      module.exports.sum = (...given) => {
        sums++;
        sum(...given);
      };
    };
    distributed.initProcessGroup({ timeout: 20 });
    const n = distributed.getWorldSize();
    const set = samples();
    const some = (from, to) =>
      new data.Subset(
        set,
        Array.from({ length: to - from }, (_, i) => from + i),
      );
    const rows = (of, options) =>
      new data.DataLoader(of, { batchSize: 24 / n, sampler: new data.DistributedSampler(of, { pad: false, seed: 5, ...options }) });
    const held = (from, to) => rows(some(from, to), { shuffle: false });
    const options = {
      plain: () => ({}),
      rates: (optimizer) => ({ scheduler: new optim.lrScheduler.StepLR(optimizer, { stepSize: 2 }) }),
      validated: () => ({ validation: held(3, 34) }),
      both: () => ({ validation: { 2: held(3, 34), 1: held(100, 107) } }),
      accumulated: () => ({ accumulate: 3 }),
      own: (_, loader) => ({ loader: { [Symbol.iterator]: () => loader[Symbol.iterator]() } }),
    };
    const isLast = distributed.getRank() === n - 1;
    const found = {};
    for (const [name, make] of Object.entries(options)) {
      found[name] = [];
      for (const callback of [{}, isLast ? { onEpoch() {} } : {}]) {
        const model = new nn.parallel.DistributedDataParallel(net(3));
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        const loader = rows(some(0, 231));
        sums = 0;
        const result = await train.fit(model, {
          ...{ loader, optimizer, criterion: new nn.MSELoss(), epochs: 5, progress: false },
          ...make(optimizer, loader),
          ...callback,
        });
        const { loss, validationLoss, validation, bestEpoch, lr } = result;
        const all = JSON.stringify([loss, validationLoss, validation, bestEpoch, lr, valuesOf(model)]);
        found[name].push({ all: createHash('sha256').update(all).digest('hex'), sums }); // short, as below
      }
      say({ name, found: found[name] });
    }
    distributed.destroyProcessGroup();
  },
  /** Figures of each kind of metric: counts, sums, whole curves, functions, metrics of one's own. */
  async metrics() {
    distributed.initProcessGroup({ timeout: 20 });
    const task = { task: 'multiclass', numClasses: 3 };
    const classes = (x) => x.sum(1).sub(2.5).clamp({ min: 0, max: 2 }).floor().to('int32');
    const counts = () => ({ f1: new metrics.F1Score({ ...task, average: 'macro' }), matrix: new metrics.ConfusionMatrix(task) });
    const mixed = () => ({
      ...counts(),
      samples: new metrics.AUROC(task),
      steps: new metrics.AUROC({ ...task, thresholds: 20 }),
      mean: (preds) => preds.mean(),
      largest: new Largest(),
      drawn: distributed.getWorldSize() === 1 ? () => 0.5 : new Drawn(),
    });
    const errors = () => ({ mae: new metrics.MeanAbsoluteError(), r2: new metrics.R2Score(), largest: new Largest() });
    const figures = [
      await figuresOf(3, new nn.CrossEntropyLoss(), classes, counts),
      await figuresOf(3, new nn.CrossEntropyLoss(), classes, mixed),
      await figuresOf(1, new nn.MSELoss(), (x) => x.sum(1, { keepdim: true }).sin(), errors),
    ];
    const numbersOf = (figure) => (typeof figure === 'number' ? [Number(figure.toPrecision(8))] : Object.values(figure).flatMap(numbersOf));
    say({ figures: numbersOf(figures) }); // short: a line of 2 KB comes through a terminal in parts
    distributed.destroyProcessGroup();
  },
  /** A metric of one's own that refuses a prediction of rank 1. */
  async refuses() {
    const { model, loader, optimizer, criterion } = parts();
    const rank = distributed.getRank();
    class Refusing extends Largest {
      update(preds) {
        super.update(preds);
        if (++this.batches === 15) throw new RangeError(`no at position ${preds.numel}`);
      }
      batches = 0;
    }
    try {
      await train.fit(model, { loader, optimizer, criterion, metrics: { own: new Refusing() }, epochs: 3, progress: false });
    } catch (error) {
      say({ rank, error: error.message });
    }
    distributed.destroyProcessGroup();
  },
  collectives() {
    distributed.initProcessGroup({ timeout: 20 });
    const rank = distributed.getRank();
    const [sum, mean, sent, whole] = [tensor([rank + 1, 2]), tensor([rank, 4]), tensor([rank + 5]), tensor([rank + 3], { dtype: 'int32' })];
    distributed.allReduce(sum);
    distributed.allReduce(mean, { op: 'mean' });
    distributed.broadcast(sent, { src: distributed.getWorldSize() - 1 });
    distributed.broadcast(whole);
    distributed.barrier();
    say({ sum: sum.toArray(), mean: mean.toArray(), sent: sent.toArray(), whole: whole.toArray() });
    distributed.destroyProcessGroup();
  },
  /** Sums of these lengths: whether each is that of all ranks. Some come with the ranks' meeting, others after it. */
  lengths(...lengths) {
    distributed.initProcessGroup({ timeout: 20 });
    const [rank, n] = [distributed.getRank(), distributed.getWorldSize()];
    const right = lengths.map(Number).map((length) => {
      const x = tensor(Array.from({ length }, (_, i) => (rank + 1) * (i % 97)));
      distributed.allReduce(x);
      return x.numel === length && x.data.every((value, i) => value === ((n * (n + 1)) / 2) * (i % 97));
    });
    say({ right });
    distributed.destroyProcessGroup();
  },
  /** The last rank makes other calls than the others: each is refused, and they go on together. */
  disagree() {
    distributed.initProcessGroup({ timeout: 20 });
    const sum = (length) => () => distributed.allReduce(zeros([length]));
    const calls = [
      [sum(5), sum(9000)],
      [sum(9000), sum(5)],
      [sum(4), sum(5)],
      [sum(300), distributed.barrier],
      [distributed.barrier, sum(9000)],
      [() => distributed.broadcast(zeros([3])), sum(3)],
    ];
    const isLast = distributed.getRank() === distributed.getWorldSize() - 1;
    const errors = calls.map(([others, last]) => {
      try {
        (isLast ? last : others)();
        return 'not refused';
      } catch (error) {
        return `${error.name}: ${error.message}`;
      }
    });
    const together = tensor([1, 2]);
    distributed.allReduce(together);
    say({ errors, together: together.toArray() });
    distributed.destroyProcessGroup();
  },
  async different() {
    distributed.initProcessGroup({ timeout: 20 });
    const model = net(1, 1 + distributed.getRank());
    try {
      new nn.parallel.DistributedDataParallel(model);
    } catch (error) {
      say({ error: error.message });
      distributed.destroyProcessGroup();
    }
  },
  /** In the midst of a long fit rank 1 does what the argument says; with `validated` the fit's thread goes on from epoch to epoch. */
  async fails(how, validated) {
    const { set, model, loader, optimizer, criterion } = parts(24, ['stop', 'cut'].includes(how) ? 2 : 20);
    const controller = new AbortController();
    const ends = {
      exit: () => process.exit(0),
      kill: () => process.kill(process.pid, 'SIGKILL'),
      abort: () => controller.abort(new Error('enough')),
      throw: () =>
        setImmediate(() => {
          throw new Error('rank 1 has failed');
        }),
      stop: () => process.kill(process.pid, 'SIGSTOP'),
    };
    if (how === 'signal') for (const name of ['SIGINT', 'SIGTERM']) process.on(name, ends.abort);
    else if (distributed.getRank() === 1 && how in ends) setTimeout(ends[how], 300);
    say({ pid: process.pid });
    try {
      const validation =
        validated && new data.DataLoader(set, { batchSize: 24, sampler: new data.DistributedSampler(set, { shuffle: false }) });
      await train.fit(model, { loader, validation, optimizer, criterion, epochs: 1e7, progress: false, signal: controller.signal });
    } catch (error) {
      say({ error: error.message, bits: bitsOf(valuesOf(model)) });
      distributed.destroyProcessGroup();
    }
  },
  async hangs() {
    distributed.initProcessGroup({ timeout: 1 });
    if (distributed.getRank() === 1) await new Promise((resolve) => setTimeout(resolve, 8000));
    distributed.barrier();
  },
  library(library) {
    distributed.initProcessGroup({ library, timeout: 20 });
    const { UCX_MEM_EVENTS, UCX_ERROR_SIGNALS } = process.env;
    say({ size: distributed.getWorldSize(), UCX_MEM_EVENTS, UCX_ERROR_SIGNALS });
    distributed.destroyProcessGroup();
  },
};

await programs[name](...args);
