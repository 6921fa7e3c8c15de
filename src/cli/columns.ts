// The role of each column of a file, which is inferred from the training rows.
import type { data } from '../index';
import type { ColumnRecord } from './run-record';

/** The options that determine the roles of columns. */
export interface ColumnOptions {
  target: string;
  /** The columns that the user named; they are kept whatever they have. */
  asked: readonly string[];
  /** The columns that the user dropped. */
  dropped: readonly string[];
}

// A column with more distinct texts than this is dropped, because one-hot encoding would need a column for each.
const mostTexts = 1000;
const counts = 'counts the rows';

/** The roles of a file's columns; `rows` are the training rows. */
export function columnsOf(table: data.Table, rows: Int32Array, { target, asked, dropped }: ColumnOptions): ColumnRecord[] {
  const found = table.names.map((name): ColumnRecord => {
    const column = table.column(name);
    const common = { name, missing: column.missing };
    if (name === target) return { ...common, role: 'target', categories: null, reason: null };
    const reason = reasonToDrop(column, rows, asked.includes(name));
    if (reason !== null) return { ...common, role: 'dropped', categories: null, reason };
    if (column.kind === 'number') return { ...common, role: 'number', categories: null, reason: null };
    const seen = new Set(Array.from(rows, (row) => column.codes[row]!));
    return { ...common, role: 'text', categories: column.categories.filter((_, code) => seen.has(code)), reason: null };
  });
  // A column of row numbers is kept if nothing else is left to learn from.
  if (found.every(({ role }) => role === 'target' || role === 'dropped')) {
    for (const one of found) if (one.reason === counts) Object.assign(one, { role: 'number', reason: null });
  }
  return [
    ...found,
    ...dropped.map((name): ColumnRecord => ({ name, role: 'dropped', missing: 0, categories: null, reason: 'as --drop says' })),
  ];
}

function reasonToDrop(column: data.Column, rows: Int32Array, isAsked: boolean): string | null {
  const values = column.kind === 'text' ? column.codes : column.values;
  const isMissing = (value: number): boolean => (column.kind === 'text' ? value < 0 : Number.isNaN(value));
  const used = Array.from(rows, (row) => values[row]!);
  const present = used.filter((value) => !isMissing(value));
  if (present.length === 0) return 'no value in the rows to learn from';
  if (isAsked) return null;
  const different = new Set(present).size;
  if (different === 1 && present.length === used.length) return 'the same value in every row';
  if (column.kind === 'text') {
    return different > Math.min(mostTexts, Math.max(20, used.length / 2)) ? `${different} different texts in ${used.length} rows` : null;
  }
  return numbersRows(values) ? counts : null;
}

// Whether each value is one more than the value before, as in a column of row numbers.
const numbersRows = (values: ArrayLike<number>): boolean =>
  values.length > 2 && Array.from(values).every((value, i, all) => i === 0 || value === all[i - 1]! + 1);
