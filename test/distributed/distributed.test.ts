// Training by several processes of a real mpirun: Open MPI's, whose ranks may be more than cores.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arange, data, manualSeed, nn, optim, train } from '../../src';
import { temporaryFolder } from '../temporary';
import {
  alone,
  distance,
  expectNoneLeft,
  expectStoppedTogether,
  launch,
  openMpi,
  program,
  type Run,
  ranksOf,
  root,
  valuesOf,
  when,
} from './launch';

const launcher = openMpi();
const skipped = launcher === null;
const ranks = (n: number, ...args: string[]): Promise<Run> =>
  launch(launcher!, ['--oversubscribe', '-n', String(n), process.execPath, program, ...args]);

// All ranks have the same bits, and what one process has with the whole batch.
async function expectTogether(n: number, ...args: string[]): Promise<string> {
  const [one, several] = await Promise.all([alone(...args), ranks(n, ...args)]);
  expect([one.status, several.status], one.text + several.text).toEqual([0, 0]);
  expect(several.said).toHaveLength(n);
  expect(new Set(several.said.map(({ bits }) => bits)).size).toBe(1);
  expect(distance(valuesOf(one.said[0]!), valuesOf(several.said[0]!))).toBeLessThanOrEqual(1e-6);
  return several.said[0]!['bits'] as string;
}

