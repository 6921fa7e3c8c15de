// Runs every check of the project and adds up what they counted; the last line is `N passed, N failed`.
// A runner that ends badly, or says nothing that can be counted, is itself a failure.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cmake } from './cmake.mjs';
import { crossBuild, crossFolder, emulated, installEmulator } from './cross.mjs';
import { buildSanitized, sanitizedEnvironment } from './sanitized.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules/.bin', name);
const results = [];
const failures = []; // what vitest found, said again at the end

// Runs a command with its output shown as it comes; resolves to { ok, output }.
function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const forward = (from, to) =>
      from.setEncoding('utf8').on('data', (text) => {
        output += text;
        to.write(text);
      });
    forward(child.stdout, process.stdout);
    forward(child.stderr, process.stderr);
    child.on('error', (error) => resolve({ ok: false, output: `${command}: ${error.message}` }));
    child.on('close', (status) => resolve({ ok: status === 0, output }));
  });
}

// `check` returns { passed, failed }; what it throws is one failure.
async function stage(name, check) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  let counts;
  try {
    counts = await check();
  } catch (error) {
    console.log(error.message);
    counts = { passed: 0, failed: 1 };
  }
  results.push({ name, ...counts, seconds: (performance.now() - start) / 1000 });
}

const one = ({ ok }) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });

// A runner's own counts, with a failure added when it ended badly without having counted one.
function counted({ ok, passed, failed }) {
  if (!Number.isInteger(passed) || !Number.isInteger(failed) || passed + failed === 0) throw new Error('no test was counted');
  return { passed, failed: ok || failed > 0 ? failed : 1 };
}

// The line that the project's own test programs end with.
function lastLine({ ok, output }) {
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  return counted({ ok, passed: Number(counts[1]), failed: Number(counts[2]) });
}

function nativeProgram(name, folder, build) {
  return join(cmake(folder, [name], { ...build, definitions: { SIMDNN_ADDON: 'OFF', SIMDNN_TESTS: 'ON', ...build.definitions } }), name);
}

// Each program in a process for every target, as many at a time as there are processors: their tests run one after the other.
async function nativeTests(program, targets) {
  const total = { passed: 0, failed: 0 };
  const left = [...targets];
  const worker = async () => {
    for (let target = left.shift(); target !== undefined; target = left.shift()) {
      const env = { SIMDNN_TARGET: target };
      let result = await run(program, [], env);
      if (/unexpected memory mapping/.test(result.output)) {
        console.log('(the sanitizer met an address layout it does not know; again without randomised addresses)');
        result = await run('setarch', ['-R', program], env);
      }
      const { passed, failed } = lastLine(result);
      total.passed += passed;
      total.failed += failed;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return total;
}

async function vitest(name, env, more = []) {
  const report = join(root, 'build/test', `vitest-${name}.json`);
  mkdirSync(dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...more];
  const { ok } = await run(bin('vitest'), args, env);
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  if (numPendingTests > 0) console.log(`${numPendingTests} skipped`);
  for (const file of testResults) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    const why = failed.length > 0 ? failed.map((test) => `${test.fullName}: ${test.failureMessages[0]}`) : [file.message];
    if (file.status === 'failed') failures.push(...why.map((text) => `${name}: ${relative(root, file.name)}: ${text}`));
  }
  return counted({ ok, passed: numPassedTests, failed: numFailedTests });
}

const without = (files) => files.map((file) => `--exclude=${file}`);

const { info } = createRequire(import.meta.url)('simdnn');
const { targets } = info();
const best = targets.at(-1);

await stage('lint and format (biome)', async () => one(await run(bin('biome'), ['check', '--error-on-warnings'])));
await stage('types (tsc: src, test, examples)', async () => one(await run(bin('tsc'), ['-p', 'test'])));
await stage('native kernels, every target', () => nativeTests(nativeProgram('kernels_test', 'tests', { flags: '-O2 -DNDEBUG' }), targets));
await stage('native benchmark: a row for every kernel', async () =>
  lastLine(await run(nativeProgram('kernels_bench', 'tests', { flags: '-O2 -DNDEBUG' }), ['0'])),
);
await stage('native kernels under AddressSanitizer and UndefinedBehaviorSanitizer', () =>
  nativeTests(join(buildSanitized('address', 'kernels_test'), 'kernels_test'), targets),
);
await stage('native kernels under ThreadSanitizer', () =>
  nativeTests(join(buildSanitized('thread', 'kernels_test'), 'kernels_test'), [best]),
);

// What these measure, memory and time, does not depend on the target either, and a million steps take scalar code a minute.
const measuring = ['test/flat-memory.test.ts', 'test/dropped-memory.test.ts', 'test/bench.test.ts'];
for (const target of targets) {
  await stage(`library on ${target} (vitest)`, () => vitest(target, { SIMDNN_TARGET: target }, target === best ? [] : without(measuring)));
}

// On the best target alone: the kernels of all of them have met the sanitizers above, here it is the binding's turn. A sanitizer keeps
// memory that is freed.
await stage('library with the addon under AddressSanitizer and UndefinedBehaviorSanitizer (vitest)', () =>
  vitest('sanitized', sanitizedEnvironment('address'), without(measuring)),
);
await stage('fuzzer: 100,000 calls with the addon under the sanitizers', async () =>
  lastLine(await run(process.execPath, ['test/fuzz/fuzz.mjs', '--calls', '100000'], sanitizedEnvironment('address'))),
);
await stage('workers terminated and processes ended while they train, with the addon under the sanitizers', async () =>
  lastLine(await run(process.execPath, ['--no-concurrent-recompilation', 'test/programs/endings.cjs'], sanitizedEnvironment('address'))),
);

await stage('package: packed, installed, built from source, under other versions of Node and on arm64 (vitest)', async () => {
  await installEmulator();
  const { ok } = await run(process.execPath, ['scripts/pack.mjs']);
  if (!ok) throw new Error('the package was not packed');
  return vitest('package', {}, ['--config=test/package/vitest.config.mts']);
});
// An emulator is slow: without the four kernels that take as long as all others together. Scalar code is the same as here.
const slowest = ['max', 'min', 'softmax_cross_entropy', 'softmax_cross_entropy_soft'];
await stage('native kernels on arm64, neon (qemu)', async () => {
  const program = join(cmake(crossFolder, ['kernels_test'], crossBuild), 'kernels_test');
  const [command, ...args] = emulated(program, ...slowest.map((kernel) => `-${kernel}`));
  return lastLine(await run(command, args, { SIMDNN_TARGET: 'neon' }));
});

const width = Math.max(...results.map(({ name }) => name.length));
console.log(`\n${'check'.padEnd(width)}  passed  failed  seconds`);
for (const { name, passed, failed, seconds } of results) {
  const row = [String(passed).padStart(6), String(failed).padStart(6), seconds.toFixed(1).padStart(7)];
  console.log(`${name.padEnd(width)}  ${row.join('  ')}`);
}
for (const failure of failures) console.log(`\n${failure}`);
const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') > 0 ? 1 : 0;
