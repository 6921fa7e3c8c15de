// Batches of an Arrow file or stream that may be larger than memory.
import { closeSync, openSync, readSync } from 'node:fs';
import { describe, rangeError, typeError, withDefaults } from '../errors';
import { type ArrowTable, valuesOf } from './arrow';
import { checkNames } from './csv-dialect';
import { explained, pathOf, pieceBytes } from './csv-source';
import { batchingOf, type RowBatchesOptions, rowBatchesDefaults } from './row-batches';
import { checkTarget } from './table';
import { type Block, type BlockSource, featuresOf, type TableBatches, tableBatches } from './table-batches';

/** The options of `arrowBatches`. */
export interface ArrowBatchesOptions extends RowBatchesOptions {
  /** The columns of x, in this order; the default is all but the target, in the file's order. */
  columns?: string[];
}

/** Reads record batches from a file's bytes, which come in pieces: `(bytes) => RecordBatchReader.from(bytes)` of `apache-arrow`. */
export type ReadArrow = (bytes: Iterable<Uint8Array>) => Iterable<ArrowTable>;

const where = 'arrowBatches';

/**
 * Batches `[x, y]` of an Arrow IPC file, a path or a `file:` URL, that may be larger than memory. `read` turns its bytes into record batches, of which one is
 * in memory at a time. As `pyarrow.ipc.open_stream`.
 *
 * The file is read once at the call, to find the number of rows, the texts and the type of y, and to refuse what cannot be read; then once in each epoch.
 * Columns are those of `fromArrow`. The library itself needs no package: `RecordBatchReader` of `apache-arrow` reads a stream (`.arrows`) piece by piece, but a
 * file with a footer (`.arrow`, Feather) as a whole. `shuffle: n` draws a batch's rows from a buffer of n, as in `csvBatches`.
 *
 * @example
 * import { RecordBatchReader, tableFromArrays, tableToIPC } from 'apache-arrow';
 * import { writeFileSync } from 'node:fs';
 * writeFileSync('build/some.arrows', tableToIPC(tableFromArrays({ a: Float32Array.of(1, 2), b: ['no', 'yes'] }), 'stream'));
 * const batches = await data.arrowBatches('build/some.arrows', (bytes) => RecordBatchReader.from(bytes), { target: 'b', batchSize: 2 });
 * const [[x, y]] = batches;
 * x.toArray(); // [[1], [2]]
 * y.toArray(); // [0, 1]
 */
export async function arrowBatches(source: string | URL, read: ReadArrow, options?: ArrowBatchesOptions): Promise<TableBatches> {
  const o = withDefaults(where, options, { ...rowBatchesDefaults, columns: undefined as string[] | undefined });
  const batching = batchingOf(where, o);
  const path = pathOf(where, source);
  if (path === null) throw typeError(where, 'expected a path or a file: URL: the file is read once for each epoch');
  if (typeof read !== 'function') {
    const hint = '(bytes) => RecordBatchReader.from(bytes) with RecordBatchReader of the package apache-arrow';
    throw typeError(where, `expected read to be a function, got ${describe(read)}`, hint);
  }
  const asked = o.columns === undefined ? undefined : checkNames(where, 'columns', o.columns);
  const targets = checkTarget(where, o.target, o.targetDtype);
  const features = featuresOf(where, path, namesOf(path, read), asked, targets);
  const names = [...new Set([...features, ...targets])];
  const blocks: BlockSource = { where, label: path, names, blocks: () => arrowBlocks(path, read, names) };
  return tableBatches(blocks, { features, targets, isOne: typeof o.target === 'string', dtype: o.targetDtype, batching });
}

// Each piece is in memory of its own, because record batches point into it.
function* piecesOf(path: string): Generator<Uint8Array, undefined> {
  let file = -1;
  try {
    file = openSync(path, 'r');
    for (;;) {
      const piece = Buffer.allocUnsafeSlow(pieceBytes);
      const bytes = readSync(file, piece, 0, pieceBytes, null);
      if (bytes === 0) return;
      yield new Uint8Array(piece.buffer, 0, bytes);
    }
  } catch (error) {
    throw explained(where, path, error as NodeJS.ErrnoException);
  } finally {
    if (file >= 0) closeSync(file);
  }
}

function* recordsOf(path: string, read: ReadArrow): Generator<ArrowTable, undefined> {
  const pieces = piecesOf(path);
  try {
    const records = read(pieces);
    if (typeof records?.[Symbol.iterator] !== 'function') {
      throw typeError(where, `expected read to return record batches, got ${describe(records)}`, 'what waits for its bytes cannot be read');
    }
    for (const record of records) {
      if (!Array.isArray(record?.schema?.fields) || typeof record.getChildAt !== 'function' || typeof record.numRows !== 'number') {
        throw typeError(where, `expected read to return record batches of Apache Arrow, got ${describe(record)} in them`);
      }
      yield record;
    }
  } finally {
    pieces.return(undefined);
  }
}

function namesOf(path: string, read: ReadArrow): string[] {
  for (const { schema } of recordsOf(path, read)) {
    const names = schema.fields.map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw rangeError(where, `${path} has ${describe(twice)} twice`);
    return names;
  }
  throw rangeError(where, `${path} has no record batches`);
}

function* arrowBlocks(path: string, read: ReadArrow, names: readonly string[]): Generator<Block, undefined> {
  for (const record of recordsOf(path, read)) {
    const all = record.schema.fields.map(({ name }) => name);
    const columns = names.map((name) => {
      const at = all.indexOf(name);
      if (at < 0) throw rangeError(where, `${path}: a record batch has no column ${describe(name)}`);
      return valuesOf(record, at);
    });
    yield { rows: record.numRows, columns };
  }
}
