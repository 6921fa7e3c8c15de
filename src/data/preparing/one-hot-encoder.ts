// Categories to columns of zeros and ones.
import { checkInteger, checkOneOf, describe, rangeError, typeError, withDefaults } from '../../errors';
import { empty, type Tensor } from '../../tensor';
import { type Categories, checkCategories, learnCategories, numbersOfCells } from './categories';
import { columnsOf, type Features, numbersOf } from './columns';
import { type Cell, isMissing } from './sorting';
import { categoriesFromState, cellsToState, type PreparingState, StateReader } from './state';
import { columnsAsFitted, columnsToFit, type Fitted, fittedFromState, fittedState, namesIn, notFitted } from './transformer';

/** The options of `OneHotEncoder`. */
export interface OneHotEncoderOptions {
  /** The categories of each column, or "auto" (default) for those that `fit` sees, sorted. */
  categories?: Categories;
  /** Which category of each column gets no column of its own: none (null, default), the first, the first of columns with two, or those listed. */
  drop?: null | 'first' | 'ifBinary' | readonly Cell[];
  /** What `transform` does with a category that it does not know: an error (default), or zeros. */
  handleUnknown?: 'error' | 'ignore';
}

function checkDrop(drop: unknown): Required<OneHotEncoderOptions>['drop'] {
  if (drop === null) return null;
  if (Array.isArray(drop)) {
    const odd = drop.find((cell) => cell !== null && typeof cell !== 'string' && typeof cell !== 'number');
    if (odd !== undefined) throw typeError('OneHotEncoder', `expected drop to list strings or numbers, got ${describe(odd)}`);
    return [...drop];
  }
  return checkOneOf('OneHotEncoder', 'drop', drop, ['first', 'ifBinary'] as const);
}

const same = (a: Cell, b: Cell): boolean => a === b || (isMissing(a) && isMissing(b));

/**
 * A column of zeros and ones for each category of each column. As `sklearn.preprocessing.OneHotEncoder`.
 *
 * x is `[n, features]`, of numbers or strings: a table, columns by name, rows, or a tensor; the result is a float32 tensor. (scikit-learn gives sparse rows by
 * default.) Strings are ordered by code points, numbers by value; a missing value (NaN, null) is a category of its own, the last one. A RangeError names
 * a category that `fit` has not seen, unless `handleUnknown` is "ignore"; a SimdnnError `SIMDNN_NOT_FITTED` for use before `fit`.
 *
 * @example
 * const encoder = new data.OneHotEncoder();
 * encoder.fitTransform({ town: ['Rome', 'Oslo', 'Rome'] }).toArray(); // [[0, 1], [1, 0], [0, 1]]
 * encoder.getFeatureNamesOut(); // ['town_Oslo', 'town_Rome']
 */
export class OneHotEncoder implements Fitted {
  /** What `transform` does with a category that it does not know. */
  readonly handleUnknown: 'error' | 'ignore';
  /** Which category of each column gets no column of its own. */
  readonly drop: null | 'first' | 'ifBinary' | readonly Cell[];
  /** The categories of each column; empty before `fit`. */
  categories: readonly (readonly Cell[])[] = [];
  /** The number of the category of each column that has no column of its own, null where all have; null without `drop`. */
  dropIdx: readonly (number | null)[] | null = null;
  nFeaturesIn = 0;
  featureNamesIn: readonly string[] | null = null;
  private readonly given: Categories;

  constructor(options?: OneHotEncoderOptions) {
    const o = withDefaults<Required<OneHotEncoderOptions>>('OneHotEncoder', options, {
      categories: 'auto',
      drop: null,
      handleUnknown: 'error',
    });
    this.given = checkCategories('OneHotEncoder', o.categories);
    this.handleUnknown = checkOneOf('OneHotEncoder', 'handleUnknown', o.handleUnknown, ['error', 'ignore'] as const);
    this.drop = checkDrop(o.drop);
  }

  /** Learns the categories of the columns of x. */
  fit(x: Features): this {
    const columns = columnsToFit('OneHotEncoder.fit', x);
    const categories = learnCategories('OneHotEncoder.fit', columns, this.given);
    if (this.given !== 'auto') numbersOfCells('OneHotEncoder.fit', columns, categories, this.handleUnknown === 'error');
    const dropIdx = this.dropped(categories);
    Object.assign(this, { categories, dropIdx, nFeaturesIn: columns.list.length, featureNamesIn: columns.names });
    return this;
  }

