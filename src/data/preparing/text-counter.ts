// What the vectorizers of texts share: a vocabulary, and counts of its terms.
import { isMap, isSet } from '../../brands';
import { checkBoolean, checkInteger, checkNumber, describe, rangeError, typeError } from '../../errors';
import { CsrArray } from '../csr-array';
import { columnsOf, type Features, numbersOf } from './columns';
import { byCodePoints } from './sorting';
import { StateReader } from './state';
import { countTerms, growing, keptTerms, mostColumns, rowsOf } from './term-counts';
import { type Analyze, analyzer, documentsOf, type TextOptions, textDefaults } from './text-analysis';
import { notFitted } from './transformer';

/** The options of `CountVectorizer`. */
export interface CountVectorizerOptions extends TextOptions {
  /** The largest number of documents that may contain a term: a fraction if at most 1, else a number (1: all). */
  maxDf?: number;
  /** The smallest number of documents that contain a term: a fraction if below 1, else a number (1). */
  minDf?: number;
  /** The largest number of terms; those that occur most often are kept (null: unlimited). */
  maxFeatures?: number | null;
  /** The terms in the order of their columns, or by term its column (null: learned by `fit`). */
  vocabulary?: readonly string[] | ReadonlySet<string> | ReadonlyMap<string, number> | null;
  /** Whether every term that occurs counts as 1, however often it occurs (false). */
  binary?: boolean;
}

export const countDefaults: Required<CountVectorizerOptions> = {
  ...textDefaults,
  maxDf: 1,
  minDf: 1,
  maxFeatures: null,
  vocabulary: null,
  binary: false,
};

/** Checks a vocabulary, and returns its terms in the order of their columns. */
function checkVocabulary(where: string, given: unknown): readonly string[] | null {
  if (given === null) return null;
  let terms: unknown[];
  if (isSet(given)) terms = [...given].sort((a, b) => (typeof a === 'string' && typeof b === 'string' ? byCodePoints(a, b) : 0));
  else if (isMap(given)) {
    terms = new Array(given.size).fill(undefined);
    for (const [term, number] of given) {
      const column = checkInteger(where, `the number of ${describe(term)} in vocabulary`, number, 0, given.size - 1);
      if (terms[column] !== undefined) throw rangeError(where, `two terms of vocabulary have the number ${column}`);
      terms[column] = term;
    }
  } else if (Array.isArray(given)) terms = [...given];
  else throw typeError(where, `expected vocabulary to be a list, a Set or a Map of terms, got ${describe(given)}`);
  return checkTerms(where, 'vocabulary', terms);
}

function checkTerms(where: string, name: string, terms: readonly unknown[]): readonly string[] {
  const odd = terms.findIndex((term) => typeof term !== 'string');
  if (odd >= 0) throw typeError(where, `expected the terms of ${name} to be strings, got ${describe(terms[odd])}`);
  if (terms.length === 0 || terms.length > mostColumns) {
    throw rangeError(where, `expected ${name} to have from 1 to ${mostColumns} terms, got ${terms.length}`);
  }
  if (new Set(terms).size !== terms.length) throw rangeError(where, `${name} has a term twice`);
  return terms as string[];
}

// Copies a term, because V8 may keep it as a slice that keeps its whole document alive.
const alone = (term: string): string => (term.length < 13 ? term : Buffer.from(term, 'utf16le').toString('utf16le'));

/** The vocabulary and the counts of a vectorizer; errors begin with the name of the vectorizer. */
export class TextCounter {
  vocabulary: ReadonlyMap<string, number> = new Map();
  readonly options: Required<CountVectorizerOptions>;
  private readonly analyze: Analyze;
  private terms: readonly string[] = [];

  constructor(
    private readonly kind: string,
    o: Required<CountVectorizerOptions>,
  ) {
    const text = analyzer(kind, o);
    this.analyze = text.analyze;
    for (const name of ['maxDf', 'minDf'] as const) {
      checkNumber(kind, name, o[name], 0);
      if (o[name] > 1) checkInteger(kind, name, o[name]);
    }
    if (o.maxFeatures !== null) checkInteger(kind, 'maxFeatures', o.maxFeatures, 1);
    const vocabulary = checkVocabulary(kind, o.vocabulary);
    const { maxDf, minDf, maxFeatures } = o;
    this.options = { ...text.options, maxDf, minDf, maxFeatures, vocabulary, binary: checkBoolean(kind, 'binary', o.binary) };
    if (vocabulary !== null) this.learn(vocabulary);
  }

