// A search of 80 small fits, several at a time, compared with one after the other: the ratio of their times, in five pairs of runs. `node bench/search.mjs`.
// Threads of fits yield to other programs. The time that these used is printed; if it is more than a little, the ratio is that of a shared machine.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { data, getNumThreads, info, manualSeed, nn, optim, randint, randn, train } = createRequire(import.meta.url)('..');

manualSeed(1);
const rows = new data.TensorDataset(randn([2392, 13]), randint(0, 5, [2392]).to('int32'));
const makeModel = ({ lr, hidden }) => {
  const model = new nn.Sequential(new nn.Linear(13, hidden), new nn.ReLU(), new nn.Linear(hidden, 5));
  return {
    model,
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.Adam(model.parameters(), { lr }),
    loader: new data.DataLoader(rows, { batchSize: 32, shuffle: true }),
    epochs: 60,
  };
};
const space = { lr: train.logUniform(1e-4, 1e-1), hidden: [16, 32, 64] };

/** The seconds of processor time that all programs have used; null if unknown. */
function busy() {
  try {
    const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).map(Number);
    return (user + nice + system + irq + softirq + steal) / 100;
  } catch {
    return null;
  }
}

const seconds = async (options) => {
  const [begin, own, all] = [performance.now(), process.cpuUsage(), busy()];
  const { best } = await train.search(makeModel, space, { trials: 80, seed: 1, ...options });
  const took = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(own);
  return { took, loss: best.figures.loss, others: all === null ? NaN : Math.max(0, busy() - all - (user + system) / 1e6) };
};

console.log(`${info().target}, ${getNumThreads()} threads`);
const ratios = [];
for (let pair = 0; pair < 5; pair++) {
  const [one, several] = [await seconds({ concurrency: 1 }), await seconds({})];
  if (one.loss !== several.loss) throw new Error('the results differ');
  ratios.push(several.took / one.took);
  const others = `others took ${one.others.toFixed(2)} s and ${several.others.toFixed(2)} s`;
  console.log(`one at a time ${one.took.toFixed(2)} s, several ${several.took.toFixed(2)} s: ${ratios.at(-1).toFixed(2)} (${others})`);
}
console.log(`median ${ratios.sort((a, b) => a - b)[2].toFixed(2)}`);
