// The sources of a table's bytes.

import { type FileHandle, open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isUint8Array, isUrl } from '../brands';
import { describe, rangeError, SimdnnError, typeError } from '../errors';

/** A path, a `file:` URL, the bytes themselves, or a stream: anything that `for await` can iterate and that yields bytes or text. */
export type TableSource = string | URL | Uint8Array | AsyncIterable<Uint8Array | string>;

export const pieceBytes = 2 ** 20;

/** The path that a path or a `file:` URL names; null for anything else. */
export function pathOf(where: string, source: unknown): string | null {
  const url = isUrl(source) ? source : typeof source === 'string' && /^file:\/\//i.test(source) ? urlOf(where, source) : null;
  if (url !== null) {
    if (url.protocol !== 'file:') throw rangeError(where, `expected a file: URL, got ${describe(url.href)}`);
    try {
      return fileURLToPath(url);
    } catch (error) {
      throw rangeError(where, `${describe(url.href)} names no file: ${(error as Error).message}`);
    }
  }
  if (typeof source !== 'string') return null;
  if (source.includes('\0')) throw rangeError(where, `${describe(source)} is not a path: it has a NUL in it`);
  return source;
}

function urlOf(where: string, text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw rangeError(where, `${describe(text)} is not a URL`);
  }
}

const isStream = (source: unknown): source is AsyncIterable<unknown> =>
  typeof source === 'object' && source !== null && typeof (source as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function';

/** Throws unless `source` is a source. */
export function checkSource(where: string, source: unknown): { path: string | null; source: TableSource } {
  const path = pathOf(where, source);
  if (path === null && !isUint8Array(source) && !isStream(source)) {
    throw typeError(where, `expected a path, got ${describe(source)}`, 'or a file: URL, a Buffer, a stream');
  }
  return { path, source: source as TableSource };
}

/** Turns a file system error into one of this library's; returns others as they are. */
export function explained(where: string, path: string | null, error: Error & { code?: string; syscall?: string }): Error {
  if (path === null || error.syscall === undefined) return error;
  if (error.code === 'ENOENT') return new SimdnnError('SIMDNN_FILE', `[${where}] ${path} does not exist`);
  return new SimdnnError('SIMDNN_FILE', `[${where}] ${path} cannot be read: ${error.message}`);
}

/** The bytes piece by piece; a piece is valid until the next one is requested. */
export async function* piecesOf(where: string, { path, source }: ReturnType<typeof checkSource>): AsyncGenerator<Uint8Array, undefined> {
  if (path !== null) {
    yield* ofFile(path);
  } else if (isUint8Array(source)) {
    for (let at = 0; at < source.length; at += pieceBytes) yield source.subarray(at, at + pieceBytes);
  } else {
    for await (const piece of source as AsyncIterable<unknown>) {
      if (typeof piece === 'string') yield Buffer.from(piece);
      else if (isUint8Array(piece)) yield piece;
      else throw typeError(where, `expected a stream of bytes or text, got ${describe(piece)}`);
    }
  }
}

async function* ofFile(path: string): AsyncGenerator<Uint8Array, undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const memory = Buffer.allocUnsafeSlow(pieceBytes);
    for (;;) {
      const { bytesRead } = await file.read(memory, 0, pieceBytes, null);
      if (bytesRead === 0) return;
      yield memory.subarray(0, bytesRead);
    }
  } finally {
    await file?.close();
  }
}
