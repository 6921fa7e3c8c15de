#!/usr/bin/env node
// What prebuildify runs in place of node-gyp: leaves the addon for the platform that it says in build/Release of the current folder. It compiles into folders
// that stay, so only what changed is compiled again, and it fetches no headers of Node. prebuildify takes one addon from there: the one that opens MPI is compiled by `npx simdnn build`.
import { resolve } from 'node:path';
import { cmake } from './cmake.mjs';
import { zigBuild } from './zig.mjs';

const { PREBUILD_PLATFORM: platform, PREBUILD_ARCH: arch, PREBUILD_LIBC: libc } = process.env;
const name = [platform, arch, ...(platform === 'linux' ? [libc] : [])].join('-');
cmake(`zig-${name}`, ['simdnn'], zigBuild(name, { SIMDNN_OUTPUT: resolve('build/Release'), SIMDNN_MPI: 'OFF' }));
