// What a fit shows must neither harm the terminal it is shown on nor the training, where it cannot be shown.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { train } from '../../src';
import { startProgress } from '../../src/train/progress';

const program = join(__dirname, '../programs/progress.cjs');
const windows = process.platform === 'win32';

interface Outcome {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Runs the program; its stderr is read, or is the file of this name, or a pipe that nobody reads. */
async function run(args: string[], stderr: { file?: string; closed?: boolean } = {}): Promise<Outcome> {
  const fd = stderr.file === undefined ? null : openSync(stderr.file, 'w');
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', fd ?? 'pipe'] });
  if (fd !== null) closeSync(fd);
  const outcome: Outcome = { code: null, signal: null, stdout: '', stderr: '' };
  child.stdout!.setEncoding('utf8').on('data', (text) => (outcome.stdout += text));
  if (stderr.closed) child.stderr!.destroy();
  else child.stderr?.setEncoding('utf8').on('data', (text) => (outcome.stderr += text));
  [outcome.code, outcome.signal] = (await once(child, 'close')) as [number | null, string | null];
  return outcome;
}

describe('a terminal', () => {
  // Modes of a terminal, such as a hidden cursor and lines that do not wrap, outlast the program that sets them.
  it.each(['done', 'exit', 'throw', ...(windows ? [] : ['SIGINT', 'SIGTERM', 'SIGKILL'])])('is left as it was: %s', async (how) => {
    const { stderr, code, signal } = await run([how, 'terminal']);
    expect(stderr).toMatch(/epoch \d+\/40 \[=/);
    expect(stderr.split('\u001b[').filter((sequence) => sequence.startsWith('?'))).toEqual([]);
    expect(signal).toBe(how.startsWith('SIG') ? how : null);
    if (signal === null) expect(code).toBe({ done: 0, exit: 3, throw: 1 }[how]);
  });

  it.each(['done', 'exit'])('has its next line to itself: %s', async (how) => {
    const { stderr } = await run([how, 'terminal']);
    expect(stderr.endsWith('\n')).toBe(true);
  });
});

describe('without a terminal', () => {
  // With the mean loss so far, and with the number of batches where nobody knows how many there are.
  it.each([
    ['45 %', '90 %', '25 %', (fraction: number) => fraction],
    ['batch 4,560', 'batch 9,000', 'batch 2,500', () => 0],
  ])('an epoch that takes long has lines of its own: %s', (first, second, third, known) => {
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    const written: string[] = [];
    const out = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    try {
      const progress = startProgress(true, 2, 4);
      const result = { loss: [] as number[], metrics: {}, epochs: 0 } as unknown as train.FitResult;
      const show = (fraction: number): void => {
        const batch = 10_000 * fraction;
        progress.update(result, { batch, lossSum: batch * (1 - fraction) }, known(fraction), 5000);
      };
      for (const [seconds, fraction] of [
        [1, 0.1],
        [9, 0.3],
        [11, 0.456],
        [15, 0.6],
        [22, 0.9],
      ] as const) {
        now = 1000 * seconds;
        show(fraction);
      }
      result.loss.push(0.5);
      result.epochs = 1;
      show(0);
      now = 40_000;
      show(0.25);
      progress.end();
    } finally {
      clock.mockRestore();
      out.mockRestore();
    }
    expect(written).toEqual([
      `epoch 3/4, ${first}: loss 0.5440, 5,000 samples/s\n`,
      `epoch 3/4, ${second}: loss 0.1000, 5,000 samples/s\n`,
      'epoch 3/4: loss 0.5000, 5,000 samples/s\n',
      `epoch 4/4, ${third}: loss 0.7500, 5,000 samples/s\n`,
    ]);
  });
});

describe('a stderr that cannot be written', () => {
  const broken: [string, { file?: string; closed?: boolean }][] = [['a pipe that nobody reads', { closed: true }]];
  if (existsSync('/dev/full')) broken.push(['a disk that is full', { file: '/dev/full' }]);

  it.each(broken)('does not end the training: %s', async (_, stderr) => {
    for (const stream of [[], ['terminal']]) {
      expect(await run(['done', ...stream], stderr)).toMatchObject({ code: 0, stdout: 'trained 40 epochs, 0 listeners\n' });
    }
  });

  it.each(broken)('ends who writes to it without care, as ever: %s', async (_, stderr) => {
    const { code, stdout } = await run(['own'], stderr);
    expect(stdout).toContain('trained 40 epochs');
    expect(code).not.toBe(0);
  });
});
