// Trains for some epochs, saves or loads a checkpoint, and prints the bits of the losses since then and of the weights at the end.
// Usage: node resume.cjs '{"mode": "loop", "from": 0, "to": 4, "load": null, "save": "run.safetensors", "threads": 2}'
const { createHash } = require('node:crypto');
const { compile, data, io, manualSeed, metrics, nn, optim, rand, randn, setNumThreads, train } = require('simdnn');

const { mode, from, to, load, save, threads, seeded } = JSON.parse(process.argv[2]);
const { lrScheduler } = optim;

async function run() {
  if (threads) setNumThreads(threads);
  manualSeed(5);
  const x = randn([90, 6]);
  const y = rand([90]).mul(3).to('int32');
  if (load !== null) rand([17]); // whatever the new process has drawn before makes no difference
  const model = new nn.Sequential(new nn.Linear(6, 16), new nn.BatchNorm1d(16), new nn.ReLU(), new nn.Dropout(0.3), new nn.Linear(16, 3));
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01, amsgrad: true });
  const scheduler = new lrScheduler.SequentialLR(optimizer, {
    schedulers: [new lrScheduler.LinearLR(optimizer, { totalIters: 2 }), new lrScheduler.StepLR(optimizer, { stepSize: 1, gamma: 0.7 })],
    milestones: [2],
  });
  const options = { batchSize: 20, shuffle: true, ...(seeded && { seed: 3 }) };
  const loader = new data.DataLoader(new data.TensorDataset(x, y), options);
  const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 3 });
  const criterion = new nn.CrossEntropyLoss();
  const parts = { model, optimizer, scheduler, loader, metrics: { accuracy } };
  let begun = from;
  if (load !== null) ({ epoch: begun } = await io.loadCheckpoint(load, parts));
  if (begun !== from) throw new Error(`the file is of epoch ${begun}`);
  const losses = [];

  if (mode === 'fit') {
    const onEpoch = async ({ epoch }) => {
      if (save !== null && from + epoch === to) await io.saveCheckpoint(save, { ...parts, epoch: to });
    };
    const { loss } = await train.fit(model, { criterion, optimizer, loader, scheduler, epochs: to - from, progress: false, onEpoch });
    losses.push(...loss);
  } else {
    const eager = (features, labels) => {
      optimizer.zeroGrad();
      const output = model.forward(features);
      const loss = criterion.forward(output, labels);
      loss.backward();
      optimizer.step();
      return [loss, output];
    };
    const step = mode === 'compiled' ? compile(eager) : eager;
    for (let epoch = from; epoch < to; epoch++) {
      for (const [features, labels] of loader) {
        const [loss, output] = step(features, labels);
        accuracy.update(output.detach(), labels);
        losses.push(loss.item());
      }
      scheduler.step();
    }
    losses.push(accuracy.compute().item());
    if (save !== null) await io.saveCheckpoint(save, { ...parts, epoch: to });
  }
  const bits = createHash('sha256');
  for (const tensor of Object.values(model.stateDict())) bits.update(new Uint8Array(tensor.data.slice().buffer));
  bits.update(String(optimizer.paramGroups[0].lr));
  console.log(JSON.stringify({ losses, weights: bits.digest('hex') }));
}

run();
