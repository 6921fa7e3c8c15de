// Writes files completely or not at all: to a temporary file that is synced and renamed.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, readlink, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { unwritten } from './places';

const most = 2 ** 30; // one system call writes at most 2 GiB
const leftBehind = 60_000; // milliseconds after which the temporary file of a process that no longer runs may be removed

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, Math.min(most, bytes.length - at))).bytesWritten;
}

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
async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const link = await readlink(path).catch(() => null);
    return link === null ? path : resolve(dirname(path), link);
  }
}

/**
 * Writes `chunks` as the file at `path`. A reader, also after a crash, finds the file as it was before or as it is now. A link to a
 * file is followed and stays a link; a device or a pipe is written to directly.
 */
export async function writeWhole(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  try {
    await write(path, chunks);
  } catch (error) {
    throw await unwritten(path, error as Error);
  }
}

async function write(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const target = await placeOf(path);
  const [folder, name] = [dirname(target), basename(target)];
  const beside = join(folder, `.${name}.${process.pid}.${randomBytes(8).toString('hex')}.tmp`);
  const known = await stat(target).catch(() => null);
  if (known !== null && !known.isFile() && !known.isDirectory()) {
    const device = await open(target, 'w');
    try {
      for (const chunk of chunks) await writeAll(device, chunk);
    } finally {
      await device.close();
    }
    return;
  }
  const file = await open(beside, 'wx', known === null ? 0o666 : known.mode & 0o777);
  try {
    try {
      for (const chunk of chunks) await writeAll(file, chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, target);
  } catch (error) {
    await unlink(beside).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
  await removeLeft(folder, name).catch(() => {}); // another process may do the same
}
