#!/usr/bin/env node
// What prebuildify runs in place of node-gyp: leaves the addon for --arch in build/Release of the current folder. It compiles into
// folders that stay, so only what changed is compiled again, and it fetches no headers of Node.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cmake } from './cmake.mjs';
import { crossBuild, crossFolder } from './cross.mjs';
import { root, stop } from './system.mjs';

if (process.argv.includes(`--arch=${process.arch}`)) {
  const { status } = spawnSync('npm', ['run', 'build:native'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) stop('npm run build:native failed');
  mkdirSync('build/Release', { recursive: true });
  copyFileSync(join(root, 'build/Release/simdnn.node'), 'build/Release/simdnn.node');
} else {
  cmake(crossFolder, ['simdnn'], crossBuild);
}
