// Columns by name.
import { isFloat32Array, isInt32Array, isMap } from '../brands';
import { checkInteger, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import { Tensor } from '../tensor';
import { checkNames, numberHint } from './csv-dialect';
import type { RowLines } from './row-lines';

/** A column of numbers. */
export interface NumberColumn {
  /** The kind of column: numbers. */
  readonly kind: 'number';
  /** The numbers: int32 if all of them are integers, else float32 with NaN for missing values. */
  readonly values: Float32Array | Int32Array;
  /** The number of missing values. */
  readonly missing: number;
  /** @internal The first integer beyond int32, and its place, in a column of only integers. */
  readonly beyond?: { value: number; at: string } | null;
  /** @internal Whether any value had a fraction, which rounding to float32 may have removed. */
  readonly hasFraction?: boolean;
}

/** A column of text. */
export interface TextColumn {
  /** The kind of column: text. */
  readonly kind: 'text';
  /** For each row the number of its text, or -1 if it is missing. */
  readonly codes: Int32Array;
  /** The texts, numbered in the order of their code units. */
  readonly categories: readonly string[];
  /** The number of missing values. */
  readonly missing: number;
}

/** A column of a table. */
export type Column = NumberColumn | TextColumn;

/** The options of `Table.toTensors`. */
export interface ToTensorsOptions {
  /** The column of y, or several. */
  target?: string | string[];
  /** The type of y; the default is int32 where all values are integers or texts, else float32. */
  targetDtype?: 'float32' | 'int32';
}

/** Features and target, as `readCsv` gives them. */
export interface TableTensors {
  /** The features, float32 `[rows, columns]`: NaN for missing values, and the numbers of texts in columns of text. */
  x: Tensor;
  /** The target, `[rows]`, or `[rows, targets]` for a list of targets: int32 if every value is an integer or a text, else float32; null without a target. */
  y: Tensor | null;
  /** The names of x's columns. */
  columns: string[];
  /** The classes of a target of text in the order of their numbers, which is that of their code units; null for others. */
  classes: string[] | null;
  /** The texts of each column of text, features and targets, in the order of their numbers. */
  categories: Record<string, string[]>;
}

/** An object whose keys are columns' names: it has no others, so that "__proto__" is a name too. */
export const byName = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

// Marks maps of columns that were made here, which Table.of passes to the constructor, with the lines of their rows.
const made = new WeakMap<object, RowLines | null>();

/**
 * Columns by name, as `readTable`, `readParquet` and `fromArrow` give them: numbers in typed arrays, texts as numbers of categories.
 *
 * `new Table({ name: column, ... })` makes one of `Float32Array`, `Int32Array` and arrays of strings, in which null is a missing text: a RangeError when
 * their lengths differ. The table shares the typed arrays' memory.
 *
 * @example
 * const table = new data.Table({ age: Float32Array.of(31, NaN), city: ['Oslo', 'Bonn'] });
 * table.names; // ['age', 'city']
 * table.column('city').categories; // ['Bonn', 'Oslo']
 * table.column('age').missing; // 1
 */
export class Table {
  /** The number of rows. */
  readonly length: number;
  /** The names of the columns. */
  readonly names: readonly string[];
  private readonly columns: ReadonlyMap<string, Column>;
  private readonly lines: RowLines | null;

  constructor(columns: Record<string, Float32Array | Int32Array | readonly (string | null)[]>) {
    this.lines = made.get(columns) ?? null;
    if (made.has(columns)) {
      this.columns = columns as unknown as Map<string, Column>;
    } else {
      if (typeof columns !== 'object' || columns === null || Array.isArray(columns) || isMap(columns)) {
        throw typeError('Table', `expected an object of columns, got ${describe(columns)}`);
      }
      this.columns = new Map(Object.entries(columns).map(([name, values]) => [name, columnOf(name, values)]));
    }
    this.names = [...this.columns.keys()];
    const lengths = [...this.columns].map(([name, column]) => ({ name, length: lengthOf(column) }));
    const odd = lengths.find(({ length }) => length !== lengths[0]!.length);
    if (odd) {
      const [first] = lengths as [(typeof lengths)[0]];
      throw rangeError(
        'Table',
        `column ${describe(first.name)} has ${first.length} rows, column ${describe(odd.name)} ${odd.length}`,
        'all columns need the same number of rows',
      );
    }
    this.length = lengths[0]?.length ?? 0;
  }

  /** @internal A table of existing columns, with the lines of a file in which its rows begin. */
  static of(columns: Map<string, Column>, lines: RowLines | null = null): Table {
    made.set(columns, lines);
    return new Table(columns as unknown as Record<string, Float32Array>);
  }

  /** The line of the CSV file in which a row begins, from 1, and null for a table that was not read from one; rows count from 0. */
  lineOf(row: number): number | null {
    checkInteger('Table.lineOf', 'row', row, 0, this.length - 1);
    return this.lines?.at(row) ?? null;
  }

  /** The column with that name, on the table's own memory. A RangeError if there is none. */
  column(name: string): Column {
    if (typeof name !== 'string') throw typeError('Table.column', `expected a name, got ${describe(name)}`);
    this.check('Table.column', [name]);
    return this.columns.get(name)!;
  }

  /** The numbers of a column of numbers, on the table's own memory, with NaN for missing values; a TypeError for a column of text. */
  numbers(name: string): Float32Array | Int32Array {
    const column = this.column(name);
    if (column.kind !== 'number') throw typeError('Table.numbers', `column ${describe(name)} has texts, no numbers`, 'texts(name)');
    return column.values;
  }

  /** The texts of a column of text, with null for missing values; a TypeError for a column of numbers. */
  texts(name: string): (string | null)[] {
    const column = this.column(name);
    if (column.kind !== 'text') throw typeError('Table.texts', `column ${describe(name)} has numbers, no texts`, 'column(name).values');
    return Array.from(column.codes, (code) => column.categories[code] ?? null);
  }

  /** The columns of these names, in this order, as a table on the same memory. */
  select(names: readonly string[]): Table {
    checkNames('Table.select', 'names', names);
    this.check('Table.select', names);
    return Table.of(new Map(names.map((name) => [name, this.columns.get(name)!])), this.lines);
  }

  /** The columns of other names, as a table on the same memory. */
  drop(names: readonly string[]): Table {
    const left = new Set(checkNames('Table.drop', 'names', names, 0));
    this.check('Table.drop', names);
    return Table.of(new Map([...this.columns].filter(([name]) => !left.has(name))), this.lines);
  }

  /**
   * `{ x, y, columns, classes, categories }`: the columns as x `[rows, columns]`, float32, all but the target, which is y.
   *
   * Texts become their numbers, and missing values NaN. y `[rows]` is int32 when all its values are integers or texts, else float32; `[rows, targets]` for a list.
   * A RangeError for a missing value in it unless `targetDtype` is "float32", for an integer beyond int32 without it, and for another number with "int32".
   *
   * @example
   * const table = new data.Table({ a: Int32Array.of(1, 2), b: Float32Array.of(0.5, 1), kind: ['x', 'y'] });
   * const { x, y, classes } = table.toTensors({ target: 'kind' });
   * x.toArray(); // [[1, 0.5], [2, 1]]
   * y.toArray(); // [0, 1]
   * classes; // ['x', 'y']
   */
  toTensors(options?: ToTensorsOptions): TableTensors {
    const o = withDefaults('Table.toTensors', options, {
      target: undefined as string | string[] | undefined,
      targetDtype: undefined as 'float32' | 'int32' | undefined,
    });
    const targets = checkTarget('Table.toTensors', o.target, o.targetDtype);
    this.check('Table.toTensors', targets);
    return tensorsOf(
      'Table.toTensors',
      this,
      this.names.filter((name) => !targets.includes(name)),
      o.target,
      o.targetDtype,
    );
  }

  private check(where: string, names: readonly string[]): void {
    const missing = names.filter((name) => !this.columns.has(name));
    if (missing.length === 0) return;
    const known = this.names.slice(0, 30).map(describe).join(', ');
    throw rangeError(where, `the table has no column ${missing.map(describe).join(', ')}`, `its columns are ${known}`);
  }
}

const lengthOf = (column: Column): number => (column.kind === 'text' ? column.codes : column.values).length;

function columnOf(name: string, values: unknown): Column {
  if (isInt32Array(values)) return { kind: 'number', values, missing: 0 };
  if (isFloat32Array(values)) return { kind: 'number', values, missing: values.reduce((n, value) => n + (Number.isNaN(value) ? 1 : 0), 0) };
  if (!Array.isArray(values)) {
    throw typeError(
      'Table',
      `expected column ${describe(name)} to be a Float32Array, an Int32Array or an array of strings, got ${describe(values)}`,
    );
  }
  const codes = new Int32Array(values.length);
  const numbers = new Map<string, number>();
  for (let i = 0; i < values.length; i++) {
    const text: unknown = values[i]; // undefined at a hole of the array
    if (text !== null && text !== undefined && typeof text !== 'string') {
      throw typeError('Table', `expected column ${describe(name)} to be of strings, got ${describe(text)} in row ${i}`);
    }
    if (typeof text === 'string' && !numbers.has(text)) numbers.set(text, numbers.size);
    codes[i] = typeof text === 'string' ? numbers.get(text)! : -1;
  }
  return textColumn(codes, [...numbers.keys()]);
}

/** A column of the numbers of `texts`, which are sorted by code units; the numbers are changed in place. */
export function textColumn(codes: Int32Array, texts: readonly string[]): TextColumn {
  const categories = [...texts].sort((a, b) => (a < b ? -1 : 1));
  const places = new Map(categories.map((text, place) => [text, place]));
  const moved = Int32Array.from(texts, (text) => places.get(text)!);
  let missing = 0;
  for (let i = 0; i < codes.length; i++) {
    if (codes[i]! < 0) missing++;
    else codes[i] = moved[codes[i]!]!;
  }
  return { kind: 'text', codes, categories, missing };
}

/** The message about an integer of a target that int32 cannot represent, and its hint. */
export const beyondInt32 = (name: string, value: number): [message: string, hint: string] => [
  `${value} is an integer beyond int32`,
  `targetDtype: "float32" rounds it, text: [${describe(name)}] takes it for the name of a class`,
];

/** The names of the targets, checked. */
export function checkTarget(where: string, target: unknown, dtype: unknown): string[] {
  if (dtype !== undefined) checkOneOf(where, 'targetDtype', dtype, ['float32', 'int32']);
  if (target === undefined) {
    if (dtype !== undefined) throw rangeError(where, 'targetDtype needs a target');
    return [];
  }
  if (typeof target === 'string') return [target];
  if (!Array.isArray(target))
    throw typeError(where, `expected target to be a name, got ${describe(target)}`, numberHint(target) ?? 'or an array of names');
  return checkNames(where, 'target', target);
}

/** Features and targets of a table as tensors. */
export function tensorsOf(
  where: string,
  table: Table,
  features: readonly string[],
  target: string | readonly string[] | undefined,
  dtype: 'float32' | 'int32' | undefined,
): TableTensors {
  if (features.length === 0) throw rangeError(where, 'there are no columns besides the target');
  const targets = target === undefined ? [] : typeof target === 'string' ? [target] : target;
  const categories = byName<string[]>();
  for (const name of [...features, ...targets]) {
    const column = table.column(name);
    if (column.kind === 'text') categories[name] = [...column.categories];
  }
  const x = interleaved(Float32Array, table, features);
  return {
    x: new Tensor(x, [table.length, features.length]),
    y: target === undefined ? null : targetOf(where, table, targets, typeof target === 'string', dtype),
    columns: [...features],
    classes: typeof target === 'string' ? (categories[target]?.slice() ?? null) : null,
    categories,
  };
}

// The columns side by side.
function interleaved<T extends Float32Array | Int32Array>(Array_: new (length: number) => T, table: Table, names: readonly string[]): T {
  const out = new Array_(table.length * names.length);
  names.forEach((name, at) => {
    const column = table.column(name);
    const width = names.length;
    if (column.kind === 'number') {
      const { values } = column;
      for (let i = 0, to = at; i < values.length; i++, to += width) out[to] = values[i]!;
    } else {
      const { codes } = column;
      for (let i = 0, to = at; i < codes.length; i++, to += width) out[to] = codes[i]! < 0 ? Number.NaN : codes[i]!;
    }
  });
  return out;
}

// The name of a row in messages: its line in the file, which an editor shows, or its number.
function placeOf(table: Table, row: number): string {
  const line = table.lineOf(row);
  return line === null ? `row ${row}` : `line ${line}`;
}

function targetOf(where: string, table: Table, names: readonly string[], isOne: boolean, dtype: 'float32' | 'int32' | undefined): Tensor {
  let isInt = true;
  for (const name of names) {
    const column = table.column(name);
    if (dtype === 'float32') continue;
    const at = `column ${describe(name)}`;
    if (column.missing > 0) {
      const row = column.kind === 'text' ? column.codes.indexOf(-1) : column.values.findIndex(Number.isNaN);
      throw rangeError(where, `${at}: the target of ${placeOf(table, row)} is missing`, 'targetDtype: "float32" reads it as NaN');
    }
    if (column.kind === 'text' || isInt32Array(column.values)) continue;
    if (column.beyond) {
      const { value, at: place } = column.beyond;
      const [message, hint] = beyondInt32(name, value);
      throw rangeError(where, `${place}, ${at}: ${message}`, hint);
    }
    const row = column.values.findIndex((value) => (value | 0) !== value);
    if (row < 0 && !column.hasFraction) continue;
    if (dtype === 'int32')
      throw rangeError(
        where,
        row < 0 ? `${at} has fractions, which are no int32` : `${at}: ${column.values[row]} in ${placeOf(table, row)} is no int32`,
      );
    isInt = false;
  }
  const values = interleaved<Float32Array | Int32Array>(isInt && dtype !== 'float32' ? Int32Array : Float32Array, table, names);
  return new Tensor(values, isOne ? [table.length] : [table.length, names.length]);
}
