// Combines rare categories into one.
import { checkInteger, checkNumber } from '../../errors';
import type { Cell } from './sorting';
import { placesOf, type StateReader } from './state';

/** The options that determine which categories are rare; null if none are. */
export interface RareOptions {
  minFrequency: number | null;
  maxCategories: number | null;
}

/** The numbers of the rare categories of each column, null for a column that has none; null where no option asks for them. */
export type Infrequent = readonly (readonly number[] | null)[] | null;

// The category that replaces the rare ones of a column, with scikit-learn's name.
const infrequentName = 'infrequent_sklearn';

/** Throws for invalid frequencies and numbers of categories. */
export function checkRare(where: string, { minFrequency, maxCategories }: RareOptions): RareOptions {
  if (minFrequency !== null) {
    checkNumber(where, 'minFrequency', minFrequency, Number.MIN_VALUE);
    if (minFrequency >= 1) checkInteger(where, 'minFrequency', minFrequency, 1);
  }
  if (maxCategories !== null) checkInteger(where, 'maxCategories', maxCategories, 1);
  return { minFrequency, maxCategories };
}

function rareOnes(counts: readonly number[], rows: number, { minFrequency, maxCategories }: RareOptions): number[] | null {
  const least = minFrequency === null ? 0 : minFrequency < 1 ? minFrequency * rows : minFrequency;
  const rare = counts.map((count) => count < least);
  const left = rare.filter((is) => !is).length;
  // The combined category counts toward maxCategories, whether or not it exists yet.
  if (maxCategories !== null && maxCategories < left + 1) {
    const ascending = [...counts.keys()].sort((a, b) => counts[a]! - counts[b]! || a - b);
    for (const number of ascending.slice(0, Math.max(0, counts.length - (maxCategories - 1)))) rare[number] = true;
  }
  const numbers = [...rare.keys()].filter((number) => rare[number]);
  return numbers.length === 0 ? null : numbers;
}

/** The rare categories of each column. `numbers` has the category of each cell, and `sizes` the number of categories to consider. */
export function infrequentOf(numbers: readonly Int32Array[], sizes: readonly number[], rare: RareOptions): Infrequent {
  if (rare.minFrequency === null && rare.maxCategories === null) return null;
  return numbers.map((column, c) => {
    const counts = new Array<number>(sizes[c]!).fill(0);
    for (const number of column) if (number >= 0 && number < counts.length) counts[number]!++;
    return rareOnes(counts, column.length, rare);
  });
}

/** For each of `size` categories its number after the rare ones are combined into one category, which comes last. */
export function numbersAfter(size: number, infrequent: readonly number[] | null): Int32Array {
  const rare = new Set(infrequent);
  let next = 0;
  return Int32Array.from({ length: size }, (_, number) => (rare.has(number) ? size - rare.size : next++));
}

/** The categories of a column after the rare ones are combined. */
export function cellsAfter(cells: readonly Cell[], infrequent: readonly number[] | null): readonly Cell[] {
  if (infrequent === null) return cells;
  const rare = new Set(infrequent);
  return [...cells.filter((_, number) => !rare.has(number)), infrequentName];
}

/** The rare categories of each column by name. */
export const infrequentCells = (categories: readonly (readonly Cell[])[], infrequent: Infrequent): (Cell[] | null)[] | null =>
  infrequent?.map((numbers, c) => numbers?.map((number) => categories[c]![number]!) ?? null) ?? null;

/** Reads the rare categories from a state; `sizes` are the numbers of categories of the columns. */
export function infrequentFromState(where: string, reader: StateReader, sizes: readonly number[]): Infrequent {
  if ((reader.raw('infrequent') ?? null) === null) return null;
  return reader.list('infrequent', sizes.length).map((numbers, c) => {
    return numbers === null ? null : placesOf(where, `infrequent[${c}]`, numbers, sizes[c]!);
  });
}
