// Writes files completely or not at all: to a temporary file that is synced and renamed.
import { randomBytes } from 'node:crypto';
import { close, fsync, openSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { writeLater, writeNow } from './pieces';
import { unwritten } from './places';

const leftBehind = 60_000; // milliseconds after which the temporary file of a process that no longer runs may be removed
const syncing = promisify(fsync);
const closing = promisify(close);

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
};

// The temporary files beside this path of processes that were killed while they wrote.
async function removeLeft(folder: string, name: string): Promise<void> {
  for (const other of await readdir(folder)) {
    if (!other.startsWith(`.${name}.`)) continue;
    const pid = /^(\d+)\.[0-9a-f]+\.tmp$/.exec(other.slice(name.length + 2))?.[1];
    if (pid === undefined) continue;
    const path = join(folder, other);
    const { mtimeMs } = await stat(path);
    // In a container every process may have this one's number: a file older than this process is not its own.
    const isOurs = Number(pid) === process.pid && mtimeMs >= performance.timeOrigin;
    if (isOurs || (Number(pid) !== process.pid && isRunning(Number(pid)))) continue;
    if (Date.now() - mtimeMs > leftBehind) await unlink(path);
  }
}

// Syncs the folder, so that the new name survives a crash. Windows has no such call.
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

// The file that a path leads to; a link is followed even if its target does not exist yet.
function placeOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    try {
      return resolve(dirname(path), readlinkSync(path));
    } catch {
      return path;
    }
  }
}

/**
 * Writes `chunks` as the file at `path`. A reader, also after a crash, finds the file as it was before or as it is now. A link to a
 * file is followed and stays a link; a device or a pipe is written to directly.
 *
 * The file has the bytes of `chunks` at the call: they are written before this function returns its promise, from where they are, and may change then.
 */
export async function writeWhole(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  try {
    const target = placeOf(path);
    const known = statSync(target, { throwIfNoEntry: false });
    if (known === undefined || known.isFile() || known.isDirectory()) await replace(target, known?.mode ?? 0o666, chunks);
    else await pass(target, Buffer.concat(chunks));
  } catch (error) {
    throw await unwritten(path, error as Error);
  }
}

// To a device or a pipe, whose reader may be in this process: it must not wait for it.
async function pass(target: string, bytes: Uint8Array): Promise<void> {
  const device = await open(target, 'w');
  try {
    await writeLater(device.fd, [bytes]);
  } finally {
    await device.close();
  }
}

async function replace(target: string, mode: number, chunks: readonly Uint8Array[]): Promise<void> {
  const [folder, name] = [dirname(target), basename(target)];
  const beside = join(folder, `.${name}.${process.pid}.${randomBytes(8).toString('hex')}.tmp`);
  const file = openSync(beside, 'wx', mode & 0o777);
  try {
    try {
      await writeLater(file, writeNow(file, chunks));
      await syncing(file);
    } finally {
      await closing(file);
    }
    await rename(beside, target);
  } catch (error) {
    await unlink(beside).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
  await removeLeft(folder, name).catch(() => {}); // another process may do the same
}
