// What the encoders of categories share: the categories of each column, and the number of a cell's category.
import { describe, rangeError, typeError } from '../../errors';
import { type Columns, columnName, isNumeric, type Values } from './columns';
import { byValue, type Cell, isMissing } from './sorting';

/** The categories of each column, or "auto" for those that `fit` sees. */
export type Categories = 'auto' | readonly (readonly Cell[])[];

const keyOf = (cell: Cell | undefined): Cell => (isMissing(cell) ? null : (cell as Cell));

/** Throws unless the value is "auto" or a list of categories for each column: of one type, each once, numbers ascending, a missing value last. */
export function checkCategories(where: string, value: unknown): Categories {
  if (value === 'auto') return value;
  if (!Array.isArray(value) || value.length === 0 || !value.every((list) => Array.isArray(list) && list.length > 0)) {
    throw typeError(where, `expected categories to be "auto" or a list of categories for each column, got ${describe(value)}`);
  }
  return value.map((list: unknown[], c) => {
    const kind = typeof list[0];
    list.forEach((cell, i) => {
      if (isMissing(cell as Cell) && i === list.length - 1) return;
      if ((typeof cell !== 'string' && !Number.isFinite(cell)) || typeof cell !== kind) {
        throw typeError(
          where,
          `expected categories of column ${c} to be all strings or all numbers, a missing one last, got ${describe(cell)}`,
        );
      }
      if (i > 0 && typeof cell === 'number' && cell < (list[i - 1] as number)) {
        throw rangeError(where, `expected the numbers that are categories of column ${c} in ascending order`);
      }
    });
    if (new Set(list.map((cell) => keyOf(cell as Cell))).size !== list.length) {
      throw rangeError(where, `the categories of column ${c} have one twice`);
    }
    return list.map((cell) => (isMissing(cell as Cell) ? (kind === 'string' ? null : Number.NaN) : (cell as Cell)));
  });
}

/** The categories of each column: the given ones, or those that occur, sorted. */
export function learnCategories(where: string, { list, names }: Columns, given: Categories): Cell[][] {
  if (given === 'auto') return list.map((column) => [...new Set<Cell>(column)].sort(byValue));
  if (given.length !== list.length) throw rangeError(where, `categories are of ${given.length} columns, x has ${list.length}`);
  list.forEach((column, c) => {
    checkKind(where, columnName(names, c), column, given[c]!);
  });
  return given.map((cells) => [...cells]);
}

function checkKind(where: string, name: string, column: Values, categories: readonly Cell[]): void {
  const strings = typeof categories[0] === 'string';
  const known = categories.some((cell) => !isMissing(cell)) && Array.prototype.some.call(column, (cell) => !isMissing(cell));
  if (known && strings === isNumeric(column)) {
    throw typeError(where, `${name} holds ${strings ? 'numbers' : 'strings'}, its categories are ${strings ? 'strings' : 'numbers'}`);
  }
}

/** The number of each cell's category, column by column; for an unknown category -1, or an error that names it. */
export function numbersOfCells(
  where: string,
  { list, names }: Columns,
  categories: readonly (readonly Cell[])[],
  refuse: boolean,
): Int32Array[] {
  return list.map((column, c) => {
    checkKind(where, columnName(names, c), column, categories[c]!);
    const numbers = new Map(categories[c]!.map((cell, i) => [keyOf(cell), i]));
    const out = new Int32Array(column.length);
    for (let i = 0; i < column.length; i++) {
      const number = numbers.get(keyOf(column[i])) ?? -1;
      if (number < 0 && refuse) {
        const known = categories[c]!.slice(0, 10).map(describe).join(', ');
        throw rangeError(
          where,
          `${columnName(names, c)} has an unknown category ${describe(column[i])} in row ${i}`,
          `the categories are ${known}${categories[c]!.length > 10 ? `, ... (${categories[c]!.length})` : ''}`,
        );
      }
      out[i] = number;
    }
    return out;
  });
}
