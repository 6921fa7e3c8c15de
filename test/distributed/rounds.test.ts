// Fits of several ranks that do many epochs before JavaScript sees to them: the same as epoch by epoch, and together wherever one of them ends.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary';
import { expectNoneLeft, launch, openMpi, type Run, when } from './launch';

const launcher = openMpi();
const program = join(__dirname, 'rounds-programs.mjs');
const line = (n: number, ...args: string[]): string[] => ['--oversubscribe', '-n', String(n), process.execPath, program, ...args];
const ranks = (n: number, ...args: string[]): Promise<Run> => launch(launcher!, line(n, ...args));

interface Left {
  figures: string;
  own: string;
  epochs: number;
  sums: number;
  most: number;
}

describe.skipIf(launcher === null)('rounds of several ranks', () => {
  it.each([2, 4])('are the same as epoch by epoch: %i of them', async (n) => {
    const { status, said, text } = await ranks(n, 'same', temporaryFolder());
    expect(status, text).toBe(0);
    expect(said.length % n).toBe(0);
    expect(said.length).toBeGreaterThan(12 * n);
    for (const { rank, way, ahead, byEpoch } of said as unknown as { rank: number; way: string; ahead: Left; byEpoch: Left }[]) {
      const [{ ahead: first }] = said.filter((one) => one['way'] === way) as [{ ahead: Left }];
      expect([way, ahead.figures, ahead.own], way).toEqual([way, byEpoch.figures, byEpoch.own]);
      expect(ahead.figures, way).toBe(first.figures);
      expect([ahead.epochs, ahead.sums, byEpoch.most]).toEqual([70, 2, 1]); // a word before the first step, one at the end
      const goes =
        !['plain', 'progress', 'rates of single steps', 'the loader of the training for the validation'].includes(way) &&
        !(way === 'log of rank 0' && rank > 0);
      const isAlone = way === 'a rate that is asked for' && rank === n - 1;
      if (goes && !isAlone) expect([way, ahead.most]).toEqual([way, 32]);
      expect(byEpoch.sums, way).toBeGreaterThan(2 * 70);
    }
  });

  const stood = ({ said, text }: Run, n: number): string[] => {
    const found = said.filter(({ stands }) => stands !== undefined);
    expect(found, text).toHaveLength(n);
    for (const { stands } of found) expect(stands, text).toBe(found[0]!['stands']);
    return found.map(({ error }) => error as string);
  };
  const ends = ['one', 'all', 'log'].flatMap((how) => [[how], [how, 'scheduled'], [how, 'scheduled', 'validated']].map((way) => [way]));
  it.each(ends)(
    'end after the same step by %j, and go on to the bits of a fit that nothing has befallen',

    async ([how, ...more]) => {
      for (const [n, wait] of [
        [2, '100'],
        [2, '203'],
        [4, '351'],
      ] as const) {
        const run = await ranks(n, 'ends', temporaryFolder(), how!, wait, ...more);
        expect(run.status, run.text).toBe(0);
        const errors = stood(run, n);
        // One that has ended by itself may have been told before.
        const own = { one: /^enough$/, all: /^enough$|another rank has stopped/, log: /ENOENT/ }[how!]!;
        for (const [rank, error] of errors.entries()) {
          const isOwn = how === 'all' || (how === 'log' ? rank === 0 : rank === n - 1);
          expect(error).toMatch(isOwn ? own : /another rank has stopped/);
        }
        for (const { sum, isSame } of run.said.filter((one) => one['sum'] !== undefined))
          expect([sum, isSame], run.text).toEqual([n, true]);
      }
    },
  );

  it('end by SIGINT after the same step, and no process is left', async () => {
    const interrupt = when(/"pid"/g, 2, (pid) => setTimeout(() => process.kill(pid, 'SIGINT'), 150));
    const run = await launch(launcher!, line(2, 'ends', temporaryFolder(), 'signal', '0', 'scheduled'), interrupt);
    expect(run.status).not.toBe(0);
    for (const error of stood(run, 2)) expect(error).toMatch(/^enough$|another rank has stopped/);
    await expectNoneLeft(run.said);
  });
});
