// Which test files a run of vitest has: all of them once, and none that --exclude names.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(__dirname, '..');
const ownRuns = /^test\/(package|site)\//; // these have configurations of their own

function listed(...args: string[]): string[] {
  const output = execFileSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'list', '--filesOnly', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return output
    .split('\n')
    .flatMap((line) => /test\/\S+\.test\.ts$/.exec(line.trim())?.[0] ?? [])
    .sort();
}

it('a run has each test file once, and leaves out what --exclude names', () => {
  const files = readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules') && !ownRuns.test(name))
    .sort();
  expect(files.length).toBeGreaterThan(200);
  expect(listed()).toEqual(files);
  const excluded = ['test/bench.test.ts', 'test/distributed/rounds.test.ts', 'test/examples/demo.test.ts'];
  expect(listed(...excluded.map((file) => `--exclude=${file}`))).toEqual(files.filter((file) => !excluded.includes(file)));
});
