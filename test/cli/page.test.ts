// docs/cli.md has the options that there are.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const script = join(__dirname, '../../scripts/cli-page.mjs');

it('the page has the help of every command, as it is printed', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect([status, stdout, stderr]).toEqual([0, '', '']);
});
