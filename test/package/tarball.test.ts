// What the tarball holds, and what its binaries need and give away.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanUp, root, run, unpacked } from './install';

const output = (command: string, ...args: string[]): string => {
  const { status, output } = run(root, command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${output}`);
  return output;
};

// All that are published, or those it was packed for.
const archs = process.env['SIMDNN_ARCH']?.split(',') ?? ['x64', 'arm64'];

let folder: string;
let files: string[];
beforeAll(() => {
  folder = unpacked();
  files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(folder, file)).isFile());
});
afterAll(cleanUp);

describe('the tarball', () => {
  it('has what is needed to run and to build', () => {
    const needed = ['package.json', 'README.md', 'LICENSE', 'THIRD_PARTY_LICENSES', 'binding.gyp', 'CMakeLists.txt'];
    needed.push('dist/index.js', 'dist/index.mjs', 'dist/index.d.ts', 'dist/index.d.mts', 'dist/kernels.js', 'dist/kernels.mjs');
    needed.push('dist/index.cjs', 'dist/kernels.cjs', 'native/load.cjs');
    needed.push(
      'bin/simdnn.js',
      'dist/cli.js',
      'native/install.cjs',
      'native/addon.cc',
      'native/generated/kernels.h',
      'native/cmake/exports.map',
    );
    needed.push('native/vendor/highway/hwy/highway.h', 'native/vendor/node-api-headers/node_api.h', 'native/vendor/node-addon-api/napi.h');
    needed.push(...archs.map((arch) => `prebuilds/linux-${arch}/simdnn.glibc.node`));
    expect(files).toEqual(expect.arrayContaining(needed));
  });

  it('has nothing else', () => {
    expect(files.filter((file) => !/^(bin|dist|prebuilds|native)\/|^[^/]+$/.test(file))).toEqual([]);
    expect(files.filter((file) => /^native\/(test|bench|reference|descriptions)\/|\.(o|a|tgz|ts\.map|js\.map)$/.test(file))).toEqual([]);
  });

  it('gives the licence with every header that it brings', () => {
    const licences = { highway: 'Apache License', 'node-api-headers': 'MIT License', 'node-addon-api': 'MIT License' };
    expect(readdirSync(join(folder, 'native/vendor')).sort()).toEqual(Object.keys(licences).sort());
    for (const [name, title] of Object.entries(licences)) {
      const licence = files.find((file) => file.startsWith(`native/vendor/${name}/LICENSE`));
      expect(readFileSync(join(folder, licence!), 'utf8')).toContain(title);
    }
    expect(readFileSync(join(folder, 'native/vendor/highway/LICENSE'), 'utf8')).toContain('Google LLC');
  });

  it('has Highway in no file that git tracks', () => {
    expect(output('git', 'ls-files', 'native/vendor', 'prebuilds')).toBe('');
  });
});

const versionsOf = (symbols: string, library: string): number[] =>
  [...symbols.matchAll(new RegExp(`\\(?${library}_(\\d+)\\.(\\d+)`, 'g'))].map(([, major, minor]) => 1000 * Number(major) + Number(minor));

describe.each(archs)('the binary for linux-%s', (arch) => {
  const file = (): string => join(folder, 'prebuilds', `linux-${arch}`, 'simdnn.glibc.node');

  it('is for that processor', () => {
    expect(output('readelf', '-h', file())).toMatch(arch === 'x64' ? /X86-64/ : /AArch64/);
  });

  it('has at most 6 MB, packed 2.5', () => {
    expect(statSync(file()).size).toBeLessThanOrEqual(6e6);
    expect(gzipSync(readFileSync(file())).length).toBeLessThanOrEqual(2.5e6);
  });

  it('exports what Node asks for alone', () => {
    const symbols = output('nm', '-D', '--defined-only', file()).trim().split('\n');
    expect(symbols.map((line) => line.split(' ').at(-1)).sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
  });

  it('runs on glibc 2.28, without a C++ library', () => {
    const needed = output('readelf', '--dyn-syms', '--version-info', '--wide', file());
    const versions = versionsOf(needed, 'GLIBC');
    expect(versions.length).toBeGreaterThan(10);
    expect(Math.max(...versions)).toBeLessThanOrEqual(2028);
    const libraries = [...output('readelf', '-d', file()).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name!);
    const allowed = /^(libc\.so\.6|libm\.so\.6|libgcc_s\.so\.1|libpthread\.so\.0|ld-linux-[\w-]+\.so\.\d)$/;
    expect(libraries.filter((name) => !allowed.test(name))).toEqual([]);
  });

  it('stays mapped when its last worker ends', () => {
    expect(output('readelf', '-d', file())).toContain('NODELETE');
  });
});

it.runIf(archs.includes('arm64'))('the arm64 binary uses none of the cryptographic instructions that its compiler may use', () => {
  const code = output('aarch64-linux-gnu-objdump', '-d', '--no-show-raw-insn', join(folder, 'prebuilds/linux-arm64/simdnn.glibc.node'));
  expect(code.match(/\tfmla\t/g)!.length).toBeGreaterThan(100);
  expect(code.match(/\t(aes\w+|pmull2?\t\S+\.1q|sha\w+)\b/g)).toBeNull();
});

const targetsOf: Record<string, string[]> = { x64: ['scalar', 'sse4', 'avx2', 'avx512'], arm64: ['scalar', 'neon'] };

describe.each(archs)('the kernels for %s', (arch) => {
  const build = arch === process.arch ? 'cmake' : `cmake-${arch}`;
  it('have no function that one instruction set could lend another', () => {
    const objects = join(root, 'build', build, 'CMakeFiles');
    for (const target of targetsOf[arch]!) {
      const sources = readdirSync(join(root, 'native/kernels')).filter((name) => name.endsWith('.cc'));
      expect(sources.length).toBeGreaterThan(10);
      const paths = sources.map((name) => join(objects, `kernels_${target}.dir/native/kernels`, `${name}.o`));
      const symbols = output('nm', '-C', '--defined-only', '--print-file-name', ...paths).split('\n');
      expect(symbols.length).toBeGreaterThan(100);
      expect(symbols.filter((line) => / [WVu] /.test(line))).toEqual([]);
    }
  });
});
