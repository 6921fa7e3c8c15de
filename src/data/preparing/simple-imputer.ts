// Replaces missing values.
import { checkBoolean, checkOneOf, describe, rangeError, typeError } from '../../errors';
import type { Tensor } from '../../tensor';
import { columnName, type Features, isNumeric, numbersOf, tensorOf, type Values } from './columns';
import { preparingOptions } from './options';
import { median } from './quantiles';
import { byValue, type Cell, isMissing } from './sorting';
import { type PreparingState, StateReader } from './state';
import { columnsAsFitted, columnsToFit, type Fitted, fittedFromState, fittedState, namesIn } from './transformer';

/** The options of `SimpleImputer`. */
export interface SimpleImputerOptions {
  /** The value that is treated as missing, besides NaN in numbers and null in strings (NaN: no other value). */
  missingValues?: number | string;
  /** What replaces missing values: the column's mean (default), its median, its most frequent value (the smallest of several), or `fillValue`. */
  strategy?: 'mean' | 'median' | 'mostFrequent' | 'constant';
  /** The replacement of the strategy "constant" (null: 0 in numbers, "missing_value" in strings). */
  fillValue?: number | string | null;
  /** Whether an indicator column is appended for each column with missing values in `fit`: 1 where a value is missing, else 0 (false). */
  addIndicator?: boolean;
  /** Whether a column without any value in `fit` is kept and filled, with `fillValue` by the strategy "constant" and with 0 by the others (false: it is dropped). */
  keepEmptyFeatures?: boolean;
}

/** Columns as an imputer returns them: a float32 tensor if all are numbers, else rows. */
export type Imputed<X> = X extends Tensor ? Tensor : Tensor | Cell[][];

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function mostFrequent(cells: readonly Cell[]): Cell {
  const counts = new Map<Cell, number>();
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  return [...counts].reduce((best, next) => (next[1] > best[1] || (next[1] === best[1] && byValue(next[0], best[0]) < 0) ? next : best))[0];
}

/**
 * Replaces missing values by the column's mean, median or most frequent value, or by a constant. As `sklearn.impute.SimpleImputer`.
 *
 * x is `[n, features]`, of numbers, or of strings with the strategies "mostFrequent" and "constant". The result is a float32 tensor if all columns are numbers,
 * else rows, as the encoders accept them. A column without any value is dropped, or kept with `keepEmptyFeatures`. Statistics are float64. A SimdnnError
 * `SIMDNN_NOT_FITTED` if used before `fit`. NaN and null are missing whatever `missingValues` is; scikit-learn refuses them if it is another value.
 *
 * @example
 * const imputer = new data.SimpleImputer();
 * imputer.fitTransform(tensor([[1, 4], [NaN, 6], [3, NaN]])).toArray(); // [[1, 4], [2, 6], [3, 5]]
 * new data.SimpleImputer({ strategy: 'mostFrequent' }).fitTransform(['a', null, 'a']); // [['a'], ['a'], ['a']]
 */
export class SimpleImputer implements Fitted {
  /** The value that is treated as missing, besides NaN and null. */
  readonly missingValues: number | string;
  /** What replaces missing values. */
  readonly strategy: 'mean' | 'median' | 'mostFrequent' | 'constant';
  /** The replacement of the strategy "constant". */
  readonly fillValue: number | string | null;
  /** Whether indicator columns are appended. */
  readonly addIndicator: boolean;
  /** Whether columns without any value are kept. */
  readonly keepEmptyFeatures: boolean;
  /** The numbers of the columns that had missing values in `fit`, with `addIndicator`; scikit-learn's `indicator_.features_`. */
  indicatorFeatures: readonly number[] = [];
  /** The replacement of each column; null for a column without any value that is dropped. */
  statistics: readonly (string | number | null)[] = [];
  nFeaturesIn = 0;
  featureNamesIn: readonly string[] | null = null;

  constructor(options?: SimpleImputerOptions) {
    const o = preparingOptions<Required<SimpleImputerOptions>>('SimpleImputer', options, {
      missingValues: Number.NaN,
      strategy: 'mean',
      fillValue: null,
      addIndicator: false,
      keepEmptyFeatures: false,
    });
    if (typeof o.missingValues !== 'number' && typeof o.missingValues !== 'string') {
      throw typeError('SimpleImputer', `expected missingValues to be a number or a string, got ${describe(o.missingValues)}`);
    }
    this.missingValues = o.missingValues;
    this.strategy = checkOneOf('SimpleImputer', 'strategy', o.strategy, ['mean', 'median', 'mostFrequent', 'constant'] as const);
    if (o.fillValue !== null && typeof o.fillValue !== 'string' && !Number.isFinite(o.fillValue)) {
      throw typeError('SimpleImputer', `expected fillValue to be a finite number or a string, got ${describe(o.fillValue)}`);
    }
    this.fillValue = o.fillValue;
    this.addIndicator = checkBoolean('SimpleImputer', 'addIndicator', o.addIndicator);
    this.keepEmptyFeatures = checkBoolean('SimpleImputer', 'keepEmptyFeatures', o.keepEmptyFeatures);
  }

