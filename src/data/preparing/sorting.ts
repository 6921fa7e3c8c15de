// The order of categories: numbers by value, strings by code points.

/** A cell of a table: a number (NaN if missing), or a string (null if missing). */
export type Cell = string | number | null;

// Maps code units so that they sort like code points: surrogates, which encode the code points above all others, move to the top.
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

/** Whether a cell is missing. */
export const isMissing = (cell: Cell | undefined): boolean => cell === null || cell === undefined || Number.isNaN(cell);

/** Compares cells of one column; missing ones come last. */
export function byValue(a: Cell, b: Cell): number {
  if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b));
  return typeof a === 'string' ? byCodePoints(a, b as string) : (a as number) - (b as number);
}

/** Sorts strings by code points. Without surrogates that is the order of code units, in which JavaScript sorts strings many times as fast. */
export const sortedByCodePoints = (strings: string[]): string[] =>
  strings.some((string) => /[\ud800-\udfff]/.test(string)) ? strings.sort(byCodePoints) : strings.sort();
