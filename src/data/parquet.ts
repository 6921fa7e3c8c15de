// Tables from Parquet files, column by column.

import { isUint8Array } from '../brands';
import { describe, typeError, withDefaults } from '../errors';
import { checkNames } from './csv-dialect';
import { pathOf } from './csv-source';
import { openParquet, refuseNested } from './parquet-open';
import { parquetBlocks } from './parquet-pages';
import { type Column, Table } from './table';
import { featuresOf, isPlain, turns } from './table-batches';
import { gathered } from './table-columns';

/** The options of `readParquet`. */
export interface ReadParquetOptions {
  /** The columns to be read, in this order; the default is all, in the file's order. */
  columns?: string[];
}

/**
 * Reads a Parquet file, a path, a `file:` URL or a Buffer, column by column: a `Table`. As `pandas.read_parquet`.
 *
 * Numbers, booleans and decimals become numbers, strings text, nulls missing values. It needs the packages `hyparquet` and `hyparquet-compressors`, which it
 * loads at the first call: a SimdnnError `SIMDNN_PACKAGE` if they are not installed, `SIMDNN_FILE` if the file cannot be read; a RangeError for a file that is
 * not Parquet, a column that does not exist, and values that are neither numbers nor texts, such as dates.
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
  const file = await openParquet('readParquet', path, source);
  const names = featuresOf('readParquet', file.label, file.names, wanted, []);
  refuseNested(file, names);
  const columns = new Map<string, Column>();
  const turn = turns();
  // One column at a time, so that at most one encoded page is in memory.
  for (const name of names) {
    const gather = gathered('readParquet', name, file.rows);
    let row = 0;
    for (const { rows: count, columns } of parquetBlocks(file, [name])) {
      put(gather, columns[0]!, row);
      row += count;
      await turn();
    }
    columns.set(name, gather.finish());
  }
  return Table.of(columns);
}

function put(gather: ReturnType<typeof gathered>, values: ArrayLike<unknown>, at: number): void {
  if (isPlain(values)) gather.place(at, values);
  else for (let i = 0; i < values.length; i++) gather.set(at + i, values[i]);
}
