// Whole training steps (Adam, compiled) and inference at each precision, milliseconds: the fastest and the median of blocks, the precisions in turns.
// `node bench/precision-steps.mjs [--threads N] [--python PATH]`: beside PyTorch in float32, with `set_float32_matmul_precision("medium")` and in autocast to bfloat16.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measured, peerOf, row } from './blocks.mjs';

const { compile, info, manualSeed, nn, noGrad, optim, randint, randn, setNumThreads } = createRequire(import.meta.url)('..');
const { python, threads } = parseArgs({ options: { python: { type: 'string' }, threads: { type: 'string', default: '1' } } }).values;
setNumThreads(Number(threads));

const trials = [
  { name: 'wide', batch: 256, sizes: [1024, 4096, 4096, 1000], kind: 'train' },
  { name: 'mnist-mlp', batch: 128, sizes: [784, 512, 512, 10], kind: 'train' },
  { name: 'tabular', batch: 1024, sizes: [54, 256, 256, 7], kind: 'train' },
  { name: 'inference', batch: 256, sizes: [784, 512, 512, 10], kind: 'infer' },
  { name: 'inference', batch: 1, sizes: [784, 512, 512, 10], kind: 'infer' },
];
const precisions = ['highest', 'high', 'medium'];
const peers = ['float32', 'medium', 'autocast'];

function stepOf({ batch, sizes, kind }, precision) {
  manualSeed(1);
  const layers = sizes.slice(1).flatMap((size, i) => [new nn.Linear(sizes[i], size), new nn.ReLU()]);
  const model = new nn.Sequential(...layers.slice(0, -1));
  const x = randn([batch, sizes[0]]);
  const y = randint(sizes.at(-1), [batch]);
  if (kind === 'infer') {
    model.eval();
    const predict = compile((input) => noGrad(() => model.forward(input)), { precision });
    return () => predict(x);
  }
  const [optimizer, criterion] = [new optim.Adam(model.parameters()), new nn.CrossEntropyLoss()];
  const step = compile(
    (input, labels) => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(input), labels);
      loss.backward();
      optimizer.step();
      return loss;
    },
    { precision },
  );
  return () => step(x, y);
}

const least = (times) => ({ fastest: Math.min(...times.map((t) => t.fastest)), median: Math.min(...times.map((t) => t.median)) });
const shown = ({ fastest, median }) => `${(fastest / 1000).toFixed(3)}/${(median / 1000).toFixed(3)}`;

console.log(`${info().target}, features ${info().features.join(' ') || 'none'}, ${threads} thread(s), milliseconds: fastest/median`);
const peer = python === undefined ? null : peerOf(python, fileURLToPath(new URL('precision-steps.py', import.meta.url)));
row('', ...precisions.map((p) => p.padStart(15)), ...(peer ? peers.map((p) => `torch ${p}`.padStart(15)) : []));
for (const trial of trials) {
  const steps = precisions.map((precision) => stepOf(trial, precision));
  const ours = steps.map(() => []);
  const theirs = peers.map(() => []);
  for (let turn = 0; turn < 3; turn++) {
    for (const [i, step] of steps.entries()) ours[i].push(measured(step));
    for (const [i, mode] of peer ? peers.entries() : [])
      theirs[i].push(await peer.ask(mode, trial.kind, threads, trial.batch, ...trial.sizes));
  }
  row(
    `${trial.name} ${trial.batch}x${trial.sizes.join('-')}`,
    ...[...ours, ...(peer ? theirs : [])].map((times) => shown(least(times)).padStart(15)),
  );
}
peer?.end();
