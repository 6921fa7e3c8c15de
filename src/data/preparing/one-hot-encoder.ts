// One-hot encoding of categories.
import { checkBoolean, checkInteger, checkOneOf, describe, rangeError, typeError } from '../../errors';
import { empty, type Tensor } from '../../tensor';
import { CsrArray } from '../csr-array';
import { type Categories, checkCategories, learnCategories, numbersOfCells } from './categories';
import { columnsOf, type Features, numbersOf } from './columns';
import { cellsAfter, checkRare, type Infrequent, infrequentCells, infrequentFromState, infrequentOf, numbersAfter } from './infrequent';
import { preparingOptions } from './options';
import { type Cell, isMissing } from './sorting';
import { categoriesFromState, cellsToState, type PreparingState, StateReader } from './state';
import { columnsAsFitted, columnsToFit, type Fitted, fittedFromState, fittedState, namesIn, notFitted } from './transformer';

/** The options of `OneHotEncoder`. */
export interface OneHotEncoderOptions {
  /** The categories of each column, or "auto" (default) for those that `fit` sees, sorted. */
  categories?: Categories;
  /** Which category of each column is dropped: none (null, default), the first, the first of columns with two categories, or those listed. */
  drop?: null | 'first' | 'ifBinary' | readonly Cell[];
  /** How `transform` encodes an unknown category: an error (default), zeros, or the column of rare categories (zeros if there is none). */
  handleUnknown?: 'error' | 'ignore' | 'infrequentIfExist';
  /** Categories that occur less often than this share one column, the last: a number of rows, or a fraction of them if below 1 (null: none). */
  minFrequency?: number | null;
  /** The largest number of columns made of one column, including that of rare categories (null: unlimited). */
  maxCategories?: number | null;
  /** Whether `transform` returns a `CsrArray` (false). */
  sparseOutput?: boolean;
}

/** The columns made of a column's categories, with `infrequent_sklearn` for the rare ones, and the column of each category. */
interface Layout {
  cells: readonly Cell[];
  numbers: Int32Array;
  /** The index in `cells` of the category that has no column. */
  dropped: number | null;
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
 * Encodes each column as one column of zeros and ones for each category. As `sklearn.preprocessing.OneHotEncoder`.
 *
 * x is `[n, features]`, of numbers or strings: a table, columns by name, rows, or a tensor. The result is a float32 tensor, or with `sparseOutput` a
 * `CsrArray`, which is scikit-learn's default. Strings are ordered by code points, numbers by value; a missing value (NaN, null) is a category of its own, the
 * last one. A RangeError for a category that `fit` has not seen, unless `handleUnknown` allows it; a SimdnnError `SIMDNN_NOT_FITTED` if used before `fit`.
 *
 * @example
 * const encoder = new data.OneHotEncoder();
 * encoder.fitTransform({ town: ['Rome', 'Oslo', 'Rome'] }).toArray(); // [[0, 1], [1, 0], [0, 1]]
 * encoder.getFeatureNamesOut(); // ['town_Oslo', 'town_Rome']
 */
export class OneHotEncoder<Result extends Tensor | CsrArray = Tensor> implements Fitted {
  /** How `transform` encodes an unknown category. */
  readonly handleUnknown: 'error' | 'ignore' | 'infrequentIfExist';
  /** The number of rows below which a category is rare. */
  readonly minFrequency: number | null;
  /** The largest number of columns made of one column. */
  readonly maxCategories: number | null;
  /** Whether `transform` returns a `CsrArray`. */
  readonly sparseOutput: boolean;
  /** Which category of each column is dropped. */
  readonly drop: null | 'first' | 'ifBinary' | readonly Cell[];
  /** The categories of each column; empty before `fit`. */
  categories: readonly (readonly Cell[])[] = [];
  /** The number of the dropped category of each column, null for a column that drops none; null without `drop`. */
  dropIdx: readonly (number | null)[] | null = null;
  nFeaturesIn = 0;
  featureNamesIn: readonly string[] | null = null;
  private readonly given: Categories;
  private infrequent: Infrequent = null;

