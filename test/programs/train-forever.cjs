// A worker that trains until it is ended: small and large networks, eagerly, compiled or by fits on threads of their own, so that it is ended
// inside kernels, between them, and while a pool's threads work for it. Posts one message when the first step is done.
const { parentPort, workerData } = require('node:worker_threads');
const { compile, data, manualSeed, nn, optim, rand, randn, setNumThreads, train } = require('simdnn');

const { seed, threads } = workerData;
setNumThreads(threads);
manualSeed(seed);
const width = seed % 2 === 0 ? 30 : 400;
const rows = seed % 2 === 0 ? 32 : 256;
const model = new nn.Sequential(new nn.Linear(13, width), new nn.ReLU(), new nn.Dropout(0.1), new nn.Linear(width, 5));
const optimizer = new optim.Adam(model.parameters());
const criterion = new nn.CrossEntropyLoss();
const x = randn([rows, 13]);
const y = rand([rows]).mul(5).to('int32');
const eager = () => {
  optimizer.zeroGrad();
  const loss = criterion.forward(model.forward(x), y);
  loss.backward();
  optimizer.step();
  return loss;
};

async function fits() {
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 16, shuffle: true });
  const fit = (options) =>
    train.fit(model, { criterion, optimizer, loader, epochs: 1e6, progress: false, onBatch() {}, progressEvery: 1, ...options });
  await fit({ signal: AbortSignal.timeout(1) }).catch(() => {}); // one that ends, one that is ended
  // The native thread steps for so many milliseconds at a time: it is ended in the middle or while its results are on their way.
  await new Promise((onBatch) => fit({ onBatch, progressEvery: 1 + (seed % 5) * 10 }));
  parentPort.postMessage('training');
  for (;;) await train.predict(model, x);
}

function steps() {
  const step = seed % 3 === 0 ? compile(eager) : eager;
  step();
  parentPort.postMessage('training');
  for (;;) step();
}

if (seed % 3 === 1) fits();
else steps();
