// A program of TensorFlow.js in a worker while another runs on the main thread.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

it('trains and predicts recorded, with the same bits in a worker and on the main thread', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, '../programs/tfjs.cjs')]);
  const [here, inWorker] = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
    losses: number[];
    levels: string[];
    prediction: string | null;
  }[];
  expect(inWorker).toEqual(here);
  expect(here).toMatchObject({ levels: ['recorded', 'recorded'], prediction: null });
  expect(here!.losses.at(-1)!).toBeLessThan(0.8 * here!.losses[0]!);
});

describe('a fit on a thread of the library', () => {
  const run = async (how: string): Promise<{ found: unknown; code: number }> => {
    const program = [join(__dirname, '../programs/tfjs-thread.cjs'), how];
    const { stdout, code } = await promisify(execFile)(process.execPath, program).then(
      (ended) => ({ ...ended, code: 0 }),
      (error: { stdout: string; code: number }) => error,
    );
    return { found: JSON.parse(stdout.trim().split('\n').at(-1)!), code };
  };

  it('has the same bits in a worker and on the main thread, and keeps a process alive until it ends', async () => {
    const { found: alone } = await run('end');
    expect(alone).toMatchObject({ thread: null });
    expect(await run('workers')).toEqual({ found: [alone, alone], code: 0 });
  });

  it('ends with its worker, and the main thread goes on', async () => {
    expect(await run('terminate')).toMatchObject({ found: { code: 1, thread: null }, code: 0 });
  });

  it('ends with the process', async () => {
    expect(await run('exit')).toEqual({ found: null, code: 3 });
  });
});
