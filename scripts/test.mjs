// Runs every check of the project and adds up their counts; the last line is `N passed, N failed`.
// A runner that fails, or prints no counts, is itself a failure.
// Usage: node scripts/test.mjs [--all]. Without --all (npm test) sanitizers run on scalar and the best target, the targets between run only the tests that can
// differ there, a stage that has passed with the same inputs is skipped, and so is everything that needs an emulator or other versions of Node.
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cmake } from './cmake.mjs';
import { coverage } from './coverage.mjs';
import { machines, testPlatform, withoutSlowest } from './platforms.mjs';
import { buildSanitized, sanitizedEnvironment, scalarAndBest } from './sanitized.mjs';
import { conclude, lastLine, one, run, stage, vitest } from './stages.mjs';
import { root } from './system.mjs';

const all = process.argv.includes('--all');
const bin = (name) => join(root, 'node_modules/.bin', name);
const { targets } = createRequire(import.meta.url)('simdnn').info();
const best = targets.at(-1);

// Runs native programs, each on one target, as many at a time as there are processors, because each program runs its tests one after the other.
async function nativeTests(programs) {
  const total = { passed: 0, failed: 0 };
  const left = [...programs];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [program, target, args = []] = next;
      const env = { SIMDNN_TARGET: target };
      let result = await run(program, args, env);
      if (/unexpected memory mapping/.test(result.output)) {
        console.log('(the sanitizer met an address layout it does not know; again without randomised addresses)');
        result = await run('setarch', ['-R', program, ...args], env);
      }
      const { passed, failed } = lastLine(result);
      total.passed += passed;
      total.failed += failed;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return total;
}

// The inputs of the stages that are skipped while these are unchanged.
const native = ['native', 'CMakeLists.txt', 'scripts'];
const library = [...native, 'src', 'package.json', 'package-lock.json', 'tsconfig.json'];
const packed = [...library, 'bin', 'test/package', 'README.md', 'LICENSE', 'THIRD_PARTY_LICENSES'];

await stage('lint and format (biome, clang-format)', async () => one(await run('npm', ['run', 'lint'])));
await stage('types (tsc: src, test, examples)', async () => one(await run(bin('tsc'), ['-p', 'test'])));

// Built in the addon's tree, because the addon's kernels are tested and are compiled there already.
const testsOfAddon = (program) => join(cmake('cmake', [program], { definitions: { SIMDNN_TESTS: 'ON' } }), program);
await stage(
  'native kernels, every target',
  () => {
    const program = testsOfAddon('kernels_test');
    return nativeTests(targets.map((target) => [program, target]));
  },
  native,
);
await stage('native benchmark: a row for every kernel', async () => lastLine(await run(testsOfAddon('kernels_bench'), ['0'])), native);

const sanitized = all ? targets : scalarAndBest();
await stage(
  `native kernels under AddressSanitizer and UndefinedBehaviorSanitizer (${sanitized.join(', ')}) and ThreadSanitizer (${best})`,
  () => {
    const [addresses, threads] = ['address', 'thread'].map((kind) => join(buildSanitized(kind, 'kernels_test', sanitized), 'kernels_test'));
    // Their threads share work in the same way as those of other kernels, and on the best target they run under the other sanitizers.
    const fewer = all ? [] : withoutSlowest;
    return nativeTests([[threads, best, fewer], ...sanitized.map((target) => [addresses, target, target === best ? [] : fewer])]);
  },
  native,
);

// What these tests measure, memory and time, does not depend on the target either, and a million steps of scalar code take a minute.
const without = (files) => files.map((file) => `--exclude=${file}`);
const measuring = ['test/flat-memory.test.ts', 'test/dropped-memory.test.ts', 'test/bench.test.ts'];
// The tests that depend on the target: the numbers of the kernels, alone and composed.
const calculating = ['kernels/', 'ops/', 'optim/', 'parity/', 'bits', 'compile'].map((name) => `test/${name}`);
for (const target of targets) {
  const files = target === best ? [] : all ? without(measuring) : calculating;
  await stage(`library on ${target} (vitest)`, () => vitest(target, { SIMDNN_TARGET: target }, files));
}

// Tests that repeat the same calls, or run programs of their own, take too long under a sanitizer here; they run in test:all.
const examples = ['demo', 'lecture', 'programs', 'whole-run'].map((name) => `test/examples/${name}.test.ts`);
const slowSanitized = [...measuring, 'test/bits.test.ts', ...examples];
const fewerPrograms = { SIMDNN_PROGRAMS: '15' };
// Only on the best target: the kernels have run under the sanitizers above, and this is for the binding. A sanitizer keeps freed memory.
await stage('library with the addon under AddressSanitizer and UndefinedBehaviorSanitizer (vitest)', () =>
  vitest(
    'sanitized',
    { ...sanitizedEnvironment('address', sanitized), ...(!all && fewerPrograms) },
    without(all ? measuring : slowSanitized),
  ),
);
await stage(
  'fuzzer: 100,000 calls with the addon under the sanitizers',
  async () =>
    lastLine(await run(process.execPath, ['test/fuzz/fuzz.mjs', '--calls', '100000'], sanitizedEnvironment('address', sanitized))),
  [...library, 'test/fuzz'],
);
await stage('workers terminated and processes ended while they train, with the addon under the sanitizers', async () => {
  const args = ['--no-concurrent-recompilation', 'test/programs/endings.cjs', all ? '100' : '30'];
  return lastLine(await run(process.execPath, args, sanitizedEnvironment('address', sanitized)));
}, [...library, 'test/programs']);

// Other versions of Node are downloaded, and other platforms compiled for and emulated, only in test:all.
const packs = process.platform === 'linux' && process.arch === 'x64';
if (!packs) console.log('\n== package: not here, binaries are made on x64 Linux');
else
  await stage(
    `package: packed, installed, built from source${all ? ', under other versions of Node, Bun, Deno, on other platforms' : ''} (vitest)`,
    async () => {
      const env = all ? {} : { SIMDNN_PLATFORMS: 'linux-x64-glibc' };
      const { ok } = await run(process.execPath, ['scripts/pack.mjs'], env);
      if (!ok) throw new Error('the package was not packed');
      return vitest('package', env, [
        '--config=test/package/vitest.config.mts',
        ...(all ? [] : ['--exclude=**/{nodes,managers,next}.test.ts']),
      ]);
    },
    packed,
  );
if (all) {
  // Emulators are slow, so only test:all uses them.
  if (packs) for (const platform of Object.keys(machines)) await testPlatform(platform);
  await stage('products on an arm64 without a unit for bfloat16 (qemu)', async () =>
    lastLine(await run(process.execPath, ['scripts/arm64.mjs', '--cpu', 'cortex-a72', 'matmul', 'pair_tiles', 'features'])),
  );
  await stage('coverage of src/ and native/', coverage);
}
conclude();