  /** The columns of zeros and ones, float32. */
  transform(x: Features): Tensor {
    const columns = columnsAsFitted('OneHotEncoder.transform', this, x);
    const numbers = numbersOfCells('OneHotEncoder.transform', columns, this.categories, this.handleUnknown === 'error');
    const width = this.categories.reduce((sum, _, c) => sum + this.kept(c).length, 0);
    const out = empty([columns.rows, width]);
    let begin = 0;
    numbers.forEach((column, c) => {
      const kept = this.kept(c);
      const place = new Map(kept.map((number, i) => [number, begin + i]));
      column.forEach((number, i) => {
        const at = place.get(number);
        if (at !== undefined) out.floats[i * width + at] = 1;
      });
      begin += kept.length;
    });
    return out;
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Features): Tensor {
    return this.fit(x).transform(x);
  }

  /** The rows that `transform` made x of: the category of the largest number of each column's; where all are 0 the dropped one, or null. */
  inverseTransform(x: Features): Cell[][] {
    const where = 'OneHotEncoder.inverseTransform';
    if (this.nFeaturesIn === 0) throw notFitted(where);
    const columns = columnsOf(where, x);
    const width = this.categories.reduce((sum, _, c) => sum + this.kept(c).length, 0);
    if (columns.list.length !== width) throw rangeError(where, `expected x [*, ${width}], got [${columns.rows}, ${columns.list.length}]`);
    const list = numbersOf(where, columns);
    return Array.from({ length: columns.rows }, (_, row) => {
      let begin = 0;
      return this.categories.map((cells, c): Cell => {
        const kept = this.kept(c);
        const values = kept.map((_, i) => list[begin + i]![row]!);
        begin += kept.length;
        if (values.some(Number.isNaN)) throw rangeError(where, `row ${row} has NaN for column ${c}`);
        if (values.some((value) => value !== 0))
          return cells[kept[values.reduce((best, value, i) => (value > values[best]! ? i : best), 0)]!]!;
        const dropped = this.dropIdx?.[c] ?? null;
        if (dropped !== null) return cells[dropped]!;
        if (this.handleUnknown === 'error')
          throw rangeError(where, `row ${row} has zeros alone for column ${c}, which stand for no category`);
        return null;
      });
    });
  }

  /** The names of the columns that `transform` gives: `town_Oslo`. */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    const names = namesIn('OneHotEncoder.getFeatureNamesOut', this, inputFeatures);
    return this.categories.flatMap((cells, c) => this.kept(c).map((number) => `${names[c]}_${cells[number]}`));
  }

  /** The options. */
  getParams(): Required<OneHotEncoderOptions> {
    return { categories: this.given, drop: this.drop, handleUnknown: this.handleUnknown };
  }

  /** What `fit` has learned, for `loadStateDict`. */
  stateDict(): PreparingState {
    return {
      ...fittedState(this),
      categories: this.categories.map(cellsToState),
      dropIdx: this.dropIdx === null ? null : [...this.dropIdx],
    };
  }

  /** Takes over what another encoder's `stateDict()` gave. */
  loadStateDict(state: PreparingState): void {
    const where = 'OneHotEncoder.loadStateDict';
    const reader = new StateReader(where, state);
    const fitted = fittedFromState(where, reader);
    const categories = reader
      .list('categories', fitted.nFeaturesIn)
      .map((cells, c) => categoriesFromState(where, `categories[${c}]`, cells));
    const drop = (reader.raw('dropIdx') ?? null) === null ? null : reader.list('dropIdx', fitted.nFeaturesIn);
    const dropIdx = drop?.map((number, c) =>
      number === null ? null : checkInteger(where, 'dropIdx', number, 0, categories[c]!.length - 1),
    );
    Object.assign(this, fitted, { categories, dropIdx: dropIdx ?? null });
  }

  // The numbers of the categories that have a column.
  private kept(c: number): number[] {
    return [...this.categories[c]!.keys()].filter((number) => number !== this.dropIdx?.[c]);
  }

  private dropped(categories: readonly (readonly Cell[])[]): (number | null)[] | null {
    const { drop } = this;
    if (drop === null) return null;
    if (drop === 'first') return categories.map(() => 0);
    if (drop === 'ifBinary') return categories.map(({ length }) => (length === 2 ? 0 : null));
    const where = 'OneHotEncoder.fit';
    if (drop.length !== categories.length)
      throw rangeError(where, `drop lists ${drop.length} categories, x has ${categories.length} columns`);
    return drop.map((cell, c) => {
      const at = categories[c]!.findIndex((other) => same(other, cell));
      if (at < 0) throw rangeError(where, `column ${c} has no category ${describe(cell)} to drop`);
      return at;
    });
  }
}
