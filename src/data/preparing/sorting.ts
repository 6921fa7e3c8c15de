// The order of categories: numbers by value, strings by code points.

/** What a cell of a table holds: a number (NaN where it is missing), or a string (null where it is missing). */
export type Cell = string | number | null;

// Code units by code points: surrogates stand for what lies above all others.
const rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

/** Compares strings by code points, as Python does; JavaScript's own order is that of code units. */
export function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether a cell holds nothing. */
export const isMissing = (cell: Cell | undefined): boolean => cell === null || cell === undefined || Number.isNaN(cell);

/** Compares cells of one column; those that are missing come last. */
export function byValue(a: Cell, b: Cell): number {
  if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b));
  return typeof a === 'string' ? byCodePoints(a, b as string) : (a as number) - (b as number);
}

/** Sorts strings by code points. Where none has a surrogate that is the order of code units, in which JavaScript sorts them many times as fast. */
export const sortedByCodePoints = (strings: string[]): string[] =>
  strings.some((string) => /[\ud800-\udfff]/.test(string)) ? strings.sort(byCodePoints) : strings.sort();
