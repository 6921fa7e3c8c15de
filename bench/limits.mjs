// The limits of the machine, measured by a small C++ program that is compiled when needed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinned } from './cell.mjs';

const SOURCE = fileURLToPath(new URL('limits.cc', import.meta.url));

/**
 * Compiles the program. `measure()` runs it once; `best` keeps the highest figure of all runs: { muladd, read, stream }, null without a compiler.
 * `remove()` deletes the program.
 */
export function limits(threads, cpus) {
  const folder = mkdtempSync(join(tmpdir(), 'simdnn-bench-'));
  const program = join(folder, 'limits');
  const compiler = ['g++', 'clang++', 'c++'].find(
    (name) => spawnSync(name, ['-O3', '-march=native', '-std=c++17', '-pthread', SOURCE, '-o', program]).status === 0,
  );
  const self = { best: null, measure, remove: () => rmSync(folder, { recursive: true, force: true }) };
  function measure() {
    if (!compiler) return;
    const [command, ...args] = [...pinned(cpus), program, String(threads)];
    const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: 30_000 });
    if (status !== 0) return;
    const now = JSON.parse(stdout);
    self.best = Object.fromEntries(Object.entries(now).map(([name, value]) => [name, Math.max(value, self.best?.[name] ?? 0)]));
  }
  return self;
}
