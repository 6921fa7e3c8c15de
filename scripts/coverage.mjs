// Measures which lines of src/ and native/ the tests run: vitest on the sources with an instrumented addon, then the native tests; prints two tables.
// Usage: npm run coverage
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cmake } from './cmake.mjs';
import { scalarAndBest } from './sanitized.mjs';
import { installMissing, onPath, root, run } from './system.mjs';

/** Prints both tables; throws if a command fails. Returns the counts for a stage of scripts/test.mjs. */
export async function coverage() {
  await installMissing([['gcovr', onPath('gcovr')]]);
  const output = join(root, 'build/coverage');
  const build = cmake('coverage', ['simdnn', 'kernels_test'], {
    flags: '-O1 --coverage -fprofile-update=atomic', // atomic, because kernels run on many threads
    definitions: {
      SIMDNN_TESTS: 'ON',
      SIMDNN_TARGETS: scalarAndBest().join(';'),
      SIMDNN_OUTPUT: join(output, 'build/Release'), // where native/load.js looks
    },
  });
  for (const file of readdirSync(build, { recursive: true })) if (file.endsWith('.gcda')) rmSync(join(build, file)); // the counts of earlier runs
  const show = (command, args, env = {}) => {
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    if (status !== 0) throw new Error(`${[command, ...args].join(' ')} failed`);
  };
  show(join(root, 'node_modules/.bin/vitest'), ['run', '--coverage', '--reporter=dot'], { SIMDNN_PREBUILD: output });
  await run('running the native tests', join(build, 'kernels_test'), []);
  show('gcovr', ['--root', root, '--filter', 'native/', '--exclude', 'native/(test|bench|vendor)/', '--print-summary', build]);
  return { passed: 1, failed: 0 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await coverage();
