// Installing where nothing is prepared: with a fitting binary, without one, without a way to make one.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary';
import { consumer, fillCache, forNpm, install, repacked, root, run, tarball, toolbox, userEnvironment, withoutPrebuilds } from './install';

let bare: string;
beforeAll(() => {
  fillCache();
  bare = toolbox(forNpm);
});

// What an installation brings: the package, what it names (@bufbuild/protobuf writes ONNX files, commander reads the command line), and what cli-progress needs
// to measure a line's width.
const installed = [
  '@bufbuild',
  'ansi-regex',
  'cli-progress',
  'commander',
  'emoji-regex',
  'is-fullwidth-code-point',
  'simdnn',
  'string-width',
  'strip-ansi',
];
const added = `added ${installed.length} packages`;

const works = `const { tensor, info } = require('simdnn'); console.log(tensor([1, 2]).sum().item(), info().version)`;
const answer = `3 ${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version}\n`;
const use = (folder: string) => run(folder, process.execPath, ['-e', works], { PATH: bare });

describe('with a binary that fits', () => {
  // npm is told to install for another processor, as `arch=arm64` in .npmrc does: no build for it may shadow the binary that fits here.
  it.each([[[]], [['--ignore-scripts']], [['--cpu', 'arm64']]])('needs no compiler and no network (options %j)', (options) => {
    const folder = consumer();
    const { status, output, seconds } = install(folder, tarball, bare, options);
    expect([status, output]).toEqual([0, expect.stringContaining(added)]);
    expect(use(folder).output).toBe(answer);
    expect(existsSync(join(folder, 'node_modules/simdnn/build'))).toBe(false);
    console.log(`install ${options.join(' ')}: ${seconds.toFixed(2)} s`); // two on an idle machine
  });

  it('brings the progress bar, the reader of the command line and the writer of protobuf, no more', () => {
    const folder = consumer();
    install(folder, tarball, bare);
    expect(
      readdirSync(join(folder, 'node_modules'))
        .filter((name) => !name.startsWith('.'))
        .sort(),
    ).toEqual(installed);
  });
});

const platform = `${process.platform}-${process.arch}`;
const binary = 'simdnn.glibc.node';
const withDamagedPrebuild = (): string => repacked((folder) => writeFileSync(join(folder, 'prebuilds', platform, binary), 'not a binary'));

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

const build = (folder: string, path: string, env: NodeJS.ProcessEnv = {}) =>
  run(folder, join(path, 'npx'), ['--offline', 'simdnn', 'build'], { ...userEnvironment(path), ...env });

describe('without a binary that fits', () => {
  it('builds from source by one command, with plain cmake and the headers it brings', () => {
    const folder = consumer();
    const tools = toolbox([...forNpm, 'npx', 'cmake', 'make', 'cc', 'c++', 'as', 'ld', 'ar', 'ranlib']);
    const log = join(temporaryFolder(), 'compiled');
    const launcher = join(tools, 'launcher');
    writeFileSync(launcher, compiler(join(root, 'build/cmake'), log), { mode: 0o755 });
    const env = { CMAKE_CXX_COMPILER_LAUNCHER: launcher, CMAKE_C_COMPILER_LAUNCHER: launcher };
    const installation = install(folder, withoutPrebuilds(), tools);
    expect([installation.status, installation.output]).toEqual([0, expect.stringContaining(added)]);
    const { status, output } = build(folder, tools, env);
    expect([status, output]).toEqual([0, expect.stringMatching(/built .*\.node\n$/)]);
    const compiled = readFileSync(log, 'utf8').trim().split('\n');
    expect(compiled.filter((line) => line.includes('vendor/highway')).length).toBeGreaterThanOrEqual(8);
    // Where it stands for this platform alone: beside the binaries of others, in no place that comes before theirs.
    const home = join(folder, 'node_modules/simdnn');
    expect(readdirSync(join(home, 'prebuilds'), { recursive: true, encoding: 'utf8' }).sort()).toEqual(
      [platform, `${platform}/simdnn-mpi.glibc.node`, `${platform}/${binary}`].sort(),
    );
    expect(existsSync(join(home, 'build/Release'))).toBe(false);
    expect(use(folder).output).toBe(answer);
  });

  it('says in two lines what is missing where it cannot build', () => {
    const folder = consumer();
    const tools = toolbox([...forNpm, 'npx']);
    install(folder, withoutPrebuilds(), tools);
    const { status, output } = build(folder, tools);
    expect([status, output.trimEnd().split('\n')]).toEqual([
      1,
      [
        expect.stringMatching(/^simdnn: 'cmake -S .*' did not start: .*ENOENT/),
        expect.stringMatching(/^simdnn: building needs CMake .* C\+\+17 compiler \(on Debian: apt-get install cmake make g\+\+\)$/),
      ],
    ]);
  });

  it.each([
    ['none', withoutPrebuilds, 'no such file', /reason: there is no binary for /, /cure: the package has a binary for/],
    [
      'one that is damaged',
      withDamagedPrebuild,
      'is there',
      /reason: .*(invalid ELF header|file too short)/,
      /cure: the binary is damaged/,
    ],
  ])('is installed all the same, and says what to do when it is loaded (binary: %s)', (_, file, state, reason, cure) => {
    const folder = consumer();
    expect(install(folder, file(), bare).status).toBe(0);
    const { status, output } = use(folder);
    const home = join(folder, 'node_modules/simdnn');
    expect(status).toBe(1);
    expect(output).toContain('SIMDNN_ADDON_NOT_LOADED');
    expect(output).toContain(`tried: ${join(home, 'build/Release/simdnn.node')} (no such file)`);
    expect(output).toContain(`tried: ${join(home, 'prebuilds', platform, binary)} (${state})`);
    expect(output).toMatch(reason);
    expect(output).toMatch(new RegExp(`here: ${platform}, Node ${process.version}, glibc \\d+\\.\\d+, target the best`));
    expect(output).toMatch(cure);
    expect(output).toContain('npx simdnn build');
  });
});
