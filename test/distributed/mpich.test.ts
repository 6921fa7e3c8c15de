// Training by several processes of MPICH's mpirun. Ranks that wait never let go of their processor here: few steps, and few ranks.
import { describe, expect, it } from 'vitest';
import {
  alone,
  distance,
  expectNoneLeft,
  expectStoppedTogether,
  launch,
  mpich,
  openMpi,
  program,
  type Run,
  valuesOf,
  when,
} from './launch';

const hydra = mpich();
const openMpirun = openMpi();
const args = (n: number, ...words: string[]): string[] => ['-n', String(n), process.execPath, program, ...words];
const ranks = (n: number, ...words: string[]): Promise<Run> => launch(hydra!, args(n, ...words));

describe.skipIf(hydra === null)('ranks of MPICH', () => {
  it.each([2, 4])('train as one process does: %i of them', async (n) => {
    const [one, several] = [await alone('train', 'fit'), await ranks(n, 'train', 'fit')];
    expect([one.status, several.status], one.text + several.text).toEqual([0, 0]);
    expect(several.said).toHaveLength(n);
    expect(new Set(several.said.map(({ bits }) => bits)).size).toBe(1);
    expect(distance(valuesOf(one.said[0]!), valuesOf(several.said[0]!))).toBeLessThanOrEqual(1e-6);
  });

  it('have the same bits in loops and compiled steps, and those of Open MPI', async () => {
    const { said, text } = await ranks(2, 'train', 'loop');
    expect(said, text).toHaveLength(2);
    const [first] = said;
    const others = [await ranks(2, 'train', 'compiled'), await ranks(2, 'train', 'fit')];
    if (openMpirun !== null) others.push(await launch(openMpirun, ['--oversubscribe', ...args(2, 'train', 'fit')]));
    for (const other of others)
      expect(
        other.said.map(({ bits }) => bits),
        other.text,
      ).toEqual([first!['bits'], first!['bits']]);
  });

  it('sum, send and meet', async () => {
    const { status, said, text } = await ranks(2, 'collectives');
    expect(status, text).toBe(0);
    for (const rank of said) expect(rank).toMatchObject({ sum: [3, 4], mean: [0.5, 4], sent: [6], whole: [3] });
  });

  it.each(['kill', 'exit', 'throw', 'stop'])('end with a status other than 0 where one fails by %s', async (how) => {
    const { status, said, seconds } = await ranks(2, 'fails', how);
    expect(status).not.toBe(0);
    expect(seconds).toBeLessThan(20);
    await expectNoneLeft(said);
  });

  it('end after the same step by SIGINT, where they listen to it', async () => {
    const interrupt = when(/"pid"/g, 2, (pid) => process.kill(pid, 'SIGINT'));
    await expectStoppedTogether(await launch(hydra!, args(2, 'fails', 'signal'), interrupt));
  });

  // UCX, on which it stands, would move the heap under V8's feet, and take its signals.
  it('are told what keeps V8 whole', async () => {
    const { status, said, text } = await ranks(2, 'library');
    expect(status, text).toBe(0);
    for (const rank of said) expect(rank).toMatchObject({ size: 2, UCX_MEM_EVENTS: 'no', UCX_ERROR_SIGNALS: '' });
    const given = await launch(hydra!, ['-genv', 'UCX_MEM_EVENTS', 'yes', ...args(2, 'library')]);
    expect(given.said[1], given.text).toMatchObject({ UCX_MEM_EVENTS: 'yes', UCX_ERROR_SIGNALS: '' });
  });

  it.skipIf(openMpirun === null)("refuse the other launcher's library", async () => {
    const wrong = [
      await launch(openMpirun!, ['--oversubscribe', ...args(2, 'library', 'libmpich.so.12')]),
      await launch(hydra!, args(2, 'library', 'libmpi.so.40')),
    ];
    for (const { status, text } of wrong) {
      expect(status, text).not.toBe(0);
      expect(text).toMatch(/the launcher has started 2 processes, and .* says that there are 1: it belongs to another launcher/);
    }
  });
});
