// The installed package under every version of Node that it supports, and on arm64 in an emulator.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanUp, consumer, fillCache, forNpm, install, run, tarball, toolbox } from './install';
import { nodeBinary } from './nodes';

let folder: string;
beforeAll(() => {
  fillCache();
  folder = consumer();
  install(folder, tarball, toolbox(forNpm), ['--ignore-scripts']);
  copyFileSync(join(__dirname, 'smoke.cjs'), join(folder, 'smoke.cjs'));
});
afterAll(cleanUp);

function smoke(version: number, arch: string, target: string, command: string, ...args: string[]): void {
  const { status, output } = run(folder, command, [...args, 'smoke.cjs'], { ...process.env, SIMDNN_TARGET: target });
  expect([status, output]).toEqual([0, expect.stringMatching(/^\{.*\}\n$/)]);
  const { node, ...rest } = JSON.parse(output) as Record<string, unknown>;
  expect(node).toMatch(new RegExp(`^v${version}\\.`));
  expect(rest).toEqual({ arch, target: target || expect.any(String), targets: expect.arrayContaining(['scalar']) });
}

it.each([20, 22, 24, 26])('Node %i', (version) => smoke(version, 'x64', '', nodeBinary(version, 'x64')));

it.each(['neon', 'scalar'])('Node 20 on arm64, target %s', (target) => {
  smoke(20, 'arm64', target, 'qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu', nodeBinary(20, 'arm64'));
});
