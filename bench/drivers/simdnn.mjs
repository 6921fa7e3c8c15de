// This library, by its public names. Modes: eager (the training loop of the README), compiled (the same step by compile), fit
// (whole epochs by train.fit), predict (train.predict). Single operations are calls of simdnn/kernels with buffers that are allocated beforehand.
import { compile, data, info, noGrad, setNumThreads, tensor, train } from 'simdnn';
import { adamStep, linearForward, softmaxCrossEntropy } from 'simdnn/kernels';
import { batches, digest, labels, linear, normal } from '../data.mjs';
import { batchesOf, datasetOf, modelOf, stepOf } from '../model.mjs';
import { serve, Unavailable } from './protocol.mjs';

function start({ threads }) {
  setNumThreads(threads);
  return `${info().version}, ${info().target}`;
}

/** One training step: (x, y) => the loss as a tensor. */
function trainingStep({ trial, mode }) {
  const step = stepOf(modelOf(trial));
  return mode === 'compiled' ? compile(step) : step;
}

/** The model's output for a batch: x => a tensor, or with train.predict a promise of one. */
function forwardOf({ trial, mode }) {
  const { model } = modelOf(trial);
  if (mode === 'predict') return (x) => train.predict(model, x);
  const forward = (x) => noGrad(() => model.forward(x));
  return mode === 'compiled' ? compile(forward) : forward;
}

/** Epochs by train.fit. Each of the first five batches is a separate fit, which reports its loss. */
async function fitted({ trial }, dataset) {
  const { model, ...options } = modelOf(trial);
  const { batch } = trial;
  const fit = async (loader, epochs) => (await train.fit(model, { ...options, loader, epochs, progress: false })).loss.at(-1);
  const check = [];
  for (let first = 0; check.length < 5; first += batch) {
    const rows = new data.Subset(
      dataset,
      Array.from({ length: batch }, (_, i) => first + i),
    );
    check.push(await fit(new data.DataLoader(rows, { batchSize: batch }), 1));
  }
  const loader = new data.DataLoader(dataset, { batchSize: batch, shuffle: true });
  return { check, run: (epochs) => fit(loader, epochs) };
}

/** Single operations are the same in all modes. */
function kernelsOnly(prepare) {
  return (job) => {
    const version = start(job);
    if (job.mode !== 'eager') throw new Unavailable('');
    return { version, ...prepare(job.trial) };
  };
}

await serve({
  train(job) {
    const version = start(job);
    const inputs = batchesOf(job.trial);
    const step = trainingStep(job);
    let at = 0;
    const next = () => step(...inputs[at++ % inputs.length]);
    const check = Array.from({ length: 5 }, () => next().item());
    const run = (n) => {
      for (let i = 1; i < n; i++) next();
      return next().item();
    };
    return { version, check, run };
  },

  training(job) {
    const version = start(job);
    const { trial } = job;
    if (job.mode === 'fit') {
      const loader = new data.DataLoader(datasetOf(trial), { batchSize: trial.batch });
      const begin = () => {
        const { model, ...options } = modelOf(trial);
        return async (epochs) => (await train.fit(model, { ...options, loader, epochs, progress: false })).loss.at(-1);
      };
      return { version, begin };
    }
    const inputs = batchesOf(trial);
    // The first step, which a compiled function records, is not timed, because the others compile before they are timed too.
    const begin = () => {
      const step = trainingStep(job);
      let sum = step(...inputs[0]).item();
      let next = 1;
      return (epochs) => {
        for (let e = 1; e < epochs; e++, next = 0) for (; next < inputs.length; next++) step(...inputs[next]);
        if (next === 0) sum = 0;
        for (; next < inputs.length; next++) sum += step(...inputs[next]).item();
        next = 0;
        return sum / inputs.length;
      };
    };
    return { version, begin };
  },

  async epoch(job) {
    const version = start(job);
    const dataset = datasetOf(job.trial);
    if (job.mode === 'fit') return { version, ...(await fitted(job, dataset)) };
    const { batch } = job.trial;
    const step = trainingStep(job);
    const check = [];
    for (const [x, y] of new data.DataLoader(dataset, { batchSize: batch })) {
      check.push(step(x, y).item());
      if (check.length === 5) break;
    }
    const loader = new data.DataLoader(dataset, { batchSize: batch, shuffle: true });
    const run = (n) => {
      let loss;
      for (let e = 0; e < n; e++) for (const [x, y] of loader) loss = step(x, y);
      return loss.item();
    };
    return { version, check, run };
  },

  async infer(job) {
    const version = start(job);
    const { layers: widths, batch } = job.trial;
    const inputs = batches(job.trial).map(({ x }) => tensor(x).reshape([batch, widths[0]]));
    const forward = forwardOf(job);
    let at = 0;
    const next = () => forward(inputs[at++ % inputs.length]);
    const check = digest((await next()).data);
    if (job.mode === 'predict') {
      const run = async (n) => {
        for (let i = 1; i < n; i++) await next();
        return (await next()).data[0];
      };
      return { version, check, run };
    }
    const run = (n) => {
      for (let i = 1; i < n; i++) next();
      return next().data[0];
    };
    return { version, check, run };
  },

  linear: kernelsOnly(({ rows: count, in: inputs, out: outputs }) => {
    const { weight, bias } = linear(inputs, outputs, 0);
    const x = normal(count * inputs, 1);
    const y = new Float32Array(count * outputs);
    const run = (n) => {
      for (let i = 0; i < n; i++) linearForward(y, x, weight, bias, count, inputs, outputs);
      return y[0];
    };
    run(1);
    return { check: digest(y), run };
  }),

  crossEntropy: kernelsOnly(({ rows: count, classes }) => {
    const logits = normal(count * classes, 1);
    const y = labels(count, classes, 2);
    const output = { loss: new Float32Array(1), dlogits: new Float32Array(count * classes) };
    const run = (n) => {
      for (let i = 0; i < n; i++) softmaxCrossEntropy(output, logits, y, count, classes);
      return output.loss[0];
    };
    return { check: [run(1), ...digest(output.dlogits, count * classes)], run };
  }),

  adam: kernelsOnly(({ parameters, adam }) => {
    const [param, m, v] = [0, 0, 0].map(() => new Float32Array(parameters));
    const grads = [1, 2].map((seed) => normal(parameters, seed));
    const options = { ...adam, weightDecay: 0, step: 0 };
    const run = (n) => {
      for (let i = 0; i < n; i++) {
        options.step++;
        adamStep(param, m, v, grads[options.step % 2], options);
      }
      return param[0];
    };
    run(5);
    return { check: digest(param, 1 / adam.lr), run };
  }),
});
