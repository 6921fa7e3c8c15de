// The bytes of a file in pieces that one system call takes, written from the memory where they are.
import { write, writevSync } from 'node:fs';
import { promisify } from 'node:util';

const pieceBytes = 8 * 2 ** 20;
const mostViews = 1024; // the most buffers that one call takes on Linux and macOS

/** Views of `chunks`, in their order, a list for each system call. */
export function piecesOf(chunks: readonly Uint8Array[]): Uint8Array[][] {
  const pieces: Uint8Array[][] = [];
  let piece: Uint8Array[] = [];
  let room = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (room === 0 || piece.length === mostViews) {
        piece = [];
        pieces.push(piece);
        room = pieceBytes;
      }
      const part = chunk.subarray(at, at + room);
      piece.push(part);
      at += part.length;
      room -= part.length;
    }
  }
  return pieces;
}

/** What is left of a piece of which a call has written only the first bytes. */
export function leftOf(piece: readonly Uint8Array[], written: number): Uint8Array[] {
  let before = written;
  return piece.flatMap((part) => {
    const skipped = Math.min(before, part.length);
    before -= skipped;
    return skipped === part.length ? [] : [part.subarray(skipped)];
  });
}

const patience = 500; // milliseconds
const slowest = 100_000; // bytes per millisecond

/**
 * Writes at once, before it returns, so that the file has the values that the memory has now. On a disk that takes less than 100 MB/s the caller would wait
 * too long: after half a second what is left is copied instead, which takes memory but less time, and returned, for `writeLater`.
 */
export function writeNow(file: number, chunks: readonly Uint8Array[]): Uint8Array[] {
  const pieces = piecesOf(chunks);
  const begin = performance.now();
  let written = 0;
  for (const [i, piece] of pieces.entries()) {
    const passed = performance.now() - begin;
    if (passed > patience && written < passed * slowest) return pieces.slice(i).map((left) => Buffer.concat(left));
    for (let left = piece; left.length > 0; ) {
      const taken = writevSync(file, left);
      written += taken;
      left = leftOf(left, taken);
    }
  }
  return [];
}

const writing = promisify(write);

/** Writes while the event loop goes on; nothing may change `chunks` meanwhile. */
export async function writeLater(file: number, chunks: readonly Uint8Array[]): Promise<void> {
  for (const part of piecesOf(chunks).flat()) {
    for (let at = 0; at < part.length; ) at += (await writing(file, part, at, part.length - at, null)).bytesWritten;
  }
}
