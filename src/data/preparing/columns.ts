// The input of transformers as columns: a tensor, a table, columns by name, or rows.
import { isFloat32Array, isFloat64Array, isInt32Array } from '../../brands';
import { checkAttached, describe, rangeError, typeError } from '../../errors';
import { recorder } from '../../recorder';
import { shapeText } from '../../shape';
import { checkTensor, empty, Tensor } from '../../tensor';
import { CsrArray } from '../csr-array';
import { Table } from '../table';
import type { Cell } from './sorting';

/** A column: numbers, with NaN for missing values, or strings, with null or undefined for missing values. */
export type ColumnData = Tensor | Float32Array | Float64Array | Int32Array | readonly (string | number | null | undefined)[];

/** A table: the names of its columns, and each column by its name. */
export interface TableLike {
  /** The names of the columns. */
  readonly columns: readonly string[];
  /** The column of this name. */
  column(name: string): ColumnData;
}

/** A row of a table. */
export type Row = readonly (Cell | undefined)[];

/**
 * What transformers take: a tensor `[n, features]`, a table, columns by name, rows, or a single column.
 */
export type Features = Tensor | Table | TableLike | Readonly<Record<string, ColumnData>> | readonly Row[] | ColumnData;

/** A column as it is computed with: numbers as float64, or strings. */
export type Values = Float64Array | readonly (string | null)[];

/** Columns of the same length, with their names if they have any. */
export interface Columns {
  rows: number;
  names: readonly string[] | null;
  list: Values[];
}

/** Whether a column holds numbers. */
export const isNumeric = (column: Values): column is Float64Array => isFloat64Array(column);

/** How an error message names a column: by its name if it has one. */
export const columnName = (names: readonly string[] | null, c: number): string =>
  names === null ? `column ${c}` : `column ${describe(names[c])}`;

function finite(where: string, name: string, values: Float64Array): Float64Array {
  const at = values.findIndex((value) => !Number.isNaN(value) && !Number.isFinite(Math.fround(value)));
  if (at >= 0)
    throw rangeError(where, `${name} has a value that is no finite float32 number in row ${at}`, 'NaN stands for a value that is missing');
  return values;
}

const isTypedArray = (value: unknown): value is Float32Array | Float64Array | Int32Array =>
  isFloat32Array(value) || isFloat64Array(value) || isInt32Array(value);

// The cells of a list: strings if any of them is a string, else numbers.
function cellsOf(where: string, name: string, cells: readonly unknown[]): Values {
  const strings = cells.some((cell) => typeof cell === 'string');
  const wanted = strings ? 'string' : 'number';
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    if (cell !== null && cell !== undefined && typeof cell !== wanted) {
      throw typeError(
        where,
        `${name}: expected strings or numbers${strings ? ', all of one kind' : ''}, got ${describe(cell)} in row ${i}`,
      );
    }
  }
  if (strings) return cells.map((cell) => (cell ?? null) as string | null);
  return finite(
    where,
    name,
    Float64Array.from(cells, (cell) => (cell as number | null | undefined) ?? Number.NaN),
  );
}

function columnOf(where: string, name: string, data: unknown): Values {
  if (data instanceof Tensor) {
    recorder?.reading(where);
    checkTensor(where, name, data);
    if (data.shape.length !== 1) throw rangeError(where, `expected ${name} [n], got ${shapeText(data.shape)}`);
    return finite(where, name, Float64Array.from(data.values));
  }
  if (isTypedArray(data)) {
    checkAttached(where, data);
    return finite(where, name, Float64Array.from(data));
  }
  if (!Array.isArray(data)) throw typeError(where, `expected ${name} to be an array of numbers or strings, got ${describe(data)}`);
  return cellsOf(where, name, data);
}

