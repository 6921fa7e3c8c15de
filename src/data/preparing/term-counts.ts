// Counts terms by document, and selects the terms to keep.
import { rangeError } from '../../errors';
import { CsrArray } from '../csr-array';
import { sortedByCodePoints } from './sorting';
import type { Analyze } from './text-analysis';

/** The largest number of columns of a vectorizer. */
export const mostColumns = 2 ** 23;
const mostCharacters = 2 ** 28;

/** The counts of the terms of each document, in the order of their first occurrence. */
export interface Counts {
  /** The offset at which each document begins, and at last the end. */
  begins: Int32Array;
  /** The number of the term that belongs to each count. */
  terms: Int32Array;
  counts: Int32Array;
}

/** A growing list of integers. */
class Integers {
  private space = new Int32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.space.length) {
      const more = new Int32Array(2 * this.length);
      more.set(this.space);
      this.space = more;
    }
    this.space[this.length++] = value;
  }

  at(i: number): number {
    return this.space[i]!;
  }

  increment(i: number): void {
    this.space[i]!++;
  }

  set(i: number, value: number): void {
    this.space[i] = value;
  }

  all(): Int32Array {
    return this.space.subarray(0, this.length);
  }
}

/** A growing vocabulary that numbers its terms. */
export function growing(where: string, vocabulary: Map<string, number>): (term: string) => number {
  let characters = 0;
  return (term) => {
    const known = vocabulary.get(term);
    if (known !== undefined) return known;
    characters += term.length;
    if (vocabulary.size === mostColumns || characters > mostCharacters) {
      const limits = `${mostColumns} terms, or of ${mostCharacters} characters`;
      throw rangeError(where, `the documents have more than ${limits}`, 'a smaller ngramRange, or a vocabulary');
    }
    vocabulary.set(term, vocabulary.size);
    return vocabulary.size - 1;
  };
}

/** Counts the terms for which `numberOf` returns a number of at least 0. */
export function countTerms(documents: readonly string[], analyze: Analyze, numberOf: (term: string) => number): Counts {
  const [begins, terms, counts, places] = [new Integers(), new Integers(), new Integers(), new Integers()];
  begins.push(0);
  documents.forEach((document, position) => {
    const begin = terms.length;
    for (const term of analyze(document, position)) {
      const number = numberOf(term);
      if (number < 0) continue;
      while (places.length <= number) places.push(-1);
      const place = places.at(number);
      if (place >= begin) counts.increment(place);
      else {
        places.set(number, terms.length);
        terms.push(number);
        counts.push(1);
      }
    }
    begins.push(terms.length);
  });
  return { begins: begins.all(), terms: terms.all(), counts: counts.all() };
}

/** Which terms to keep. */
export interface Limits {
  /** The smallest and largest number of documents that contain a term that is kept. */
  minCount: number;
  maxCount: number;
  /** The largest number of terms to keep; those that occur most often are kept. */
  maxFeatures: number | null;
  /** Whether occurrences are counted rather than documents. */
  binary: boolean;
}

/** The terms that are kept, in code point order. Of terms that occur equally often the first are kept. */
export function keptTerms(vocabulary: ReadonlyMap<string, number>, { terms, counts }: Counts, limits: Limits): string[] {
  const documents = new Float64Array(vocabulary.size);
  const occurrences = new Float64Array(vocabulary.size);
  terms.forEach((number, i) => {
    documents[number]!++;
    occurrences[number]! += limits.binary ? 1 : counts[i]!;
  });
  const isCommon = (number: number): boolean => documents[number]! >= limits.minCount && documents[number]! <= limits.maxCount;
  const common: string[] = [];
  for (const [term, number] of vocabulary) if (isCommon(number)) common.push(term);
  sortedByCodePoints(common);
  if (limits.maxFeatures === null || common.length <= limits.maxFeatures) return common;
  const often = (term: string): number => occurrences[vocabulary.get(term)!]!;
  return sortedByCodePoints(common.sort((a, b) => often(b) - often(a)).slice(0, limits.maxFeatures));
}

/** The counts as CSR rows with `width` columns. `columnOf` has the column of each term, negative for a term without one. */
export function rowsOf({ begins, terms, counts }: Counts, columnOf: Int32Array, width: number, binary: boolean): CsrArray {
  const rows = begins.length - 1;
  // First sorts elements by column, then distributes each column's elements to their rows, so that every row is in ascending order.
  const next = new Int32Array(width + 1);
  for (const term of terms) if (columnOf[term]! >= 0) next[columnOf[term]! + 1]!++;
  for (let c = 0; c < width; c++) next[c + 1]! += next[c]!;
  const total = next[width]!;
  const [rowAt, countAt] = [new Int32Array(total), new Float32Array(total)];
  const indptr = new Int32Array(rows + 1);
  const ends = next.slice();
  for (let row = 0; row < rows; row++) {
    for (let at = begins[row]!; at < begins[row + 1]!; at++) {
      const column = columnOf[terms[at]!]!;
      if (column < 0) continue;
      const place = ends[column]!++;
      rowAt[place] = row;
      countAt[place] = binary ? 1 : counts[at]!;
      indptr[row + 1]!++;
    }
  }
  for (let row = 0; row < rows; row++) indptr[row + 1]! += indptr[row]!;
  const [data, indices] = [new Float32Array(total), new Int32Array(total)];
  const free = indptr.slice();
  for (let column = 0; column < width; column++) {
    for (let at = next[column]!; at < next[column + 1]!; at++) {
      const place = free[rowAt[at]!]!++;
      indices[place] = column;
      data[place] = countAt[at]!;
    }
  }
  return new CsrArray([data, indices, indptr], { shape: [rows, width] });
}
