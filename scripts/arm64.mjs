// The native tests on arm64, on any x64 Linux: built with zig, run in qemu (7.1 or later, which has the instructions for bfloat16).
// Usage: node scripts/arm64.mjs [--cpu max] [kernel...], the kernels as kernels_test takes them; another cpu, such as cortex-a72, has fewer features.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cmake } from './cmake.mjs';
import { installMissing, onPath } from './system.mjs';
import { installZig, zigBuild } from './zig.mjs';

const [cpu, kernels] = process.argv[2] === '--cpu' ? [process.argv[3], process.argv.slice(4)] : ['max', process.argv.slice(2)];
await installMissing([['qemu-user-static', onPath('qemu-aarch64-static')]]);
await installZig();
// For musl, whose programs need no shared libraries; scalar code is the same as here.
const build = zigBuild('linux-arm64-musl', { SIMDNN_TESTS: 'ON', SIMDNN_ADDON: 'OFF', SIMDNN_TARGETS: 'neon' });
const program = join(cmake('zig-arm64-tests', ['kernels_test'], build), 'kernels_test');
process.exitCode = spawnSync('qemu-aarch64-static', ['-cpu', cpu, program, ...kernels], { stdio: 'inherit' }).status ?? 1;
