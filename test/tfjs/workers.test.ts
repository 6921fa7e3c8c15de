// A program of TensorFlow.js in a worker, beside one on the main thread.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

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
}, 60_000);
