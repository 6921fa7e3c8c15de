// Runs the specs of tfjs-core, from its npm package, on this backend.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

// The results of specs are small: with 1 the pool gives memory to all of them, in which others' numbers are.
it.each([[], ['1']])('passes every spec of tfjs-core %j', (...args) => {
  const output = execFileSync(process.execPath, [join(__dirname, 'specs.mjs'), ...args], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const { passed, failed, pending, failures } = JSON.parse(output.trimEnd().split('\n').at(-1)!);
  expect(failures).toEqual([]);
  expect(failed).toBe(0);
  expect(passed + pending).toBe(4230);
  expect(pending).toBeLessThan(10); // which specs are pending depends on the version of Node
});
