// No dispose call, no pause for the event loop: memory stays where it was all the same.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const megabytes = 2 ** 20;

// V8's young generation stays small: by itself it grows to 48 MB with the garbage, whenever it likes, which says nothing about what is kept.
const fixed = ['--max-semi-space-size=2'];
const growthOf = (program: string, ...args: string[]) =>
  Number(execFileSync(process.execPath, [...fixed, join(__dirname, 'programs', program), ...args], { encoding: 'utf8' }));

it.each(['eager', 'compiled'])('100,000 %s steps of the lecture’s network grow by at most 20 MB after the first 1,000', (mode) => {
  const growth = growthOf('steps.cjs', '100000', mode);
  expect(growth <= 20 * megabytes, `grew by ${growth / megabytes} MB`).toBe(true);
});

it.each(['long', 'epoch by epoch'])('a million steps of train.fit, %s, grow by at most 20 MB after the first tenth', (how) => {
  const growth = growthOf('fit-steps.cjs', '1000000', how);
  expect(growth <= 20 * megabytes, `grew by ${growth / megabytes} MB`).toBe(true);
});