  constructor(options?: OneHotEncoderOptions) {
    const where = 'OneHotEncoder';
    const o = preparingOptions<Required<OneHotEncoderOptions>>(where, options, {
      categories: 'auto',
      drop: null,
      handleUnknown: 'error',
      minFrequency: null,
      maxCategories: null,
      sparseOutput: false,
    });
    this.given = checkCategories(where, o.categories);
    this.handleUnknown = checkOneOf(where, 'handleUnknown', o.handleUnknown, ['error', 'ignore', 'infrequentIfExist'] as const);
    this.drop = checkDrop(o.drop);
    const { minFrequency, maxCategories } = checkRare(where, o);
    this.minFrequency = minFrequency;
    this.maxCategories = maxCategories;
    this.sparseOutput = checkBoolean(where, 'sparseOutput', o.sparseOutput);
  }

  /** The rare categories of each column, null for a column without; null without `minFrequency` and `maxCategories`. */
  get infrequentCategories(): readonly (readonly Cell[] | null)[] | null {
    return infrequentCells(this.categories, this.infrequent);
  }

  /** Learns the categories of the columns of x. */
  fit(x: Features): this {
    const where = 'OneHotEncoder.fit';
    const columns = columnsToFit(where, x);
    const categories = learnCategories(where, columns, this.given);
    const numbers = numbersOfCells(where, columns, categories, this.given !== 'auto' && this.handleUnknown === 'error');
    const sizes = categories.map(({ length }) => length);
    const infrequent = infrequentOf(numbers, sizes, this);
    const dropIdx = this.dropped(categories, infrequent);
    Object.assign(this, { categories, infrequent, dropIdx, nFeaturesIn: columns.list.length, featureNamesIn: columns.names });
    return this;
  }

  /** The columns of zeros and ones, float32. */
  transform(x: Features): Result {
    const where = 'OneHotEncoder.transform';
    const columns = columnsAsFitted(where, this, x);
    const numbers = numbersOfCells(where, columns, this.categories, this.handleUnknown === 'error');
    let width = 0;
    const places = numbers.map((column, c) => {
      const { cells, numbers: after, dropped } = this.layout(c);
      const begin = width;
      width += cells.length - Number(dropped !== null);
      const unknown = this.handleUnknown === 'infrequentIfExist' && (this.infrequent?.[c] ?? null) !== null ? cells.length - 1 : -1;
      return column.map((number) => {
        const place = number < 0 ? unknown : after[number]!;
        return place < 0 || place === dropped ? -1 : begin + place - Number(dropped !== null && place > dropped);
      });
    });
    return (this.sparseOutput ? sparse(columns.rows, width, places) : dense(columns.rows, width, places)) as Result;
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Features): Result {
    return this.fit(x).transform(x);
  }

  /** The original rows. Each cell is the category with the largest element; if all elements are 0, it is the dropped category, or null. */
  inverseTransform(x: Features | CsrArray): Cell[][] {
    const where = 'OneHotEncoder.inverseTransform';
    if (this.nFeaturesIn === 0) throw notFitted(where);
    const columns = columnsOf(where, x instanceof CsrArray ? x.toDense() : x);
    const layouts = this.categories.map((_, c) => this.layout(c));
    const width = layouts.reduce((sum, { cells, dropped }) => sum + cells.length - Number(dropped !== null), 0);
    if (columns.list.length !== width) throw rangeError(where, `expected x [*, ${width}], got [${columns.rows}, ${columns.list.length}]`);
    const list = numbersOf(where, columns);
    return Array.from({ length: columns.rows }, (_, row) => {
      let begin = 0;
      return layouts.map(({ cells, dropped }, c): Cell => {
        const kept = cells.filter((_, number) => number !== dropped);
        const values = kept.map((_, i) => list[begin + i]![row]!);
        begin += kept.length;
        if (values.some(Number.isNaN)) throw rangeError(where, `row ${row} has NaN for column ${c}`);
        if (values.some((value) => value !== 0)) return kept[values.reduce((best, value, i) => (value > values[best]! ? i : best), 0)]!;
        if (dropped !== null) return cells[dropped]!;
        const none = this.handleUnknown === 'infrequentIfExist' && (this.infrequent?.[c] ?? null) !== null;
        if (this.handleUnknown === 'error' || none)
          throw rangeError(where, `row ${row} has zeros alone for column ${c}, which stand for no category`);
        return null;
      });
    });
  }

