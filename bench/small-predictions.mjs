// A row through a model: a compiled call beside train.predict, and an evaluation with classes counted where steps run beside one that has every row handed out.
// `node bench/small-predictions.mjs`: medians, measured in turns.
import { createRequire } from 'node:module';

const { compile, data, info, manualSeed, metrics, nn, noGrad, randint, randn, train } = createRequire(import.meta.url)('..');
manualSeed(1);

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

console.log(info().target);
for (const widths of [
  [13, 30, 25, 5],
  [784, 512, 10],
]) {
  const model = chain(...widths).eval();
  const x = randn([1, widths[0]]);
  const compiled = compile((row) => noGrad(() => model.call(row)));
  const [call, predict] = await inTurns(
    8,
    3000,
    () => compiled(x),
    () => train.predict(model, x),
  );
  console.log(`${widths.join('-')}: compiled ${(call * 1000).toFixed(1)} us, predict ${(predict * 1000).toFixed(1)} us`);
}

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
