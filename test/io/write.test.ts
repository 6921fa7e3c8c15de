// How files are written: from the memory of the tensors, with the values at the call, in pieces.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { io, ones } from '../../src';
import { leftOf, piecesOf, writeNow } from '../../src/io/pieces';
import { writeWhole } from '../../src/io/write';
import { flat } from '../helpers';
import { rejection } from '../rejection';
import { folder } from './files';

const at = folder();
const megabytes = 2 ** 20;
const numbered = (length: number, first = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (first + i) % 251);

// A copy would take 96 MB or more. A machine that is too busy to write 100 MB/s may take the way of a slow disk, but not three times.
it.each(['tensors', 'model', 'checkpoint'])('saving 96 to 128 MB takes less than 32 MB of memory: %s', { retry: 2 }, (what) => {
  const program = join(__dirname, '../programs/save-memory.cjs');
  const rise = Number(execFileSync(process.execPath, ['--max-semi-space-size=2', program, at('large'), what], { encoding: 'utf8' }));
  expect(rise < 32 * megabytes, `${what}: rose by ${rise / megabytes} MB`).toBe(true);
});

describe('pieces', () => {
  const joined = (pieces: readonly (readonly Uint8Array[])[]): Buffer => Buffer.concat(pieces.flat());

  it('hold all bytes in order, at most 8 MB and 1024 buffers each, without a copy', () => {
    const chunks = [numbered(3), numbered(0), numbered(20 * megabytes, 3), ...Array.from({ length: 3000 }, (_, i) => numbered(5, i))];
    const pieces = piecesOf(chunks);
    expect(joined(pieces).equals(Buffer.concat(chunks))).toBe(true);
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(1024);
      expect(piece.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(8 * megabytes);
      for (const part of piece) expect(chunks.some(({ buffer }) => buffer === part.buffer)).toBe(true);
    }
    expect(piecesOf([])).toEqual([]);
  });

  it('of which a call has written a part go on behind it', () => {
    const piece = [numbered(3), numbered(4, 3), numbered(2, 7)];
    for (let written = 0; written <= 9; written++) {
      expect([...joined([leftOf(piece, written)])]).toEqual([...numbered(9 - written, written)]);
    }
    expect(leftOf(piece, 3)).toHaveLength(2);
  });
});

describe('a slow disk', () => {
  // Each look at the clock is two seconds later.
  const slowly = async (run: () => Promise<void>): Promise<void> => {
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 2000));
    try {
      await run();
    } finally {
      clock.mockRestore();
    }
  };

  it('is not waited for: what is left is copied at the call', () =>
    slowly(async () => {
      const chunks = [numbered(megabytes), numbered(20 * megabytes)];
      const file = openSync(at('slow'), 'w');
      try {
        const left = writeNow(file, chunks);
        expect(left.reduce((sum, { length }) => sum + length, 0)).toBe(21 * megabytes);
        expect(left.every(({ buffer }) => chunks.every((chunk) => chunk.buffer !== buffer))).toBe(true);
      } finally {
        closeSync(file);
      }
    }));

  it('gets the values at the call, too', () =>
    slowly(async () => {
      const values = [ones([3]), ones([5_000_000])];
      const saved = io.saveSafetensors(at('slow.safetensors'), { small: values[0]!, large: values[1]! });
      for (const one of values) one.fill_(7);
      await saved;
      const { tensors } = await io.loadSafetensors(at('slow.safetensors'));
      expect([new Set(flat(tensors['small']!)), new Set(flat(tensors['large']!))]).toEqual([new Set([1]), new Set([1])]);
    }));
});

it('memory that threads share is written as well', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(10));
  shared.set(numbered(10));
  await writeWhole(at('shared'), [shared]);
  expect([...readFileSync(at('shared'))]).toEqual([...shared]);
});

// Only Linux has a device that is always full.
it.skipIf(process.platform !== 'linux')('a full disk and links that lead round are named', async () => {
  expect((await rejection(writeWhole('/dev/full', [numbered(10)]))).message).toBe('/dev/full cannot be written: the disk is full (ENOSPC)');
  symlinkSync(at('round'), at('about'));
  symlinkSync(at('about'), at('round'));
  expect((await rejection(writeWhole(at('round'), [numbered(10)]))).message).toBe(
    `${at('round')} cannot be written: its links lead round in a circle (ELOOP)`,
  );
  expect(readdirSync(dirname(at('x'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
