// Tables from CSV files.
import { withDefaults } from '../errors';
import { ColumnBuilder } from './csv-columns';
import { type CsvOptions, csvDefaults, type Dialect, dialectOf } from './csv-dialect';
import { ColumnKind, type Layout, layoutOf } from './csv-layout';
import { CsvScanner } from './csv-scanner';
import { checkSource, explained, piecesOf, type TableSource } from './csv-source';
import { RowLines } from './row-lines';
import { beyondInt32, type Column, checkTarget, Table, type TableTensors, tensorsOf } from './table';

/** The options of `readCsv`. */
export interface ReadCsvOptions extends CsvOptions {
  /** The column of y, or several. */
  target?: string | string[];
  /** The type of y; the default is int32 where all values are integers or texts, else float32. */
  targetDtype?: 'float32' | 'int32';
}

/** The result of `readCsv`. */
export type CsvData = TableTensors;

// Reads the requested columns, and `targets`.
async function tableOf(
  dialect: Dialect,
  given: ReturnType<typeof checkSource>,
  targets: readonly string[],
  dtype: 'float32' | 'int32' | undefined,
): Promise<{ table: Table; layout: Layout }> {
  const { where } = dialect;
  let builders: ColumnBuilder[] = [];
  const rowLines = new RowLines();
  const scanner = new CsvScanner(
    dialect,
    given.path,
    (names) => {
      const layout = layoutOf(dialect, targets, names, given.path);
      for (const column of layout.read) column.isTarget = targets.includes(column.name) && dtype !== 'float32';
      builders = layout.read.map(() => new ColumnBuilder());
      return layout;
    },
    (values, lines, rows) => {
      rowLines.append(lines, rows);
      const { read } = scanner.layout!;
      builders.forEach((builder, at) => {
        const { name, kind, isTarget } = read[at]!;
        builder.append(values, at, read.length, rows, lines, kind === ColumnKind.text);
        if (!isTarget || dtype !== 'int32' || builder.isInteger) return;
        const row = lines.findIndex((_, i) => !Number.isInteger(values[at + i * read.length]!));
        scanner.refuse(`${values[at + row * read.length]} is no int32`, undefined, name, lines[row]!);
      });
    },
  );
  try {
    for await (const piece of piecesOf(where, given)) scanner.push(piece);
  } catch (error) {
    throw explained(where, given.path, error as NodeJS.ErrnoException);
  }
  scanner.end();
  const layout = scanner.layout!;
  layout.read.forEach(({ name, isTarget }, at) => {
    const { beyond, isInteger } = builders[at]!;
    if (isTarget && beyond !== null && isInteger) scanner.refuse(...beyondInt32(name, beyond.value), name, beyond.line);
  });
  const columns = new Map<string, Column>(layout.read.map((column, at) => [column.name, builders[at]!.finish(column)]));
  return { table: Table.of(columns, rowLines), layout };
}

/**
 * Reads a table from a CSV file: `{ x, y, columns, classes, categories }`.
 *
 * `source` is a path, a `file:` URL, a Buffer, or a stream of bytes. The first row has the columns' names. x `[rows, columns]` is float32, with each number as
 * `Math.fround(Number(text))`. A column whose first value is not a number is text, for instance names of classes: each value becomes the index of
 * its text in `categories`, which are sorted by code units. y `[rows]` is the column `target`: int32 if all its values are integers or it is text, whose
 * texts are then `classes`, else float32. It is `[rows, targets]` for a list of names, and null if there is none. A missing value is an error unless
 * `naValues` is given; then it is NaN in x. In y it is always an error unless `targetDtype` is "float32".
 *
 * Quotes, a byte order mark, spaces around values and all kinds of line ends are understood; empty lines are skipped. Errors name the file, the line and the column. A
 * RangeError for a missing or repeated column, a column without a name that was not requested, a row of another length, text where a number belongs, a
 * target of integers with one beyond int32, and an empty file; a SimdnnError `SIMDNN_FILE` if the file cannot be read.
 *
 * @example
 * const { x, y, columns } = await data.readCsv('examples/data/digits.csv', { target: 'digit' });
 * x.shape; // [1797, 64]
 * const irises = 'length,width,species\n5.1,3.5,setosa\n7.0,NA,versicolor\n';
 * const read = await data.readCsv(Buffer.from(irises), { target: 'species', naValues: 'NA' });
 * read.classes; // ['setosa', 'versicolor']
 * read.x.toArray()[1][1]; // NaN
 */
export async function readCsv(source: TableSource, options?: ReadCsvOptions): Promise<CsvData> {
  const o = withDefaults('readCsv', options, {
    ...csvDefaults,
    target: undefined as string | string[] | undefined,
    targetDtype: undefined as 'float32' | 'int32' | undefined,
  });
  const given = checkSource('readCsv', source);
  const dialect = dialectOf('readCsv', o, false);
  const targets = checkTarget('readCsv', o.target, o.targetDtype);
  const { table, layout } = await tableOf(dialect, given, targets, o.targetDtype);
  const left = new Set([...targets, ...dialect.drop]);
  const features = dialect.columns ?? layout.names.filter((name) => !left.has(name));
  return tensorsOf('readCsv', table, features, o.target, o.targetDtype);
}

/**
 * Reads a table from a CSV file column by column, as `readCsv` does, with its options: a `Table`, in which values may be missing. As `pandas.read_csv`.
 *
 * Besides the empty text, texts that mean a missing value must be given in `naValues`.
 *
 * @example
 * const table = await data.readTable(Buffer.from('age,city\n31,Oslo\n,Bonn\n'));
 * table.column('age').values; // [31, NaN]
 * table.texts('city'); // ['Oslo', 'Bonn']
 */
export async function readTable(source: TableSource, options?: CsvOptions): Promise<Table> {
  const o = withDefaults('readTable', options, csvDefaults);
  const given = checkSource('readTable', source);
  const { table } = await tableOf(dialectOf('readTable', o, true), given, [], undefined);
  return table;
}
