// The same seed gives the same bits, whatever the number of threads, in any thread of the process, eager or compiled.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

const program = join(__dirname, 'programs/train.cjs');

interface Training {
  layers: number[];
  rows: number;
  steps: number;
  threads: number;
  compiled: boolean;
}

const inProcess = (training: Training): string =>
  execFileSync(process.execPath, [program, JSON.stringify(training)], { encoding: 'utf8' }).trim();

const inWorker = (training: Training): Promise<string> =>
  new Promise((resolve, reject) => new Worker(program, { workerData: training }).once('message', resolve).once('error', reject));

// The first is the lecture's; the second is large enough that every kernel divides its work among the threads.
const networks = [
  { layers: [13, 30, 25, 20, 15, 10, 5], rows: 32, steps: 40 },
  { layers: [200, 300, 260, 10], rows: 300, steps: 6 },
];

describe.each(networks)('$layers, $rows rows', (network) => {
  const expected = inProcess({ ...network, threads: 1, compiled: false });

  it('prints a digest', () => expect(expected).toMatch(/^[0-9a-f]{64}$/));
  it.each([1, 2, 3, 4])('%i threads, twice in a row', (threads) => {
    for (let i = 0; i < 2; i++) expect(inProcess({ ...network, threads, compiled: false })).toBe(expected);
  });
  it.each([1, 4])('compiled, %i threads', (threads) => {
    expect(inProcess({ ...network, threads, compiled: true })).toBe(expected);
  });
  it('in worker threads, several at once', async () => {
    const digests = await Promise.all([1, 2, 3].map((threads) => inWorker({ ...network, threads, compiled: threads === 2 })));
    expect(digests).toEqual([expected, expected, expected]);
  });
});

it('other data give other bits', () => {
  const network = networks[0]!;
  const other = inProcess({ ...network, rows: 31, threads: 1, compiled: false });
  expect(other).not.toBe(inProcess({ ...network, threads: 1, compiled: false }));
});
