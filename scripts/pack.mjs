// Packs build/package/simdnn.tgz, as npm publishes it; the tests of test/package install it.
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installMissing, onPath, root, run } from './system.mjs';

await installMissing([['llvm', onPath('llvm-readobj')]]); // the tests read the binaries with it
const folder = join(root, 'build/package');
mkdirSync(folder, { recursive: true });
rmSync(join(root, 'prebuilds'), { recursive: true, force: true }); // those of other platforms, which `npm pack` would take along
const output = await run('packing', 'npm', ['pack', '--pack-destination', folder]);
renameSync(join(folder, output.trimEnd().split('\n').at(-1)), join(folder, 'simdnn.tgz'));
