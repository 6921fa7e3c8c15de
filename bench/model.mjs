// The network and the data of a trial by this library's public names.
import { data, nn, noGrad, optim, tensor } from 'simdnn';
import { network, rows } from './data.mjs';

/** { model, criterion, optimizer } as the trial begins. */
export function modelOf({ layers, relu, softmax, adam }) {
  const modules = network(layers).flatMap((values, i) => {
    const layer = new nn.Linear(values.in, values.out);
    noGrad(() => {
      layer.weight.copy_(tensor(values.weight).reshape([values.out, values.in]));
      layer.bias.copy_(tensor(values.bias));
    });
    return relu && i > 0 ? [new nn.ReLU(), layer] : [layer];
  });
  if (softmax) modules.push(new nn.Softmax({ dim: 1 }));
  const model = new nn.Sequential(...modules);
  const optimizer = new optim.Adam(model.parameters(), { lr: adam.lr, betas: [adam.beta1, adam.beta2], eps: adam.eps });
  return { model, criterion: new nn.CrossEntropyLoss(), optimizer };
}

/** A training step of these: (x, y) => the loss as a tensor. */
export function stepOf({ model, criterion, optimizer }) {
  return (x, y) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

/** The rows of a trial: all that its batches hold. */
export function datasetOf(trial) {
  const { x, y } = rows(trial);
  return new data.TensorDataset(tensor(x).reshape([y.length, trial.layers[0]]), tensor(y));
}
