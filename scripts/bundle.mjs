// Bundles src into the files that `require` and `import` load and bin/simdnn.js runs. There are only seven, because each file adds a third of a millisecond to
// loading the package. `import` gets its names from the same CommonJS modules, so that there is one Tensor class. It lists the names itself: otherwise Node would read
// those files once more to find them, which takes longer than all the rest. The small file between the two has no names that Node could find; through it
// bundlers find the modules.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './system.mjs';

const dist = join(root, 'dist');
const { dependencies, peerDependencies, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const bundle = await rolldown({
  cwd: root,
  input: { index: 'src/required.ts', kernels: 'src/kernels.ts', tfjs: 'src/tfjs.ts', cli: 'src/cli/main.ts' },
  platform: 'node',
  transform: { define: { packageVersion: JSON.stringify(version) } },
  external: [
    /^node:/,
    /\/native\/(load\.js|build\.cjs)$/,
    ...Object.keys({ ...dependencies, ...peerDependencies }).map((name) => new RegExp(`^${name}(/|$)`)),
  ],
});
// The name of a shared file must not be that of a folder of declarations: TypeScript would resolve './recording' to recording.js, not to recording/index.d.ts.
await bundle.write({ dir: dist, format: 'cjs', exports: 'named', chunkFileNames: 'shared.[name].js' });
await bundle.close();

for (const name of ['index', 'kernels', 'tfjs']) {
  const names = Object.keys(createRequire(import.meta.url)(join(dist, `${name}.js`))).sort();
  writeFileSync(join(dist, `${name}.cjs`), `const all = require('./${name}.js');\nmodule.exports = all;\n`);
  writeFileSync(join(dist, `${name}.mjs`), `import all from './${name}.cjs';\nexport const { ${names.join(', ')} } = all;\n`);
}

// What bin/simdnn.js prints for --help if there is no addon, without which the command line cannot be loaded.
const helpOf = (...command) =>
  spawnSync(process.execPath, [join(root, 'bin/simdnn.js'), ...command, '--help'], { encoding: 'utf8' }).stdout;
const whole = helpOf();
const commands = [...whole.matchAll(/^ {2}(\w+) (?:\[options\]|<)/gm)].map(([, name]) => name);
const help = { '': whole, ...Object.fromEntries(commands.map((name) => [name, helpOf(name)])) };
writeFileSync(join(dist, 'help.json'), `${JSON.stringify(help)}\n`);