  /** The names of the columns of the result, such as `town_Oslo`; `town_infrequent_sklearn` is that of the rare categories. */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    const names = namesIn('OneHotEncoder.getFeatureNamesOut', this, inputFeatures);
    return this.categories.flatMap((_, c) => {
      const { cells, dropped } = this.layout(c);
      return cells.filter((_, number) => number !== dropped).map((cell) => `${names[c]}_${cell}`);
    });
  }

  /** The options. */
  getParams(): Required<OneHotEncoderOptions> {
    const { given: categories, drop, handleUnknown, minFrequency, maxCategories, sparseOutput } = this;
    return { categories, drop, handleUnknown, minFrequency, maxCategories, sparseOutput };
  }

  /** The fitted state, for `loadStateDict`. */
  stateDict(): PreparingState {
    return {
      ...fittedState(this),
      categories: this.categories.map(cellsToState),
      dropIdx: this.dropIdx === null ? null : [...this.dropIdx],
      infrequent: this.infrequent?.map((numbers) => numbers && [...numbers]) ?? null,
    };
  }

  /** Loads the `stateDict()` of another encoder. */
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
    const sizes = categories.map(({ length }) => length);
    const infrequent = infrequentFromState(where, reader, sizes);
    Object.assign(this, fitted, { categories, dropIdx: dropIdx ?? null, infrequent });
  }

  private layout(c: number): Layout {
    const [all, rare, drop] = [this.categories[c]!, this.infrequent?.[c] ?? null, this.dropIdx?.[c] ?? null];
    const numbers = numbersAfter(all.length, rare);
    const cells = cellsAfter(all, rare);
    return { cells, numbers, dropped: drop === null ? null : numbers[drop]! };
  }

  private dropped(categories: readonly (readonly Cell[])[], infrequent: Infrequent): (number | null)[] | null {
    const { drop } = this;
    if (drop === null) return null;
    const after = categories.map(({ length }, c) => numbersAfter(length, infrequent?.[c] ?? null));
    if (drop === 'first') return after.map((numbers) => numbers.indexOf(0));
    if (drop === 'ifBinary') return after.map((numbers) => (new Set(numbers).size === 2 ? numbers.indexOf(0) : null));
    const where = 'OneHotEncoder.fit';
    if (drop.length !== categories.length)
      throw rangeError(where, `drop lists ${drop.length} categories, x has ${categories.length} columns`);
    return drop.map((cell, c) => {
      const at = categories[c]!.findIndex((other) => same(other, cell));
      if (at < 0) throw rangeError(where, `column ${c} has no category ${describe(cell)} to drop`);
      if (infrequent?.[c]?.includes(at)) throw rangeError(where, `column ${c} cannot drop ${describe(cell)}, which is rare`);
      return at;
    });
  }
}

function dense(rows: number, width: number, places: readonly Int32Array[]): Tensor {
  const out = empty([rows, width]);
  for (const column of places) for (let i = 0; i < rows; i++) if (column[i]! >= 0) out.floats[i * width + column[i]!] = 1;
  return out;
}

function sparse(rows: number, width: number, places: readonly Int32Array[]): CsrArray {
  const indices: number[] = [];
  const indptr = Int32Array.from({ length: rows + 1 }, (_, i) => {
    if (i > 0) for (const column of places) if (column[i - 1]! >= 0) indices.push(column[i - 1]!);
    return indices.length;
  });
  return new CsrArray([new Float32Array(indices.length).fill(1), indices, indptr], { shape: [rows, width] });
}
