// Memory outside of the JavaScript heap goes back: of compiled functions that are dropped, and of threads that end.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const megabytes = 2 ** 20;
const growthOf = (program: string, ...args: string[]) =>
  Number(execFileSync(process.execPath, ['--expose-gc', join(__dirname, 'programs', program), ...args], { encoding: 'utf8' }));

// Kept, they would hold 1.2 GB or more.
it.each(['dispose', 'forget', 'plans'])('300 compiled functions of 4 MB or more each: %s', (how) => {
  const growth = growthOf('dropped-plans.cjs', '300', how);
  expect(growth <= 300 * megabytes, `grew by ${growth / megabytes} MB`).toBe(true);
});

// Kept, they would hold 1.3 GB or more.
it('100 models of 4 MB with their optimizers, after their fits', () => {
  const growth = growthOf('dropped-fits.cjs', '100');
  expect(growth <= 100 * megabytes, `grew by ${growth / megabytes} MB`).toBe(true);
});

// Of a copy of the dataset that the garbage collector does not know of, four or more would pile up.
it('12 evaluations of 64 MB, one after the other', () => {
  const growth = growthOf('evaluations.cjs', '12', '64');
  expect(growth <= 3 * 64 * megabytes, `grew by ${growth / megabytes} MB`).toBe(true);
});

it('the scratch memory of 40 workers, one after the other', () => {
  const growth = growthOf('scratch.cjs', '50');
  expect(growth <= 40 * megabytes, `grew by ${growth / megabytes} MB`).toBe(true);
});
