// What every Node on every platform must be able to do with the installed package: train, compile, fit, call kernels, throw, use workers.
'use strict';
const assert = require('node:assert/strict');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const {
  compile,
  data,
  info,
  manualSeed,
  nn,
  optim,
  rand,
  setFloat32MatmulPrecision,
  setNumThreads,
  tensor,
  train: training,
} = require('simdnn');
const kernels = require('simdnn/kernels');

const x = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const y = tensor([0, 1, 1, 0], { dtype: 'int32' });

// Learns exclusive or; returns the losses.
function train(wrap) {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const step = wrap((x, y) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const losses = Array.from({ length: 100 }, () => step(x, y).item());
  assert.deepEqual(model.forward(x).argmax(1).toArray(), [0, 1, 1, 0]);
  return losses;
}

const eager = train((step) => step);
if (!isMainThread) {
  parentPort.postMessage(eager);
} else {
  assert.ok(eager[0] > 0.5 && eager.at(-1) < 0.1);
  assert.deepEqual(train(compile), eager);

  const out = new Float32Array(4);
  kernels.reluForward(out, Float32Array.of(-1, 2, -3, 4), 4);
  assert.deepEqual([...out], [0, 2, 0, 4]);

  assert.throws(() => kernels.reluForward(out, out, 5), RangeError); // refused in C++
  const [a, b] = [rand([200, 300]), rand([300, 250])];
  // With operands in bfloat16, by the processor's unit for them if it has one, and in float32.
  const [medium, highest] = ['medium', 'highest'].map((precision) => {
    setFloat32MatmulPrecision(precision);
    const products = [1, 2, 4].map((threads) => {
      setNumThreads(threads);
      return a.matmul(b);
    });
    assert.deepEqual(products[1].toArray(), products[0].toArray());
    assert.deepEqual(products[2].toArray(), products[0].toArray());
    return products[0];
  });
  const off = medium.sub(highest).abs().div(highest).max().item();
  assert.ok(off > 0 && off < 2 ** -7, `rounded operands: off by ${off}`);

  // The same training as a loop, and off the main thread.
  const loader = () => new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 2 });
  const fresh = () => {
    manualSeed(2);
    const model = new nn.Linear(2, 2);
    return { model, criterion: new nn.CrossEntropyLoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }) };
  };
  const looped = fresh();
  for (let epoch = 0; epoch < 20; epoch++) {
    for (const [xb, yb] of loader()) {
      looped.optimizer.zeroGrad();
      looped.criterion.forward(looped.model.forward(xb), yb).backward();
      looped.optimizer.step();
    }
  }
  const { model, ...rest } = fresh();
  const fitted = training.fit(model, { ...rest, loader: loader(), epochs: 20, progress: false }).then(() => {
    for (const [i, p] of model.parameters().entries()) assert.deepEqual(p.toArray(), looped.model.parameters()[i].toArray());
  });

  const workers = [0, 1].map(() => new Promise((resolve, reject) => new Worker(__filename).on('message', resolve).on('error', reject)));
  Promise.all([fitted, ...workers]).then(([, ...losses]) => {
    for (const each of losses) assert.deepEqual(each, eager);
    console.log(JSON.stringify({ node: process.version, arch: process.arch, target: info().target, targets: info().targets }));
  });
}
