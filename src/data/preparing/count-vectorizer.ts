// Counts the words of texts.
import type { CsrArray } from '../csr-array';
import type { Features } from './columns';
import { preparingOptions } from './options';
import type { PreparingState } from './state';
import type { Documents } from './text-analysis';
import { type CountVectorizerOptions, countDefaults, TextCounter } from './text-counter';

/**
 * Counts how often each term of a vocabulary occurs in each document. As `sklearn.feature_extraction.text.CountVectorizer`.
 *
 * x is a list of strings, or a single column of them; the result is a `CsrArray` `[documents, terms]` of float32 (int64 in scikit-learn), with the terms in
 * code point order. `\w` in a `tokenPattern` is a letter, digit or underscore of any script. Terms that `fit` has not seen are ignored. Of terms that occur
 * equally often, `maxFeatures` keeps the first, where scikit-learn keeps any. `maxDf: 1` means all documents and `minDf: 1` one document, as in scikit-learn's
 * defaults. There is no built-in list of English `stopWords`.
 *
 * A TypeError for a document that is not a string. A RangeError if no terms are left, or if there are more than 2^23, or more than 2^24 in one document. A
 * SimdnnError `SIMDNN_NOT_FITTED` if used before `fit` without a vocabulary.
 *
 * @example
 * const counter = new data.CountVectorizer();
 * const counts = counter.fitTransform(['Red fish, blue fish', 'one fish']);
 * counter.getFeatureNamesOut(); // ['blue', 'fish', 'one', 'red']
 * counts.toArray(); // [[1, 2, 0, 1], [0, 1, 1, 0]]
 * counter.transform(['one, two']).toArray(); // [[0, 0, 1, 0]]
 */
export class CountVectorizer {
  private readonly counter: TextCounter;

  constructor(options?: CountVectorizerOptions) {
    this.counter = new TextCounter(
      'CountVectorizer',
      preparingOptions<Required<CountVectorizerOptions>>('CountVectorizer', options, countDefaults),
    );
  }

  /** The column of each term; empty before `fit`. */
  get vocabulary(): ReadonlyMap<string, number> {
    return this.counter.vocabulary;
  }

  /** Whether the vocabulary was given instead of learned. */
  get fixedVocabulary(): boolean {
    return this.counter.fixed;
  }

  /** Learns the terms of the documents. */
  fit(x: Documents): this {
    this.counter.fitted(x);
    return this;
  }

  /** How often each term occurs in each document, float32 `[documents, terms]`. */
  transform(x: Documents): CsrArray {
    return this.counter.transformed(x);
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Documents): CsrArray {
    return this.counter.fitted(x);
  }

  /** The terms of each row of x that are not 0, in the order of their columns. */
  inverseTransform(x: CsrArray | Features): string[][] {
    return this.counter.inverse(x);
  }

  /** The terms, in the order of their columns. */
  getFeatureNamesOut(_inputFeatures?: readonly string[]): string[] {
    return [...this.counter.termsFor('getFeatureNamesOut')];
  }

  /** The options. */
  getParams(): Required<CountVectorizerOptions> {
    return { ...this.counter.options };
  }

  /** The fitted state, for `loadStateDict`. */
  stateDict(): PreparingState {
    return { vocabulary: this.counter.state() };
  }

  /** Loads the `stateDict()` of another vectorizer. */
  loadStateDict(state: PreparingState): void {
    this.counter.load(state);
  }
}
