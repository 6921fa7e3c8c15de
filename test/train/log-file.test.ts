// Logs of short epochs: lines are written together, and none is lost however the fit ends.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { data, nn, optim, randn, train, zeros } from '../../src';
import { LogFile } from '../../src/train/log-file';
import { quiet } from './runs';

const folder = mkdtempSync(join(tmpdir(), 'simdnn-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const fresh = (): string => join(folder, `${++files}.csv`);
const read = (path: string): string => readFileSync(path, 'utf8');
const epochs = (path: string): number[] => read(path).trim().split('\n').slice(1).map(Number.parseFloat);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

function setUp() {
  const model = new nn.Linear(2, 1);
  const loader = new data.DataLoader(new data.TensorDataset(randn([8, 2]), zeros([8, 1])), { batchSize: 4 });
  return { model, options: { criterion: new nn.MSELoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), loader, ...quiet } };
}

it('writes the first line at once, and those that follow fast together', async () => {
  const path = fresh();
  const lines = new LogFile(path);
  await lines.append('1\n');
  expect(read(path)).toBe('1\n');
  for (let i = 2; i <= 5; i++) expect(lines.append(`${i}\n`)).toBeUndefined();
  expect(read(path)).toBe('1\n');
  await setTimeout(500); // whoever follows the file sees them, whatever comes next
  expect(read(path)).toBe('1\n2\n3\n4\n5\n');
  await lines.append('6\n');
  expect(read(path)).toBe('1\n2\n3\n4\n5\n6\n');
});

it('has all lines when a fit ends, is stopped, is aborted, or a callback throws', async () => {
  const endings: [train.Callback['onEpoch'], AbortController][] = [
    [undefined, new AbortController()],
    [({ epoch, stop }) => epoch === 7 && stop(), new AbortController()],
  ];
  const aborting = new AbortController();
  endings.push([({ epoch }) => epoch === 7 && aborting.abort(), aborting]);
  const failing = ({ epoch }: train.EpochReport): void => {
    if (epoch === 7) throw new Error('of a callback');
  };
  endings.push([failing, new AbortController()]);
  for (const [onEpoch, { signal }] of endings) {
    const path = fresh();
    const { model, options } = setUp();
    const fitting = train.fit(model, {
      ...options,
      epochs: 30,
      signal,
      callbacks: [train.csvLogger(path), ...(onEpoch ? [{ onEpoch }] : [])],
    });
    const [{ status }] = await Promise.allSettled([fitting]);
    expect(status).toBe(signal.aborted || onEpoch === failing ? 'rejected' : 'fulfilled');
    expect(epochs(path)).toEqual(upTo(onEpoch === undefined ? 30 : 7));
  }
});

it('has the lines of all epochs that a checkpoint has', async () => {
  const path = fresh();
  const { model, options } = setUp();
  const checkpoint = { path: `${path}.safetensors`, every: 3 };
  const seen: number[] = [];
  const onEpoch = ({ epoch }: train.EpochReport): void => {
    if (epoch % 3 === 1 && epoch > 1) seen.push(epochs(path).length);
  };
  await train.fit(model, { ...options, epochs: 10, checkpoint, callbacks: [{ onEpoch }, train.csvLogger(path)] });
  expect(seen.map((n, i) => n >= 3 * (i + 1))).toEqual([true, true, true]);
});

it('tells of a file that cannot be written, in the end at the latest', async () => {
  const path = join(folder, 'gone');
  const lines = new LogFile(join(path, 'log.csv'));
  await expect(lines.append('1\n')).rejects.toThrow(/ENOENT/);
  lines.append('2\n');
  await expect(lines.flush()).rejects.toThrow(/ENOENT/);
  await setTimeout(300);
  expect(existsSync(path)).toBe(false);
});

it('writes what it has where the process ends in the midst of a fit', () => {
  const path = fresh();
  const { status, stderr } = spawnSync(process.execPath, [join(__dirname, '../programs/log.cjs'), path], { encoding: 'utf8' });
  expect(status, stderr).toBe(3);
  expect(epochs(path)).toEqual(upTo(9));
});
