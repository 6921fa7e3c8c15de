// The benchmark as it runs: small runs from end to end, its other programs, its command line.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './temporary';

const folder = join(__dirname, '..', 'bench');
const load = (file: string) => import(pathToFileURL(join(folder, file)).href);
const scratch = temporaryFolder();

const bench = (...args: string[]) => spawnSync(process.execPath, [join(folder, 'run.mjs'), ...args], { encoding: 'utf8' });

/** A network small enough for blocks of milliseconds, with its first five losses. */
const tiny = async () => {
  const { trials } = await load('trials.mjs');
  return { ...trials.find(({ name }: { name: string }) => name === 'student-relu'), batches: 8 };
};
const settings = { pace: { warmSeconds: 0.01, blockSeconds: 0.005, longestStep: 10, limitMs: 30_000 }, blocks: 5, threads: 1, cpus: null };

describe('a run', () => {
  it('measures ours and plain JavaScript', async () => {
    const { measureTrial } = await load('measure.mjs');
    const { drivers } = await load('drivers.mjs');
    const chosen = drivers.filter(({ name }: { name: string }) => name === 'simdnn' || name === 'plain');
    const cells = await measureTrial(await tiny(), chosen, settings);
    expect(cells.map(({ driver, status, reason }: Record<string, string>) => [driver, status, reason])).toEqual([
      ['simdnn', 'measured', undefined],
      ['plain', 'measured', undefined],
    ]);
    for (const { seconds } of cells) expect(seconds.length === 5 && seconds.every((time: number) => time > 1e-7 && time < 1)).toBe(true);
  });

  it('measures epochs of train.fit', async () => {
    const { measureTrial } = await load('measure.mjs');
    const { drivers } = await load('drivers.mjs');
    const { trials } = await load('trials.mjs');
    const trial = { ...trials.find(({ name }: { name: string }) => name === 'epoch'), rows: 200 };
    const chosen = drivers.filter(({ name }: { name: string }) => name === 'simdnn-fit');
    expect(await measureTrial(trial, chosen, settings)).toMatchObject([{ driver: 'simdnn-fit', status: 'measured' }]);
  });

  it.each([1, 32, 256])('measures inference of %i rows', async (rows) => {
    const { measureTrial } = await load('measure.mjs');
    const { drivers } = await load('drivers.mjs');
    const { trials } = await load('trials.mjs');
    const trial = trials.find(({ name }: { name: string }) => name === `inference-student-${rows}`);
    const names = ['simdnn', 'simdnn-compiled', 'simdnn-predict', 'simdnn-fit', 'plain'];
    const chosen = drivers.filter(({ name }: { name: string }) => names.includes(name));
    expect((await measureTrial(trial, chosen, settings)).map(({ driver, status }: Record<string, string>) => [driver, status])).toEqual([
      ['simdnn', 'measured'],
      ['simdnn-compiled', 'measured'],
      ['simdnn-fit', 'unavailable'],
      ['simdnn-predict', 'measured'],
      ['plain', 'measured'],
    ]);
  });

  it('measures a training from its first epoch to its last, or its first epochs where there is no time', async () => {
    const { measureTrial } = await load('measure.mjs');
    const { drivers } = await load('drivers.mjs');
    const { networkStep } = await load('plain-network.mjs');
    const { batches } = await load('data.mjs');
    const trial = { ...(await tiny()), kind: 'training', softmax: true, epochs: 230, batches: 4 };
    const step = networkStep(trial, Float64Array);
    const epoch = () => batches(trial).reduce((sum: number, batch: object) => sum + step(batch) / 4, 0);
    const expected = [epoch(), epoch()];
    const chosen = drivers.filter(
      ({ name }: { name: string }) => (name.startsWith('simdnn') && name !== 'simdnn-predict') || name === 'plain',
    );
    const pace = { ...settings.pace, trainingSeconds: 100, shortEpochs: 3 };
    const cells = await measureTrial({ ...trial, expected }, chosen, { ...settings, pace });
    expect(cells.map(({ driver, status, reason }: Record<string, string>) => [driver, status, reason])).toEqual(
      ['simdnn', 'simdnn-compiled', 'simdnn-fit', 'plain'].map((driver) => [driver, 'measured', undefined]),
    );
    for (const cell of cells) {
      expect([cell.epochs, cell.windows.length, cell.losses.length]).toEqual([230, 3, 3]);
      expect(cell.seconds.every((time: number) => time > 1e-7 && time < 1)).toBe(true);
      expect(cell.losses[0]).toBeCloseTo(cells[0].losses[0], 5); // later on, roundings decide
    }
    for (const cell of cells.slice(1, 3)) expect(cell.losses).toEqual(cells[0].losses); // the same bits
    const short = { ...settings, pace: { ...pace, trainingSeconds: 0 } };
    expect(await measureTrial({ ...trial, expected }, chosen.slice(-1), short)).toMatchObject([{ status: 'measured', epochs: 3 }]);
    const [other] = await measureTrial({ ...trial, softmax: false, expected }, chosen.slice(-1), short);
    expect([other.status, other.windows]).toEqual(['other result', undefined]);
  });

  it('shows no time for another result', async () => {
    const { measureTrial } = await load('measure.mjs');
    const plain = { name: 'plain', file: 'plain.mjs' };
    const trial = await tiny();
    const [cell] = await measureTrial({ ...trial, adam: { ...trial.adam, lr: 0.1 } }, [plain], settings);
    expect(cell.status).toBe('other result');
    expect(cell.reason).toMatch(/^value 2 is [\d.]+, expected 1\.620699$/);
    expect(cell.seconds).toBe(undefined);
  });

  it('says why a driver has no time', async () => {
    const { measureTrial } = await load('measure.mjs');
    const trial = await tiny();
    const plain = { name: 'plain', file: 'plain.mjs' };
    const cells = await measureTrial(
      trial,
      [
        { ...plain, unavailable: 'not installed' },
        { ...plain, leftOut: { [trial.name]: 'too slow' } },
        { name: 'none', file: 'none.mjs' },
      ],
      settings,
    );
    expect(cells.map(({ status, reason }: Record<string, string>) => `${status}: ${reason}`)).toEqual([
      'unavailable: not installed',
      'unavailable: too slow',
      "failed: Error: Cannot find module 'bench/drivers/none.mjs'",
    ]);
    const [slow] = await measureTrial(trial, [plain], { ...settings, pace: { ...settings.pace, longestStep: 1e-9 } });
    expect(slow).toMatchObject({ status: 'unavailable', reason: 'one step takes longer than 1e-9 s' });
    const [late] = await measureTrial(trial, [plain], { ...settings, budgetMs: 0 });
    expect(late).toMatchObject({ status: 'unavailable', reason: 'left out: no time' });
    const [unknown] = await measureTrial({ ...trial, kind: 'other' }, [plain], settings);
    expect(unknown).toMatchObject({ status: 'unavailable', reason: 'no such operation in this driver' });
  });

  it('writes what it measured, without the paths of this machine', async () => {
    const [json, svg] = [join(scratch, 'a.json'), join(scratch, 'a.svg')];
    const { status, stdout } = bench(
      '--quick',
      '--trials',
      'cross-entropy-small',
      '--drivers=plain',
      '--json',
      json,
      '--svg',
      svg,
      '--markdown',
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\| {2}\| cross-entropy-small \|\n\| --- \| ---: \|\n\| plain JavaScript \| [\d.]+ us \(1\.00x\) \|\n/);
    const run = JSON.parse(readFileSync(json, 'utf8'));
    expect(run.cells).toMatchObject([{ trial: 'cross-entropy-small', driver: 'plain', status: 'measured' }]);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg xmlns="[^"]+" viewBox="0 0 860 \d+"[\s\S]*<\/svg>\n$/);
    expect(run.command).toBe('npm run bench -- --quick --trials cross-entropy-small --drivers plain');
    expect(JSON.stringify(run)).not.toContain(join(__dirname, '..'));
    const compared = bench('--compare', json, json);
    expect(compared.stdout).toMatch(/cross-entropy-small +plain +[\d.]+ us +[\d.]+ us +1\.00x/);
  });
});

