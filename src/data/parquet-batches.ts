// Batches of a Parquet file that may be larger than memory.
import { typeError, withDefaults } from '../errors';
import { checkNames } from './csv-dialect';
import { pathOf } from './csv-source';
import { openParquet, refuseNested } from './parquet-open';
import { parquetBlocks } from './parquet-pages';
import { batchingOf, type RowBatchesOptions, rowBatchesDefaults } from './row-batches';
import { checkTarget } from './table';
import { featuresOf, type TableBatches, tableBatches } from './table-batches';

/** The options of `parquetBatches`. */
export interface ParquetBatchesOptions extends RowBatchesOptions {
  /** The columns of x, in this order; the default is all but the target, in the file's order. */
  columns?: string[];
}

const where = 'parquetBatches';

/**
 * Batches `[x, y]` of a Parquet file, a path or a `file:` URL, that may be larger than memory, whatever its row groups: its columns are read page by page. As
 * `pyarrow.parquet.ParquetFile.iter_batches`.
 *
 * The file is read once at the call, to find the texts and the type of y, and to refuse what cannot be read; then once in each epoch. Columns, packages
 * and errors are those of `readParquet`, and a column of lists or structures is a RangeError. A file that changes meanwhile is an error. `shuffle: n` draws a
 * batch's rows from a buffer of n, as in `csvBatches`.
 *
 * @example
 * import { parquetWriteBuffer } from 'hyparquet-writer';
 * import { writeFileSync } from 'node:fs';
 * const columnData = [{ name: 'a', data: Float32Array.of(1, 2, 3) }, { name: 'b', data: Int32Array.of(0, 1, 1) }];
 * writeFileSync('build/some.parquet', Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize: 2 })));
 * const batches = await data.parquetBatches('build/some.parquet', { target: 'b', batchSize: 3 });
 * const [[x, y]] = batches;
 * x.toArray(); // [[1], [2], [3]]
 * y.toArray(); // [0, 1, 1]
 */
export async function parquetBatches(source: string | URL, options?: ParquetBatchesOptions): Promise<TableBatches> {
  const o = withDefaults(where, options, { ...rowBatchesDefaults, columns: undefined as string[] | undefined });
  const batching = batchingOf(where, o);
  const path = pathOf(where, source);
  if (path === null) throw typeError(where, 'expected a path or a file: URL: the file is read once for each epoch');
  const asked = o.columns === undefined ? undefined : checkNames(where, 'columns', o.columns);
  const targets = checkTarget(where, o.target, o.targetDtype);
  const file = await openParquet(where, path, source);
  const features = featuresOf(where, path, file.names, asked, targets);
  const names = [...new Set([...features, ...targets])];
  refuseNested(file, names);
  const blocks = { where, label: path, names, blocks: () => parquetBlocks(file, names) };
  return tableBatches(blocks, { features, targets, isOne: typeof o.target === 'string', dtype: o.targetDtype, batching });
}