  get fixed(): boolean {
    return this.options.vocabulary !== null;
  }

  /** The terms, in the order of their columns. */
  termsFor(method: string): readonly string[] {
    if (this.terms.length === 0) throw notFitted(`${this.kind}.${method}`);
    return this.terms;
  }

  /** Learns the terms of documents, and counts them. */
  fitted(x: unknown): CsrArray {
    const where = `${this.kind}.fit`;
    const documents = documentsOf(where, x);
    if (this.fixed) return this.counted(documents);
    const { maxDf, minDf, maxFeatures, binary } = this.options;
    const [maxCount, minCount] = [maxDf <= 1 ? maxDf * documents.length : maxDf, minDf < 1 ? minDf * documents.length : minDf];
    const vocabulary = new Map<string, number>();
    const counts = countTerms(documents, this.analyze, growing(where, vocabulary));
    if (vocabulary.size === 0)
      throw rangeError(where, 'the documents have no terms', 'they may be of stop words, or of words of one letter');
    if (maxCount < minCount) throw rangeError(where, `maxDf ${maxDf} stands for fewer documents than minDf ${minDf}`);
    const kept = keptTerms(vocabulary, counts, { minCount, maxCount, maxFeatures, binary });
    if (kept.length === 0) throw rangeError(where, 'no terms are left', 'a lower minDf or a higher maxDf');
    const columnOf = new Int32Array(vocabulary.size).fill(-1);
    kept.forEach((term, column) => {
      columnOf[vocabulary.get(term)!] = column;
    });
    const rows = rowsOf(counts, columnOf, kept.length, binary);
    this.learn(kept.map(alone));
    return rows;
  }

  /** Counts the terms of documents. */
  transformed(x: unknown): CsrArray {
    this.termsFor('transform');
    return this.counted(documentsOf(`${this.kind}.transform`, x));
  }

  /** The terms of each row whose elements are not 0. */
  inverse(x: CsrArray | Features): string[][] {
    const where = `${this.kind}.inverseTransform`;
    const terms = this.termsFor('inverseTransform');
    const dense = x instanceof CsrArray ? null : columnsOf(where, x);
    const width = x instanceof CsrArray ? x.shape[1] : dense!.list.length;
    if (width !== terms.length) throw rangeError(where, `expected x [*, ${terms.length}], got [*, ${width}]`);
    if (dense !== null) {
      const list = numbersOf(where, dense);
      return Array.from({ length: dense.rows }, (_, row) => terms.filter((__, c) => list[c]![row] !== 0));
    }
    const { data, indices, indptr, shape } = x as CsrArray;
    return Array.from({ length: shape[0] }, (_, row) => {
      const columns = indices.subarray(indptr[row], indptr[row + 1]);
      return Array.from(columns, (column) => terms[column]!).filter((__, i) => data[indptr[row]! + i] !== 0);
    });
  }

  /** Loads the terms of a state. */
  load(state: unknown): void {
    const where = `${this.kind}.loadStateDict`;
    const terms = new StateReader(where, state).strings('vocabulary');
    if (terms.length > 0) checkTerms(where, 'vocabulary', terms);
    const own = this.options.vocabulary as readonly string[] | null;
    if (own !== null && (own.length !== terms.length || own.some((term, i) => term !== terms[i]))) {
      throw rangeError(where, 'the vocabulary is another than the one that was given');
    }
    this.learn(terms);
  }

  /** The terms for a state. */
  state(): string[] {
    return [...this.terms];
  }

  private learn(terms: readonly string[]): void {
    this.terms = [...terms];
    this.vocabulary = new Map(terms.map((term, column) => [term, column]));
  }

  private counted(documents: readonly string[]): CsrArray {
    const { terms, vocabulary } = this;
    // The user can write to the vocabulary object, so a column in it is used only if the term has that column here.
    const numberOf = (term: string): number => {
      const number = vocabulary.get(term);
      return number !== undefined && terms[number] === term ? number : -1;
    };
    const counts = countTerms(documents, this.analyze, numberOf);
    return rowsOf(counts, Int32Array.from(terms.keys()), terms.length, this.options.binary);
  }
}
