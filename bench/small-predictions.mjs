// Predictions of a few rows: a compiled call compared with train.predict, with and without `into`; and an evaluation that counts classes on the thread compared
// with one that returns every row. `node bench/small-predictions.mjs`: medians, measured in turns.
import { createRequire } from 'node:module';

const { compile, data, getNumThreads, info, manualSeed, metrics, nn, noGrad, randint, randn, setNumThreads, train, zeros } = createRequire(
  import.meta.url,
)('..');
manualSeed(1);
const threads = getNumThreads();

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
async function inTurns(rounds, calls, ...functions) {
  const times = functions.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, fn] of functions.entries()) {
      const begin = performance.now();
      for (let call = 0; call < calls; call++) await fn();
      times[i].push((performance.now() - begin) / calls);
    }
  }
  return times.map(median);
}
const chain = (...widths) =>
  new nn.Sequential(
    ...widths.slice(1).flatMap((width, i) => [new nn.Linear(widths[i], width), ...(i + 2 < widths.length ? [new nn.ReLU()] : [])]),
  );

const us = (milliseconds) => `${(milliseconds * 1000).toFixed(1)} us`;

console.log(`${info().target}, one thread`);
setNumThreads(1);
for (const [widths, rows, calls] of [
  [[13, 30, 25, 20, 15, 10, 5], 1, 3000],
  [[13, 30, 25, 20, 15, 10, 5], 32, 3000],
  [[784, 512, 512, 10], 1, 300],
  [[784, 512, 512, 10], 32, 60],
  [[784, 512, 512, 10], 256, 10],
]) {
  const model = chain(...widths).eval();
  const x = randn([rows, widths[0]]);
  const compiled = compile((row) => noGrad(() => model.call(row)));
  const ways = [() => compiled(x), () => train.predict(model, x)];
  await inTurns(1, 3, ...ways);
  const [call, predict] = await inTurns(15, calls, ...ways);
  console.log(`${widths.join('-')}, ${rows} rows: compiled ${us(call)}, predict ${us(predict)}, ${(predict / call).toFixed(2)} times`);
}
for (const width of [1024, 4096]) {
  const model = chain(16, width).eval();
  const x = randn([256, 16]);
  const into = zeros([256, width]);
  const ways = [() => train.predict(model, x), () => train.predict(model, x, { into })];
  await inTurns(1, 3, ...ways);
  const [fresh, written] = await inTurns(15, 100, ...ways);
  console.log(`16-${width}, 256 rows: predict ${us(fresh)}, into a tensor ${us(written)}`);
}
setNumThreads(threads);

class Own extends metrics.Accuracy {
  update(preds, target) {
    super.update(preds, target);
  }
}
const rows = 200_000;
const model = chain(13, 30, 5);
const loader = new data.DataLoader(new data.TensorDataset(randn([rows, 13]), randint(5, [rows])), { batchSize: 256 });
const options = { task: 'multiclass', numClasses: 5, average: 'macro' };
const evaluate = (metric) => () => train.evaluate(model, loader, { metrics: { metric } });
const [counted, handedOut] = await inTurns(15, 1, evaluate(new metrics.Accuracy(options)), evaluate(new Own(options)));
console.log(
  `${rows} rows evaluated: counted ${counted.toFixed(1)} ms, handed out ${handedOut.toFixed(1)} ms, ${(handedOut / counted).toFixed(2)} times`,
);
