// Installs the packed tarball as its users do: in its own folder, with npm, and with only the programs that the test names.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { triples } from '../../scripts/zig.mjs';
import { temporaryFolder } from '../temporary';

export const root = join(__dirname, '../..');
export const tarball = join(root, 'build/package/simdnn.tgz');

if (!existsSync(tarball)) throw new Error(`${tarball} is missing: node scripts/pack.mjs makes it`);

/** The platforms for which it was packed, named as in scripts/zig.mjs: all that are published unless some are named. */
export const platforms = process.env['SIMDNN_PLATFORMS']?.split(',') ?? Object.keys(triples);

/** The path of a platform's binary in the tarball. */
export function binaryOf(platform: string): string {
  const [system, arch, libc] = platform.split('-');
  return `prebuilds/${system}-${arch}/simdnn${libc ? `.${libc}` : ''}.node`;
}

/** An empty package to install into. */
export function consumer(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  return folder;
}

/** The programs that npm itself starts. */
export const forNpm = ['node', 'npm', 'sh', 'env', 'uname', 'dirname'];

/** A folder for PATH with only the named programs. */
export function toolbox(names: string[]): string {
  const folder = temporaryFolder();
  for (const name of names) {
    const found = (process.env['PATH'] ?? '').split(delimiter).find((place) => existsSync(join(place, name)));
    if (found === undefined) throw new Error(`${name} is not on PATH`);
    symlinkSync(realpathSync(join(found, name)), join(folder, name));
  }
  return folder;
}

export interface Outcome {
  status: number | null;
  output: string;
  seconds: number;
}

/** Runs a program to its end; returns standard output and error as one text. */
export function run(folder: string, command: string, args: string[], env: NodeJS.ProcessEnv = process.env): Outcome {
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  return { status, output: `${stdout}${stderr}${error?.message ?? ''}`, seconds: (performance.now() - start) / 1000 };
}

// The environment of a user's shell. npm sets variables for the scripts of this run that an install elsewhere would not have.
export function userEnvironment(path: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|SIMDNN_|VITEST|NODE_(?!EXTRA_CA_CERTS)|CMAKE|C(XX)?(FLAGS)?$)/i.test(name),
  );
  return { ...Object.fromEntries(inherited), PATH: path };
}

/** `npm install` of a tarball with only npm's cache; a request to a registry fails. */
export const install = (folder: string, file: string, path: string, options: string[] = [], env: NodeJS.ProcessEnv = {}): Outcome =>
  run(folder, join(path, 'npm'), ['install', '--offline', '--no-audit', '--no-fund', file, ...options], {
    ...userEnvironment(path),
    ...env,
  });

/** Puts the package's dependencies into npm's cache. */
export function fillCache(): void {
  const { status, output } = run(consumer(), 'npm', [
    'install',
    '--prefer-offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    tarball,
  ]);
  if (status !== 0) throw new Error(output);
}

/** The tarball with changed content. */
export function repacked(change: (folder: string) => void): string {
  const folder = temporaryFolder();
  execFileSync('tar', ['-xzf', tarball, '-C', folder]);
  change(join(folder, 'package'));
  const file = join(folder, 'changed.tgz');
  execFileSync('tar', ['-czf', file, '-C', folder, 'package']);
  return file;
}

export const withoutPrebuilds = (): string => repacked((folder) => rmSync(join(folder, 'prebuilds'), { recursive: true }));

/** The tarball's files in a folder of their own. */
export function unpacked(): string {
  const folder = temporaryFolder();
  execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  return folder;
}
