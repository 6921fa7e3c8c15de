// Tables of numbers from CSV files.
import { createReadStream } from 'node:fs';
import { describe, rangeError, SimdnnError, typeError, withDefaults } from '../errors';
import { Tensor } from '../tensor';

/** The options of `readCsv`. */
export interface ReadCsvOptions {
  /** The columns of x, in this order; the default is all but `target`, in the file's order. */
  columns?: string[];
  /** The column of y. */
  target?: string;
  /** What separates the values (","). */
  delimiter?: string;
}

/** What `readCsv` has read. */
export interface CsvData {
  /** The features, float32 `[rows, columns]`. */
  x: Tensor;
  /** The target `[rows]`: int32 when every value is an integer, else float32; null without one. */
  y: Tensor | null;
  /** The names of x's columns. */
  columns: string[];
}

// Decimal numbers as they stand in files; Number() alone would take "", "0x1f" and "Infinity" too.
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numberOf(cell: string, row: number, column: string): number {
  const text = cell.trim();
  const at = `row ${row}, column ${JSON.stringify(column)}`;
  if (text === '') throw rangeError('readCsv', `${at}: the value is missing`);
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw rangeError('readCsv', `${at}: expected a number, got ${describe(cell)}`);
  if (!Number.isFinite(Math.fround(value))) throw rangeError('readCsv', `${at}: ${text} is too large for float32`);
  return value;
}

// Memory that grows as rows arrive.
class Values {
  private values = new Float64Array(1024);
  private length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  get all(): Float64Array {
    return this.values.subarray(0, this.length);
  }
}

// Where the wanted columns stand in the file.
function positionsOf(path: string, header: readonly string[], wanted: readonly string[]): number[] {
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice !== undefined) throw rangeError('readCsv', `${path}: the header has ${describe(twice)} twice`);
  const missing = wanted.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    throw rangeError(
      'readCsv',
      `${path} has no column ${missing.map(describe).join(', ')}`,
      `its columns are ${header.map(describe).join(', ')}`,
    );
  }
  return wanted.map((name) => header.indexOf(name));
}

const isInt32 = (value: number): boolean => (value | 0) === value;

/**
 * Reads a CSV file of numbers: `{ x, y, columns }`.
 *
 * The first row names the columns. x `[rows, columns]` is float32; y `[rows]` is the column `target`, int32 when all its values are
 * integers (class labels), else float32, and null when no target is named. Quotes, a byte order mark and both kinds of line end are
 * understood, empty lines skipped. Errors name the row (the header is row 1) and the column: a RangeError for a missing or repeated
 * column, a row of another length, a missing value, text where a number belongs and an empty file; a SimdnnError `SIMDNN_FILE`
 * when the file cannot be read.
 *
 * @example
 * const { x, y, columns } = await data.readCsv('examples/data/digits.csv', { target: 'digit' });
 * x.shape; // [1797, 64]
 */
export async function readCsv(path: string, options?: ReadCsvOptions): Promise<CsvData> {
  const o = withDefaults('readCsv', options, {
    columns: undefined as string[] | undefined,
    target: undefined as string | undefined,
    delimiter: ',',
  });
  if (typeof path !== 'string') throw typeError('readCsv', `expected a path, got ${describe(path)}`);
  if (
    o.columns !== undefined &&
    !(Array.isArray(o.columns) && o.columns.length > 0 && o.columns.every((name) => typeof name === 'string'))
  ) {
    throw typeError('readCsv', `expected columns to be an array of names, got ${describe(o.columns)}`);
  }
  if (o.target !== undefined && typeof o.target !== 'string')
    throw typeError('readCsv', `expected target to be a name, got ${describe(o.target)}`);
  if (typeof o.delimiter !== 'string' || o.delimiter === '') {
    throw typeError('readCsv', `expected delimiter to be a string, got ${describe(o.delimiter)}`);
  }
  // Loaded when first needed: programs that read no CSV file start without it.
  const { parse } = await import('csv-parse');
  const file = createReadStream(path);
  const parser = parse({ bom: true, delimiter: o.delimiter, relax_column_count: true, skip_empty_lines: true });
  file.on('error', (error) => parser.destroy(error));

  const x = new Values();
  const y = new Values();
  let header: string[] | null = null;
  let columns: string[] = [];
  let features: number[] = [];
  let target = -1;
  let row = 0;
  try {
    for await (const cells of file.pipe(parser) as AsyncIterable<string[]>) {
      row++;
      if (header === null) {
        header = cells.map((name) => name.trim());
        columns = o.columns === undefined ? header.filter((name) => name !== o.target) : [...o.columns];
        if (columns.length === 0) throw rangeError('readCsv', `${path} has no columns besides the target`);
        features = positionsOf(path, header, columns);
        if (o.target !== undefined) [target] = positionsOf(path, header, [o.target]) as [number];
        continue;
      }
      if (cells.length !== header.length) {
        throw rangeError('readCsv', `row ${row} has ${cells.length} values, the header ${header.length}`);
      }
      for (const at of features) x.push(numberOf(cells[at]!, row, header[at]!));
      if (target >= 0) y.push(numberOf(cells[target]!, row, header[target]!));
    }
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, path);
  } finally {
    file.destroy();
  }
  if (header === null) throw rangeError('readCsv', `${path} is empty`);
  if (row === 1) throw rangeError('readCsv', `${path} has a header, but no rows`);
  return {
    x: new Tensor(Float32Array.from(x.all), [row - 1, columns.length]),
    y: target < 0 ? null : new Tensor(y.all.every(isInt32) ? Int32Array.from(y.all) : Float32Array.from(y.all), [row - 1]),
    columns,
  };
}

// Errors of the file system and of the parser, in this library's words; its own pass as they are.
function explained(error: NodeJS.ErrnoException, path: string): Error {
  if (error instanceof RangeError) return error;
  if (error.code === 'ENOENT') return new SimdnnError('SIMDNN_FILE', `[readCsv] ${path} does not exist`);
  if (error.syscall !== undefined) return new SimdnnError('SIMDNN_FILE', `[readCsv] ${path} cannot be read: ${error.message}`);
  return rangeError('readCsv', `${path} is not a CSV file: ${error.message}`);
}
