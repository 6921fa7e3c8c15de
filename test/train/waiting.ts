// Shared by the tests of batches that are awaited.
import { setImmediate } from 'node:timers/promises';
import { manualSeed, nn, optim, rand, randint, randn, type Tensor, train } from '../../src';
import { bitsOf, quiet } from './runs';

export const rows = 40;
manualSeed(21);
export const [x, y] = [randn([rows, 4]), randint(3, [rows])];
export const batchOf = (i: number, size = 8): [Tensor, Tensor] => [x.narrow(0, i * size, size), y.narrow(0, i * size, size)];

export function setUp() {
  manualSeed(22);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.3), new nn.ReLU(), new nn.Linear(8, 3));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  return { model, optimizer, criterion: new nn.CrossEntropyLoss(), ...quiet };
}

export async function loop(loader: train.Batches, epochs: number): Promise<string[]> {
  const { model, optimizer, criterion } = setUp();
  for (let epoch = 0; epoch < epochs; epoch++) {
    for await (const [input, target] of loader) {
      optimizer.zeroGrad();
      criterion.forward(model.call(input!), target!).backward();
      optimizer.step();
    }
  }
  return bitsOf(model);
}

export async function fitted(loader: train.Batches, more: Partial<train.FitOptions> = {}): Promise<string[]> {
  const { model, ...options } = setUp();
  await train.fit(model, { ...options, loader, epochs: 3, ...more });
  return bitsOf(model);
}

/** Batches that arrive late and draw random numbers after the wait; `seen` records what happened. */
export class Source {
  readonly seen: string[] = [];
  constructor(
    readonly batches = 5,
    readonly wait: (i: number) => unknown = () => setImmediate(),
    readonly draws = true,
  ) {}
  async *[Symbol.asyncIterator](): AsyncGenerator<Tensor[]> {
    this.seen.push('begun');
    try {
      for (let i = 0; i < this.batches; i++) {
        this.seen.push(`asked ${i}`);
        await this.wait(i);
        const [input, target] = batchOf(i);
        yield [this.draws ? input.add(rand(input.shape)) : input, target];
      }
    } finally {
      await setImmediate();
      this.seen.push('closed');
    }
  }
}
