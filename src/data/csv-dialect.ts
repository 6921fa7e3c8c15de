// The options that all readers of CSV files share: how a file is written, and which columns are read.
import { checkOneOf, describe, rangeError, typeError } from '../errors';

/** How a CSV file is to be read: the options that `readCsv`, `readTable` and `csvBatches` share. */
export interface CsvOptions {
  /** The columns to be read, in this order; the default is all, in the file's order. */
  columns?: string[];
  /** Columns that are left out, whatever is in them. */
  drop?: string[];
  /** What separates the values (","). */
  delimiter?: string;
  /** The decimal point ("."), or "," where numbers are written so. */
  decimal?: '.' | ',';
  /**
   * Whether the first row has the columns' names; or the names, for a file without them. With `false` they are "0", "1", "2", ... By default the first
   * row is used as names, and refused if it has numbers.
   */
  header?: boolean | string[];
  /** The texts that mean a missing value, besides the empty text. */
  naValues?: string | string[];
  /** The columns of text; the default is those whose first value is not a number. With `[]` any text is an error. */
  text?: string[];
  /** The encoding of characters outside ASCII ("utf-8"). */
  encoding?: 'utf-8' | 'windows-1252';
}

/** The options with their defaults. */
export const csvDefaults = {
  columns: undefined as string[] | undefined,
  drop: undefined as string[] | undefined,
  delimiter: undefined as string | undefined,
  decimal: '.' as '.' | ',',
  header: undefined as boolean | string[] | undefined,
  naValues: undefined as string | string[] | undefined,
  text: undefined as string[] | undefined,
  encoding: 'utf-8' as 'utf-8' | 'windows-1252',
};

/** The options, checked. */
export interface Dialect {
  where: string;
  columns: readonly string[] | undefined;
  drop: readonly string[];
  delimiter: string;
  /** Whether a header that another delimiter would divide is refused. */
  asksForDelimiter: boolean;
  decimal: '.' | ',';
  header: boolean | readonly string[] | undefined;
  /** The texts that mean a missing value; null: a missing value is an error. */
  missing: ReadonlySet<string> | null;
  text: ReadonlySet<string> | undefined;
  encoding: 'utf-8' | 'windows-1252';
}

/** Throws unless `value` is a list of names. */
export function checkNames(where: string, name: string, value: unknown, least = 1): string[] {
  if (!(Array.isArray(value) && value.length >= least && value.every((item) => typeof item === 'string'))) {
    const number = Array.isArray(value) ? value.find((item) => typeof item === 'number') : undefined;
    throw typeError(where, `expected ${name} to be an array of names, got ${describe(value)}`, numberHint(number));
  }
  const twice = repeated(value);
  if (twice !== undefined) throw rangeError(where, `${name} has ${describe(twice)} twice`);
  return [...value];
}

/** A hint for a column that was named by its number. */
export const numberHint = (value: unknown): string | undefined =>
  typeof value === 'number' ? 'columns are named by strings: those of the first row, or "0", "1", "2", ... with header: false' : undefined;

/** The first name that occurs a second time. */
export function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

function checkMissing(where: string, value: unknown): string[] {
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) {
    throw typeError(where, `expected naValues to be a text or an array of texts, got ${describe(value)}`);
  }
  return list;
}

/** Checks the options. `missing` tells whether missing values are allowed if `naValues` is not given. */
export function dialectOf(where: string, o: typeof csvDefaults, missing: boolean): Dialect {
  const { delimiter = ',' } = o;
  if (typeof delimiter !== 'string' || delimiter === '') {
    throw typeError(where, `expected delimiter to be a string, got ${describe(delimiter)}`);
  }
  if (/["\r\n\0]/.test(delimiter) || /^[+\-.0-9]/.test(delimiter)) {
    throw rangeError(where, `${describe(delimiter)} cannot separate values`);
  }
  checkOneOf(where, 'decimal', o.decimal, ['.', ',']);
  checkOneOf(where, 'encoding', o.encoding, ['utf-8', 'windows-1252']);
  if (o.decimal === delimiter) {
    throw rangeError(where, `delimiter and decimal are both ${describe(o.decimal)}`, 'delimiter: ";" is what such files have');
  }
  const columns = o.columns === undefined ? undefined : checkNames(where, 'columns', o.columns);
  if (columns !== undefined && o.drop !== undefined) throw rangeError(where, 'expected columns or drop, got both');
  if (typeof o.header !== 'boolean' && o.header !== undefined) checkNames(where, 'header', o.header);
  const given = o.naValues === undefined ? undefined : checkMissing(where, o.naValues);
  return {
    where,
    columns,
    drop: o.drop === undefined ? [] : checkNames(where, 'drop', o.drop, 0),
    delimiter,
    asksForDelimiter: o.delimiter === undefined && columns === undefined,
    decimal: o.decimal,
    header: Array.isArray(o.header) ? [...o.header] : o.header,
    missing: given === undefined && !missing ? null : new Set((given ?? []).map((text) => text.trim())),
    text: o.text === undefined ? undefined : new Set(checkNames(where, 'text', o.text, 0)),
    encoding: o.encoding,
  };
}
