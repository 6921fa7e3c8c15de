// Norms, softmax, an embedding and the sparse layer, forward and backward from a leaf, on one thread: the fastest and the median microseconds of blocks of 4
// ms. `node bench/norms.mjs [--python PATH]`: compared with eager PyTorch, layer by layer in turns; the ratio is PyTorch's time divided by ours.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measured, peerOf, row, shown } from './blocks.mjs';

const { compile, info, manualSeed, nn, rand, randint, setNumThreads, zeros } = createRequire(import.meta.url)('..');
const { python } = parseArgs({ options: { python: { type: 'string' } } }).values;
setNumThreads(1);
manualSeed(1);

const centred = (shape) => rand(shape).mul(2).sub(1);
const makers = {
  LayerNorm: (columns) => new nn.LayerNorm(columns),
  RMSNorm: (columns) => new nn.RMSNorm(columns),
  BatchNorm1d: (columns) => new nn.BatchNorm1d(columns),
  Softmax: () => new nn.Softmax({ dim: -1 }),
};
const words = 10_000;

function ours(kind, rows, columns) {
  const dy = centred([rows, columns]);
  if (kind.startsWith('Embedding')) {
    const table = new nn.Embedding(words, columns, { sparse: kind.includes('sparse') });
    const index = randint(words, [rows]);
    return measured(
      compile((i, d) => {
        table.zeroGrad();
        table.forward(i).backward(d);
      }),
      index,
      dy,
    );
  }
  const layer = makers[kind](columns);
  const x = centred([rows, columns])
    .add(rand([rows, columns]))
    .detach()
    .requiresGrad_();
  return measured(
    compile((d) => {
      x.grad = null;
      layer.zeroGrad();
      layer.forward(x).backward(d);
    }),
    dy,
  );
}

console.log(`${info().target}, 1 thread, microseconds`);
const peer = python === undefined ? null : peerOf(python, fileURLToPath(new URL('norms.py', import.meta.url)));
row('forward and backward', 'fastest', 'median', ...(peer ? ['PyTorch', 'median', 'ratio'] : []));
for (const [rows, columns] of [
  [32, 64],
  [1024, 256],
  [4096, 1024],
]) {
  for (const kind of [...Object.keys(makers), 'Embedding', 'Embedding-sparse', 'Embedding-sparse-coalesced']) {
    const own = ours(kind, rows, columns);
    const other = await peer?.ask(kind, rows, columns);
    const beside = other ? [shown(other.fastest), shown(other.median), (other.fastest / own.fastest).toFixed(2)] : [];
    row(`${kind} ${rows}x${columns}`, shown(own.fastest), shown(own.median), ...beside);
  }
}
peer?.end();

// The sparse layer with the gradient of its whole weight, and of the rows that were read alone.
row('1 % of the elements', 'dense gradient', 'sparse gradient', 'Linear', 'ratios');
for (const [rows, inputs, outputs] of [
  [32, 10_000, 64],
  [128, 2000, 128],
  [256, 10_000, 256],
]) {
  const each = inputs / 100;
  const index = randint(inputs, [rows, each]);
  const values = rand([rows, each]).add(0.1);
  const dy = centred([rows, outputs]);
  const x = zeros([rows, inputs]).scatter(1, index, values);
  const step = (layer, forward) =>
    compile((given, weights, d) => {
      layer.zeroGrad();
      forward(layer, given, weights).backward(d);
    });
  const sparse = (options) =>
    measured(
      step(new nn.SparseLinear(inputs, outputs, options), (layer, i, v) => layer.forward(i, { values: v })),
      index,
      values,
      dy,
    ).fastest;
  const ours = [sparse({}), sparse({ sparse: true })];
  const dense = measured(
    step(new nn.Linear(inputs, outputs), (layer, input) => layer.forward(input)),
    x,
    values,
    dy,
  ).fastest;
  row(
    `SparseLinear ${rows}x${inputs}x${outputs}`,
    ...[...ours, dense].map(shown),
    ours.map((time) => (dense / time).toFixed(1)).join(', '),
  );
}
