// Trains a network and prints the bits of its losses and weights; also run as a worker thread.
// Usage: node train.cjs '{"layers": [13, 30, 5], "rows": 32, "steps": 10, "threads": 2, "compiled": false}'
const { createHash } = require('node:crypto');
const { isMainThread, parentPort, workerData } = require('node:worker_threads');
const { compile, data, manualSeed, nn, optim, randn, rand, setNumThreads } = require('simdnn');

function train({ layers, rows, steps, threads, compiled }) {
  if (threads) setNumThreads(threads);
  manualSeed(1);
  const parts = layers.slice(1).flatMap((out, i) => [new nn.Linear(layers[i], out), new nn.GELU(), new nn.Dropout(0.1)]);
  const model = new nn.Sequential(...parts.slice(0, -2));
  const x = randn([3 * rows, layers[0]]);
  const y = rand([3 * rows])
    .mul(layers.at(-1))
    .to('int32');
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: rows, shuffle: true });
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
  const eager = (features, labels) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(features), labels);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const step = compiled ? compile(eager) : eager;
  const bits = createHash('sha256');
  for (let done = 0; done < steps; ) {
    for (const [features, labels] of loader) {
      if (done++ < steps) bits.update(new Uint8Array(Float32Array.of(step(features, labels).item()).buffer));
    }
  }
  for (const { data: values } of model.parameters()) bits.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return bits.digest('hex');
}

if (isMainThread) console.log(train(JSON.parse(process.argv[2])));
else parentPort.postMessage(train(workerData));
