// Selects the columns of a part of a ColumnTransformer.
import { isRegExp } from '../../brands';
import { checkInteger, describe, rangeError, typeError } from '../../errors';
import { type Columns, isNumeric } from './columns';

/** A column, as it is passed to a selecting function. */
export interface ColumnInfo {
  /** Its name; null if columns have no names. */
  name: string | null;
  /** Its number. */
  index: number;
  /** The type of its cells. */
  kind: 'number' | 'string';
}

/** The columns of a part: one or several by name or number, those whose names match a pattern, or those for which a function returns true. */
export type ColumnSelection = string | number | readonly string[] | readonly number[] | RegExp | ((column: ColumnInfo) => boolean);

/** A checked selection; lists are copied. */
export type Selection = readonly (string | number)[] | RegExp | ((column: ColumnInfo) => boolean);

/** Throws unless the value selects columns. */
export function checkSelection(where: string, part: string, columns: unknown): Selection {
  if (isRegExp(columns) || typeof columns === 'function') return columns as Selection;
  const list: unknown = typeof columns === 'string' || typeof columns === 'number' ? [columns] : columns;
  if (!Array.isArray(list)) {
    throw typeError(
      where,
      `expected the columns of ${describe(part)} to be a list of names or numbers, a pattern or a function, got ${describe(columns)}`,
    );
  }
  for (const column of list) if (typeof column !== 'string') checkInteger(where, `a column of ${describe(part)}`, column);
  return [...list];
}

/** The number of a column by its name or number. */
export function placeOf(where: string, column: string | number, names: readonly string[] | null, count: number): number {
  if (typeof column === 'number') {
    if (column >= count) throw rangeError(where, `x has no column ${column}: it has ${count}`);
    return column;
  }
  if (names === null)
    throw rangeError(
      where,
      `x has no names of columns: there is no ${describe(column)}`,
      'number the columns, or give x as columns by name',
    );
  const at = names.indexOf(column);
  if (at < 0)
    throw rangeError(where, `x has no column ${describe(column)}`, `its columns are ${names.slice(0, 20).map(describe).join(', ')}`);
  return at;
}

/** The numbers of the columns that are selected of x. */
export function selected(where: string, part: string, selection: Selection, { names, list }: Columns): number[] {
  if (Array.isArray(selection)) return selection.map((column) => placeOf(where, column, names, list.length));
  if (isRegExp(selection)) {
    if (names === null) throw rangeError(where, `x has no names of columns, of which ${describe(part)} selects some by a pattern`);
    return [...list.keys()].filter((c) => names[c]!.search(selection) >= 0);
  }
  const select = selection as (column: ColumnInfo) => unknown;
  return [...list.keys()].filter((index) => {
    const chosen = select({ name: names?.[index] ?? null, index, kind: isNumeric(list[index]!) ? 'number' : 'string' });
    if (typeof chosen !== 'boolean') {
      throw typeError(
        where,
        `expected the function that selects columns of ${describe(part)} to return true or false, got ${describe(chosen)}`,
      );
    }
    return chosen;
  });
}