describe('lateness', () => {
  it('is told for a fit, bare and with everything, an eager loop and an idle process', () => {
    const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'lateness.mjs'), '--seconds', '0.2'], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const figures = '( +\\d+\\.\\d\\d){5}';
    const table = (name: string) =>
      `${name} +median +p99 +max +start +end +steps/s\ntrain\\.fit${figures} +[\\d,]+\ntrain\\.fit, with everything${figures} +[\\d,]+\neager, setImmediate a batch${figures} +[\\d,]+\nidle${figures}\n`;
    expect(stdout).toMatch(new RegExp(`^a 1 ms timer.*\n\n${table('student-relu')}\n${table('mnist-mlp')}$`));
  });
});

describe('a long run', () => {
  const long = (...args: string[]) => spawnSync(process.execPath, [join(folder, 'long-run.mjs'), ...args], { encoding: 'utf8' });

  it('tells how steady a step is, and fails where the slowest window is beyond the limit', () => {
    const { stdout, status } = long('--steps', '10000', '--limit', 'Infinity');
    expect(stdout).toMatch(/^ +first window.*\ncompiled +[\d.]+ us .*x .*\nfit +[\d.]+ us .*\neager +[\d.]+ us .*\n$/);
    expect(status).toBe(0);
    const failed = long('--steps', '10000', '--limit', '1', '--modes', 'compiled');
    expect([failed.status, failed.stdout.split('\n')[3]]).toEqual([1, 'a step gets slower: more than 1 of the fastest window']);
  });
});

