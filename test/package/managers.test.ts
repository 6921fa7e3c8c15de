// Package managers other than npm, of which most run no install scripts: each installs the tarball, and what it has installed works.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { downloaded, nodeBinary } from '../../scripts/emulators.mjs';
import { temporaryFolder } from '../temporary';
import { binaryOf, consumer, run, tarball, userEnvironment } from './install';

const newer = nodeBinary(24, 'linux-x64'); // what the newest versions want
const managers: Record<string, { command: string[]; add: string[]; exec: string[]; files?: Record<string, string> }> = {
  'npm 12': { command: [newer, downloaded('npm', 'bin/npm-cli.js', '12')], add: ['install', tarball], exec: ['exec', '--offline', '--'] },
  'pnpm 11': { command: [newer, downloaded('pnpm', 'bin/pnpm.mjs', '11')], add: ['add', tarball], exec: ['exec'] },
  'yarn 1': { command: [process.execPath, downloaded('yarn', 'bin/yarn.js', '1')], add: ['add', `file:${tarball}`], exec: ['run'] },
  'yarn 4, without node_modules': {
    command: [process.execPath, downloaded('@yarnpkg/cli-dist', 'bin/yarn.js', '4')],
    add: ['add', `simdnn@file:${tarball}`],
    exec: ['run'],
    files: { 'yarn.lock': '', '.yarnrc.yml': 'enableGlobalCache: false\nenableTelemetry: false\n' },
  },
  bun: { command: [downloaded('@oven/bun-linux-x64-baseline', 'bin/bun')], add: ['add', tarball], exec: ['x', '--no-install'] },
};

const environment = userEnvironment(process.env['PATH']!);

it.each(Object.entries(managers))('%s', (name, { command, add, exec, files = {} }) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "version": "1.0.0" }\n');
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  copyFileSync(join(__dirname, 'smoke.cjs'), join(folder, 'smoke.cjs'));
  const manager = (...args: string[]) => run(folder, command[0]!, [...command.slice(1), ...args], environment);
  const installation = manager(...add);
  expect([installation.status, installation.status === 0 ? '' : installation.output]).toEqual([0, '']);
  const loaded = name.includes('without node_modules')
    ? manager('node', 'smoke.cjs')
    : run(folder, process.execPath, ['smoke.cjs'], environment);
  expect([loaded.status, loaded.output]).toEqual([0, expect.stringMatching(/"arch":"x64"/)]);
  const help = manager(...exec, 'simdnn', 'build', '--help'); // the command that the error of a missing binary names
  expect([help.status, help.output]).toEqual([0, expect.stringContaining('compile the addon')]);
});

it("Electron's rebuild of all native modules finds nothing to build, and leaves the binary as it is", () => {
  const folder = consumer();
  const packages = [tarball, '@electron/rebuild@^4'];
  const installation = run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], environment);
  expect([installation.status, installation.status === 0 ? '' : installation.output]).toEqual([0, '']);
  const home = join(folder, 'node_modules/simdnn');
  const before = readFileSync(join(home, binaryOf('linux-x64-glibc')));
  const rebuild = join(folder, 'node_modules/.bin/electron-rebuild');
  const { status, output } = run(folder, newer, [rebuild, '--version', '38.0.0', '--force'], environment);
  expect([status, output]).toEqual([0, expect.stringContaining('Rebuild Complete')]);
  expect(readFileSync(join(home, binaryOf('linux-x64-glibc'))).equals(before)).toBe(true);
  expect(existsSync(join(home, 'build'))).toBe(false);
});
