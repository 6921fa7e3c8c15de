// How many bicycles are rented in an hour: regression in a loop of one's own, compiled, with a warm-up, a cosine and clipped gradients.
//   node build/examples/regression.mjs      after `npx tsc -p examples`
import { cat, compile, data, manualSeed, metrics, nn, noGrad, optim, rand, randn, type Tensor } from 'simdnn';

const epochs = 30;
const warmUp = 3; // epochs in which the rate rises

/**
 * `n` hours: x `[n, 5]`, the time of day as a point on a circle, temperature, rain and whether people work; y `[n]` in hundreds of bicycles.
 * One hour in fifty was counted wrongly, by up to thirty times as much.
 */
function makeHours(n: number): { x: Tensor; y: Tensor } {
  const hour = rand([n]).mul(2 * Math.PI);
  const temperature = randn([n]).mul(8).add(15);
  const rain = rand([n]).gt(0.8).float();
  const working = rand([n])
    .lt(5 / 7)
    .float();
  const commuters = hour.mul(2).cos().neg().mul(working).mul(0.8); // twice a day
  const walkers = hour.cos().neg().mul(working.rsub(1)).mul(1.2); // at noon
  const weather = temperature.sub(22).square().mul(-0.004).sub(rain.mul(0.7));
  const y = commuters
    .add(walkers)
    .add(weather)
    .add(3)
    .add(randn([n]).mul(0.15));
  const wrong = rand([n])
    .lt(0.02)
    .float()
    .mul(rand([n]))
    .mul(30);
  return {
    x: cat(
      [hour.sin(), hour.cos(), temperature, rain, working].map((column) => column.unsqueeze(1)),
      1,
    ),
    y: y.mul(wrong.add(1)),
  };
}

manualSeed(1);
const { x, y } = makeHours(4000);
const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 0.2, seed: 1 });
const scaler = new data.StandardScaler();
const rows = new data.TensorDataset(scaler.fitTransform(xTrain), yTrain);
const loader = new data.DataLoader(rows, { batchSize: 64, shuffle: true, dropLast: true, seed: 1 });

const model = new nn.Sequential(new nn.Linear(5, 64), new nn.SiLU(), new nn.Linear(64, 64), new nn.SiLU(), new nn.Linear(64, 1));
const criterion = new nn.HuberLoss({ delta: 0.5 }); // the wrong counts pull with a bounded force
const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01, weightDecay: 1e-4 });
const scheduler = new optim.lrScheduler.SequentialLR(optimizer, {
  schedulers: [
    new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.1, totalIters: warmUp }),
    new optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: epochs - warmUp }),
  ],
  milestones: [warmUp],
});

// Recorded at its first call and replayed after; the rate is read anew in each replay.
const step = compile((features: Tensor, counts: Tensor) => {
  optimizer.zeroGrad();
  const loss = criterion.forward(model.forward(features).squeeze(1), counts);
  loss.backward();
  const norm = nn.utils.clipGradNorm_(model.parameters(), 0.5);
  optimizer.step();
  return { loss, norm };
});

for (let epoch = 1; epoch <= epochs; epoch++) {
  const rate = optimizer.paramGroups[0]!.lr;
  let total = 0;
  let clipped = 0;
  for (const [features, counts] of loader) {
    const { loss, norm } = step(features, counts);
    total += loss.item();
    if (norm.item() > 0.5) clipped++;
  }
  scheduler.step();
  if (epoch === 1 || epoch % 5 === 0) {
    const mean = (total / loader.length).toFixed(4);
    console.log(`epoch ${String(epoch).padStart(2)}: rate ${rate.toFixed(5)}, loss ${mean}, ${clipped} of ${loader.length} steps clipped`);
  }
}

// The held-out hours, without those that were counted wrongly: more than ever happens.
model.eval();
const predicted = noGrad(() => model.forward(scaler.transform(xTest)).squeeze(1));
const counted = yTest.lt(6);
const figures = new metrics.MetricCollection({ r2: new metrics.R2Score(), mae: new metrics.MeanAbsoluteError() });
figures.update(predicted.maskedSelect(counted), yTest.maskedSelect(counted));
const { r2, mae } = figures.compute();
console.log(
  `${counted.sum().item()} held-out hours: R2 ${r2.item().toFixed(3)}, off by ${(100 * mae.item()).toFixed(0)} bicycles on average`,
);
