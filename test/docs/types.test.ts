// What the pages show can be pasted into a strict TypeScript project: every snippet is compiled there, against the source.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { idiomsOf } from './snippet';

const root = join(__dirname, '../..');
const folder = join(root, 'build/snippets');
const tsc = join(dirname(createRequire(__filename).resolve('typescript/package.json')), 'bin/tsc');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

function snippetsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  const snippets = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  const idioms = idiomsOf(text);
  return idioms.length === 0 ? snippets : [...snippets, idioms.map((code) => `{ ${code} }\n`).join('')];
}

it('every snippet of the pages compiles under strict', () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const places = new Map<string, string>();
  for (const page of pages) {
    snippetsOf(page).forEach((code, i, all) => {
      const name = `${page.replaceAll(/[/.]/g, '-')}-${i}.mts`;
      // A page's first snippet makes what the others use, but for programs that import the library themselves; these may name again what it names.
      const isWhole = i === 0 || /^import .* from 'simdnn/m.test(code);
      const [imports, rest] = [(code.match(/^import .*\n/gm) ?? []).join(''), code.replaceAll(/^import .*\n/gm, '')];
      writeFileSync(join(folder, name), isWhole ? code : `${imports}${all[0]}{\n${rest}}\nexport {};\n`);
      places.set(name, `${page}, snippet ${i}`);
    });
  }
  expect(places.size).toBeGreaterThan(15);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2023'],
    module: 'node20',
    moduleResolution: 'node16',
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    skipLibCheck: true,
    paths: { simdnn: [join(root, 'src/index.ts')], 'simdnn/kernels': [join(root, 'src/kernels.ts')] },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.mts', join(root, 'src/*.d.ts')] }));
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
  expect(lines.map((line) => line.replace(/^.*?([\w-]+\.mts)/, (_, name: string) => places.get(name) ?? name))).toEqual([]);
});
