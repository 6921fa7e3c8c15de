// simdnn bench: measures a training step of a small network on this machine.
import { compile, info, manualSeed, nn, optim, randint, randn } from '../index';
import { say, sayJson } from './output';

/** The options of the command. */
export interface BenchOptions {
  seconds: number;
  json: boolean;
}

const sizes = [13, 30, 25, 20, 15, 10, 5];
const batch = 32;
const windowMilliseconds = 20;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

// The microseconds of a call: the median of several windows, so that a window in which something else ran does not matter.
function timed(call: () => unknown, seconds: number): { median: number; best: number } {
  const warm = performance.now() + 100;
  while (performance.now() < warm) call();
  const windows: number[] = [];
  const end = performance.now() + seconds * 1000;
  do {
    const begin = performance.now();
    let calls = 0;
    let now = begin;
    for (; now - begin < windowMilliseconds; now = performance.now()) {
      for (let i = 0; i < 10; i++) call();
      calls += 10;
    }
    windows.push((1000 * (now - begin)) / calls);
  } while (performance.now() < end);
  return { median: median(windows), best: Math.min(...windows) };
}

/** Runs the command. */
export async function benchCommand({ seconds, json }: BenchOptions): Promise<number> {
  manualSeed(0);
  const layers = sizes.slice(1).flatMap((size, i) => [new nn.Linear(sizes[i]!, size), ...(i + 2 < sizes.length ? [new nn.ReLU()] : [])]);
  const model = new nn.Sequential(...layers);
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const x = randn([batch, sizes[0]!]);
  const y = randint(0, sizes.at(-1)!, [batch]);
  const step = (rows: typeof x, classes: typeof y): typeof x => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(rows), classes);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const compiled = compile(step);
  const figures = {
    compiledStep: timed(() => compiled(x, y), seconds),
    eagerStep: timed(() => step(x, y), seconds),
  };
  if (json) {
    const { target, threads, platform, node, version } = info();
    sayJson({ version, target, threads, platform, node, network: sizes, batch, optimizer: 'adam', unit: 'microseconds', ...figures });
    return 0;
  }
  const { version, target, threads, platform, node } = info();
  say(`simdnn ${version}, ${target}, ${threads} threads, ${platform}, Node ${node}`);
  say(`a training step (forward, cross entropy, backward, Adam) of a ${sizes.join('-')} network with ReLU, ${batch} rows:`);
  for (const [name, key] of [
    ['compiled', 'compiledStep'],
    ['eager', 'eagerStep'],
  ] as const) {
    say(
      `${name.padEnd(9)} ${figures[key].median.toFixed(1)} us (median of windows of ${windowMilliseconds} ms; the best ${figures[key].best.toFixed(1)} us)`,
    );
  }
  return 0;
}
