// Trains digits and a wide classifier at each precision from ten seeds; writes accuracies and losses as the table and the curves of docs/precision.md.
// Usage: node bench/precision.mjs [SEEDS]
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { data, manualSeed, metrics, nn, optim, rand, randn, report, train } from '../dist/index.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const seeds = Number(process.argv[2] ?? 10);
const precisions = ['highest', 'high', 'medium'];
const digits = await data.readCsv(`${root}examples/data/digits.csv`, { target: 'digit' });

/** Rows of a hundred classes, each around one of its class's three centres: no plane parts them. */
function clusters() {
  manualSeed(100);
  const [rows, features, classes, each] = [6000, 512, 100, 3];
  const centres = randn([classes * each, features]);
  const of = rand([rows])
    .mul(classes * each)
    .floor()
    .to('int32');
  const x = centres.indexSelect(0, of).add(randn([rows, features]).mul(3.5));
  return { x, y: of.div(each).floor().to('int32') };
}

const networks = {
  '64-128-10': { sizes: [64, 128, 10], epochs: 30, batchSize: 32, rows: digits },
  '64-512-512-10': { sizes: [64, 512, 512, 10], epochs: 15, batchSize: 32, rows: digits, curves: 'precision' },
  '512-2048-100': { sizes: [512, 2048, 100], epochs: 6, batchSize: 64, rows: clusters(), curves: 'precision-wide' },
};

/** One training: the loss of each epoch, and the accuracy on the test rows. */
async function trained({ sizes, epochs, batchSize, rows: { x, y } }, precision, seed) {
  manualSeed(seed);
  const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 0.2, stratify: y });
  const scaler = new data.StandardScaler();
  const loader = new data.DataLoader(new data.TensorDataset(scaler.fitTransform(xTrain), yTrain), { batchSize, shuffle: true });
  const layers = sizes.slice(1).flatMap((size, i) => [new nn.Linear(sizes[i], size), new nn.ReLU()]);
  const model = new nn.Sequential(...layers.slice(0, -1));
  const test = new data.DataLoader(new data.TensorDataset(scaler.transform(xTest), yTest), { batchSize: yTest.shape[0] });
  const { loss, metrics: figures } = await train.fit(model, {
    loader,
    validation: test,
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.Adam(model.parameters()),
    metrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: sizes.at(-1) }) },
    epochs,
    progress: false,
    precision,
  });
  return { loss, accuracy: figures.accuracy.at(-1) };
}

const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const spread = (numbers) => Math.sqrt(mean(numbers.map((n) => (n - mean(numbers)) ** 2)));
const percent = (share) => `${(100 * share).toFixed(2)} %`;

console.log('| network | precision | accuracy, mean | of the seeds: least | most | standard deviation | last loss, mean |');
console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: |');
for (const [name, network] of Object.entries(networks)) {
  const curves = {};
  for (const precision of precisions) {
    const runs = [];
    for (let seed = 1; seed <= seeds; seed++) runs.push(await trained(network, precision, seed));
    const accuracies = runs.map(({ accuracy }) => accuracy);
    const last = mean(runs.map(({ loss }) => loss.at(-1)));
    curves[precision] = runs[0].loss.map((_, epoch) => mean(runs.map(({ loss }) => loss[epoch])));
    const figures = [mean(accuracies), Math.min(...accuracies), Math.max(...accuracies), spread(accuracies)].map(percent);
    console.log(`| ${name} | ${precision} | ${figures.join(' | ')} | ${last.toExponential(3)} |`);
  }
  if (network.curves === undefined) continue;
  const title = `Loss of ${network.rows === digits ? 'digits' : 'the wide classifier'}, ${name}, mean of ${seeds} seeds`;
  const svg = report.metricCurves({ loss: curves.highest, metrics: curves }, { title, scale: 'log' });
  writeFileSync(`${root}docs/${network.curves}.svg`, svg);
}
