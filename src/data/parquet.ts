// Tables from Parquet files, column by column.

import { open } from 'node:fs/promises';
import { isBigInt64Array, isBigUint64Array, isUint8Array } from '../brands';
import { describe, rangeError, typeError, withDefaults } from '../errors';
import { checkNames } from './csv-dialect';
import { explained, pathOf } from './csv-source';
import { bytesOf, library, metadataOf, slicesOf } from './parquet-file';
import { type Column, Table } from './table';
import { gathered } from './table-columns';

/** The options of `readParquet`. */
export interface ReadParquetOptions {
  /** The columns to be read, in this order; the default is all, in the file's order. */
  columns?: string[];
}

/**
 * Reads a Parquet file, a path, a `file:` URL or a Buffer, column by column: a `Table`. As `pandas.read_parquet`.
 *
 * Numbers, booleans and decimals become numbers, strings text, nulls missing values. It needs the packages `hyparquet` and `hyparquet-compressors`, loaded at the
 * first call: a SimdnnError `SIMDNN_PACKAGE` where they are not installed, `SIMDNN_FILE` where the file cannot be read; a RangeError for a file that is no
 * Parquet, for a column that is not there, and for values that are neither numbers nor texts, such as dates.
 *
 * @example
 * import { parquetWriteBuffer } from 'hyparquet-writer';
 * const bytes = parquetWriteBuffer({ columnData: [{ name: 'age', data: [31, 28] }, { name: 'city', data: ['Oslo', 'Bonn'] }] });
 * const table = await data.readParquet(Buffer.from(bytes));
 * table.names; // ['age', 'city']
 * table.texts('city'); // ['Oslo', 'Bonn']
 */
export async function readParquet(source: string | URL | Uint8Array, options?: ReadParquetOptions): Promise<Table> {
  const o = withDefaults('readParquet', options, { columns: undefined as string[] | undefined });
  const path = pathOf('readParquet', source);
  if (path === null && !isUint8Array(source)) {
    throw typeError('readParquet', `expected a path, got ${describe(source)}`, 'or a file: URL, a Buffer');
  }
  const wanted = o.columns === undefined ? undefined : checkNames('readParquet', 'columns', o.columns);
  const { parquetMetadataAsync, parquetRead, parquetSchema, compressors } = await library('readParquet');
  const label = path ?? 'the file';
  const handle = path === null ? null : await open(path).catch((error) => Promise.reject(explained('readParquet', path, error)));
  try {
    const file = handle === null ? bytesOf(source as Uint8Array) : await slicesOf('readParquet', handle, label);
    const metadata = await metadataOf('readParquet', { parquetMetadataAsync }, file, path);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const missing = wanted?.filter((name) => !names.includes(name)) ?? [];
    if (missing.length > 0) {
      const hint = `its columns are ${names.slice(0, 30).map(describe).join(', ')}`;
      throw rangeError('readParquet', `${label} has no column ${missing.map(describe).join(', ')}`, hint);
    }
    const rows = Number(metadata.num_rows);
    const columns = new Map<string, Column>();
    // One column at a time: in memory there is never more than one as the file has it.
    for (const name of wanted ?? names) {
      const gather = gathered('readParquet', name, rows);
      let failure: unknown = null; // what a callback of the library throws would be lost
      await parquetRead({
        file,
        metadata,
        compressors,
        columns: [name],
        onChunk: ({ columnData, rowStart }) => {
          try {
            put(gather, columnData, rowStart);
          } catch (error) {
            failure ??= error;
          }
        },
      }).catch((error: Error) => {
        throw rangeError('readParquet', `${label}, column ${describe(name)} cannot be read: ${error.message}`);
      });
      if (failure !== null) throw failure;
      columns.set(name, gather.finish());
    }
    return Table.of(columns);
  } finally {
    await handle?.close();
  }
}

// Chunks may come in any order.
function put(gather: ReturnType<typeof gathered>, values: ArrayLike<unknown>, at: number): void {
  if (ArrayBuffer.isView(values) && !(isBigInt64Array(values) || isBigUint64Array(values))) {
    gather.place(at, values as unknown as Float64Array);
  } else {
    for (let i = 0; i < values.length; i++) gather.set(at + i, values[i]);
  }
}
