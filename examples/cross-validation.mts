// Which learning rate? Four folds for each of four rates, sixteen trainings at once, on handwritten digits.
//   node build/examples/cross-validation.mjs      after `npx tsc -p examples`, in the folder that has `examples`
import { data, manualSeed, metrics, nn, optim, tensor, train } from 'simdnn';

const rates = [0.0001, 0.001, 0.01, 0.3];
const folds = 4;
const epochs = 12;

const { x, y } = await data.readCsv('examples/data/digits.csv', { target: 'digit' });
const rows = new data.TensorDataset(x.div(16), y!);

// Row i of a shuffled order is validated in fold i % folds, and learned from in the others.
const [shuffled] = data.randomSplit(rows, [rows.length], { seed: 1 });
const part = (fold: number, validated: boolean) =>
  new data.Subset(
    rows,
    shuffled!.indices.filter((_, i) => (i % folds === fold) === validated),
  );

interface Trial {
  rate: number;
  fold: number;
}

/** The accuracy on the rows of the fold, of a network that has learned from the others. */
async function validate({ rate, fold }: Trial): Promise<number> {
  manualSeed(fold); // with the loader's own seed: nothing depends on what else is trained, or on the order
  const model = new nn.Sequential(new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 10));
  const { metrics: measured } = await train.fit(model, {
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.Adam(model.parameters(), { lr: rate }),
    loader: new data.DataLoader(part(fold, false), { batchSize: 32, shuffle: true, seed: fold }),
    validation: new data.DataLoader(part(fold, true), { batchSize: 512 }),
    metrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: 10 }) },
    epochs,
    progress: false,
  });
  return measured.accuracy.at(-1)!;
}

/** All trials at once, begun in the order given; their accuracies in the same order. */
const search = (trials: Trial[]): Promise<number[]> => Promise.all(trials.map(validate));

const trials = rates.flatMap((rate) => Array.from({ length: folds }, (_, fold) => ({ rate, fold })));
const accuracies = await search(trials);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const results = rates.map((rate, i) => {
  const ofFolds = tensor(accuracies.slice(i * folds, (i + 1) * folds));
  return { rate, mean: ofFolds.mean().item(), deviation: ofFolds.std().item() };
});
for (const { rate, mean, deviation } of results)
  console.log(`rate ${rate}: accuracy ${percent(mean)}, ${percent(deviation)} between folds`);
const best = results.reduce((a, b) => (b.mean > a.mean ? b : a));
console.log(`best: ${best.rate}`);

const again = (await search(trials.toReversed())).toReversed();
console.log(`begun in reverse, the same accuracies: ${again.every((accuracy, i) => accuracy === accuracies[i]) ? 'yes' : 'no'}`);
