// The training of `simdnn train` as an explicit loop: the same split, network, optimizer and order of rows.
import { data, manualSeed, nn, noGrad, optim, type Tensor } from 'simdnn';

/** The result of the training. */
export interface WrittenOut {
  /** For each epoch: the mean loss of the batches, and the loss and accuracy on the held-out rows. */
  loss: number[];
  validationLoss: number[];
  accuracy: number[];
  /** The epoch with the smallest validation loss, counted from 1, and its weights. */
  best: number;
  weights: nn.StateDict;
}

/**
 * Reads a table whose first column numbers the rows and whose others are numbers without gaps, and learns `target`, a column of classes. The hidden layers have 64
 * and 32 units.
 */
export async function trainWrittenOut(path: string, { target, epochs, seed }: { target: string; epochs: number; seed: number }) {
  const table = await data.readTable(path);
  const names = table.names.slice(1).filter((name) => name !== target);
  const labels = table.column(target) as data.NumberColumn;
  const grades = Array.from(labels.values);

  // A fifth of the rows is held out, with the same share of each class. What is learned from the data is learned from the others.
  const every = Int32Array.from(grades.keys());
  const [learned, held] = data.trainTestSplit(every, { testSize: 0.2, stratify: grades, seed }) as unknown as [Int32Array, Int32Array];
  const encoder = new data.LabelEncoder().fit(grades);
  const rowsOf = (rows: Int32Array) => ({
    columns: names,
    column: (name: string) => Float32Array.from(rows, (row) => table.numbers(name)[row]!),
  });
  const scaler = new data.ColumnTransformer([['numbers', new data.StandardScaler(), names]]).fit(rowsOf(learned));
  const part = (rows: Int32Array): [Tensor, Tensor] => [
    scaler.transform(rowsOf(rows)),
    encoder.transform(Array.from(rows, (row) => grades[row]!)),
  ];
  const [xTest, yTest] = part(held);

  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Linear(names.length, 64),
    new nn.ReLU(),
    new nn.Linear(64, 32),
    new nn.ReLU(),
    new nn.Linear(32, encoder.classes.length),
  );
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.002, weightDecay: 0.01 });
  const loader = new data.DataLoader(new data.TensorDataset(...part(learned)), { batchSize: 32, shuffle: true });

  const result: WrittenOut = { loss: [], validationLoss: [], accuracy: [], best: 0, weights: {} };
  let smallest = Number.POSITIVE_INFINITY;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train();
    let sum = 0;
    for (const [x, y] of loader) {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      optimizer.step();
      sum += loss.item();
    }
    model.eval();
    const outputs = noGrad(() => model.forward(xTest));
    const validationLoss = criterion.forward(outputs, yTest).item();
    result.loss.push(sum / loader.length);
    result.validationLoss.push(validationLoss);
    result.accuracy.push(Math.fround(outputs.argmax(1).eq(yTest).sum().item() / held.length));
    if (validationLoss < smallest) {
      smallest = validationLoss;
      result.best = epoch;
      result.weights = Object.fromEntries(Object.entries(model.stateDict()).map(([name, t]) => [name, t.clone()]));
    }
  }
  return result;
}
