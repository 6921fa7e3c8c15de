// The network and the data of a trial, by this library's public names.
import { data, metrics, nn, noGrad, optim, tensor, train } from 'simdnn';
import { batches, network, rows } from './data.mjs';

const activations = { relu: nn.ReLU, tanh: nn.Tanh };

/** { model, criterion, optimizer } in the trial's initial state. */
export function modelOf({ layers, activation, softmax, adam }) {
  const modules = network(layers).flatMap((values, i) => {
    const layer = new nn.Linear(values.in, values.out);
    noGrad(() => {
      layer.weight.copy_(tensor(values.weight).reshape([values.out, values.in]));
      layer.bias.copy_(tensor(values.bias));
    });
    return activation && i > 0 ? [new activations[activation](), layer] : [layer];
  });
  if (softmax) modules.push(new nn.Softmax({ dim: 1 }));
  const model = new nn.Sequential(...modules);
  const optimizer = new optim.Adam(model.parameters(), { lr: adam.lr, betas: [adam.beta1, adam.beta2], eps: adam.eps });
  return { model, criterion: new nn.CrossEntropyLoss(), optimizer };
}

/** Their training step: (x, y) => the loss as a tensor. With `ema` it also clips gradients and averages weights. */
export function stepOf({ model, criterion, optimizer, ema }) {
  return (x, y) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    if (ema) nn.utils.clipGradNorm_(model.parameters(), 1);
    optimizer.step();
    ema?.afterStep();
    return loss;
  };
}

/**
 * A fit's further options, except those that need more work on data: { model, criterion, optimizer, ... } with averages, a scheduler that is stepped after
 * each step, clipping, metrics and logs.
 */
export function everythingOf(trial, steps, folder) {
  const { model, criterion, optimizer } = modelOf(trial);
  const ema = train.emaWeights(model);
  const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 10 * trial.adam.lr, totalSteps: steps });
  const task = { task: 'multiclass', numClasses: trial.layers.at(-1) };
  return {
    model,
    criterion,
    optimizer,
    ema,
    scheduler,
    options: {
      criterion,
      optimizer,
      scheduler,
      clipGradNorm: 1,
      metrics: { accuracy: new metrics.Accuracy(task), f1: new metrics.F1Score({ ...task, average: 'macro' }) },
      callbacks: [ema, train.csvLogger(`${folder}/log.csv`), train.jsonLogger(`${folder}/log.jsonl`), train.learningRateMonitor()],
    },
  };
}

/** The batches of a trial: [[x, y]]. */
export const batchesOf = (trial) => batches(trial).map(({ x, y }) => [tensor(x).reshape([trial.batch, trial.layers[0]]), tensor(y)]);

/** The rows of all batches of a trial. */
export function datasetOf(trial) {
  const { x, y } = rows(trial);
  return new data.TensorDataset(tensor(x).reshape([y.length, trial.layers[0]]), tensor(y));
}
