// The training and evaluation that the demo's two models share.
import { setImmediate } from 'node:timers/promises';
import { data, manualSeed, nn, noGrad, optim, type Tensor } from 'simdnn';
import type { Stopwatch } from './stopwatch';

type Batches = data.DataLoader<[Tensor, Tensor]>;

export type Split = [xTrain: Tensor, xTest: Tensor, yTrain: Tensor, yTest: Tensor];

const seed = 3;

/** Holds out a fifth of the rows, with the classes in proportion; features are brought to mean 0 and deviation 1 of the training part. */
export function prepare(x: Tensor, y: Tensor): { rows: Split; scaler: data.StandardScaler } {
  const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 0.2, stratify: y, seed });
  const scaler = new data.StandardScaler();
  return { rows: [scaler.fitTransform(xTrain), scaler.transform(xTest), yTrain, yTest], scaler };
}

/** Trains with Adam at 1e-3, batches of 32 and cross-entropy; calls `onEpoch` with each epoch's average loss. */
export async function train(
  makeModel: () => nn.Layer,
  rows: data.TensorDataset<[Tensor, Tensor]>,
  epochs: number,
  stopwatch: Stopwatch,
  onEpoch: (epoch: number, loss: number) => void,
): Promise<nn.Layer> {
  manualSeed(seed);
  const model = makeModel();
  const batches: Batches = new data.DataLoader(rows, { batchSize: 32, shuffle: true });
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
  stopwatch.lap('data and set-up');
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
    stopwatch.lap('terminal, event loop');
  }
  return model;
}

/** The predicted class of each row. */
export function predict(model: nn.Layer, x: Tensor): Tensor {
  model.eval();
  return noGrad(() => model.forward(x).max(1).indices);
}
