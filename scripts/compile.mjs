#!/usr/bin/env node
// prebuildify runs this in place of node-gyp. It leaves the addon for the requested platform in build/Release of the current folder. It compiles in folders
// that are kept, so that only changed files are compiled again, and it downloads no Node headers. prebuildify takes a single addon from there, so the one that
// opens MPI is put where it belongs here.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cmake } from './cmake.mjs';
import { root } from './system.mjs';
import { zigBuild } from './zig.mjs';

const { PREBUILD_PLATFORM: platform, PREBUILD_ARCH: arch, PREBUILD_LIBC: libc } = process.env;
const name = [platform, arch, ...(platform === 'linux' ? [libc] : [])].join('-');
const output = resolve('build/Release');
cmake(`zig-${name}`, ['simdnn'], zigBuild(name, { SIMDNN_OUTPUT: output }));

const mpi = join(output, 'simdnn-mpi.node'); // not on Windows
if (existsSync(mpi)) {
  const folder = join(root, 'prebuilds', `${platform}-${arch}`);
  mkdirSync(folder, { recursive: true });
  renameSync(mpi, join(folder, `simdnn-mpi${platform === 'linux' ? `.${libc}` : ''}.node`));
}
