// Describes the machine, the time and the build of a run.
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${/^\d+\.\d+/.exec(release())?.[0] ?? release()} ${process.arch}`,
    node: process.version,
    load: Number(loadavg()[0].toFixed(2)),
    when: `${new Date().toISOString().slice(0, 19)}Z`,
  };
}

/** The current commit, and whether files were changed; `unknown` outside of a repository. */
export function build() {
  const git = (...args) => spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' });
  const { status, stdout } = git('rev-parse', '--short', 'HEAD');
  if (status !== 0) return 'unknown';
  const changed = git('status', '--porcelain', '--untracked-files=no').stdout !== '';
  return `${stdout.trim()}${changed ? ' with changes' : ''}`;
}
