// This library by its public names. Modes: eager (the training loop as the README shows it), compiled (the same step through compile).
// Single operations go through simdnn/kernels into buffers that are there before the clock starts.
import * as simdnn from 'simdnn';
import { adamStep, linearForward, softmaxCrossEntropy } from 'simdnn/kernels';
import { batches, digest, labels, linear, network, normal, rows } from '../data.mjs';
import { serve, Unavailable } from './protocol.mjs';

const { compile, data, info, nn, optim, setNumThreads, tensor } = simdnn;

function start({ threads, mode }) {
  if (mode === 'compiled' && typeof compile !== 'function') throw new Unavailable('');
  setNumThreads(threads);
  return `${info().version}, ${info().target}`;
}

/** One training step: (x, y) => the loss as a tensor. */
function stepOf({ trial: { layers: widths, relu, adam }, mode }) {
  const modules = network(widths).flatMap((values, i) => {
    const layer = new nn.Linear(values.in, values.out);
    layer.weight.data.set(values.weight);
    layer.bias.data.set(values.bias);
    return relu && i > 0 ? [new nn.ReLU(), layer] : [layer];
  });
  const model = new nn.Sequential(...modules);
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: adam.lr, betas: [adam.beta1, adam.beta2], eps: adam.eps });
  const step = (x, y) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return mode === 'compiled' ? compile(step) : step;
}

/** Single operations are the same in both modes. */
function kernelsOnly(prepare) {
  return (job) => {
    const version = start(job);
    if (job.mode === 'compiled') throw new Unavailable('');
    return { version, ...prepare(job.trial) };
  };
}

await serve({
  train(job) {
    const version = start(job);
    const { layers: widths, batch } = job.trial;
    const inputs = batches(job.trial).map(({ x, y }) => [tensor(x).reshape([batch, widths[0]]), tensor(y)]);
    const step = stepOf(job);
    let at = 0;
    const next = () => step(...inputs[at++ % inputs.length]);
    const check = Array.from({ length: 5 }, () => next().item());
    const run = (n) => {
      for (let i = 1; i < n; i++) next();
      return next().item();
    };
    return { version, check, run };
  },

  epoch(job) {
    const version = start(job);
    const { layers: widths, rows: count, batch } = job.trial;
    const { x, y } = rows(job.trial);
    const dataset = new data.TensorDataset(tensor(x).reshape([count, widths[0]]), tensor(y));
    const step = stepOf(job);
    const check = [];
    for (const [bx, by] of new data.DataLoader(dataset, { batchSize: batch })) {
      check.push(step(bx, by).item());
      if (check.length === 5) break;
    }
    const loader = new data.DataLoader(dataset, { batchSize: batch, shuffle: true });
    const run = (n) => {
      let loss;
      for (let e = 0; e < n; e++) for (const [bx, by] of loader) loss = step(bx, by);
      return loss.item();
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
