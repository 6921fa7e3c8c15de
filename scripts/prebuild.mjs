// npm run prebuildify [-- ARCHITECTURE ...]: makes prebuilds/<platform>-<architecture>/simdnn.<libc>.node, on Linux for x64 and arm64, or for
// those that SIMDNN_ARCH names: `npm pack` hands no arguments on.
// prebuildify strips and names what scripts/compile.mjs builds for it, in a folder of its own: it moves the addon out of
// build/Release, where the checkout keeps the one it runs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crossStrip, installCompiler } from './cross.mjs';
import { root, run, stop } from './system.mjs';
import { copyHeaders } from './vendor.mjs';

const crossable = process.platform === 'linux' && process.arch === 'x64' ? ['arm64'] : [];
const named = [...process.argv.slice(2), ...(process.env.SIMDNN_ARCH?.split(',') ?? [])];
const wanted = named.length > 0 ? named : [process.arch, ...crossable];

async function prebuild(arch) {
  const cross = arch !== process.arch;
  if (cross && !crossable.includes(arch)) stop(`cannot build for ${arch} on ${process.platform}-${process.arch}`);
  if (cross) await installCompiler();
  const folder = join(root, 'build/prebuild', arch);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "simdnn" }\n');
  const options = {
    arch,
    cwd: folder,
    out: root,
    'strip-bin': cross ? crossStrip : 'strip',
    'node-gyp': join(root, 'scripts/compile.mjs'),
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  await run(`building for ${arch}`, join(root, 'node_modules/.bin/prebuildify'), ['--napi', '--strip', '--tag-libc', ...args]);
}

copyHeaders(); // the cross compiler must not meet this machine's own /usr/include
for (const arch of wanted) await prebuild(arch);
