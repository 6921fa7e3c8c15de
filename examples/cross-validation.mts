// Which learning rate? Four folds for each of four rates, sixteen trainings at once, on handwritten digits.
//   node build/examples/cross-validation.mjs      after `npx tsc -p examples`, in the folder that has `examples`
import { data, metrics, nn, optim, train } from 'simdnn';

const rates = [0.0001, 0.001, 0.01, 0.3];

const { x, y } = await data.readCsv('examples/data/digits.csv', { target: 'digit' });
const rows = new data.TensorDataset(x.div(16), y!);
const task = { task: 'multiclass', numClasses: 10 } as const;

/** The accuracy of networks on the rows of a fold after training on the others; each fold has each digit in proportion. */
function validate(rate: number) {
  return train.crossValidate(
    () => {
      const model = new nn.Sequential(new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 10));
      return {
        model,
        criterion: new nn.CrossEntropyLoss(),
        optimizer: new optim.Adam(model.parameters(), { lr: rate }),
        metrics: { accuracy: new metrics.Accuracy(task) },
        epochs: 12,
      };
    },
    rows,
    { folds: 4, stratify: true, predictions: true, seed: 1 }, // the same folds for each rate
  );
}

/** Starts all at once, in the given order. */
const search = (order: readonly number[]) => Promise.all(order.map(validate));

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const reports = await search(rates);
for (const [i, { mean, std }] of reports.entries())
  console.log(`rate ${rates[i]}: accuracy ${percent(mean.accuracy)}, ${percent(std.accuracy)} between folds`);
const best = reports.reduce((a, b) => (b.mean.accuracy > a.mean.accuracy ? b : a));
console.log(`best: ${rates[reports.indexOf(best)]}`);

const again = (await search(rates.toReversed())).toReversed();
const accuraciesOf = ({ folds }: (typeof reports)[number]): string => folds.map(({ figures }) => figures.accuracy).join();
const isSame = again.every((report, i) => accuraciesOf(report) === accuraciesOf(reports[i]!));
console.log(`begun in reverse, the same accuracies: ${isSame ? 'yes' : 'no'}`);

// The prediction for each picture by the network that was not trained on it.
const confusion = new metrics.ConfusionMatrix(task);
confusion.update(best.predictions, y!);
const counts = confusion.compute().toArray() as number[][];
const wrong = counts.flatMap((row, digit) => row.map((count, taken) => ({ count: digit === taken ? 0 : count, digit, taken })));
const { count, digit, taken } = wrong.reduce((a, b) => (b.count > a.count ? b : a));
console.log(`of ${rows.length} pictures the most frequent mistake: ${count} times ${digit} was taken for ${taken}`);
