// What the tarball holds.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { binaries, root, run, tarball, unpacked } from './install';

const output = (command: string, ...args: string[]): string => {
  const { status, output } = run(root, command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${output}`);
  return output;
};

let folder: string;
let files: string[];
beforeAll(() => {
  folder = unpacked();
  files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(folder, file)).isFile());
});

describe('the tarball', () => {
  it('has what is needed to run and to build', () => {
    const needed = ['package.json', 'README.md', 'LICENSE', 'THIRD_PARTY_LICENSES', 'CMakeLists.txt'];
    needed.push('dist/index.js', 'dist/index.mjs', 'dist/index.d.ts', 'dist/index.d.mts', 'dist/kernels.js', 'dist/kernels.mjs');
    needed.push('dist/index.cjs', 'dist/kernels.cjs', 'native/load.js');
    needed.push('dist/tfjs.js', 'dist/tfjs.cjs', 'dist/tfjs.mjs', 'dist/tfjs.d.ts', 'dist/tfjs.d.mts');
    needed.push(
      'bin/simdnn.js',
      'dist/cli.js',
      'dist/help.json',
      'native/build.cjs',
      'native/addon.cc',
      'native/generated/kernels.h',
      'native/cmake/exports.map',
    );
    needed.push('native/vendor/highway/hwy/highway.h', 'native/vendor/node-api-headers/node_api.h', 'native/vendor/node-addon-api/napi.h');
    expect(files).toEqual(expect.arrayContaining(needed));
    expect(files.filter((file) => file.startsWith('prebuilds/')).sort()).toEqual(binaries.map(({ file }) => file).sort());
  });

  it('has nothing else', () => {
    const named = /^(bin|dist|prebuilds|native)\/|^docs\/bundlers\.md$|^[^/]+$/; // an error names the page
    expect(files.filter((file) => !named.test(file))).toEqual([]);
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

  it('runs nothing when it is installed', () => {
    const { scripts, gypfile } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
    expect([gypfile, files.includes('binding.gyp')]).toEqual([false, false]); // npm runs node-gyp where it finds that file
  });

  it('has at most 12 MB packed', () => {
    expect(statSync(tarball).size).toBeLessThanOrEqual(12e6);
  });

  it('has Highway in no file that git tracks', () => {
    expect(output('git', 'ls-files', 'native/vendor', 'prebuilds')).toBe('');
  });
});
