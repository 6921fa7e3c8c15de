// The tests of every night, with different calls and programs each day: ten million calls of the fuzzer, a million changed files, and on each target random
// programs that train, eager against compiled and as a loop against fit, evaluate and predict; a training of a million steps, which must not become slower;
// and, in a Node that starts eight times as slowly, what fits and predictions share with JavaScript's thread, under ThreadSanitizer. Each runs regardless of
// what those before it find. Usage: node test/fuzz/nightly.mjs [--calls N] [--programs N]
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: { calls: { type: 'string', default: '10000000' }, programs: { type: 'string', default: '1000' } },
});
const today = String(Math.floor(Date.now() / 86_400_000));
const root = fileURLToPath(new URL('../..', import.meta.url));
const { targets } = createRequire(import.meta.url)('simdnn').info();

const passes = (args, env = {}) =>
  spawnSync(process.execPath, args, { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' }).status === 0;

const failures = [];
if (!passes(['test/fuzz/fuzz.mjs', '--calls', options.calls, '--seed', today])) failures.push('the fuzzer');
if (!passes(['test/fuzz/files.mjs', '--files', '1000000', '--seed', today])) failures.push('the fuzzer of files');
if (!passes(['test/fuzz/parquet.mjs', '--files', '20000', '--seed', today])) failures.push('the fuzzer of Parquet files');
for (const target of targets) {
  const env = { SIMDNN_TARGET: target, SIMDNN_PROGRAMS: options.programs, SIMDNN_SEED: today };
  for (const kind of ['compile', 'train']) {
    const file = `test/${kind}-programs.test.ts`;
    if (!passes(['node_modules/vitest/vitest.mjs', 'run', file], env)) failures.push(`${kind}-programs on ${target}`);
  }
}
if (!passes(['bench/long-run.mjs'])) failures.push('a step that gets slower');
const withoutRaces = (...command) => passes(['scripts/sanitized.mjs', 'thread', process.execPath, ...command]);
if (!withoutRaces('node_modules/vitest/vitest.mjs', 'run', 'test/train')) failures.push('fits under ThreadSanitizer');
if (!withoutRaces('--no-concurrent-recompilation', 'test/programs/endings.cjs')) failures.push('endings under ThreadSanitizer');
console.log(failures.length === 0 ? 'nothing found' : `found something: ${failures.join(', ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;
