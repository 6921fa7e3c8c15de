#!/usr/bin/env node
// prebuildify runs this in place of node-gyp. It leaves the addon for the requested platform in build/Release of the current folder. It compiles in folders
// that are kept, so that only changed files are compiled again, and it downloads no Node headers. prebuildify takes a single addon from there; the one that opens MPI is compiled by `npx simdnn build`.
import { resolve } from 'node:path';
import { cmake } from './cmake.mjs';
import { zigBuild } from './zig.mjs';

const { PREBUILD_PLATFORM: platform, PREBUILD_ARCH: arch, PREBUILD_LIBC: libc } = process.env;
const name = [platform, arch, ...(platform === 'linux' ? [libc] : [])].join('-');
cmake(`zig-${name}`, ['simdnn'], zigBuild(name, { SIMDNN_OUTPUT: resolve('build/Release'), SIMDNN_MPI: 'OFF' }));