describe.skipIf(skipped)('ranks of one job', () => {
  it('train as one process with the whole batch does: in loops, compiled and in fits with the same bits', async () => {
    const loop = await expectTogether(2, 'train', 'loop');
    const others = await Promise.all([ranks(2, 'train', 'compiled'), ranks(2, 'train', 'fit')]);
    for (const { said, text } of others)
      expect(
        said.map(({ bits }) => bits),
        text,
      ).toEqual([loop, loop]);
  });

  it('are four on two cores', async () => {
    await expectTogether(4, 'train', 'fit');
  });

  it('sum once for several micro-batches', async () => {
    const loop = await expectTogether(2, 'accumulate', 'loop');
    for (const megabytes of ['Infinity', '1e-4']) expect(await expectTogether(2, 'accumulate', 'fit', megabytes)).toBe(loop);
  });

  // Of 100 bytes: each weight and each bias of the model has one, but the last bias, which is summed with the weight before it.
  it.each([2, 4])('sum in parts with the same bits in loops, compiled and in fits, %i of them', async (n) => {
    const loop = await expectTogether(n, 'train', 'loop', '1', '1e-4');
    for (const way of ['compiled', 'fit']) expect(await expectTogether(n, 'train', way, '1', '1e-4')).toBe(loop);
    if (n === 2) expect(await expectTogether(n, 'train', 'loop')).toBe(loop); // a sum of two numbers has one order
  });

  it('begin the sum of each part behind the last call that uses its gradients', async () => {
    const { status, said, text } = await ranks(2, 'overlap');
    expect(status, text).toBe(0);
    expect(said).toHaveLength(2);
    for (const { calls: named } of said) {
      const calls = named as string[];
      const backward = calls.lastIndexOf('linearBackward');
      expect(calls.slice(calls.indexOf('linearBackward'), backward)).toContain('begin');
      expect(calls.slice(backward + 1)).toContain('begin');
      expect(calls.indexOf('end')).toBeGreaterThan(calls.lastIndexOf('begin'));
      expect(calls).not.toContain('whole');
    }
  });

  it('weigh their rows where batches are uneven', async () => {
    await expectTogether(2, 'uneven');
  });

  it('decide on the same numbers, and stop when one of them does', async () => {
    const { status, said, text } = await ranks(2, 'decide');
    expect(status, text).toBe(0);
    const [first, second] = said;
    expect(first!['epochs']).toBe(6);
    for (const key of ['epochs', 'validationLoss', 'lr', 'bits']) expect(second![key]).toEqual(first![key]);
  });

  // In JavaScript by a word before the first step and one at the end, as threads join the losses; or after each epoch by one on each loss and one on whether to stop, as
  // where batches are no rows.
  it.each([2, 3])('agree at the end of a fit where nothing needs it before: %i of them', async (n) => {
    const { status, said, text } = await ranks(n, 'agree');
    expect(status, text).toBe(0);
    const sets = { plain: 0, rates: 0, validated: 1, both: 2, accumulated: 0, own: 0 };
    expect(said).toHaveLength(n * Object.keys(sets).length);
    for (const { name, found } of said) {
      const [late, each] = found as { all: string; sums: number }[];
      const byEpoch = 1 + 5 * (2 + sets[name as keyof typeof sets]);
      expect([name, late!.sums, each!.sums]).toEqual([name, name === 'own' ? byEpoch : 2, byEpoch]);
      expect({ ...late, sums: 0 }).toEqual({ ...each, sums: 0 });
      const [first] = said.find((one) => one['name'] === name)!['found'] as unknown[];
      expect(late).toEqual(first);
    }
  });

  it('have the metrics of all rows together', async () => {
    const [one, two, three] = await Promise.all([alone('metrics'), ranks(2, 'metrics'), ranks(3, 'metrics')]);
    expect([one.status, two.status, three.status], one.text + two.text + three.text).toEqual([0, 0, 0]);
    expect([...two.said, ...three.said]).toHaveLength(5);
    const expected = one.said[0]!['figures'] as number[];
    for (const { figures } of [...two.said, ...three.said]) {
      const found = figures as number[];
      expect(found).toHaveLength(expected.length);
      for (const [i, figure] of found.entries()) expect(Math.abs(figure - expected[i]!)).toBeLessThanOrEqual(1e-6 * Math.abs(expected[i]!));
    }
  });

  it('all refuse what a metric refuses of one', async () => {
    const { status, said, text } = await ranks(2, 'refuses');
    expect(status, text).toBe(0);
    expect(said.map(({ error }) => error)).toEqual(Array(2).fill('no at position 12 of batch 5 of rank 1'));
  });

  it('sum, send and meet', async () => {
    const { status, said, text } = await ranks(2, 'collectives');
    expect(status, text).toBe(0);
    for (const rank of said) expect(rank).toMatchObject({ sum: [3, 4], mean: [0.5, 4], sent: [6], whole: [3] });
  });

  // With two ranks a meeting carries 8,000 numbers, with four 2,666, with five 2,000.
  it.each([1, 2, 3, 4, 5])('sum few numbers as they meet, more after it: %i of them', async (n) => {
    const lengths = ['1', '1999', '2000', '2001', '2666', '2667', '4000', '4001', '7999', '8000', '8001', '20000'];
    const { status, said, text } = await ranks(n, 'lengths', ...lengths);
    expect(status, text).toBe(0);
    expect(said.map(({ right }) => right)).toEqual(Array(n).fill(lengths.map(() => true)));
  });

  it.each([2, 3])('refuse calls that differ, whatever comes with the meeting, and go on: %i of them', async (n) => {
    const { status, said, text } = await ranks(n, 'disagree');
    expect(status, text).toBe(0);
    expect(said).toHaveLength(n);
    for (const { errors, together } of said) {
      expect(errors).toEqual(Array(6).fill(expect.stringMatching(/^RangeError: .*the ranks do different things/)));
      expect(together).toEqual([n, 2 * n]);
    }
  });

  it('refuse models that differ', async () => {
    const { said } = await ranks(2, 'different');
    for (const { error } of said) expect(error).toMatch(/the ranks do different things/);
    expect(said).toHaveLength(2);
  });
});

