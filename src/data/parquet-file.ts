// The packages that know Parquet, loaded when first needed, and the bytes of a file as they want them.
import type { FileHandle } from 'node:fs/promises';
import { rangeError, SimdnnError } from '../errors';
import { explained } from './csv-source';

export interface Bytes {
  byteLength: number;
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
}

type Hyparquet = typeof import('hyparquet', { with: { 'resolution-mode': 'import' }});
type Compressors = typeof import('hyparquet-compressors', { with: { 'resolution-mode': 'import' }});
type Columns = typeof import('hyparquet/src/column.js', { with: { 'resolution-mode': 'import' }});
type Schema = typeof import('hyparquet/src/schema.js', { with: { 'resolution-mode': 'import' }});
type Pages = typeof import('hyparquet/src/datapage.js', { with: { 'resolution-mode': 'import' }});
type Convert = typeof import('hyparquet/src/convert.js', { with: { 'resolution-mode': 'import' }});

// What a file says of itself.
export type Metadata = Awaited<ReturnType<Hyparquet['parquetMetadataAsync']>>;

// Modules of the new kind. A context of `node:vm`, as Jest makes them, cannot import, unless Node is told to; Node's own `require` loads them there too.
async function loaded<T>(importAll: () => Promise<T>, requireAll: (load: NodeJS.Require) => T): Promise<T> {
  try {
    return await importAll();
  } catch (error) {
    if (!String((error as { code?: unknown }).code).startsWith('ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING')) throw error;
    const { createRequire } = process.getBuiltinModule('node:module');
    return requireAll(createRequire(__filename));
  }
}

// The names are the packages that a user without them has to install.
const missing = (where: string, error: unknown): SimdnnError =>
  new SimdnnError(
    'SIMDNN_PACKAGE',
    `[${where}] the packages hyparquet and hyparquet-compressors cannot be loaded: ${(error as Error).message.split('\n')[0]}\n  hint: npm install hyparquet hyparquet-compressors; under Jest: node --experimental-vm-modules node_modules/jest/bin/jest.js`,
  );

/** What reads columns; `where` is who needs it. */
export async function library(where: string) {
  try {
    // Each in the try itself: bundlers then do without it where it is not installed.
    const [{ parquetMetadataAsync, parquetRead, parquetSchema }, { compressors }] = await loaded<[Hyparquet, Compressors]>(
      async () => [await import('hyparquet'), await import('hyparquet-compressors')],
      (load) => [load('hyparquet'), load('hyparquet-compressors')],
    );
    return { parquetMetadataAsync, parquetRead, parquetSchema, compressors };
  } catch (error) {
    throw missing(where, error);
  }
}

/** What reads a page of a column without waiting. */
export async function pageLibrary(where: string) {
  try {
    const [{ parquetHeader, readPage }, { decompressPage }, { getTreePath, isFlatColumn }, { convert, DEFAULT_PARSERS }] = await loaded<
      [Columns, Pages, Schema, Convert]
    >(
      async () => [
        await import('hyparquet/src/column.js'),
        await import('hyparquet/src/datapage.js'),
        await import('hyparquet/src/schema.js'),
        await import('hyparquet/src/convert.js'),
      ],
      (load) => [
        load('hyparquet/src/column.js'),
        load('hyparquet/src/datapage.js'),
        load('hyparquet/src/schema.js'),
        load('hyparquet/src/convert.js'),
      ],
    );
    return { parquetHeader, readPage, decompressPage, getTreePath, isFlatColumn, convert, DEFAULT_PARSERS };
  } catch (error) {
    throw missing(where, error);
  }
}

/** Reads what a file says of itself; a RangeError for one that is no Parquet. */
export async function metadataOf(
  where: string,
  { parquetMetadataAsync }: Pick<Awaited<ReturnType<typeof library>>, 'parquetMetadataAsync'>,
  file: Bytes,
  path: string | null,
): Promise<Metadata> {
  return parquetMetadataAsync(file).catch((error: Error) => {
    throw explained(where, path, error) === error ? rangeError(where, `${path ?? 'the file'} is not Parquet: ${error.message}`) : error;
  });
}

// In memory of Node's own realm, as the packages want it.
export const memoryOf = (length: number): Buffer<ArrayBuffer> => Buffer.alloc(length) as Buffer<ArrayBuffer>;

export const bytesOf = (bytes: Uint8Array): Bytes => ({
  byteLength: bytes.length,
  slice(start, end) {
    const part = bytes.subarray(start, end);
    const copy = memoryOf(part.length);
    copy.set(part);
    return copy.buffer;
  },
});

export async function slicesOf(where: string, handle: FileHandle, label: string): Promise<Bytes> {
  const info = await handle.stat();
  if (!info.isFile()) throw new SimdnnError('SIMDNN_FILE', `[${where}] ${label} is not a file`);
  return {
    byteLength: info.size,
    async slice(start, end = info.size) {
      const bytes = memoryOf(Math.max(0, end - start));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer.slice(0, bytesRead);
    },
  };
}