  /** Learns the replacements of missing values. */
  fit(x: Features): this {
    const columns = columnsToFit('SimpleImputer.fit', x);
    const statistics = columns.list.map((column, c) => this.statistic(columnName(columns.names, c), column));
    const incomplete = [...columns.list.keys()].filter((c) => this.missingIn(columns.list[c]!).includes(1));
    const indicatorFeatures = this.addIndicator ? incomplete : [];
    Object.assign(this, { statistics, indicatorFeatures, nFeaturesIn: columns.list.length, featureNamesIn: columns.names });
    return this;
  }

  /** The columns with missing values replaced. */
  transform<X extends Features>(x: X): Imputed<X> {
    const where = 'SimpleImputer.transform';
    const columns = columnsAsFitted(where, this, x);
    const list = columns.list.flatMap((column, c): Values[] => {
      const fill = this.statistics[c]!;
      if (fill === null) return [];
      const kind = isNumeric(column) ? 'number' : 'string';
      const empty = Array.prototype.every.call(column, (cell) => this.missing(cell));
      if (typeof fill !== kind && !empty) {
        const orNone = this.keepEmptyFeatures ? ' or no value' : '';
        throw typeError(where, `${columnName(columns.names, c)} holds ${kind}s, in fit it had ${typeof fill}s${orNone}`);
      }
      const cells = Array.from(column as ArrayLike<Cell>, (cell) => (this.missing(cell) ? fill : cell));
      return [typeof fill === 'number' ? Float64Array.from(cells as number[]) : (cells as string[])];
    });
    list.push(...this.indicatorFeatures.map((c) => this.missingIn(columns.list[c]!)));
    if (list.every(isNumeric)) return tensorOf(columns.rows, numbersOf(where, { rows: columns.rows, names: null, list })) as Imputed<X>;
    return Array.from({ length: columns.rows }, (_, i) => list.map((column) => column[i]!)) as Cell[][] as Imputed<X>;
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform<X extends Features>(x: X): Imputed<X> {
    return this.fit(x).transform(x);
  }

  /** The names of the columns of the result, such as `age` and `missingindicator_age`. */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    const names = namesIn('SimpleImputer.getFeatureNamesOut', this, inputFeatures);
    const indicators = this.indicatorFeatures.map((c) => `missingindicator_${names[c]}`);
    return [...names.filter((_, c) => this.statistics[c] !== null), ...indicators];
  }

  /** The options. */
  getParams(): Required<SimpleImputerOptions> {
    const { missingValues, strategy, fillValue, addIndicator, keepEmptyFeatures } = this;
    return { missingValues, strategy, fillValue, addIndicator, keepEmptyFeatures };
  }

  /** The fitted state, for `loadStateDict`. */
  stateDict(): PreparingState {
    return { ...fittedState(this), statistics: [...this.statistics], indicatorFeatures: [...this.indicatorFeatures] };
  }

  /** Loads the `stateDict()` of another imputer. */
  loadStateDict(state: PreparingState): void {
    const where = 'SimpleImputer.loadStateDict';
    const reader = new StateReader(where, state);
    const fitted = fittedFromState(where, reader);
    const statistics = reader.list('statistics', fitted.nFeaturesIn);
    const odd = statistics.findIndex((value) => value !== null && typeof value !== 'string' && !Number.isFinite(value));
    if (odd >= 0) throw typeError(where, `expected statistics to be strings and finite numbers, got ${describe(statistics[odd])}`);
    if (this.keepEmptyFeatures && statistics.includes(null)) throw rangeError(where, 'the state drops a column: keepEmptyFeatures is true');
    const indicatorFeatures = reader.has('indicatorFeatures') ? reader.places('indicatorFeatures', fitted.nFeaturesIn) : [];
    if (indicatorFeatures.length > 0 && !this.addIndicator)
      throw rangeError(where, 'the state has indicatorFeatures: addIndicator is false');
    Object.assign(this, fitted, { statistics: [...statistics], indicatorFeatures });
  }

  private missingIn(column: Values): Float64Array {
    return Float64Array.from(column as ArrayLike<Cell>, (cell) => Number(this.missing(cell)));
  }

  private missing(cell: Cell): boolean {
    return isMissing(cell) || cell === this.missingValues;
  }

  private statistic(name: string, column: Values): string | number | null {
    const { strategy } = this;
    if (!isNumeric(column) && (strategy === 'mean' || strategy === 'median')) {
      throw typeError('SimpleImputer.fit', `${name} holds strings, which have no ${strategy}`, 'strategy: "mostFrequent" or "constant"');
    }
    const cells = Array.from(column as ArrayLike<Cell>).filter((cell) => !this.missing(cell));
    if (cells.length === 0) return this.keepEmptyFeatures ? this.ofNothing(isNumeric(column)) : null;
    if (strategy === 'mean') return mean(cells as number[]);
    if (strategy === 'median') return median(Float64Array.from(cells as number[]));
    if (strategy === 'mostFrequent') return mostFrequent(cells);
    const fill = this.fillValue ?? (isNumeric(column) ? 0 : 'missing_value');
    if ((typeof fill === 'number') !== isNumeric(column)) {
      throw rangeError(
        'SimpleImputer.fit',
        `${name} holds ${isNumeric(column) ? 'numbers' : 'strings'}: fillValue ${describe(fill)} is none`,
      );
    }
    return fill;
  }

  // A column without any value takes a number and a string.
  private ofNothing(numeric: boolean): string | number {
    if (this.strategy !== 'constant') return 0;
    return this.fillValue ?? (numeric ? 0 : 'missing_value');
  }
}
