// Runs that are stopped: one that goes on has the bits of one that was not, and whatever kills a process leaves the newest whole file.
import { execFileSync } from 'node:child_process';
import { readdirSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { io, nn } from '../../src';
import { flat } from '../helpers';
import { folder } from './files';
import { killed } from './kills';

const at = folder();
const program = join(__dirname, '../programs/resume.cjs');

interface Run {
  losses: number[];
  weights: string;
}
const run = (options: object): Run =>
  JSON.parse(execFileSync(process.execPath, [program, JSON.stringify(options)], { encoding: 'utf8' })) as Run;

describe('a run that is stopped and goes on in another process', () => {
  it.each(['loop', 'compiled', 'fit'].flatMap((mode) => [false, true].map((seeded) => ({ mode, seeded }))))(
    '$mode, loader with a seed: $seeded',
    ({ mode, seeded }) => {
      const file = at(`${mode}-${seeded}.safetensors`);
      const common = { mode, seeded };
      const whole = run({ ...common, from: 0, to: 5, load: null, save: null, threads: 1 });
      const first = run({ ...common, from: 0, to: 2, load: null, save: file, threads: 2 });
      const then = run({ ...common, from: 2, to: 5, load: file, save: null, threads: 3 });
      // Of a loop the last is the accuracy over all, of the stopped run so far.
      const losses = mode === 'fit' ? [...first.losses, ...then.losses] : [...first.losses.slice(0, -1), ...then.losses];
      expect(losses).toEqual(whole.losses);
      expect(then.weights).toBe(whole.weights);
      expect(first.weights).not.toBe(whole.weights);
    },
  );

  it('goes on in another way with the same bits', () => {
    const file = at('loop-false.safetensors');
    const [loop, compiled] = ['loop', 'compiled'].map((mode) => run({ mode, seeded: false, from: 2, to: 4, load: file, save: null }));
    expect(compiled).toEqual(loop);
    expect(run({ mode: 'fit', seeded: false, from: 2, to: 4, load: file, save: null }).weights).toBe(loop!.weights);
  });
});

describe('a process that is killed while it saves', () => {
  it('leaves the newest whole file, and nothing that a later save does not clear away', async () => {
    const file = at('killed.safetensors');
    let next = 1;
    const rounds = Number(process.env['SIMDNN_KILLS'] ?? 12);
    // On a busy machine a process may be killed before its first save has ended: further ones live longer.
    const enough = (): boolean => next > rounds / 4;
    for (let round = 0; round < rounds || (!enough() && round < 10 * rounds); round++) {
      const { begun, ended } = await killed(file, next, ((round * 7) % 60) * Math.ceil((round + 1) / rounds));
      const model = new nn.Linear(200, 100);
      const { epoch } = ended > 0 ? await io.loadCheckpoint(file, { model }) : { epoch: 0 };
      expect(epoch).toBeGreaterThanOrEqual(ended);
      expect(epoch).toBeLessThanOrEqual(begun);
      if (epoch > 0) expect([new Set(flat(model.weight)), new Set(flat(model.bias!))]).toEqual([new Set([epoch]), new Set([epoch])]);
      next = epoch + 1;
    }
    expect(enough()).toBe(true);
    const left = (): string[] => readdirSync(dirname(file)).filter((name) => name.startsWith('.killed') && name.endsWith('.tmp'));
    for (const name of left()) utimesSync(at(name), 0, 0);
    await io.saveCheckpoint(file, { model: new nn.Linear(1, 1) });
    expect(left()).toEqual([]);
  });
});
