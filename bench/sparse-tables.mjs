// A whole training step of a table with `sparse: true` and with dense gradients, by the size of its vocabulary: microseconds, the fastest and the median of
// blocks of 4 ms. `node bench/sparse-tables.mjs [--python PATH]`: beside PyTorch, in turns of one row each; the ratio is PyTorch's time by ours in a plain
// loop.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measured, peerOf, row, shown } from './blocks.mjs';

const { compile, data, info, manualSeed, nn, optim, randint, setNumThreads, train, zeros } = createRequire(import.meta.url)('..');
const { python } = parseArgs({ options: { python: { type: 'string' } } }).values;
setNumThreads(1);

const [bags, each, columns] = [32, 20, 64];
const optimizers = {
  SGD: (parameters) => new optim.SGD(parameters, { lr: 0.01 }),
  Adagrad: (parameters) => new optim.Adagrad(parameters),
  Adam: (parameters, sparse) => (sparse ? new optim.SparseAdam(parameters) : new optim.Adam(parameters)),
};

function network(name, words, sparse) {
  manualSeed(1);
  const model = new nn.EmbeddingBag(words, columns, { mode: 'sum', sparse });
  const optimizer = optimizers[name](model.parameters(), sparse);
  return { model, optimizer, criterion: new nn.MSELoss() };
}

function stepOf({ model, optimizer, criterion }) {
  return (x, y) => {
    optimizer.zeroGrad();
    criterion.forward(model.forward(x), y).backward();
    optimizer.step();
  };
}

// Different rows in every batch, so that none is in the caches because the last step has used it.
const batchesOf = (words) => Array.from({ length: 64 }, () => randint(words, [bags, each]));

function timed(step, batches, y) {
  let i = 0;
  return measured(() => step(batches[i++ % batches.length], y));
}

// A step's time in a fit: what a second's worth of further epochs takes, so that the begin and the end of the fit do not count.
async function inFit({ model, optimizer, criterion }, words, microseconds) {
  const loader = new data.DataLoader(new data.TensorDataset(randint(words, [64 * bags, each]), zeros([64 * bags, columns])), {
    batchSize: bags,
  });
  const further = Math.ceil(1e6 / (64 * microseconds));
  const times = [];
  for (const epochs of [2, 2, 2 + further]) {
    const begin = performance.now();
    await train.fit(model, { optimizer, criterion, loader, epochs, progress: false });
    times.push(performance.now() - begin);
  }
  return ((times[2] - times[1]) / (further * 64)) * 1000;
}

console.log(`${info().target}, 1 thread, microseconds; a batch of ${bags} bags of ${each} rows of ${columns}`);
const peer = python === undefined ? null : peerOf(python, fileURLToPath(new URL('sparse-tables.py', import.meta.url)));
row('a training step', 'loop', 'median', 'compiled', 'fit', ...(peer ? ['PyTorch', 'median', 'ratio'] : []));
const y = zeros([bags, columns]);
for (const name of Object.keys(optimizers)) {
  for (const sparse of [true, false]) {
    for (const words of [1000, 100_000]) {
      const batches = batchesOf(words);
      const loop = timed(stepOf(network(name, words, sparse)), batches, y);
      const compiled = timed(compile(stepOf(network(name, words, sparse))), batches, y);
      const fit = await inFit(network(name, words, sparse), words, loop.fastest);
      const other = await peer?.ask(name, words, sparse ? 1 : 0, bags, each, columns);
      const beside = other ? [shown(other.fastest), shown(other.median), (other.fastest / loop.fastest).toFixed(2)] : [];
      const label = `${name}, ${sparse ? 'sparse' : 'dense'}, ${words}x${columns}`;
      row(label, shown(loop.fastest), shown(loop.median), shown(compiled.fastest), shown(fit), ...beside);
    }
  }
}
peer?.end();
