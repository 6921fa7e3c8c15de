// The stages of scripts/test.mjs: they run commands and count what passed; the table at the end.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './system.mjs';
import { highway } from './vendor.mjs';

const results = [];
const failures = []; // vitest's failures, repeated at the end
const passedBefore = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'simdnn/passed');

/** Runs a command and shows its output at once; resolves to { ok, output }. */
export function run(command, args, env = {}) {
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

// The file that exists if a stage has passed on this machine with the same inputs: the names and contents of all files of the checkout below
// them, and the tools that compile and run them. Undefined outside of a git repository, where nothing is known.
function markOf(name, inputs) {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...inputs], { cwd: root });
  if (listed.status !== 0) return undefined;
  const files = listed.stdout
    .toString()
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)));
  const compiler = spawnSync('c++', ['--version'], { encoding: 'utf8' }).stdout;
  const machine = createRequire(import.meta.url)('simdnn').info();
  const hash = createHash('sha256').update(JSON.stringify([name, process.version, compiler, highway(), machine]));
  for (const file of new Set(files)) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return join(passedBefore, hash.digest('hex'));
}

/**
 * Runs a check, which returns { passed, failed }; what it throws is one failure. With `unless`, files and folders of the checkout, it is
 * skipped if it has passed on this machine with their present contents; a check that was skipped counts nothing.
 */
export async function stage(name, check, unless) {
  console.log(`\n== ${name}`);
  const mark = unless && markOf(name, unless);
  if (mark && existsSync(mark) && !process.argv.includes('--all')) {
    console.log('skipped: unchanged since it passed');
    results.push({ name, skipped: true, passed: 0, failed: 0 });
    return;
  }
  const start = performance.now();
  let counts;
  try {
    counts = await check();
  } catch (error) {
    console.log(error.message);
    counts = { passed: 0, failed: 1 };
  }
  results.push({ name, ...counts, seconds: (performance.now() - start) / 1000 });
  if (mark && counts.failed === 0) {
    mkdirSync(passedBefore, { recursive: true });
    writeFileSync(mark, `${name}\n`);
  }
}

/** The count of a command that is a single check. */
export const one = ({ ok }) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });

/** A runner's own counts; if it failed without counting a failure, one is added. */
export function counted({ ok, passed, failed }) {
  if (!Number.isInteger(passed) || !Number.isInteger(failed) || passed + failed === 0) throw new Error('no test was counted');
  return { passed, failed: ok || failed > 0 ? failed : 1 };
}

/** The counts of the line that the project's own test programs end with. */
export function lastLine({ ok, output }) {
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  return counted({ ok, passed: Number(counts[1]), failed: Number(counts[2]) });
}

/** vitest's own counts of a run of that name, by this Node or by `runtime`, the words that start another. */
export async function vitest(name, env, more = [], [runtime, ...before] = [process.execPath]) {
  const report = join(root, 'build/test', `vitest-${name}.json`);
  mkdirSync(join(report, '..'), { recursive: true });
  rmSync(report, { force: true });
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...more];
  const { ok } = await run(runtime, [...before, 'node_modules/vitest/vitest.mjs', ...args], env);
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  if (numPendingTests > 0) console.log(`${numPendingTests} skipped`);
  for (const file of testResults) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    const why = failed.length > 0 ? failed.map((test) => `${test.fullName}: ${test.failureMessages[0]}`) : [file.message];
    if (file.status === 'failed') for (const text of why) failures.push(`${name}: ${relative(root, file.name)}: ${text}`);
  }
  return counted({ ok, passed: numPassedTests, failed: numFailedTests });
}

/** Prints the table, what failed, and the sum as the last line. */
export function conclude() {
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log(`\n${'check'.padEnd(width)}  passed  failed  seconds`);
  for (const { name, skipped, passed, failed, seconds } of results) {
    const row = skipped
      ? ['skipped: unchanged since it passed']
      : [`${passed}`.padStart(6), `${failed}`.padStart(6), seconds.toFixed(1).padStart(7)];
    console.log(`${name.padEnd(width)}  ${row.join('  ')}`);
  }
  for (const failure of failures) console.log(`\n${failure}`);
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
  process.exitCode = total('failed') > 0 ? 1 : 0;
}
