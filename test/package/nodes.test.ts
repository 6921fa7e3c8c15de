// The installed package under every version of Node that it supports, under Bun and Deno, and with the binaries of other platforms in emulators.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { downloaded, muslBun, nodeBinary, qemu, wine, wineEnvironment } from '../../scripts/emulators.mjs';
import { consumer, fillCache, forNpm, install, platforms, run, tarball, toolbox } from './install';

let folder: string;
beforeAll(() => {
  fillCache();
  folder = consumer();
  install(folder, tarball, toolbox(forNpm));
  copyFileSync(join(__dirname, 'smoke.cjs'), join(folder, 'smoke.cjs'));
});

interface Expected {
  node?: RegExp;
  arch: string;
  target?: string;
  env?: NodeJS.ProcessEnv;
}

function smoke({ node, arch, target = '', env = {} }: Expected, command: string, ...args: string[]): void {
  const { status, output } = run(folder, command, [...args, 'smoke.cjs'], { ...process.env, ...env, SIMDNN_TARGET: target });
  const line = output.split(/\r?\n/).find((text) => text.startsWith('{"node"'));
  expect([status, line ?? output]).toEqual([0, expect.stringMatching(/^\{.*\}$/)]);
  const { node: version, ...rest } = JSON.parse(line!) as Record<string, unknown>;
  if (node) expect(version).toMatch(node);
  expect(rest).toEqual({ arch, target: target || expect.any(String), targets: expect.arrayContaining(['scalar']) });
}

// A test of a platform that was not packed, or whose emulator is not to be had here, says so.
const needs = ({ skip }: TestContext, platform: string, emulator: unknown = platform): void => {
  if (!platforms.includes(platform)) skip(`no binary for ${platform} was packed`);
  if (emulator === null) skip('the emulator is missing, and cannot be installed');
};

describe('linux-x64', () => {
  beforeEach((context) => needs(context, 'linux-x64-glibc'));
  it.each([20, 22, 24, 26])('Node %i', (version) =>
    smoke({ node: new RegExp(`^v${version}\\.`), arch: 'x64' }, nodeBinary(version, 'linux-x64')),
  );
  it('Bun', () => smoke({ arch: 'x64' }, downloaded('@oven/bun-linux-x64-baseline', 'bin/bun')));
  it('Deno', () => smoke({ arch: 'x64' }, downloaded('@deno/linux-x64-glibc', 'deno'), 'run', '-A'));

  const said = (command: string, ...args: string[]): string => run(folder, command, [...args, 'smoke.cjs']).output;
  it('Deno without permission for addons says which one is missing', () =>
    expect(said(downloaded('@deno/linux-x64-glibc', 'deno'), 'run', '--allow-read', '--allow-env')).toContain(
      'cure: Deno loads addons only with permission: deno run --allow-ffi',
    ));
  it('Node 18 is told that it is too old', () =>
    expect(said(nodeBinary(18, 'linux-x64'))).toContain('simdnn needs Node 20.17 or later, this is v18.'));
});

describe('Node 24 under its permission model', () => {
  beforeEach((context) => needs(context, 'linux-x64-glibc'));
  const restricted = (...leave: string[]) => {
    const { output } = run(folder, nodeBinary(24, 'linux-x64'), [
      '--permission',
      ...leave,
      '-e',
      "console.log(require('simdnn').ones([2]).sum().item())",
    ]);
    return output;
  };
  const readable = (part: string): string => `--allow-fs-read=${join(folder, 'node_modules/simdnn', part)}`;
  it('works with leave', () => expect(restricted('--allow-addons', readable(''))).toMatch(/^2$/m));
  it('says that addons are not allowed', () =>
    expect(restricted(readable(''))).toContain("cure: Node's permission model keeps addons from loading"));
  it('says that the binary may not be read', () => {
    const output = restricted('--allow-addons', ...['dist', 'native', 'package.json'].map(readable));
    expect(output).toContain('simdnn.glibc.node (may not be read)');
    expect(output).toContain("cure: Node's permission model keeps the package from being read");
  });
});

it.for([
  ['neon', ''],
  ['neon', 'none'],
  ['scalar', ''],
] as const)('linux-arm64: Node 20 in qemu, target %s, features "%s"', ([target, features], context) => {
  const emulator = qemu();
  needs(context, 'linux-arm64-glibc', emulator);
  const [command, ...args] = [...emulator!, nodeBinary(20, 'linux-arm64')];
  smoke({ node: /^v20\./, arch: 'arm64', target, env: { SIMDNN_FEATURES: features } }, command!, ...args);
});

it.for(['', 'avx2', 'sse4', 'scalar'])('linux-x64 with musl: Bun, target "%s"', (target, context) => {
  const bun = muslBun();
  needs(context, 'linux-x64-musl', bun);
  smoke({ arch: 'x64', target, env: { LD_LIBRARY_PATH: bun!.libraries } }, bun!.program);
});

const onWindows = [20, 22].flatMap((version) => ['', 'sse4', 'scalar'].map((target) => [version, target] as const));
it.for(onWindows)('win32-x64: Node %i in wine, target "%s"', ([version, target], context) => {
  const emulator = wine();
  needs(context, 'win32-x64', emulator);
  const [command, ...args] = [...emulator!, nodeBinary(version, 'win-x64')];
  smoke({ node: new RegExp(`^v${version}\\.`), arch: 'x64', target, env: wineEnvironment }, command!, ...args);
});
