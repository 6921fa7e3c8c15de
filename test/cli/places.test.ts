// Files that are read are never written over, and classes that float32 would merge are refused.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'simdnn-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
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
