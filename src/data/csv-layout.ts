// The columns of a CSV file, and which of them are read.
import { describe, rangeError } from '../errors';
import { type Dialect, repeated } from './csv-dialect';
import { numberOf } from './csv-number';

/** The kind of a column: not known yet, because no value was read, or numbers, or text. */
export const ColumnKind = { open: 0, number: 1, text: 2 } as const;

/** A column that is read. */
export interface CsvColumn {
  name: string;
  kind: number;
  /** The texts in the order in which they were read, and their numbers. */
  texts: string[];
  codes: Map<string, number>;
  /** Whether `texts` is complete: a further text is an error. */
  isClosed: boolean;
  /** Whether a missing value is an error, because no text means one or because the column is a target. */
  isRequired: boolean;
  /** Whether the column is a target. */
  isTarget: boolean;
}

/** The columns of a file. */
export interface Layout {
  names: readonly string[];
  /** The columns that are read, in the requested order. */
  read: CsvColumn[];
  /** For each column of the file its index in `read`, or -1 if it is not read. */
  places: Int32Array<ArrayBuffer>;
}

/** What messages call the data: its path, if it has one. */
export const nameOf = (file: string | null): string => file ?? 'the table';

const listed = (names: readonly string[]): string => {
  const some = names.slice(0, 30).map(describe).join(', ');
  return names.length > 30 ? `${some}, ... (${names.length})` : some;
};

/** A hint for a file with a single column, which is probably a file whose delimiter was not given. */
export function delimiterHint(names: readonly string[], { delimiter }: Dialect): string | undefined {
  const other = names.length === 1 ? [';', '\t', ',', '|'].find((d) => d !== delimiter && names[0]!.includes(d)) : undefined;
  return other === undefined ? undefined : `delimiter: ${JSON.stringify(other)} would divide ${listed(names)}`;
}

/** A hint for a value that may be a number with a decimal comma; empty if it is none. */
export const decimalHint = (text: string, { decimal, delimiter }: Dialect): string =>
  decimal === '.' && delimiter !== ',' && /^[+-]?[\d.]*\d,\d+$/.test(text) ? 'decimal: "," reads it as a number; ' : '';

// A name that is not found often means that the delimiter was not given.
const hintOf = (names: readonly string[], dialect: Dialect): string => delimiterHint(names, dialect) ?? `its columns are ${listed(names)}`;

/** The names of the columns if the first row has them; null if the first row has values. */
export function namesOf(dialect: Dialect, first: readonly string[], row: number, file: string | null): string[] | null {
  const { where, header } = dialect;
  if (header === false || typeof header === 'object') return null;
  const names = first.map((name) => name.trim());
  const undivided = dialect.asksForDelimiter ? delimiterHint(names, dialect) : undefined;
  if (undivided !== undefined) {
    throw rangeError(where, `${nameOf(file)} has a single column, ${describe(names[0])}`, `${undivided}, delimiter: "," leaves it whole`);
  }
  const number = header === true ? undefined : names.find((name) => !Number.isNaN(numberOf(name)));
  if (number !== undefined) {
    throw rangeError(
      where,
      `line ${row} of ${nameOf(file)} has the number ${number} where a column's name belongs`,
      'header: false for a file without names, header: true where this is one, header: ["a", "b", ...] gives names',
    );
  }
  return names;
}

/** The names given for a file that has none. */
export function givenNames({ where, header }: Dialect, width: number, row: number, file: string | null): readonly string[] {
  if (typeof header !== 'object') return Array.from({ length: width }, (_, i) => String(i));
  if (header.length !== width) {
    throw rangeError(
      where,
      `header has ${header.length} name${header.length === 1 ? '' : 's'}, line ${row} of ${nameOf(file)} ${width} values`,
    );
  }
  return header;
}

/** Determines which columns are read: those of the options, and `targets`. */
export function layoutOf(dialect: Dialect, targets: readonly string[], names: readonly string[], file: string | null): Layout {
  const { where, columns, drop, text } = dialect;
  const twice = repeated(names);
  if (twice !== undefined) {
    throw rangeError(where, `${nameOf(file)}: the header has ${describe(twice)} twice`, 'header: ["a", "b", ...] with another first row');
  }
  const places = new Map(names.map((name, place) => [name, place]));
  const asked = [...(columns ?? []), ...targets];
  const missing = [...new Set([...asked, ...drop, ...(text ?? [])])].filter((name) => !places.has(name));
  if (missing.length > 0) {
    throw rangeError(where, `${nameOf(file)} has no column ${missing.map(describe).join(', ')}`, hintOf(names, dialect));
  }
  const left = new Set([...drop, ...targets]);
  const features = columns ?? names.filter((name) => !left.has(name));
  if (features.length === 0) {
    throw rangeError(where, `${nameOf(file)} has no columns ${drop.length > 0 ? 'that are kept' : 'besides the target'}`);
  }
  if (columns === undefined && features.includes('')) {
    throw rangeError(
      where,
      `${nameOf(file)}: column ${places.get('')! + 1} has no name`,
      'drop: [""] leaves it out, as what pandas writes for an index; columns: ["", ...] reads it',
    );
  }
  const wanted = [...new Set([...features, ...targets])];
  const layout: Layout = { names, read: [], places: new Int32Array(names.length).fill(-1) };
  wanted.forEach((name, i) => {
    const kind = text === undefined ? ColumnKind.open : text.has(name) ? ColumnKind.text : ColumnKind.number;
    layout.read.push({ name, kind, texts: [], codes: new Map(), isClosed: false, isRequired: dialect.missing === null, isTarget: false });
    layout.places[places.get(name)!] = i;
  });
  return layout;
}
