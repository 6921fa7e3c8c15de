// Converts texts to weights of their words.
import { rangeError } from '../../errors';
import type { CsrArray } from '../csr-array';
import type { Features } from './columns';
import { preparingOptions } from './options';
import { numbersToState, type PreparingState, StateReader } from './state';
import type { Documents } from './text-analysis';
import { type CountVectorizerOptions, countDefaults, TextCounter } from './text-counter';
import { TfidfTransformer, type TfidfTransformerOptions, tfidfDefaults } from './tfidf-transformer';
import { notFitted } from './transformer';

/** The options of `TfidfVectorizer`. */
export interface TfidfVectorizerOptions extends CountVectorizerOptions, TfidfTransformerOptions {}

/**
 * Weights the terms of each document by how often they occur in it and how rare they are in others: a `CountVectorizer`, then a `TfidfTransformer`. As
 * `sklearn.feature_extraction.text.TfidfVectorizer`.
 *
 * x is a list of strings, or a single column of them; the result is a `CsrArray` `[documents, terms]` of float32, computed in float64, with the terms in code
 * point order. Options and errors are those of both classes.
 *
 * @example
 * const vectorizer = new data.TfidfVectorizer();
 * const rows = vectorizer.fitTransform(['red fish', 'blue fish']);
 * vectorizer.getFeatureNamesOut(); // ['blue', 'fish', 'red']
 * rows.toArray(); // [[0, 0.5797386765480042, 0.8148024678230286], [0.8148024678230286, 0.5797386765480042, 0]]
 */
export class TfidfVectorizer {
  private readonly counter: TextCounter;
  private readonly weights: TfidfTransformer;

  constructor(options?: TfidfVectorizerOptions) {
    const o = preparingOptions<Required<TfidfVectorizerOptions>>('TfidfVectorizer', options, { ...countDefaults, ...tfidfDefaults });
    const { norm, useIdf, smoothIdf, sublinearTf, ...counting } = o;
    this.counter = new TextCounter('TfidfVectorizer', counting);
    this.weights = new TfidfTransformer({ norm, useIdf, smoothIdf, sublinearTf });
  }

  /** The column of each term; empty before `fit`. */
  get vocabulary(): ReadonlyMap<string, number> {
    return this.counter.vocabulary;
  }

  /** Whether the vocabulary was given instead of learned. */
  get fixedVocabulary(): boolean {
    return this.counter.fixed;
  }

  /** The factor of each term; empty before `fit`, and without `useIdf`. */
  get idf(): readonly number[] {
    return this.weights.idf;
  }

  /** Learns the terms of the documents, and their rarity. */
  fit(x: Documents): this {
    this.fitTransform(x);
    return this;
  }

  /** The weights of the terms of each document, float32 `[documents, terms]`. */
  transform(x: Documents): CsrArray {
    if (this.weights.nFeaturesIn === 0) throw notFitted('TfidfVectorizer.transform');
    return this.weights.transform(this.counter.transformed(x));
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Documents): CsrArray {
    const before = this.counter.state();
    try {
      return this.weights.fitTransform(this.counter.fitted(x));
    } catch (error) {
      this.counter.load({ vocabulary: before });
      throw error;
    }
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
  getParams(): Required<TfidfVectorizerOptions> {
    return { ...this.counter.options, ...this.weights.getParams() };
  }

  /** The fitted state, for `loadStateDict`. */
  stateDict(): PreparingState {
    return { vocabulary: this.counter.state(), idf: numbersToState(this.weights.idf), fitted: this.weights.nFeaturesIn > 0 };
  }

  /** Loads the `stateDict()` of another vectorizer. */
  loadStateDict(state: PreparingState): void {
    const where = 'TfidfVectorizer.loadStateDict';
    const reader = new StateReader(where, state);
    const terms = reader.strings('vocabulary');
    const fitted = reader.raw('fitted') === true;
    if (fitted && terms.length === 0) throw rangeError(where, 'vocabulary is empty');
    const before = this.counter.state();
    this.counter.load({ vocabulary: terms });
    try {
      this.weights.loadStateDict({ nFeaturesIn: fitted ? terms.length : 0, featureNamesIn: null, idf: reader.raw('idf') as never });
    } catch (error) {
      this.counter.load({ vocabulary: before });
      throw error;
    }
  }
}
