// Packages that depend on the tarball: CommonJS, ES modules, TypeScript in its strictest form with every module resolution in use.
import { cpSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary';
import { fillCache, forNpm, install, root, run, tarball, toolbox } from './install';

let bare: string;
beforeAll(() => {
  fillCache();
  bare = toolbox(forNpm);
});

function sample(name: string): string {
  const folder = temporaryFolder();
  cpSync(join(__dirname, 'samples', name), folder, { recursive: true });
  const { status, output } = install(folder, tarball, bare);
  if (status !== 0) throw new Error(output);
  return folder;
}

const works = (output: string) => ({ status: 0, output, seconds: expect.any(Number) });

it.each(['commonjs', 'esm'])('%s', (name) => {
  expect(run(sample(name), process.execPath, ['index.js'])).toEqual(works('true 4x2 0 1\n'));
});

const tsc = join(root, 'node_modules/typescript/bin/tsc');
// The compiler that attw brings: the last major version but one, which still knows the resolution of before Node 12.
const olderTsc = join(root, 'node_modules/@arethetypeswrong/core/node_modules/typescript/bin/tsc');

describe('typescript', () => {
  let folder: string;
  beforeAll(() => {
    folder = sample('typescript');
  });

  const compile = (compiler: string, options: object, files: string[]) => {
    const compilerOptions = {
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noPropertyAccessFromIndexSignature: true },
      ...{ target: 'es2022', lib: ['es2023'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')], outDir: 'out' },
      ...options,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    return run(folder, process.execPath, [compiler, '-p', '.']);
  };

  it.each([
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ])('moduleResolution %s, checking our declarations too', (moduleResolution, module) => {
    expect(compile(tsc, { module, moduleResolution, skipLibCheck: false }, ['main.ts', 'kernels.ts'])).toEqual(works(''));
    expect(run(folder, process.execPath, ['out/main.js'])).toEqual(works('true 4x2\n'));
    expect(run(folder, process.execPath, ['out/kernels.js'])).toEqual(works('0 1\n'));
  });

  it('declares the same names for import and require', () => {
    expect(compile(tsc, { module: 'node16', moduleResolution: 'node16' }, ['names.ts'])).toEqual(works(''));
  });

  it('moduleResolution node16 in a CommonJS file', () => {
    cpSync(join(folder, 'main.ts'), join(folder, 'common.cts'));
    expect(compile(tsc, { module: 'node16', moduleResolution: 'node16' }, ['common.cts'])).toEqual(works(''));
    expect(run(folder, process.execPath, ['out/common.cjs'])).toEqual(works('true 4x2\n'));
  });

  it('moduleResolution node10, with TypeScript 5: the entry', () => {
    expect(compile(olderTsc, { module: 'commonjs', moduleResolution: 'node10', skipLibCheck: true }, ['main.ts'])).toEqual(works(''));
    renameSync(join(folder, 'out/main.js'), join(folder, 'out/main.cjs'));
    expect(run(folder, process.execPath, ['out/main.cjs'])).toEqual(works('true 4x2\n'));
  });
});
