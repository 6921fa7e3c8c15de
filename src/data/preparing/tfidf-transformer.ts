// Weights counts of terms: the rarer a term, the larger its weight.
import { checkBoolean, checkOneOf, rangeError } from '../../errors';
import { CsrArray } from '../csr-array';
import { columnsOf, type Features, numbersOf, tensorOf } from './columns';
import { preparingOptions } from './options';
import { numbersToState, type PreparingState, StateReader } from './state';
import { type Fitted, fittedFromState, fittedState, namesIn, notFitted } from './transformer';

/** The options of `TfidfTransformer`. */
export interface TfidfTransformerOptions {
  /** The norm by which each row is divided: the Euclidean norm (default), the sum of absolute values, or none. */
  norm?: 'l2' | 'l1' | null;
  /** Whether counts are multiplied by `idf` (true). */
  useIdf?: boolean;
  /** Whether `idf` is computed as if one more document contained every term (true). */
  smoothIdf?: boolean;
  /** Whether a count is replaced by `1 + log(count)` (false). */
  sublinearTf?: boolean;
}

export const tfidfDefaults: Required<TfidfTransformerOptions> = { norm: 'l2', useIdf: true, smoothIdf: true, sublinearTf: false };

/** x as CSR rows of finite numbers. */
function rowsOfCounts(where: string, x: CsrArray | Features): CsrArray {
  const rows = x instanceof CsrArray ? x : denseRows(where, x);
  const odd = rows.data.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) throw rangeError(where, `x has a value that is no finite number: ${rows.data[odd]}`);
  return rows;
}

function denseRows(where: string, x: Features): CsrArray {
  const columns = columnsOf(where, x);
  return CsrArray.from(tensorOf(columns.rows, numbersOf(where, columns)));
}

/**
 * Weights counts of terms by the terms' rarity, and normalizes rows: `count idf`, with `idf = log((1 + n) / (1 + documents with the term)) + 1`, or without
 * `smoothIdf` `log(n / documents with the term) + 1`. As `sklearn.feature_extraction.text.TfidfTransformer`.
 *
 * x is a `CsrArray` `[n, terms]`, or anything else of numbers; the result is a `CsrArray` of float32, computed in float64. A row of zeros stays unchanged. A
 * RangeError for a column of zeros without `smoothIdf` (an infinite idf in scikit-learn), for counts of 0 or below with `sublinearTf`, and for values that are
 * not finite; a SimdnnError `SIMDNN_NOT_FITTED` if used before `fit`.
 *
 * @example
 * const weights = new data.TfidfTransformer({ norm: null }).fitTransform(tensor([[2, 1], [3, 0]]));
 * weights.toArray(); // [[2, 1.4054651260375977], [3, 0]]
 */
export class TfidfTransformer implements Fitted {
  /** The factor of each term; empty before `fit`, and without `useIdf`. */
  idf: readonly number[] = [];
  nFeaturesIn = 0;
  featureNamesIn: readonly string[] | null = null;
  private readonly options: Required<TfidfTransformerOptions>;

  constructor(options?: TfidfTransformerOptions) {
    this.options = checkTfidf(
      'TfidfTransformer',
      preparingOptions<Required<TfidfTransformerOptions>>('TfidfTransformer', options, tfidfDefaults),
    );
  }

  /** Counts the rows in which each column is not 0. */
  fit(x: CsrArray | Features): this {
    const where = 'TfidfTransformer.fit';
    const rows = rowsOfCounts(where, x);
    const [n, width] = rows.shape;
    if (n === 0 || width === 0) throw rangeError(where, `x has no ${n === 0 ? 'rows' : 'columns'}`);
    let idf: number[] = [];
    if (this.options.useIdf) {
      const more = Number(this.options.smoothIdf);
      const documents = new Float64Array(width).fill(more);
      for (const column of rows.indices) documents[column]!++;
      const never = documents.indexOf(0);
      if (never >= 0) throw rangeError(where, `no row has column ${never}: its idf is infinite`, 'smoothIdf: true');
      idf = Array.from(documents, (count) => Math.log((n + more) / count) + 1);
    }
    Object.assign(this, { idf, nFeaturesIn: width, featureNamesIn: null });
    return this;
  }

  /** The weights of x. */
  transform(x: CsrArray | Features): CsrArray {
    const where = 'TfidfTransformer.transform';
    if (this.nFeaturesIn === 0) throw notFitted(where);
    const rows = rowsOfCounts(where, x);
    if (rows.shape[1] !== this.nFeaturesIn) throw rangeError(where, `expected x [*, ${this.nFeaturesIn}], got [${rows.shape.join(', ')}]`);
    const { norm, sublinearTf, useIdf } = this.options;
    const values = Float64Array.from(rows.data);
    for (let at = 0; at < values.length; at++) {
      if (sublinearTf) {
        if (values[at]! <= 0) throw rangeError(where, `sublinearTf takes counts above 0, got ${values[at]}`);
        values[at] = Math.log(values[at]!) + 1;
      }
      if (useIdf) values[at]! *= this.idf[rows.indices[at]!]!;
    }
    if (norm !== null) {
      for (let row = 0; row < rows.shape[0]; row++) {
        const own = values.subarray(rows.indptr[row], rows.indptr[row + 1]);
        let sum = 0;
        for (const value of own) sum += norm === 'l2' ? value * value : Math.abs(value);
        const length = norm === 'l2' ? Math.sqrt(sum) : sum;
        if (length !== 0) for (let i = 0; i < own.length; i++) own[i]! /= length;
      }
    }
    return new CsrArray([values, rows.indices, rows.indptr], { shape: rows.shape });
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: CsrArray | Features): CsrArray {
    return this.fit(x).transform(x);
  }

  /** The names of the columns: those given, or `x0`, `x1`, ... */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    return [...namesIn('TfidfTransformer.getFeatureNamesOut', this, inputFeatures)];
  }

  /** The options. */
  getParams(): Required<TfidfTransformerOptions> {
    return { ...this.options };
  }

  /** The fitted state, for `loadStateDict`. */
  stateDict(): PreparingState {
    return { ...fittedState(this), idf: numbersToState(this.idf) };
  }

  /** Loads the `stateDict()` of another transformer. */
  loadStateDict(state: PreparingState): void {
    const where = 'TfidfTransformer.loadStateDict';
    const reader = new StateReader(where, state);
    const fitted = fittedFromState(where, reader);
    const idf = reader.numbers('idf', this.options.useIdf ? fitted.nFeaturesIn : 0);
    if (!idf.every(Number.isFinite)) throw rangeError(where, 'expected idf to be finite numbers');
    Object.assign(this, fitted, { idf });
  }
}

/** Checks the options. */
export function checkTfidf(where: string, o: Required<TfidfTransformerOptions>): Required<TfidfTransformerOptions> {
  if (o.norm !== null) checkOneOf(where, 'norm', o.norm, ['l2', 'l1'] as const);
  for (const name of ['useIdf', 'smoothIdf', 'sublinearTf'] as const) checkBoolean(where, name, o[name]);
  const { norm, useIdf, smoothIdf, sublinearTf } = o;
  return { norm, useIdf, smoothIdf, sublinearTf };
}
