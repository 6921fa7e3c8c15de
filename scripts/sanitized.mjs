// The addon under AddressSanitizer and UndefinedBehaviorSanitizer, in a Node that was not built for it: the sanitizers' libraries are
// preloaded, and since they replace malloc, every buffer that JavaScript hands to the addon has guarded surroundings.
// As a program it runs a command with that addon: node scripts/sanitized.mjs npx vitest run test/ops
import { spawnSync } from 'node:child_process';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cmake } from './cmake.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

// Preloaded libraries come from the compiler. libstdc++ is one of them: the sanitizer looks for the function that throws
// exceptions when the process starts, and in a Node that is linked statically there is none to be found then.
function preloaded() {
  return ['libasan.so', 'libubsan.so', 'libstdc++.so'].map((name) => {
    const { stdout } = spawnSync('c++', [`-print-file-name=${name}`], { encoding: 'utf8' });
    const path = (stdout ?? '').trim();
    if (!isAbsolute(path)) throw new Error(`the C++ compiler has no ${name}: the sanitized addon needs g++ on Linux`);
    return path;
  });
}

// Leaks are not looked for: Node itself ends with memory in use. abort_on_error: a report ends the process by a signal, which no runner
// takes for an ordinary failure. Memory beyond 1 GB at once is refused, as on a small machine.
const options = {
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
};

/** The build of the sanitized addon and of the native tests, which share the kernels' objects: what `cmake` takes. */
export const sanitizedBuild = {
  type: 'RelWithDebInfo',
  flags: '-O1 -g1',
  definitions: {
    SIMDNN_ADDON: 'ON',
    SIMDNN_TESTS: 'ON',
    SIMDNN_SANITIZE: 'address,undefined',
    SIMDNN_OUTPUT: join(root, 'build/asan/build/Release'), // where node-gyp-build looks, given SIMDNN_PREBUILD=build/asan
  },
};

/** Builds the addon in build/asan and returns the environment in which Node loads it and no other. */
export function sanitizedEnvironment() {
  const build = cmake('asan', ['simdnn'], sanitizedBuild);
  const env = { ...options, LD_PRELOAD: preloaded().join(' '), SIMDNN_PREBUILD: build };
  const loaded = 'require("simdnn"); console.log(require("node:fs").readFileSync("/proc/self/maps", "utf8"))';
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', loaded], { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } });
  for (const file of ['libasan.so', join(build, 'build/Release/simdnn.node')]) {
    if (!stdout.includes(file)) throw new Error(`${file} was not loaded\n${stderr}`);
  }
  return env;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, ...args] = process.argv.slice(2);
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...sanitizedEnvironment() } });
  process.exitCode = status ?? 1;
}
