// npm run prebuildify [-- PLATFORM ...]: makes prebuilds/<platform>-<architecture>/simdnn[.<libc>].node for every platform of scripts/zig.mjs, or for those
// that are named (linux-x64-glibc) as arguments or in SIMDNN_PLATFORMS, because `npm pack` passes no arguments on.
// prebuildify puts the addon that scripts/compile.mjs builds in its place. It runs in a folder of its own, because it moves the addon out of build/Release, where
// the checkout has the one that it uses.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, stop } from './system.mjs';
import { copyHeaders } from './vendor.mjs';
import { installZig, triples } from './zig.mjs';

const named = [...process.argv.slice(2), ...(process.env.SIMDNN_PLATFORMS?.split(',').filter(Boolean) ?? [])];
const wanted = named.length > 0 ? named : Object.keys(triples);
for (const name of wanted) if (!(name in triples)) stop(`${name} is not one of ${Object.keys(triples).join(', ')}`);

async function prebuild(name) {
  const [platform, arch, libc] = name.split('-');
  const folder = join(root, 'build/prebuild', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "simdnn" }\n');
  const options = { platform, arch, cwd: folder, out: root, 'node-gyp': join(root, 'scripts/compile.mjs'), ...(libc && { libc }) };
  const args = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
  if (libc) args.push('--tag-libc');
  await run(`building for ${name}`, join(root, 'node_modules/.bin/prebuildify'), ['--napi', ...args]);
}

copyHeaders(); // so that zig does not use this machine's /usr/include
await installZig();
for (const name of wanted) await prebuild(name);
