// The packages that read Parquet, loaded when first needed.
import { SimdnnError } from '../errors';

type Hyparquet = typeof import('hyparquet', { with: { 'resolution-mode': 'import' }});
type Compressors = typeof import('hyparquet-compressors', { with: { 'resolution-mode': 'import' }});
type Columns = typeof import('hyparquet/src/column.js', { with: { 'resolution-mode': 'import' }});
type Schema = typeof import('hyparquet/src/schema.js', { with: { 'resolution-mode': 'import' }});
type Pages = typeof import('hyparquet/src/datapage.js', { with: { 'resolution-mode': 'import' }});
type Convert = typeof import('hyparquet/src/convert.js', { with: { 'resolution-mode': 'import' }});
type Delta = typeof import('hyparquet/src/delta.js', { with: { 'resolution-mode': 'import' }});

// The metadata of a file.
export type Metadata = ReturnType<Hyparquet['parquetMetadata']>;

// ES modules, imported inside the try, so that bundlers do without them if they are not installed. A context of `node:vm`, as Jest makes them, cannot
// import unless Node is configured for it; Node's own `require` loads them there too.
async function modules(): Promise<[Hyparquet, Compressors, Columns, Pages, Schema, Convert, Delta]> {
  try {
    return [
      await import('hyparquet'),
      await import('hyparquet-compressors'),
      await import('hyparquet/src/column.js'),
      await import('hyparquet/src/datapage.js'),
      await import('hyparquet/src/schema.js'),
      await import('hyparquet/src/convert.js'),
      await import('hyparquet/src/delta.js'),
    ];
  } catch (error) {
    if (!String((error as { code?: unknown }).code).startsWith('ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING')) throw error;
    const { createRequire } = process.getBuiltinModule('node:module');
    const load = createRequire(__filename);
    return [
      load('hyparquet'),
      load('hyparquet-compressors'),
      load('hyparquet/src/column.js'),
      load('hyparquet/src/datapage.js'),
      load('hyparquet/src/schema.js'),
      load('hyparquet/src/convert.js'),
      load('hyparquet/src/delta.js'),
    ];
  }
}

// Names the packages that the user has to install.
const missing = (where: string, error: unknown): SimdnnError =>
  new SimdnnError(
    'SIMDNN_PACKAGE',
    `[${where}] the packages hyparquet and hyparquet-compressors cannot be loaded: ${(error as Error).message.split('\n')[0]}\n  hint: npm install hyparquet hyparquet-compressors; under Jest: node --experimental-vm-modules node_modules/jest/bin/jest.js`,
  );

/** The functions that read a file, and a page of a column synchronously; `where` is the function that needs them. */
export async function library(where: string) {
  try {
    const [
      { parquetMetadata, parquetSchema },
      { compressors },
      { parquetHeader, readPage },
      { decompressPage },
      { getTreePath, isFlatColumn },
      { convert, DEFAULT_PARSERS },
      { deltaBinaryUnpack },
    ] = await modules();
    return {
      ...{ parquetMetadata, parquetSchema, compressors, parquetHeader, readPage, decompressPage },
      ...{ getTreePath, isFlatColumn, convert, DEFAULT_PARSERS, deltaBinaryUnpack },
    };
  } catch (error) {
    throw missing(where, error);
  }
}

export type Library = Awaited<ReturnType<typeof library>>;

// Memory of Node's own realm, which the packages need.
export const memoryOf = (length: number): Buffer<ArrayBuffer> => Buffer.alloc(length) as Buffer<ArrayBuffer>;
