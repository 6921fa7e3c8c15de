// The training and evaluation that the demo's two models share.
import { data, manualSeed, nn, noGrad, optim, type Tensor, train } from 'simdnn';

export type Split = [xTrain: Tensor, xTest: Tensor, yTrain: Tensor, yTest: Tensor];

const seed = 3;

/** Holds out a fifth of the rows, with the classes in proportion, and standardizes features by the statistics of the training set. */
export function prepare(x: Tensor, y: Tensor): { rows: Split; scaler: data.StandardScaler } {
  const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 0.2, stratify: y, seed });
  const scaler = new data.StandardScaler();
  return { rows: [scaler.fitTransform(xTrain), scaler.transform(xTest), yTrain, yTest], scaler };
}

/** Trains with Adam at 1e-3, batches of 32 and cross-entropy, off the main thread; `progress`: shows it on the terminal. */
export async function fit(model: nn.Layer, rows: data.TensorDataset<[Tensor, Tensor]>, epochs: number, progress: boolean) {
  return train.fit(model, {
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.Adam(model.parameters(), { lr: 0.001 }),
    loader: new data.DataLoader(rows, { batchSize: 32, shuffle: true }),
    epochs,
    progress,
  });
}

/** The same random numbers for every model. */
export const startOver = (): void => manualSeed(seed);

/** The predicted class of each row. */
export function predict(model: nn.Layer, x: Tensor): Tensor {
  model.eval();
  return noGrad(() => model.forward(x).max(1).indices);
}
