// Trains digits at each precision from ten seeds; writes accuracies and losses as the table and the curves of docs/precision.md.
// Usage: node bench/precision.mjs [SEEDS]
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { data, manualSeed, metrics, nn, optim, report, train } from '../dist/index.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const seeds = Number(process.argv[2] ?? 10);
const precisions = ['highest', 'high', 'medium'];
const networks = {
  '64-128-10': { sizes: [64, 128, 10], epochs: 30 },
  '64-512-512-10': { sizes: [64, 512, 512, 10], epochs: 15 },
};

const { x, y } = await data.readCsv(`${root}examples/data/digits.csv`, { target: 'digit' });

/** One training: the loss of each epoch, and the accuracy on the test rows. */
async function trained({ sizes, epochs }, precision, seed) {
  manualSeed(seed);
  const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 0.2, stratify: y });
  const scaler = new data.StandardScaler();
  const loader = new data.DataLoader(new data.TensorDataset(scaler.fitTransform(xTrain), yTrain), { batchSize: 32, shuffle: true });
  const layers = sizes.slice(1).flatMap((size, i) => [new nn.Linear(sizes[i], size), new nn.ReLU()]);
  const model = new nn.Sequential(...layers.slice(0, -1));
  const test = new data.DataLoader(new data.TensorDataset(scaler.transform(xTest), yTest), { batchSize: 360 });
  const { loss, metrics: figures } = await train.fit(model, {
    loader,
    validation: test,
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.Adam(model.parameters()),
    metrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: 10 }) },
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
  const title = `Loss of digits, ${name}, mean of ${seeds} seeds`;
  const svg = report.metricCurves({ loss: curves.highest, metrics: curves }, { title, scale: 'log' });
  if (name === '64-512-512-10') writeFileSync(`${root}docs/precision.svg`, svg);
}
