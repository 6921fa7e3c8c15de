// Installing where nothing is prepared: with a fitting binary, without one, without a way to make one.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cleanUp,
  consumer,
  emptyFolder,
  fillCache,
  forNpm,
  install,
  repacked,
  root,
  run,
  tarball,
  toolbox,
  withoutPrebuilds,
} from './install';

let bare: string;
beforeAll(() => {
  fillCache();
  bare = toolbox(forNpm);
});
afterAll(cleanUp);

// What an installation brings: the package, what it names (@bufbuild/protobuf writes ONNX files, commander reads the command line), and what cli-progress needs
// to measure a line's width.
const installed = [
  '@bufbuild',
  'ansi-regex',
  'cli-progress',
  'commander',
  'emoji-regex',
  'is-fullwidth-code-point',
  'node-gyp-build',
  'simdnn',
  'string-width',
  'strip-ansi',
];
const added = `added ${installed.length} packages`;

const works = `const { tensor, info } = require('simdnn'); console.log(tensor([1, 2]).sum().item(), info().version)`;
const answer = `3 ${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version}\n`;
const use = (folder: string) => run(folder, process.execPath, ['-e', works], { PATH: bare });

describe('with a binary that fits', () => {
  it.each([[[]], [['--ignore-scripts']]])('needs no compiler and no network (options %j)', (options) => {
    const folder = consumer();
    const { status, output, seconds } = install(folder, tarball, bare, options);
    expect([status, output]).toEqual([0, expect.stringContaining(added)]);
    expect(use(folder).output).toBe(answer);
    expect(existsSync(join(folder, 'node_modules/simdnn/build'))).toBe(false);
    console.log(`install ${options.join(' ')}: ${seconds.toFixed(2)} s`); // two on an idle machine
  });

  it('brings the loader, the progress bar, the reader of the command line and the writer of protobuf, no more', () => {
    const folder = consumer();
    install(folder, tarball, bare);
    expect(
      readdirSync(join(folder, 'node_modules'))
        .filter((name) => !name.startsWith('.'))
        .sort(),
    ).toEqual(installed);
  });
});

const withDamagedPrebuild = (): string =>
  repacked((folder) =>
    writeFileSync(join(folder, 'prebuilds', `${process.platform}-${process.arch}`, 'simdnn.glibc.node'), 'not a binary'),
  );

// The compiler of the test: what was compiled already from the very same source, for the same instruction set, is taken from the
// checkout's build; of every instruction set, kernels are compiled with the tarball's own headers.
const compiler = (reused: string, log: string): string => `#!${process.execPath}
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const [command, ...args] = process.argv.slice(2);
const object = args[args.indexOf('-o') + 1];
const source = args[args.indexOf('-c') + 1];
const known = require('node:path').join(${JSON.stringify(reused)}, object);
const mine = require('node:path').join(${JSON.stringify(root)}, source.replace(/^.*?\\/(?=native\\/)/, ''));
const same = args.includes('-c') && fs.existsSync(known) && fs.readFileSync(mine).equals(fs.readFileSync(source));
if (same && !/softmax|random|addon/.test(object)) {
  fs.copyFileSync(known, object);
  fs.writeFileSync(args[args.indexOf('-MF') + 1] ?? '/dev/null', '');
  process.exit(0);
}
fs.appendFileSync(${JSON.stringify(log)}, args.join(' ') + '\\n');
process.exit(spawnSync(command, args, { stdio: 'inherit' }).status ?? 1);
`;

describe('without a binary that fits', () => {
  it('builds from source with plain cmake and the headers it brings', () => {
    const folder = consumer();
    const tools = toolbox([...forNpm, 'cmake', 'make', 'cc', 'c++', 'as', 'ld', 'ar', 'ranlib']);
    const log = join(emptyFolder(), 'compiled');
    const launcher = join(tools, 'launcher');
    writeFileSync(launcher, compiler(join(root, 'build/cmake'), log), { mode: 0o755 });
    const env = { CMAKE_CXX_COMPILER_LAUNCHER: launcher, CMAKE_C_COMPILER_LAUNCHER: launcher };
    const { status, output } = install(folder, withoutPrebuilds(), tools, [], env);
    expect([status, output]).toEqual([0, expect.stringContaining(added)]);
    const compiled = readFileSync(log, 'utf8').trim().split('\n');
    expect(compiled.filter((line) => line.includes('vendor/highway')).length).toBeGreaterThanOrEqual(8);
    expect(readdirSync(join(folder, 'node_modules/simdnn/build/Release'))).toEqual(['simdnn.node']);
    expect(use(folder).output).toBe(answer);
  });

  it.each([
    ['none', withoutPrebuilds, /No native build was found/],
    ['one that is damaged', withDamagedPrebuild, /invalid ELF header|file too short/],
  ])('says in two lines what to do where it cannot build either (binary: %s)', (_, file, reason) => {
    const { status, output } = install(consumer(), file(), bare);
    expect(status).not.toBe(0);
    const lines = output
      .split('\n')
      .map((line) => line.replace(/^npm error /, ''))
      .filter((line) => line.startsWith('simdnn: '));
    expect(lines).toEqual([
      expect.stringMatching(/^simdnn: no prebuilt binary is usable \(.*\), and 'cmake -S .*' did not start: .*ENOENT/),
      expect.stringMatching(/^simdnn: building needs CMake .* C\+\+17 compiler \(on Debian: apt-get install cmake make g\+\+\)$/),
    ]);
    expect(lines[0]).toMatch(reason);
  });

  it('is not noticed with --ignore-scripts until the package is loaded, which then says what to do', () => {
    const folder = consumer();
    expect(install(folder, withoutPrebuilds(), bare, ['--ignore-scripts']).status).toBe(0);
    const { status, output } = use(folder);
    const home = join(folder, 'node_modules/simdnn');
    expect(status).toBe(1);
    const here = `here: ${process.platform}-${process.arch}, Node ${process.version}, glibc \\d+\\.\\d+, target the best`;
    for (const place of ['build/Release', 'build/Debug', `prebuilds/${process.platform}-${process.arch}`]) {
      expect(output).toContain(`tried: ${join(home, place)} (no such folder)`);
    }
    expect(output).toContain('SIMDNN_ADDON_NOT_LOADED');
    expect(output).toMatch(new RegExp(here));
    expect(output).toContain('cure: ');
    expect(output).toContain('npm rebuild simdnn --build-from-source');
  });
});
