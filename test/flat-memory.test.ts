// No dispose call, no pause for the event loop: memory stays where it was all the same.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const megabytes = 2 ** 20;

it.each(['eager', 'compiled'])('100,000 %s steps of the lecture’s network grow by at most 20 MB after the first 1,000', (mode) => {
  const program = join(__dirname, 'programs/steps.cjs');
  const growth = Number(execFileSync(process.execPath, [program, '100000', mode], { encoding: 'utf8' }));
  expect(growth <= 20 * megabytes, `grew by ${growth / megabytes} MB`).toBe(true);
});