function named(where: string, names: readonly string[], get: (name: string) => unknown): Columns {
  if (names.length === 0) throw rangeError(where, 'x has no columns');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw rangeError(where, `x has two columns ${describe(twice)}`);
  const list = names.map((name) => columnOf(where, `column ${describe(name)}`, get(name)));
  const rows = list[0]!.length;
  const odd = list.findIndex((column) => column.length !== rows);
  if (odd >= 0) {
    const [first, other] = [describe(names[0]), describe(names[odd])];
    throw rangeError(where, `column ${first} has ${rows} rows, column ${other} ${list[odd]!.length}`);
  }
  return { rows, names: [...names], list };
}

function ofTensor(where: string, x: Tensor): Columns {
  recorder?.reading(where);
  checkTensor(where, 'x', x);
  if (x.shape.length !== 2 || x.shape[1] === 0) throw rangeError(where, `expected x [n, features], got ${shapeText(x.shape)}`);
  const [rows, columns] = x.shape as [number, number];
  const values = x.values;
  const list = Array.from({ length: columns }, (_, c) => {
    const column = new Float64Array(rows);
    for (let i = 0, at = c; i < rows; i++, at += columns) column[i] = values[at]!;
    return finite(where, `column ${c}`, column);
  });
  return { rows, names: null, list };
}

function ofRows(where: string, rows: readonly (readonly unknown[])[]): Columns {
  const columns = rows[0]!.length;
  if (columns === 0) throw rangeError(where, 'x has no columns');
  rows.forEach((row, i) => {
    if (!Array.isArray(row)) throw typeError(where, `row 0 is an array, row ${i} ${describe(row)}`);
    if (row.length !== columns) throw rangeError(where, `row 0 has ${columns} columns, row ${i} ${row.length}`);
  });
  const cells = (c: number): unknown[] => rows.map((row) => row[c]);
  return { rows: rows.length, names: null, list: Array.from({ length: columns }, (_, c) => cellsOf(where, `column ${c}`, cells(c))) };
}

const isTable = (x: object): x is TableLike => typeof (x as TableLike).column === 'function' && Array.isArray((x as TableLike).columns);

/** The input of a transformer as columns. */
export function columnsOf(where: string, x: unknown): Columns {
  if (x instanceof Tensor) return ofTensor(where, x);
  if (isTypedArray(x) || (Array.isArray(x) && !Array.isArray(x[0]))) {
    const column = columnOf(where, 'x', x);
    return { rows: column.length, names: null, list: [column] };
  }
  if (Array.isArray(x)) return ofRows(where, x);
  if (x === null || typeof x !== 'object' || ArrayBuffer.isView(x)) {
    throw typeError(
      where,
      `expected x to be a tensor, a table, columns by name or rows, got ${describe(x)}`,
      'tensor([[1, 2], [3, 4]]), { age: [31, 48], city: ["Rome", "Oslo"] }, [["a", 1], ["b", 2]]',
    );
  }
  if (x instanceof CsrArray) throw typeError(where, 'x is a CsrArray, whose columns are not at hand', 'x.toDense()');
  if (x instanceof Table) return named(where, x.names, (name) => (x.column(name).kind === 'text' ? x.texts(name) : x.numbers(name)));
  if (isTable(x)) {
    const odd = x.columns.find((name) => typeof name !== 'string');
    if (odd !== undefined) throw typeError(where, `expected names of columns to be strings, got ${describe(odd)}`);
    return named(where, x.columns, (name) => x.column(name));
  }
  return named(where, Object.keys(x), (name) => (x as Record<string, unknown>)[name]);
}

/** The columns, which must all be numbers. */
export function numbersOf(where: string, { list, names }: Columns): Float64Array[] {
  const odd = list.findIndex((column) => !isNumeric(column));
  if (odd >= 0) {
    throw typeError(where, `${columnName(names, odd)} holds strings`, 'OneHotEncoder and OrdinalEncoder make numbers of strings');
  }
  return list as Float64Array[];
}

/** Columns of numbers as a float32 tensor `[rows, columns]`. */
export function tensorOf(rows: number, list: readonly ArrayLike<number>[]): Tensor {
  const columns = list.length;
  const out = empty([rows, columns]);
  const values = out.floats;
  list.forEach((column, c) => {
    for (let i = 0, at = c; i < rows; i++, at += columns) values[at] = column[i]!;
  });
  return out;
}
