// Reads parts of a file, and nothing else of it.
import { type FileHandle, open } from 'node:fs/promises';
import { rangeError } from '../errors';
import { Tensor } from '../tensor';
import { convert, isAsStored, memoryFor } from './dtypes';
import { type Entry, type Header, longest, parseHeader } from './header';

const most = 2 ** 30;

/** An open safetensors file. */
export interface Opened extends Header {
  readonly where: string;
  readonly path: string;
  readonly file: FileHandle;
  /** The header with the eight bytes of its length. */
  readonly head: Uint8Array;
  readonly size: number;
}

async function readAt(where: string, path: string, file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(most, bytes.length - at), position + at);
    if (bytesRead === 0) throw rangeError(where, `${path} became shorter while it was read`);
    at += bytesRead;
  }
}

async function opened(where: string, path: string, file: FileHandle): Promise<Opened> {
  const fail = (message: string): never => {
    throw rangeError(where, `${path} is no whole safetensors file: ${message}`);
  };
  const stat = await file.stat();
  if (!stat.isFile()) throw rangeError(where, `${path} is not a file`);
  if (stat.size < 8) return fail(`it has ${stat.size} bytes`);
  const first = new Uint8Array(Math.min(9, stat.size));
  await readAt(where, path, file, first, 0);
  const view = new DataView(first.buffer);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > longest || 8 + length > stat.size) {
    // The header is JSON: if it does not begin with a brace, the first bytes are not a length, and the file has another format.
    if (first.length === 9 && first[8] !== 0x7b) throw rangeError(where, `${path} is no safetensors file: it begins otherwise`);
    return fail(`its header is said to have ${length} bytes, ${length > longest ? `${longest} are allowed` : `the file has ${stat.size}`}`);
  }
  const head = new Uint8Array(8 + length);
  await readAt(where, path, file, head, 0);
  return { ...parseHeader(where, path, head.subarray(8), stat.size - head.length), where, path, file, head, size: stat.size };
}

/** Opens a file, calls `read`, and closes the file. */
export async function reading<T>(where: string, path: string, read: (opened: Opened) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await read(await opened(where, path, file));
  } finally {
    await file.close();
  }
}

/** The bytes of a tensor. */
export async function bytesOf({ where, path, file, head }: Opened, { begin, end }: Entry): Promise<Uint8Array> {
  const bytes = new Uint8Array(new ArrayBuffer(end - begin));
  await readAt(where, path, file, bytes, head.length + begin);
  return bytes;
}

/** A tensor of the file. */
export async function tensorOf(from: Opened, entry: Entry): Promise<Tensor> {
  const { where, path, file, head } = from;
  const values = memoryFor(where, path, entry);
  if (isAsStored(entry.dtype)) {
    await readAt(where, path, file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), head.length + entry.begin);
  } else {
    convert(where, path, entry, await bytesOf(from, entry), values);
  }
  return new Tensor(values, entry.shape.slice());
}
