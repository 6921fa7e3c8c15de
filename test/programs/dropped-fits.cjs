// Trains models by fits and drops them; prints how the resident memory grew meanwhile, in bytes. Usage: node --expose-gc dropped-fits.cjs COUNT
const { setImmediate } = require('node:timers/promises');
const { data, nn, optim, randn, train } = require('simdnn');

async function fitOnce() {
  const model = new nn.Sequential(new nn.Linear(500, 500), new nn.ReLU(), new nn.Linear(500, 1)); // 1 MB, four times that with gradients and moments
  const loader = new data.DataLoader(new data.TensorDataset(randn([64, 500]), randn([64, 1])), { batchSize: 32 });
  await train.fit(model, {
    criterion: new nn.MSELoss(),
    optimizer: new optim.Adam(model.parameters()),
    loader,
    epochs: 2,
    progress: false,
  });
  await train.predict(model, randn([10, 500]));
  await train.evaluate(model, loader, { criterion: new nn.MSELoss() });
}

async function main() {
  const collect = async () => {
    for (let i = 0; i < 3; i++) {
      global.gc();
      await setImmediate();
    }
    return process.memoryUsage.rss();
  };
  for (let i = 0; i < 20; i++) await fitOnce();
  const before = await collect();
  for (let i = 0; i < Number(process.argv[2]); i++) {
    await fitOnce();
    if (i % 10 === 0) await collect();
  }
  console.log((await collect()) - before);
}

main();
