// Files that are read are never written over, and classes that float32 would merge are refused.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../temporary';

const folder = temporaryFolder();
const simdnn = (...args: string[]) =>
  spawnSync(process.execPath, [join(__dirname, '../../bin/simdnn.js'), ...args], { cwd: folder, encoding: 'utf8' });

it.each(['--model', '--checkpoint', '--report'])('train does not write %s over its data', (option) => {
  const text = `a,y\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 2}`).join('\n')}\n`;
  writeFileSync(join(folder, 'data.csv'), text);
  const { status, stderr } = simdnn('train', 'data.csv', '--target', 'y', option, './data.csv');
  expect([status, stderr]).toEqual([1, expect.stringContaining('cannot be written: it is read')]);
  expect(readFileSync(join(folder, 'data.csv'), 'utf8')).toBe(text);
});

it('writes to a pipe, and to where a link leads', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i},${i % 2}`);
  writeFileSync(join(folder, 'rows.csv'), `a,y\n${rows.join('\n')}\n`);
  expect(simdnn('train', 'rows.csv', '--target', 'y', '--epochs', '1', '--model', 'm.safetensors').status).toBe(0);
  symlinkSync('real.csv', join(folder, 'link.csv'));
  expect(simdnn('predict', 'm.safetensors', 'rows.csv', '--output', 'link.csv').status).toBe(0);
  expect(lstatSync(join(folder, 'link.csv')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, 'real.csv'), 'utf8').split('\n')).toHaveLength(42);
  if (spawnSync('mkfifo', [join(folder, 'pipe')]).status !== 0) return;
  const reader = spawn('cat', [join(folder, 'pipe')]);
  let read = '';
  reader.stdout.on('data', (text) => {
    read += text;
  });
  const ended = new Promise((resolve) => void reader.on('close', resolve));
  const bin = join(__dirname, '../../bin/simdnn.js');
  spawn(process.execPath, [bin, 'predict', 'm.safetensors', 'rows.csv', '--output', 'pipe'], { cwd: folder });
  await ended;
  expect(read.split('\n')).toHaveLength(42);
});

it('tells of what cannot be written, typed wrong or shown, without a stack and without moving the terminal', () => {
  expect(JSON.parse(simdnn('train', '--json').stdout)).toEqual({ error: expect.stringContaining('--target') });
  if (existsSync('/dev/full')) {
    const { stderr, status } = spawnSync(
      'sh',
      ['-c', `"${process.execPath}" "${join(__dirname, '../../bin/simdnn.js')}" info > /dev/full`],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^simdnn: standard output cannot be written: .*\n$/)]);
  }
  writeFileSync(
    join(folder, 'escapes.csv'),
    `a,y\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 2 ? 'p\u001b[2J' : 'q'}`).join('\n')}\n`,
  );
  const { stdout, status } = simdnn('train', 'escapes.csv', '--target', 'y', '--epochs', '1');
  expect([status, stdout.includes('\u001b'), stdout.includes('\\x1b[2J')]).toEqual([0, false, true]);
});

it('trains from no folder', () => {
  expect(simdnn('train', '.', '--target', 'y')).toMatchObject({ status: 1, stderr: 'simdnn: . is a folder\n' });
});

it('trains from files that can be read again alone', () => {
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', `cat rows.csv | "${process.execPath}" "${join(__dirname, '../../bin/simdnn.js')}" train /dev/stdin --target y`],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  expect([status, stderr]).toEqual([1, expect.stringContaining('no file that can be read again')]);
});

it('refuses classes from 2^24 on in a column that is float32', () => {
  const rows = Array.from({ length: 90 }, (_, i) => `${i},${i === 5 ? '' : 20230101 + (i % 3)}`);
  writeFileSync(join(folder, 'codes.csv'), `a,y\n${rows.join('\n')}\n`);
  const { status, stderr } = simdnn('train', 'codes.csv', '--target', 'y');
  expect([status, stderr]).toEqual([1, expect.stringContaining('may be rounded')]);
});

it('says in a sentence why there can be no file, or no folder', () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 2}`);
  writeFileSync(join(folder, 'some.csv'), `a,y\n${rows.join('\n')}\n`);
  expect(simdnn('train', 'some.csv', '--target', 'y', '--epochs', '1', '--model', 'some.model').status).toBe(0);
  const exported = (to: string) => {
    const { status, stderr } = spawnSync(process.execPath, [join(__dirname, '../../bin/simdnn.js'), 'export', 'some.model', to], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
    });
    return [status, stderr];
  };
  expect(exported('some.csv')).toEqual([1, 'simdnn: some.csv cannot be written: a folder is wanted, and it is a file\n']);
  const above = join(folder, 'some.csv');
  expect(exported('some.csv/web')).toEqual([
    1,
    `simdnn: some.csv/web cannot be written: a folder is wanted, and ${realpathSync(above)} is a file\n`,
  ]);
  expect(exported('none/x.onnx')).toEqual([1, 'simdnn: none/x.onnx cannot be written: the folder none does not exist\n']);
  if (process.platform !== 'linux') return;
  expect(exported('/proc/y')).toEqual([1, 'simdnn: the folder /proc/y cannot be made: no folder can be made there (ENOENT)\n']);
  expect(exported('/proc/y.onnx')).toEqual([1, 'simdnn: /proc/y.onnx cannot be written: no file can be made there (ENOENT)\n']);
});

