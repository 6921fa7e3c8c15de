// Files that are read are never written over, and classes that float32 would merge are refused.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

it('refuses classes from 2^24 on in a column that is float32', () => {
  const rows = Array.from({ length: 90 }, (_, i) => `${i},${i === 5 ? '' : 20230101 + (i % 3)}`);
  writeFileSync(join(folder, 'codes.csv'), `a,y\n${rows.join('\n')}\n`);
  const { status, stderr } = simdnn('train', 'codes.csv', '--target', 'y');
  expect([status, stderr]).toEqual([1, expect.stringContaining('may be rounded')]);
});