describe.skipIf(skipped)('a rank that fails in a fit', () => {
  it.each(['kill', 'exit', 'throw', 'stop'])(
    'by %s ends the job with a status other than 0, and leaves no process',

    async (how) => {
      const { status, said, seconds } = await ranks(2, 'fails', how);
      expect(status).not.toBe(0);
      expect(seconds).toBeLessThan(15);
      await expectNoneLeft(said);
    },
  );

  it.each([[[]], [['validated']]])('by an abort stops the others between two steps: %j', async (more) => {
    const { status, said, text } = await ranks(2, 'fails', 'abort', ...more);
    expect(status, text).toBe(0);
    const ends = said.filter(({ error }) => error !== undefined);
    expect(ends.map(({ error }) => error)).toEqual([expect.stringMatching(/another rank has stopped/), 'enough']);
    expect(ends[1]!['bits']).toBe(ends[0]!['bits']);
  });

  it('is ended with the job by SIGINT', async () => {
    const args = ['--oversubscribe', '-n', '2', process.execPath, program, 'fails', 'not'];
    const { status, said } = await launch(
      launcher!,
      args,
      when(/"pid"/g, 2, (pid) => process.kill(pid, 'SIGINT')),
    );
    expect(status).not.toBe(0);
    await expectNoneLeft(said);
  });

  it('by a signal that it listens to ends with the others after the same step', async () => {
    const args = ['--oversubscribe', '-n', '2', process.execPath, program, 'fails', 'signal'];
    const run = await launch(
      launcher!,
      args,
      when(/"pid"/g, 2, (pid) => process.kill(pid, 'SIGINT')),
    );
    expect(run.status).not.toBe(0);
    await expectStoppedTogether(run);
  });

  it('by doing nothing is waited for until the timeout', async () => {
    const { status, text } = await ranks(2, 'hangs');
    expect(status).not.toBe(0);
    expect(text).toMatch(/has waited for the other ranks for 1 s, the timeout of the group/);
  });

  it("by a library that is none, or is not the launcher's, is an error", async () => {
    const [none, other] = await Promise.all([ranks(1, 'library', 'no-such-library.so'), ranks(1, 'library', 'libm.so.6')]);
    expect(none.text).toMatch(/no MPI library was found\s+tried: no-such-library.so/);
    expect(other.text).toMatch(/the library has no MPI_/);
  });
});