it('names the delimiter that a file rather has', () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i},5;${i % 2 ? 'u' : 'v'}`);
  writeFileSync(join(folder, 'commas.csv'), `a;y\n${rows.join('\n')}\n`);
  const { status, stderr } = simdnn('train', 'commas.csv', '--target', 'y');
  expect([status, stderr]).toEqual([
    1,
    'simdnn: line 2 has 2 values, the header 1\n  file: commas.csv\n  hint: --delimiter ";" would divide "a;y"\n',
  ]);
  expect(simdnn('train', 'commas.csv', '--target', 'y', '--delimiter', ';', '--decimal', ',', '--epochs', '1').status).toBe(0);
});

it('takes the delimiter that its hint names, tabs too', () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i}\t${i % 7}\t${i % 2}`);
  writeFileSync(join(folder, 'tabs.tsv'), `\ta\ty\n${rows.join('\n')}\n`);
  const args = ['train', 'tabs.tsv', '--target', 'y'];
  expect(simdnn(...args)).toMatchObject({ status: 1, stderr: expect.stringContaining('hint: --delimiter "\\t"') });
  const { status, stdout } = simdnn(...args, '--delimiter', '\\t', '--drop', '', '--epochs', '1');
  expect([status, stdout]).toEqual([0, expect.stringContaining('left out: "" (as --drop says)')]);
});

it.each([1e-42, 1e30])('tells the figures of a quantity near %s, and draws them', (unit) => {
  const rows = Array.from({ length: 200 }, (_, i) => [(i * 37) % 101, (i * 53) % 89]);
  writeFileSync(join(folder, 'far.csv'), `a,b,y\n${rows.map(([a, b]) => `${a},${b},${(a! + b!) * unit}`).join('\n')}\n`);
  const args = ['train', 'far.csv', '--target', 'y', '--epochs', '20', '--report', 'far.html', '--json'];
  const { status, stdout, stderr } = simdnn(...args);
  expect([status, stderr]).toEqual([0, '']);
  const { metrics, history } = JSON.parse(stdout) as { metrics: Record<string, number>; history: { metrics: Record<string, number[]> } };
  // The spread of the target is about 38 units.
  expect(metrics.r2).toBeGreaterThan(0.9);
  expect(metrics.r2).toBeLessThan(1);
  for (const mae of [metrics.mae!, history.metrics.mae!.at(-1)!]) expect(mae / unit).toBeGreaterThan(0.05);
  expect(metrics.mae! / unit).toBeLessThan(15);
  for (const mse of [metrics.mse!, history.metrics.mse!.at(-1)!]) {
    expect(Math.sqrt(mse) / unit).toBeGreaterThan(0.05);
    expect(Math.sqrt(mse) / unit).toBeLessThan(20);
  }
  const page = readFileSync(join(folder, 'far.html'), 'utf8');
  expect(page.match(/<svg/g)!.length).toBeGreaterThan(3);
  expect(page).toMatch(unit < 1 ? />[\d.]+e-4[0-3]</ : />[\d.]+e3[0-3]</);
});
