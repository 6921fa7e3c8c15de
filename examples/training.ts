// The training and evaluation that the demo's two models share.
import { setImmediate } from 'node:timers/promises';
import { data, manualSeed, nn, noGrad, optim, type Tensor } from 'simdnn';
import type { Stopwatch } from './stopwatch';

type Batches = data.DataLoader<[Tensor, Tensor]>;

export type Split = [xTrain: Tensor, xTest: Tensor, yTrain: Tensor, yTest: Tensor];

/** Holds out a fifth of the rows, with the classes in proportion. */
export function holdOut(x: Tensor, y: Tensor): Split {
  return data.trainTestSplit(x, y, { testSize: 0.2, stratify: y, seed: 1 });
}

/** Trains with Adam at 1e-3, batches of 32 and cross-entropy; calls `onEpoch` with each epoch's average loss. */
export async function train(
  makeModel: () => nn.Layer,
  rows: data.TensorDataset<[Tensor, Tensor]>,
  epochs: number,
  stopwatch: Stopwatch,
  onEpoch: (epoch: number, loss: number) => void,
): Promise<nn.Layer> {
  manualSeed(1);
  const model = makeModel();
  const batches: Batches = new data.DataLoader(rows, { batchSize: 32, shuffle: true });
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
  stopwatch.lap('preparation');
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let total = 0;
    for (const [x, y] of batches) {
      stopwatch.lap('batches');
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      total += loss.item();
      stopwatch.lap('forward and loss');
      loss.backward();
      stopwatch.lap('backward');
      optimizer.step();
      stopwatch.lap('optimizer');
    }
    onEpoch(epoch, total / batches.length);
    await setImmediate(); // lets the terminal have its turn: Ctrl-C
    stopwatch.lap('terminal');
  }
  return model;
}

/** The predicted class of each row. */
export function predict(model: nn.Layer, x: Tensor): Tensor {
  model.eval();
  return noGrad(() => model.forward(x).max(1).indices);
}