describe.skipIf(skipped || spawnSync('ps', ['-eo', 'pid=']).status !== 0)('the example', () => {
  const [loop, script] = ['restart', 'train'].map((name) => join(root, 'examples/distributed', `${name}.mjs`));
  const job = (checkpoint: string, epochs = 60): string[] => [
    '--oversubscribe',
    '-n',
    '2',
    process.execPath,
    script!,
    checkpoint,
    String(epochs),
  ];

  it('goes on after a rank was killed, to the bits of a run that was not', async () => {
    const folder = temporaryFolder();
    const killed = join(folder, 'killed.ckpt');
    const whole = join(folder, 'whole.ckpt');
    expect(await launch(launcher!, job(whole))).toMatchObject({ status: 0, text: expect.stringMatching(/epoch 60: loss/) });
    const { status, text } = await launch(
      process.execPath,
      [loop!, launcher!, ...job(killed)],
      when(/epoch 3: loss/g, 1, () => process.kill(ranksOf(killed)[0]!, 'SIGKILL')),
    );
    expect(status, text).toBe(0);
    expect(text).toMatch(/the job has ended with \d+; attempt 2 of 10/);
    expect(text.match(/epoch 1: loss/g)).toHaveLength(1);
    expect(readFileSync(killed).equals(readFileSync(whole))).toBe(true);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends by %s in the midst of an epoch, and goes on from there',

    async (name) => {
      const [stopped, whole] = ['stopped.ckpt', 'whole.ckpt'].map((file) => join(temporaryFolder(), file)) as [string, string];
      const first = await launch(
        process.execPath,
        [loop!, launcher!, ...job(stopped, 1_000_000)],
        when(/epoch 3: loss/g, 1, (pid) => process.kill(pid, name)),
      );
      expect(first.status, first.text).toBe(130);
      const epoch = Number(/stopped in epoch (\d+)/.exec(first.text)?.[1]);
      expect(epoch, first.text).toBeGreaterThan(3);
      expect(ranksOf(stopped)).toEqual([]);
      for (const checkpoint of [stopped, whole]) {
        const { status, text } = await launch(launcher!, job(checkpoint, epoch + 2));
        expect(status, text).toBe(0);
      }
      expect(readFileSync(stopped).equals(readFileSync(whole))).toBe(true);
    },
  );
});

describe('DistributedSampler', () => {
  const parts = (n: number, size: number, options: data.DistributedSamplerOptions, epoch = 0): number[][] =>
    Array.from({ length: n }, (_, rank) => {
      const sampler = new data.DistributedSampler(size, { numReplicas: n, rank, ...options });
      sampler.setEpoch(epoch);
      return [...sampler];
    });

  it('pads, drops or does neither', () => {
    const shuffle = false;
    expect(parts(2, 5, { shuffle })).toEqual([
      [0, 2, 4],
      [1, 3, 0],
    ]);
    expect(parts(2, 5, { shuffle, dropLast: true })).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(parts(2, 5, { shuffle, pad: false })).toEqual([
      [0, 2, 4],
      [1, 3],
    ]);
    expect(parts(4, 2, { shuffle })).toEqual([[0], [1], [0], [1]]);
    expect(() => new data.DistributedSampler(1, { numReplicas: 2, rank: 1, pad: false })).toThrow(/1 items are too few for 2 ranks/);
  });

  it('has together, batch by batch, the rows of one process', () => {
    for (const epoch of [0, 3]) {
      const whole = new data.RandomSampler(12, { seed: 9 });
      whole.setEpoch(epoch);
      const order = [...whole];
      const [a, b] = parts(2, 12, { seed: 9 }, epoch);
      for (let i = 0; i < 12; i += 4)
        expect([...a!.slice(i / 2, i / 2 + 2), ...b!.slice(i / 2, i / 2 + 2)].sort()).toEqual(order.slice(i, i + 4).sort());
    }
  });

  it.each([{ shuffle: true }, { shuffle: true, pad: false }, { shuffle: true, dropLast: true }, { shuffle: false }])(
    'gives a fit the rows that it gives a loop: %j',
    async (options) => {
      const values = arange(40).reshape([20, 2]).div(40);
      const set = new data.Subset(new data.TensorDataset(values, values.square()), [3, 1, 4, 15, 9, 2, 6, 5, 8, 7, 12]);
      for (const rank of [0, 1, 2]) {
        const make = () => {
          manualSeed(3);
          const model = new nn.Linear(2, 2);
          const sampler = new data.DistributedSampler(set, { numReplicas: 3, rank, seed: 4, ...options });
          const loader = new data.DataLoader(set, { batchSize: 2, sampler });
          return { model, loader, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), criterion: new nn.MSELoss() };
        };
        const [fitted, looped] = [make(), make()];
        expect(fitted.loader.rows()).not.toBe(null);
        const { model, ...parts } = fitted;
        await train.fit(model, { ...parts, epochs: 3, progress: false });
        for (let epoch = 0; epoch < 3; epoch++) {
          for (const [x, y] of looped.loader) {
            looped.optimizer.zeroGrad();
            looped.criterion.forward(looped.model.forward(x!), y!).backward();
            looped.optimizer.step();
          }
        }
        expect(model.weight.data).toEqual(looped.model.weight.data);
        expect(fitted.loader.stateDict()).toEqual(looped.loader.stateDict());
      }
    },
  );

  it('advances the epoch by itself', () => {
    const sampler = new data.DistributedSampler(40, { numReplicas: 2, rank: 0 });
    const first = [...sampler];
    expect([...sampler]).not.toEqual(first);
    sampler.setEpoch(0);
    expect([...sampler]).toEqual(first);
  });
});
