// Programs below a real mpirun, and what is left of them.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, vi } from 'vitest';

export const root = join(__dirname, '../..');
export const program = join(__dirname, 'programs.mjs');
const { placesOfMpi } = createRequire(__filename)('../../native/load.js') as { placesOfMpi(): string[] };

const answers = (command: string, what: RegExp): boolean => what.test(spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout ?? '');

/** The first of these launchers that is of this MPI; null: there is none, or no addon for MPI, which is said. */
function launcherOf(name: string, what: RegExp, commands: readonly string[]): string | null {
  const found = commands.find((command) => answers(command, what));
  const hasAddon = placesOfMpi().some((file) => existsSync(file));
  if (found === undefined) console.warn(`skipped: there is no mpirun of ${name}`);
  else if (!hasAddon) console.warn('skipped: this build has no addon for MPI');
  return hasAddon ? (found ?? null) : null;
}

export const openMpi = (): string | null => launcherOf('Open MPI', /Open MPI/, ['mpirun', 'mpirun.openmpi']);
export const mpich = (): string | null => launcherOf('MPICH', /HYDRA/i, ['mpiexec.hydra', 'mpirun.mpich', 'mpirun']);

export const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

export interface Run {
  status: number | null;
  signal: NodeJS.Signals | null;
  said: Record<string, unknown>[];
  text: string;
  seconds: number;
}

export function launch(command: string, args: string[], onStart: (pid: number, text: () => string) => void = () => {}): Promise<Run> {
  const begin = performance.now();
  const child = spawn(command, args, { cwd: root, env });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 300_000); // for what hangs
  onStart(child.pid!, () => text);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const lines = text.split(/\r?\n/).filter((line) => line.startsWith('{'));
      const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>).sort((a, b) => Number(a['rank']) - Number(b['rank']));
      resolve({ status, signal, said, text, seconds: (performance.now() - begin) / 1000 });
    });
  });
}

/** Calls `then` once when the text has so many of what is looked for. */
export const when =
  (what: RegExp, many: number, then: (pid: number) => void) =>
  (pid: number, text: () => string): void => {
    const waits = setInterval(() => {
      if ((text().match(what) ?? []).length < many) return;
      clearInterval(waits);
      then(pid);
    }, 5);
    waits.unref();
  };

export const alone = (...args: string[]): Promise<Run> => launch(process.execPath, [program, ...args]);

export const valuesOf = ({ bits }: Record<string, unknown>): Float32Array =>
  new Float32Array(Uint8Array.from(Buffer.from(bits as string, 'base64')).buffer);

/** Between two models, as a share of the largest parameter. */
export function distance(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  const largest = Math.max(...a.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / largest;
}

// A process whose end nobody has asked for yet is none that runs.
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** The launcher may end a moment before those that it has killed. */
export async function expectNoneLeft(said: Run['said']): Promise<void> {
  const pids = said.flatMap(({ pid }) => (pid === undefined ? [] : [pid as number]));
  expect(pids).toHaveLength(2);
  await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), { timeout: 5000 });
}

/** The processes that run the example with this checkpoint. */
export const ranksOf = (checkpoint: string): number[] =>
  spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .stdout.split('\n')
    .flatMap((line) => {
      const [pid, command, script] = line.trim().split(/ +/);
      return command === process.execPath && script?.endsWith('train.mjs') && line.includes(checkpoint) ? [Number(pid)] : [];
    });

/** Two ranks that were told to stop: both have said so, with the bits of the same step, and neither runs. */
export async function expectStoppedTogether({ said, text }: Run): Promise<void> {
  const ends = said.filter(({ error }) => error !== undefined);
  expect(ends, text).toHaveLength(2);
  for (const { error } of ends) expect(error).toMatch(/enough|another rank has stopped/);
  expect(ends[1]!['bits']).toBe(ends[0]!['bits']);
  await expectNoneLeft(said);
}
