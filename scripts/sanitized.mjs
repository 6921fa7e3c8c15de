// Runs a command with the addon built under sanitizers. The Node that runs it is an ordinary one, so the sanitizers' libraries are preloaded. The sanitizers are
// AddressSanitizer and UndefinedBehaviorSanitizer, or ThreadSanitizer:
// node scripts/sanitized.mjs [thread] npx vitest run test/ops
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cmake } from './cmake.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const reports = join(root, 'build/tsan/reports');

const sanitizers = {
  // They replace malloc, so every buffer that JavaScript passes to the addon has guarded surroundings. Leaks are not reported, because Node itself ends
  // with memory in use. abort_on_error: a report ends the process by a signal, which no test runner mistakes for an ordinary failure. An allocation
  // of more than 1 GB is refused, as on a small machine.
  address: {
    folder: 'asan',
    libraries: ['libasan.so', 'libubsan.so'],
    definition: 'address,undefined',
    targetsOf: (targets) => targets,
    options: {
      ASAN_OPTIONS: [
        'detect_leaks=0',
        'abort_on_error=1',
        'detect_stack_use_after_return=0',
        'allocator_may_return_null=1',
        'max_allocation_size_mb=1024',
        'quarantine_size_mb=32',
        'malloc_context_size=8',
      ].join(':'),
      UBSAN_OPTIONS: 'print_stacktrace=1:abort_on_error=1',
    },
  },
  // Only on the best target, because how threads share the work does not depend on it. Node's own threads synchronise by atomics that this sanitizer does
  // not see, so each process has some reports about Node alone. Reports go to files, and `races` reads those that name the addon. Node's reports cannot
  // be suppressed at their source: ignore_noninstrumented_modules would suppress the addon's memcpy and free as well. symbolize=0, because the sanitizer does
  // not know the symbols of libraries that were loaded after its first report.
  thread: {
    folder: 'tsan',
    libraries: ['libtsan.so'],
    definition: 'thread',
    targetsOf: (targets) => targets.slice(-1),
    options: { TSAN_OPTIONS: `exitcode=0:abort_on_error=1:symbolize=0:log_path=${reports}/process` },
  },
};

// The preloaded libraries are the compiler's. libstdc++ is among them: when the process starts, the sanitizer looks for the function that throws
// exceptions, which a statically linked Node does not have yet.
function preloaded(libraries) {
  return [...libraries, 'libstdc++.so'].map((name) => {
    const { stdout } = spawnSync('c++', [`-print-file-name=${name}`], { encoding: 'utf8' });
    const path = (stdout ?? '').trim();
    if (!isAbsolute(path)) throw new Error(`the C++ compiler has no ${name}: the sanitized addon needs g++ on Linux`);
    return path;
  });
}

/** The targets that are sanitized by default: the plainest code and the best. */
export const scalarAndBest = () => {
  const { targets } = createRequire(import.meta.url)('simdnn').info();
  return [...new Set([targets[0], targets.at(-1)])];
};

/**
 * Builds the addon or the native tests under a sanitizer, with the kernels of these targets alone: they share the kernels' objects. Returns
 * the folder.
 */
export function buildSanitized(sanitizer, program, targets = scalarAndBest()) {
  const { folder, definition, targetsOf } = sanitizers[sanitizer];
  return cmake(folder, [program], {
    type: 'RelWithDebInfo',
    flags: '-O1 -g1',
    definitions: {
      SIMDNN_ADDON: 'ON',
      SIMDNN_TESTS: 'ON',
      SIMDNN_OUTPUT: join(root, 'build', folder, 'build/Release'), // where native/load.js looks, given SIMDNN_PREBUILD=build/asan
      SIMDNN_SANITIZE: definition,
      SIMDNN_TARGETS: targetsOf(targets).join(';'),
    },
  });
}

/** Builds the addon under that sanitizer and returns the environment in which Node loads only this addon. */
export function sanitizedEnvironment(sanitizer, targets) {
  const { libraries, options } = sanitizers[sanitizer];
  const build = buildSanitized(sanitizer, 'simdnn', targets);
  const env = { ...options, LD_PRELOAD: preloaded(libraries).join(' '), SIMDNN_PREBUILD: build };
  const node = (...args) => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } });
  const { stdout, stderr } = node('-e', 'require("simdnn"); console.log(require("node:fs").readFileSync("/proc/self/maps", "utf8"))');
  for (const file of [libraries[0], join(build, 'build/Release/simdnn.node')]) {
    if (!stdout.includes(file)) throw new Error(`${file} was not loaded\n${stderr}`);
  }
  if (sanitizer === 'thread') {
    races();
    node('test/programs/race.cjs');
    if (races().length === 0) throw new Error('ThreadSanitizer did not report a race made on purpose');
  }
  return env;
}

/** ThreadSanitizer's reports about the addon, and crashes, since the last call, each as a text. */
export function races() {
  mkdirSync(reports, { recursive: true });
  const addon = join(root, 'build/tsan/build/Release/simdnn.node');
  const place = (address) => spawnSync('addr2line', ['-Cfpise', addon, address], { encoding: 'utf8' }).stdout?.trim();
  return readdirSync(reports)
    .map((name) => join(reports, name))
    .flatMap((file) => {
      const texts = readFileSync(file, 'utf8').split(/^={18}$/m);
      rmSync(file);
      return texts.filter((text) => /simdnn\.node|FATAL|CHECK failed|ERROR: ThreadSanitizer/.test(text));
    })
    .map((text) => text.replace(/<null> <null> \(simdnn\.node\+(0x\w+)\)/g, (frame, address) => place(address) || frame));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sanitizer = process.argv[2] === 'thread' ? 'thread' : 'address';
  const [command, ...args] = process.argv.slice(sanitizer === 'thread' ? 3 : 2);
  const { status, signal } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...sanitizedEnvironment(sanitizer) } });
  const found = sanitizer === 'thread' ? races() : [];
  for (const report of found) console.log(report);
  if (signal !== null) console.log(`${command} was ended by ${signal}`);
  process.exitCode = found.length > 0 ? 1 : (status ?? 1);
}
