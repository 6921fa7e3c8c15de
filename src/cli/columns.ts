// What each column of a file is to a model, found from the rows that it learns from.
import type { data } from '../index';
import type { ColumnRecord } from './run-record';

/** What decides about the columns. */
export interface Choice {
  target: string;
  /** The columns that were asked for; they are not judged. */
  asked: readonly string[];
  /** Those that were refused. */
  dropped: readonly string[];
}

// More texts than this cannot be told apart by a column each.
const mostTexts = 1000;
const counts = 'counts the rows';

/** Columns of the file as `train` uses them; `rows` are those that are learned from. */
export function columnsOf(table: data.Table, rows: Int32Array, { target, asked, dropped }: Choice): ColumnRecord[] {
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
  // Where nothing else is left, a column that counts is what there is to learn from.
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

// Whether each value is the one above it and one more, as a column of row numbers is.
const numbersRows = (values: ArrayLike<number>): boolean =>
  values.length > 2 && Array.from(values).every((value, i, all) => i === 0 || value === all[i - 1]! + 1);
