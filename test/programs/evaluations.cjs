// Evaluations of one dataset, one after the other: prints by how much the process was larger at most than before the first, in bytes.
const { data, nn, train, zeros } = require('simdnn');

(async () => {
  const [count, megabytes] = process.argv.slice(2).map(Number);
  const rows = (megabytes << 20) / 4 / 512;
  const model = new nn.Linear(512, 1);
  const loader = new data.DataLoader(new data.TensorDataset(zeros([rows, 512]), zeros([rows, 1])), { batchSize: 512 });
  const before = process.memoryUsage.rss();
  let most = before;
  for (let i = 0; i < count; i++) {
    await train.evaluate(model, loader, { criterion: new nn.MSELoss() });
    most = Math.max(most, process.memoryUsage.rss());
  }
  console.log(most - before);
})();
