// Where files are written: the system's errors, and creating folders.
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EPERM: 'it is not permitted',
  EROFS: 'the file system can only be read',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead round in a circle',
  EFBIG: 'it is larger than the file system takes',
  EIO: 'the disk has failed',
};

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** The system's error for a file that could not be written, with its code, the requested path, and a plain reason; other errors as they are. */
export async function unwritten(path: string, error: NodeJS.ErrnoException): Promise<Error> {
  const { code, errno, syscall } = error;
  if (code === undefined || syscall === undefined) return error;
  const folder = dirname(resolve(path));
  const absent = (await isFolder(folder)) ? 'no file can be made there' : `the folder ${folder} does not exist`;
  const known = (await isFolder(path)) ? reasons['EISDIR'] : reasons[code];
  const reason = code === 'ENOENT' ? absent : (known ?? error.message);
  return Object.assign(new Error(`${path} cannot be written: ${reason} (${code})`, { cause: error }), { code, errno, syscall, path });
}

/** Creates a folder and its missing parents. Node's own recursive mkdir loops forever where the system reports that the parent does not exist, as in /proc. */
export async function makeFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return;
  const refuse = (message: string, code: string, cause?: unknown): never => {
    throw Object.assign(new Error(`the folder ${path} cannot be made: ${message} (${code})`, { cause }), { code, syscall: 'mkdir', path });
  };
  if (found !== null) refuse('there is a file of that name', 'EEXIST');
  const above = dirname(path);
  if (above !== path) await makeFolder(above);
  try {
    await mkdir(path);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await isFolder(path))) return; // another process has created it
    refuse(code === 'ENOENT' ? 'no folder can be made there' : (reasons[code] ?? message), code, error);
  }
}
