// What is tested of each platform's binary on this machine, beside what test/package/nodes.test.ts does: the kernels, the fuzzer, workers that are terminated,
// and the parts of the library's tests that calculate, with the binary of build/package/simdnn.tgz in that platform's Node or Bun.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cmake } from './cmake.mjs';
import { downloaded, muslBun, nodeBinary, qemu, wine, wineEnvironment } from './emulators.mjs';
import { lastLine, run, stage, vitest } from './stages.mjs';
import { root } from './system.mjs';
import { installZig, zigBuild } from './zig.mjs';

const require = createRequire(import.meta.url);
const targetsHere = () => require('simdnn').info().targets;

// rolldown's binary for another platform, because vitest uses rolldown to read TypeScript.
const rolldown = (platform) => {
  const { version } = require('rolldown/package.json');
  return downloaded(`@rolldown/binding-${platform}`, `rolldown-binding.${platform}.node`, version);
};

/**
 * By platform: the words before a program of its own (`start`), those before a file of JavaScript (`runtime`), whether vitest runs there, and processes that
 * start others; null where nothing runs it here.
 */
export const machines = {
  'linux-x64-glibc': () => ({ start: [], runtime: [process.execPath], targets: targetsHere(), env: {}, vitest: true, spawns: true }),
  'linux-x64-musl': () => {
    const bun = muslBun();
    const env = { LD_LIBRARY_PATH: bun?.libraries };
    return bun && { start: [], runtime: [bun.program], targets: targetsHere(), env, spawns: true };
  },
  'linux-arm64-glibc': () => {
    const start = qemu();
    if (start === null) return null;
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: rolldown('linux-arm64-gnu') };
    return { start, runtime: [...start, nodeBinary(22, 'linux-arm64')], targets: ['neon'], env, vitest: true }; // scalar code is the same as here
  },
  'linux-arm64-musl': () => {
    const start = qemu();
    return start && { start, targets: ['neon'], env: {} }; // its programs need no shared libraries
  },
  'win32-x64': () => {
    const start = wine();
    return start && { start, runtime: [...start, nodeBinary(22, 'win-x64')], targets: targetsHere(), env: wineEnvironment, spawns: true };
  },
};

// Four kernels take as long as all others together; emulators are slow.
export const withoutSlowest = ['max', 'min', 'softmax_cross_entropy', 'softmax_cross_entropy_soft'].map((kernel) => `-${kernel}`);

async function kernelsTest(platform, { start, targets, env }) {
  await installZig();
  const folder = cmake(`zig-${platform}`, ['kernels_test'], zigBuild(platform, { SIMDNN_TESTS: 'ON' }));
  const program = join(folder, platform.startsWith('win32') ? 'kernels_test.exe' : 'kernels_test');
  const total = { passed: 0, failed: 0 };
  for (const target of targets) {
    const [command, ...args] = [...start, program, ...(start.length > 0 ? withoutSlowest : [])];
    const { passed, failed } = lastLine(await run(command, args, { ...env, SIMDNN_TARGET: target }));
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

/** Stages of scripts/stages.mjs. `tests` are the tests of the library that run, as vitest's filters. */
export async function testPlatform(platform, tests = ['test/kernels/', 'test/ops/', 'test/nn/']) {
  const machine = machines[platform]();
  if (machine === null) return console.log(`\n== ${platform}: its emulator is missing, and cannot be installed`);
  const { runtime, env, spawns } = machine;
  await stage(`${platform}: native kernels, ${machine.targets.join(', ')}`, () => kernelsTest(platform, machine));
  if (runtime === undefined) return undefined;
  const unpacked = join(root, 'build/platforms', platform);
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  execFileSync('tar', ['-xzf', join(root, 'build/package/simdnn.tgz'), '-C', unpacked, '--strip-components=1']);
  const withBinary = { ...env, SIMDNN_PREBUILD: unpacked };
  await stage(`${platform}: fuzzer, 20,000 calls`, async () => {
    const args = ['test/fuzz/fuzz.mjs', '--calls', '20000', '--runtime', JSON.stringify(runtime)];
    return lastLine(await run(process.execPath, args, withBinary));
  });
  if (spawns) {
    const [command, ...args] = [...runtime, 'test/programs/endings.cjs', '10'];
    await stage(`${platform}: workers terminated and processes ended while they train`, async () =>
      lastLine(await run(command, args, withBinary)),
    );
  }
  // vitest uses threads and not processes, because in an emulator a process cannot start another one of its kind.
  if (machine.vitest)
    await stage(`${platform}: library (vitest)`, () => vitest(platform, withBinary, ['--pool=threads', ...tests], runtime));
  return undefined;
}
