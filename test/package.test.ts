// The package as it is loaded by name, packed and installed; the addon as the dynamic linker sees it.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(__dirname, '..');
const addon = join(root, 'build/Release/simdnn.node');
const folder = mkdtempSync(join(tmpdir(), 'package-'));
afterAll(() => rmSync(folder, { recursive: true }));

const node = (cwd: string, code: string, ...options: string[]): unknown =>
  JSON.parse(execFileSync(process.execPath, [...options, '--eval', code], { cwd, encoding: 'utf8' }));
const required = (cwd: string, code: string): unknown => node(cwd, code);
const imported = (cwd: string, code: string): unknown => node(cwd, code, '--input-type=module');
const run = (command: string, ...args: string[]): string => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });

describe('by its name', () => {
  it.each(['simdnn', 'simdnn/kernels'])('%s has the same names for import and require', (name) => {
    const names = required(root, `console.log(JSON.stringify(Object.keys(require('${name}')).sort()))`);
    expect(names).toEqual(
      imported(
        root,
        `import * as all from '${name}'; console.log(JSON.stringify(Object.keys(all).filter((key) => key !== '__esModule').sort()))`,
      ),
    );
    expect((names as string[]).length).toBeGreaterThan(10);
  });

  it('has one Tensor class for both', () => {
    const code = `import { createRequire } from 'node:module'; import { Tensor } from 'simdnn';
      console.log(createRequire(process.cwd() + '/x.js')('simdnn').zeros([1]) instanceof Tensor)`;
    expect(imported(root, code)).toBe(true);
  });

  it('has every file that its exports name', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: unknown };
    const files = JSON.stringify(exports)
      .match(/\.\/[\w./-]+/g)!
      .filter((path) => /\.(m?js|d\.m?ts|json)$/.test(path));
    expect(files).toHaveLength(2 * 4 + 2);
    expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('package-lock.json', () => {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, { optionalDependencies?: Record<string, string> }> };

  it('names no registry', () => {
    expect(text).not.toContain('"resolved"');
  });

  it('knows the binaries of every platform, without which `npm ci` refuses it', () => {
    const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
    expect(wanted.length).toBeGreaterThan(20);
    expect(wanted.filter((name) => packages[`node_modules/${name}`] === undefined)).toEqual([]);
  });
});

describe('packed', () => {
  const installed = join(folder, 'node_modules/simdnn');
  let files: string[];

  beforeAll(() => {
    const [{ filename }] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as [{ filename: string }];
    mkdirSync(installed, { recursive: true });
    run('tar', '-xzf', join(folder, filename), '-C', installed, '--strip-components=1');
    files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    symlinkSync(join(root, 'node_modules/node-gyp-build'), join(folder, 'node_modules/node-gyp-build'));
  });

  it('has what is needed to run and to build, and nothing else', () => {
    const needed = ['dist/index.js', 'dist/index.mjs', 'dist/index.d.ts', 'native/kernels/kernels.def', 'native/cmake/exports.map'];
    needed.push('native/install.cjs', 'binding.gyp', 'CMakeLists.txt', 'LICENSE', 'THIRD_PARTY_LICENSES', 'README.md');
    expect(files).toEqual(expect.arrayContaining(needed));
    expect(
      files.filter((file) => /^(src|test|bench|build|examples|scripts|node_modules|native\/(test|bench|reference))\b/.test(file)),
    ).toEqual([]);
  });

  it('runs with a prebuilt binary', () => {
    const prebuilds = join(installed, 'prebuilds', `${process.platform}-${process.arch}`);
    mkdirSync(prebuilds, { recursive: true });
    copyFileSync(addon, join(prebuilds, 'simdnn.glibc.node'));
    expect(imported(folder, `import { tensor } from 'simdnn'; console.log(tensor([1, 2]).sum().item())`)).toBe(3);
    const install = spawnSync(process.execPath, ['native/install.cjs'], { cwd: installed, encoding: 'utf8' });
    expect([install.status, install.stdout, install.stderr]).toEqual([0, '', '']);
    rmSync(prebuilds, { recursive: true });
  });

  it('says in two lines what building lacks', () => {
    const { status, stderr } = spawnSync(process.execPath, ['native/install.cjs'], {
      cwd: installed,
      encoding: 'utf8',
      env: { PATH: folder },
    });
    expect(status).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^simdnn: no prebuilt binary is usable \(No native build was found.*'cmake -S .*' did not start: .*ENOENT/),
      expect.stringMatching(/^simdnn: building needs CMake .* \(on Debian: apt-get install cmake make g\+\+ libhwy-dev\)$/),
    ]);
  });
});

describe.runIf(process.platform === 'linux')('the addon', () => {
  it('exports what Node asks for alone', () => {
    const symbols = run('nm', '-D', '--defined-only', addon).trim().split('\n');
    expect(symbols.map((line) => line.split(' ').at(-1)).sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
  });

  it('runs on glibc 2.28, without a C++ library', () => {
    const versions = [...run('objdump', '-T', addon).matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(
      ([, major, minor]) => 1000 * Number(major) + Number(minor),
    );
    expect(versions.length).toBeGreaterThan(10);
    expect(Math.max(...versions)).toBeLessThanOrEqual(2028);
    expect(run('objdump', '-p', addon)).not.toContain('libstdc++');
  });

  it('has no function that one instruction set could lend another', () => {
    const objects = readdirSync(join(root, 'build/cmake/CMakeFiles'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /^kernels_\w+\.dir\/.*\.o$/.test(file))
      .map((file) => join(root, 'build/cmake/CMakeFiles', file));
    expect(objects.length).toBeGreaterThan(10);
    const weak = run('nm', '-C', '--defined-only', '--print-file-name', ...objects)
      .split('\n')
      .filter((line) => / [WVu] /.test(line));
    expect(weak).toEqual([]);
  });
});