describe('many fits', () => {
  it('are told one after the other and at once', () => {
    const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'many-fits.mjs'), '--fits', '8', '--epochs', '2'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^8 fits, .*\n1 at a time +\d+( +[\d.-]+){7}\n(\d+ at a time.*\n)?8 at a time.*\n$/);
  });
});

describe('the command line', () => {
  it.each([
    [['--what'], "Unknown option '--what'"],
    [['something'], 'unexpected argument "something"'],
    [['--trials', 'student,nothing'], '--trials: no "nothing"; there are lecture-linear, '],
    [['--drivers', 'abacus'], '--drivers: no "abacus"; there are simdnn, '],
    [['--threads', 'two'], '--threads is a number from 1 to '],
    [['--threads', '0'], '--threads is a number from 1 to '],
    [['--blocks', '4'], '--blocks is a number from 5 to 1000, got "4"'],
    [['--compare', 'a.json'], '--compare takes two files'],
  ])('refuses %s', async (args, message) => {
    const { readOptions, UsageError } = await load('options.mjs');
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });

  it('takes all trials in order, --quick without the long ones', async () => {
    const { readOptions } = await load('options.mjs');
    const { trials } = await load('trials.mjs');
    expect(readOptions([]).trials).toEqual(trials);
    const names = (list: { name: string }[]) => list.map(({ name }) => name);
    const inference = names(readOptions(['--trials', 'inference']).trials);
    expect(inference).toHaveLength(6);
    const shapes = names(readOptions(['--trials', 'shapes']).trials);
    expect(shapes).toHaveLength(5);
    const long = ['lecture-linear', 'lecture-softmax', 'digits', 'wide', ...shapes];
    expect([...names(readOptions(['--quick']).trials), ...long, ...inference].sort()).toEqual(names(trials).sort());
  });

  it('takes the three forms of the lecture by one name', async () => {
    const { readOptions } = await load('options.mjs');
    const names = readOptions(['--trials', 'lecture,digits']).trials.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['lecture-linear', 'lecture-relu', 'lecture-softmax', 'digits']);
  });

  it('says what a named driver needs, and is silent on those nobody named', async () => {
    const { withNeeds } = await load('peers.mjs');
    const reasons = (settings: object) =>
      withNeeds([{ needs: 'torch' }, {}], settings).map((driver: { unavailable?: string }) => driver.unavailable);
    expect(reasons({ named: true })).toEqual(['needs --python', undefined]);
    expect(reasons({ named: false })).toEqual(['', undefined]);
    expect(reasons({ python: join(scratch, 'python') })[0]).toMatch(/^--python does not run: ENOENT$/);
  });

  it('tells what it takes, and ends with 2 on what it does not', () => {
    expect(bench('--help').stdout).toContain('npm run bench -- [options]');
    const wrong = bench('--nothing');
    expect([wrong.status, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain("Unknown option '--nothing'");
  });
});
