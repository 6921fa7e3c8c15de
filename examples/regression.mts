// Predicts how many bicycles are rented in an hour: regression with a warm-up, cosine annealing, clipped gradients and averaged weights.
//   node build/examples/regression.mjs      after `npx tsc -p examples`
import { cat, data, manualSeed, metrics, nn, optim, rand, randn, type Tensor, train } from 'simdnn';

const epochs = 30;
const warmUp = 3; // epochs in which the rate increases

/**
 * `n` hours: x `[n, 5]`, the time of day as a point on a circle, temperature, rain and whether it is a working day; y `[n]` in hundreds of bicycles.
 * The count of one hour in fifty is wrong, by a factor of up to thirty.
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
const rows = new data.TensorDataset(scaler.fitTransform(xTrain), yTrain.unsqueeze(1));
const loader = new data.DataLoader(rows, { batchSize: 64, shuffle: true, dropLast: true, seed: 1 });

const model = new nn.Sequential(new nn.Linear(5, 64), new nn.SiLU(), new nn.Linear(64, 64), new nn.SiLU(), new nn.Linear(64, 1));
const criterion = new nn.HuberLoss({ delta: 0.5 }); // which bounds the gradient of the wrong counts
const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01, weightDecay: 1e-4 });
const scheduler = new optim.lrScheduler.SequentialLR(optimizer, {
  schedulers: [
    new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.1, totalIters: warmUp }),
    new optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: epochs - warmUp }),
  ],
  milestones: [warmUp],
});

// The held-out hours, without the wrong counts, which are higher than any true one.
const counted = yTest.lt(6).nonzero().flatten();
const held = new data.TensorDataset(scaler.transform(xTest).indexSelect(0, counted), yTest.indexSelect(0, counted).unsqueeze(1));
const heldOut = new data.DataLoader(held, { batchSize: 256 });

const averages = train.emaWeights(model, { decay: 0.99 });
await train.fit(model, {
  criterion,
  optimizer,
  scheduler,
  clipGradNorm: 0.5,
  loader,
  epochs,
  validation: heldOut,
  metrics: { r2: new metrics.R2Score() },
  callbacks: [averages],
  onEpoch({ epoch, lr, loss, metrics: { r2 } }) {
    if (epoch > 1 && epoch % 5 > 0) return;
    console.log(`epoch ${String(epoch).padStart(2)}: rate ${lr.toFixed(5)}, loss ${loss.toFixed(4)}, R2 ${r2.toFixed(3)}`);
  },
  progress: false,
});

const { r2, mae } = await train.evaluate(averages.model, heldOut, {
  metrics: { r2: new metrics.R2Score(), mae: new metrics.MeanAbsoluteError() },
});
console.log(`${held.length} held-out hours: R2 ${r2!.toFixed(3)}, off by ${(100 * mae!).toFixed(0)} bicycles on average`);
