// Encodes categories as numbers.
import { checkInteger, checkOneOf, rangeError, typeError } from '../../errors';
import type { Tensor } from '../../tensor';
import { type Categories, checkCategories, learnCategories, numbersOfCells } from './categories';
import { columnName, columnsOf, type Features, numbersOf, tensorOf } from './columns';
import { cellsAfter, checkRare, type Infrequent, infrequentCells, infrequentFromState, infrequentOf, numbersAfter } from './infrequent';
import { preparingOptions } from './options';
import { type Cell, isMissing } from './sorting';
import { categoriesFromState, cellsToState, type PreparingState, StateReader } from './state';
import { columnsAsFitted, columnsToFit, type Fitted, fittedFromState, fittedState, namesIn, notFitted } from './transformer';

/** The options of `OrdinalEncoder`. */
export interface OrdinalEncoderOptions {
  /** The categories of each column, or "auto" (default) for those that `fit` sees, sorted. */
  categories?: Categories;
  /** How `transform` encodes an unknown category: an error (default), or as `unknownValue`. */
  handleUnknown?: 'error' | 'useEncodedValue';
  /** The number of unknown categories, an integer or NaN, for "useEncodedValue" (null). */
  unknownValue?: number | null;
  /** The number of missing values, an integer or NaN (NaN). */
  encodedMissingValue?: number;
  /** Categories that occur less often than this are combined into one, the last: a number of rows, or a fraction of them if below 1 (null: none). */
  minFrequency?: number | null;
  /** The largest number of categories of a column, including the combined one, without missing and unknown values (null: unlimited). */
  maxCategories?: number | null;
}

const mostExact = 2 ** 24; // float32 represents all integers up to this one

function checkNumberOrNaN(name: string, value: unknown): number {
  return Number.isNaN(value) ? Number.NaN : checkInteger('OrdinalEncoder', name, value, -mostExact, mostExact);
}

/**
 * Encodes the categories of each column as 0, 1, 2, ... in their order. As `sklearn.preprocessing.OrdinalEncoder`.
 *
 * x is `[n, features]`, of numbers or strings: a table, columns by name, rows, or a tensor; the result is a float32 tensor `[n, features]`. Strings are ordered
 * by code points, numbers by value. A missing value (NaN, null) becomes `encodedMissingValue`; scikit-learn treats None as a category. A RangeError for a
 * category that `fit` has not seen, unless `handleUnknown` is "useEncodedValue", and for an `unknownValue` or `encodedMissingValue` that is a category's
 * number. A TypeError for an `unknownValue` without "useEncodedValue" or the reverse. A SimdnnError `SIMDNN_NOT_FITTED` if used before `fit`.
 *
 * @example
 * const encoder = new data.OrdinalEncoder({ handleUnknown: 'useEncodedValue', unknownValue: -1 });
 * encoder.fitTransform({ size: ['S', 'M', 'S'], town: ['Rome', 'Oslo', null] }).toArray(); // [[1, 1], [0, 0], [1, NaN]]
 * encoder.transform({ size: ['XL'], town: ['Oslo'] }).toArray(); // [[-1, 0]]
 * encoder.categories; // [['M', 'S'], ['Oslo', 'Rome', null]]
 */
export class OrdinalEncoder implements Fitted {
  /** How `transform` encodes an unknown category. */
  readonly handleUnknown: 'error' | 'useEncodedValue';
  /** The number of unknown categories. */
  readonly unknownValue: number | null;
  /** The number of missing values. */
  readonly encodedMissingValue: number;
  /** The number of rows below which a category is rare. */
  readonly minFrequency: number | null;
  /** The largest number of categories of a column. */
  readonly maxCategories: number | null;
  /** The categories of each column; empty before `fit`. */
  categories: readonly (readonly Cell[])[] = [];
  nFeaturesIn = 0;
  featureNamesIn: readonly string[] | null = null;
  private readonly given: Categories;
  private infrequent: Infrequent = null;

  constructor(options?: OrdinalEncoderOptions) {
    const where = 'OrdinalEncoder';
    const o = preparingOptions<Required<OrdinalEncoderOptions>>(where, options, {
      categories: 'auto',
      handleUnknown: 'error',
      unknownValue: null,
      encodedMissingValue: Number.NaN,
      minFrequency: null,
      maxCategories: null,
    });
    this.given = checkCategories(where, o.categories);
    this.handleUnknown = checkOneOf(where, 'handleUnknown', o.handleUnknown, ['error', 'useEncodedValue'] as const);
    if ((this.handleUnknown === 'error') !== (o.unknownValue === null)) {
      throw typeError(where, 'unknownValue goes with handleUnknown: "useEncodedValue": expected both, or neither');
    }
    this.unknownValue = o.unknownValue === null ? null : checkNumberOrNaN('unknownValue', o.unknownValue);
    this.encodedMissingValue = checkNumberOrNaN('encodedMissingValue', o.encodedMissingValue);
    const { minFrequency, maxCategories } = checkRare(where, o);
    this.minFrequency = minFrequency;
    this.maxCategories = maxCategories;
  }

  /** The rare categories of each column, null for a column without; null without `minFrequency` and `maxCategories`. */
  get infrequentCategories(): readonly (readonly Cell[] | null)[] | null {
    return infrequentCells(this.categories, this.infrequent);
  }

