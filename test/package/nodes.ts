// Node's own binaries of other versions and processors, downloaded once into build/nodes.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './install';

/** The path of Node's newest binary of a major version for Linux. */
export function nodeBinary(version: number, arch: string): string {
  const name = `node-linux-${arch}`;
  const folder = join(root, 'build/nodes', `${arch}-${version}`);
  const binary = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    // --force: npm would not install another processor's binary
    execFileSync('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--force', `${name}@${version}`], {
      cwd: folder,
      stdio: 'pipe',
    });
  }
  return binary;
}
