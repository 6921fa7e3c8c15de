// Tables from Apache Arrow, column by column.
import { isBigInt64Array, isBigUint64Array, isUint16Array } from '../brands';
import { describe, rangeError, typeError } from '../errors';
import { type Column, Table } from './table';
import { gathered } from './table-columns';

/** The part of an Arrow `Table` (of `apache-arrow`, or another library with these names) that is used. */
export interface ArrowTable {
  /** The number of rows. */
  readonly numRows: number;
  /** The names of the columns. */
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: unknown }[] };
  /** The column of that number. */
  getChildAt(index: number): ArrowVector | null;
}

interface ArrowVector {
  readonly length: number;
  readonly nullCount?: number;
  get(index: number): unknown;
  readonly data: readonly { readonly values?: unknown; readonly length: number; readonly nullCount?: number; readonly typeId?: number }[];
}

// Whether a type's values are plain numbers: Int and Float, in Arrow's numbering of types.
const isPlain = (typeId: unknown): boolean =>
  typeof typeId === 'number' && (typeId === 2 || typeId === 3 || (typeId <= -2 && typeId >= -12));
const isPlainArray = (values: unknown): values is Float32Array =>
  ArrayBuffer.isView(values) && !isBigInt64Array(values) && !isBigUint64Array(values) && !isUint16Array(values);

type Chunk = ArrowVector['data'][number];

// Whether a chunk of a vector has its numbers in an array, with none missing.
const isWhole = (chunk: Chunk): chunk is Chunk & { values: Float32Array } =>
  isPlain(chunk.typeId) && !chunk.nullCount && isPlainArray(chunk.values) && chunk.values.length >= chunk.length;

/** The values of a column by row; the vector's own memory if its numbers are in one chunk. */
export function valuesOf(table: ArrowTable, at: number): ArrayLike<unknown> {
  const vector = table.getChildAt(at);
  const [chunk, ...more] = vector?.data ?? [];
  if (vector === null || chunk === undefined) return Array.from({ length: table.numRows }, () => null);
  if (more.length === 0 && isWhole(chunk)) return chunk.values.subarray(0, chunk.length);
  return Array.from({ length: vector.length }, (_, row) => vector.get(row));
}

/**
 * A `Table` of the columns of an Apache Arrow table: numbers and booleans become numbers, strings and dictionaries of strings text, nulls
 * missing values.
 *
 * The library reads the table's memory itself and needs no package; `tableFromIPC(bytes)` of `apache-arrow` makes such a table of a file. A RangeError for two
 * columns with one name, and for values that are neither numbers nor texts, such as lists and dates; `table.select([...])` omits such columns.
 *
 * @example
 * import { tableFromArrays } from 'apache-arrow';
 * const table = data.fromArrow(tableFromArrays({ age: Float32Array.of(31, 28), city: ['Oslo', 'Bonn'] }));
 * table.toTensors({ target: 'city' }).y.toArray(); // [1, 0]
 */
export function fromArrow(table: ArrowTable): Table {
  const fields = table?.schema?.fields;
  if (!Array.isArray(fields) || typeof table.getChildAt !== 'function' || typeof table.numRows !== 'number') {
    throw typeError(
      'fromArrow',
      `expected a table of Apache Arrow, got ${describe(table)}`,
      'tableFromIPC(bytes) of the package apache-arrow',
    );
  }
  const columns = new Map<string, Column>();
  fields.forEach(({ name }: { name: string }, at: number) => {
    if (columns.has(name)) throw rangeError('fromArrow', `the table has ${describe(name)} twice`);
    const vector = table.getChildAt(at);
    const gather = gathered('fromArrow', name, table.numRows);
    let row = 0;
    for (const chunk of vector?.data ?? []) {
      if (isWhole(chunk)) {
        gather.place(row, chunk.values.subarray(0, chunk.length));
      } else {
        for (let i = 0; i < chunk.length; i++) gather.set(row + i, vector!.get(row + i));
      }
      row += chunk.length;
    }
    columns.set(name, gather.finish());
  });
  return Table.of(columns);
}