  /** Learns the categories of the columns of x. */
  fit(x: Features): this {
    const where = 'OrdinalEncoder.fit';
    const columns = columnsToFit(where, x);
    const categories = learnCategories(where, columns, this.given);
    const refuse = this.given !== 'auto' && this.handleUnknown === 'error';
    const numbers = numbersOfCells(where, columns, categories, refuse);
    const infrequent = infrequentOf(numbers, categories.map(present), this);
    categories.forEach((cells, c) => {
      this.checkValues(columnName(columns.names, c), cells, infrequent?.[c] ?? null);
    });
    Object.assign(this, { categories, infrequent, nFeaturesIn: columns.list.length, featureNamesIn: columns.names });
    return this;
  }

  /** The number of each cell's category, float32. */
  transform(x: Features): Tensor {
    const where = 'OrdinalEncoder.transform';
    const columns = columnsAsFitted(where, this, x);
    const numbers = numbersOfCells(where, columns, this.categories, this.handleUnknown === 'error');
    const list = numbers.map((column, c) => {
      const size = present(this.categories[c]!);
      const after = numbersAfter(size, this.infrequent?.[c] ?? null);
      const unknown = this.unknownValue ?? Number.NaN;
      return Float64Array.from(column, (number) => (number < 0 ? unknown : number < size ? after[number]! : this.encodedMissingValue));
    });
    return tensorOf(columns.rows, list);
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Features): Tensor {
    return this.fit(x).transform(x);
  }

  /** The original rows, with null for unknown categories and "infrequent_sklearn" for rare ones. */
  inverseTransform(x: Features): Cell[][] {
    const where = 'OrdinalEncoder.inverseTransform';
    if (this.nFeaturesIn === 0) throw notFitted(where);
    const columns = columnsOf(where, x);
    if (columns.list.length !== this.nFeaturesIn) {
      throw rangeError(where, `expected x [*, ${this.nFeaturesIn}], got [${columns.rows}, ${columns.list.length}]`);
    }
    const list = numbersOf(where, columns);
    const cells = this.categories.map((_, c) => this.cellsOf(c));
    return Array.from({ length: columns.rows }, (_, row) =>
      cells.map((known, c): Cell => {
        const number = list[c]![row]!;
        const missing = this.categories[c]!.at(-1)!;
        if (isMissing(missing) && same(number, this.encodedMissingValue)) return missing;
        if (same(number, this.unknownValue)) return null;
        if (!Number.isInteger(number) || number < 0 || number >= known.length) {
          throw rangeError(
            where,
            `expected numbers of categories from 0 to ${known.length - 1}, got ${number} in row ${row} of column ${c}`,
          );
        }
        return known[number]!;
      }),
    );
  }

  /** The names of the columns: those of `fit`, those given, or `x0`, `x1`, ... */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    return [...namesIn('OrdinalEncoder.getFeatureNamesOut', this, inputFeatures)];
  }

  /** The options. */
  getParams(): Required<OrdinalEncoderOptions> {
    const { given: categories, handleUnknown, unknownValue, encodedMissingValue, minFrequency, maxCategories } = this;
    return { categories, handleUnknown, unknownValue, encodedMissingValue, minFrequency, maxCategories };
  }

  /** The fitted state, for `loadStateDict`. */
  stateDict(): PreparingState {
    const infrequent = this.infrequent?.map((numbers) => numbers && [...numbers]) ?? null;
    return { ...fittedState(this), categories: this.categories.map(cellsToState), infrequent };
  }

  /** Loads the `stateDict()` of another encoder. */
  loadStateDict(state: PreparingState): void {
    const where = 'OrdinalEncoder.loadStateDict';
    const reader = new StateReader(where, state);
    const fitted = fittedFromState(where, reader);
    const categories = reader
      .list('categories', fitted.nFeaturesIn)
      .map((cells, c) => categoriesFromState(where, `categories[${c}]`, cells));
    const infrequent = infrequentFromState(where, reader, categories.map(present));
    Object.assign(this, fitted, { categories, infrequent });
  }

  // The categories of a column by number, after the rare ones are combined.
  private cellsOf(c: number): readonly Cell[] {
    const cells = this.categories[c]!;
    return cellsAfter(cells.slice(0, present(cells)), this.infrequent?.[c] ?? null);
  }

  private checkValues(name: string, cells: readonly Cell[], infrequent: readonly number[] | null): void {
    const count = present(cells) - Math.max(0, (infrequent?.length ?? 0) - 1);
    const taken = (value: number | null): boolean => value !== null && value >= 0 && value < count;
    if (taken(this.unknownValue)) {
      throw rangeError('OrdinalEncoder.fit', `unknownValue ${this.unknownValue} is the number of a category of ${name}`);
    }
    if (isMissing(cells.at(-1)) && taken(this.encodedMissingValue)) {
      throw rangeError('OrdinalEncoder.fit', `encodedMissingValue ${this.encodedMissingValue} is the number of a category of ${name}`);
    }
  }
}

const same = (a: number, b: number | null): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

/** The number of a column's categories, not counting that of missing values. */
function present(cells: readonly Cell[]): number {
  return cells.length - Number(isMissing(cells.at(-1)));
}
