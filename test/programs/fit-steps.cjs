// Trains the lecture's network by train.fit and prints how the resident memory grew, in bytes, from a tenth of the steps to the last.
// Usage: node fit-steps.cjs STEPS long|"epoch by epoch"
const { data, manualSeed, metrics, nn, optim, rand, randn, train } = require('simdnn');

const epochs = Number(process.argv[2]) / 100; // an epoch is 100 steps
let before;
const look = ({ epoch }) => {
  if (epoch > epochs / 10) before ??= process.memoryUsage.rss();
};
// A callback after each epoch, or a metric, brings the fit back to JavaScript after each of them.
const options =
  process.argv[3] === 'long'
    ? { onBatch: look }
    : { onEpoch: look, metrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: 5 }) } };

manualSeed(1);
const layers = [13, 30, 25, 20, 15, 10, 5];
const model = new nn.Sequential(...layers.slice(1).map((out, i) => new nn.Linear(layers[i], out)));
const dataset = new data.TensorDataset(randn([3200, 13]), rand([3200]).mul(5).to('int32'));
train
  .fit(model, {
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.Adam(model.parameters()),
    loader: new data.DataLoader(dataset, { batchSize: 32, shuffle: true }),
    epochs,
    progress: false,
    ...options,
  })
  .then(({ loss }) => console.log(loss.length === epochs ? process.memoryUsage.rss() - before : Number.NaN));
