// Shared by the tests of files.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { temporaryFolder } from '../temporary';

/** The folder of the golden files. */
export const golden = (name: string): string => join(__dirname, 'golden', name);

/** A folder for the tests of a file. */
export function folder(): (name: string) => string {
  let path: string | undefined; // made by the first test that needs it, because nothing is removed where all tests of a file are skipped
  return (name) => {
    path ??= temporaryFolder();
    return join(path, name);
  };
}

/** The bytes of a file with this header, text or bytes, before `data`. */
export function fileOf(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0), length?: number | bigint): Uint8Array {
  const text = typeof header === 'string' ? Buffer.from(header) : header;
  const first = Buffer.alloc(8);
  first.writeBigUInt64LE(BigInt(length ?? text.length));
  return Buffer.concat([first, text, data]);
}

/** A Python with PyTorch and safetensors; null if there is none. */
export function pythonWithSafetensors(): string | null {
  const candidates = [process.env['SIMDNN_PYTHON'], join(homedir(), '.cache/simdnn-peers/bin/python')];
  for (const python of candidates) {
    if (python === undefined || !existsSync(python)) continue;
    if (spawnSync(python, ['-c', 'import safetensors.torch']).status === 0) return python;
  }
  return null;
}

/** Writes a file with this document, one tensor "w", and a correct checksum, as a hostile writer would. Returns its path. */
export function hostile(file: string, document: object): string {
  const text = (sum: string): string =>
    `{"__metadata__":{"simdnn.checksum":"crc32:${sum}","simdnn":${JSON.stringify(JSON.stringify(document))}},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`;
  const blank = fileOf(text('00000000'), new Uint8Array(4));
  const sum = crc32(blank).toString(16).padStart(8, '0');
  writeFileSync(file, fileOf(text(sum), new Uint8Array(4)));
  return file;
}
