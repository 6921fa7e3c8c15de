// Transformers side by side, each for some of the columns.

import { checkInteger, checkOneOf, describe, rangeError, typeError, withDefaults } from '../../errors';
import { Tensor } from '../../tensor';
import { allOrNone, loadAll } from './all-or-none';
import { type Columns, columnsOf, type Features, numbersOf, tensorOf } from './columns';
import { checkSteps } from './pipeline';
import { type PreparingState, StateReader } from './state';
import { columnsAsFitted, columnsToFit, type Fitted, fittedFromState, fittedState, namesIn, type Transformer } from './transformer';

/** A part of a `ColumnTransformer`: its name, its transformer, and its columns, by name or number. */
export type Part = readonly [name: string, transformer: Transformer, columns: readonly string[] | readonly number[]];

/** The options of `ColumnTransformer`. */
export interface ColumnTransformerOptions {
  /** What becomes of columns that no part has: they are left out (default), or stand behind the others as they are. */
  remainder?: 'drop' | 'passthrough';
}

/**
 * Transformers side by side, each for some of the columns; the results stand behind one another. As `sklearn.compose.ColumnTransformer`.
 *
 * x is a table, or columns by name, where parts name columns, or anything with as many columns where they number them. The result is a float32 tensor. A RangeError for a
 * column that is not there, a TypeError for a part or a remainder that gives strings. A `fit` that throws leaves all as it was.
 *
 * @example
 * const prepare = new data.ColumnTransformer([
 *   ['numbers', new data.StandardScaler(), ['age']],
 *   ['words', new data.OneHotEncoder(), ['town']],
 * ]);
 * prepare.fitTransform({ age: [30, 50], town: ['Rome', 'Oslo'] }).toArray(); // [[-1, 0, 1], [1, 1, 0]]
 * prepare.getFeatureNamesOut(); // ['numbers__age', 'words__town_Oslo', 'words__town_Rome']
 */
export class ColumnTransformer implements Fitted {
  /** The parts, in order. */
  readonly transformers: readonly Part[];
  /** What becomes of columns that no part has. */
  readonly remainder: 'drop' | 'passthrough';
  nFeaturesIn = 0;
  featureNamesIn: readonly string[] | null = null;

  constructor(transformers: readonly Part[], options?: ColumnTransformerOptions) {
    const where = 'ColumnTransformer';
    const o = withDefaults<Required<ColumnTransformerOptions>>(where, options, { remainder: 'drop' });
    this.remainder = checkOneOf(where, 'remainder', o.remainder, ['drop', 'passthrough'] as const);
    this.transformers = checkSteps(where, transformers).map(([name, transformer], i): Part => {
      const columns: unknown = transformers[i]![2];
      if (!Array.isArray(columns) || columns.length === 0) {
        throw typeError(where, `expected the columns of ${describe(name)} to be a list of names or numbers, got ${describe(columns)}`);
      }
      for (const column of columns) if (typeof column !== 'string') checkInteger(where, `a column of ${describe(name)}`, column);
      return [name, transformer, [...columns]];
    });
  }

  /** Fits each part to its columns. */
  fit(x: Features): this {
    this.fitTransform(x);
    return this;
  }

  /** What the parts make of their columns, side by side. */
  transform(x: Features): Tensor {
    const where = 'ColumnTransformer.transform';
    return this.joined(where, this.asFitted(where, x), (part, columns) => part.transform(columns));
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Features): Tensor {
    const where = 'ColumnTransformer.fit';
    const columns = columnsToFit(where, x);
    const out = allOrNone(this.transformers, () => this.joined(where, columns, (part, own) => part.fitTransform(own)));
    Object.assign(this, { nFeaturesIn: columns.list.length, featureNamesIn: columns.names });
    return out;
  }

  /** The names of the columns that `transform` gives: `part__column`. */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    const where = 'ColumnTransformer.getFeatureNamesOut';
    const names = namesIn(where, this, inputFeatures);
    const out = this.transformers.flatMap(([name, part, columns]) => {
      if (part.getFeatureNamesOut === undefined) throw typeError(where, `part ${describe(name)} has no getFeatureNamesOut`);
      const own = columns.map((column) => (typeof column === 'string' ? column : names[column]!));
      return part.getFeatureNamesOut(own).map((column) => `${name}__${column}`);
    });
    const rest = this.rest(where, this.featureNamesIn, this.nFeaturesIn).map((c) => `remainder__${names[c]}`);
    return [...out, ...rest];
  }

  /** What each part has learned, by its name. */
  stateDict(): PreparingState {
    const parts = this.transformers.map(([name, part]) => [name, part.stateDict()]);
    return { ...fittedState(this), parts } as unknown as PreparingState;
  }

  /** Takes over what the `stateDict()` of one with the same parts gave. */
  loadStateDict(state: PreparingState): void {
    const where = 'ColumnTransformer.loadStateDict';
    const reader = new StateReader(where, state);
    const fitted = fittedFromState(where, reader);
    const list = reader.list('parts', this.transformers.length);
    if (fitted.nFeaturesIn > 0) this.rest(where, fitted.featureNamesIn, fitted.nFeaturesIn);
    loadAll(where, 'part', this.transformers, list);
    Object.assign(this, fitted);
  }

  // The columns of fit, in its order, wherever they stand in a table now.
  private asFitted(where: string, x: Features): Columns {
    const columns = this.featureNamesIn === null ? columnsAsFitted(where, this, x) : columnsOf(where, x);
    if (this.featureNamesIn === null || columns.names === null) return columnsAsFitted(where, this, x);
    const list = this.featureNamesIn.map((name) => columns.list[placeOf(where, name, columns.names, columns.list.length)]!);
    return { rows: columns.rows, names: this.featureNamesIn, list };
  }

  // The numbers of the columns that stand behind the others.
  private rest(where: string, names: readonly string[] | null, count: number): number[] {
    const taken = new Set(this.transformers.flatMap(([, , columns]) => columns.map((column) => placeOf(where, column, names, count))));
    return this.remainder === 'drop' ? [] : Array.from({ length: count }, (_, c) => c).filter((c) => !taken.has(c));
  }

  private joined(where: string, columns: Columns, work: (part: Transformer, own: Features) => unknown): Tensor {
    const { names, list, rows } = columns;
    const rest = this.rest(where, names, list.length);
    const results = this.transformers.flatMap(([name, part, chosen]): Float64Array[] => {
      const places = chosen.map((column) => placeOf(where, column, names, list.length));
      const called = places.map((c) => (names === null ? `x${c}` : names[c]!));
      // Not as an object by name: that would sort names that are numbers.
      const result = work(part, { columns: called, column: (one) => list[places[called.indexOf(one)]!]! });
      if (!(result instanceof Tensor)) throw typeError(where, `part ${describe(name)} gives ${describe(result)}, not a tensor`);
      const made = result.shape[1] === 0 ? [] : numbersOf(where, columnsOf(where, result));
      if (result.shape[0] !== rows) throw rangeError(where, `part ${describe(name)} gives ${result.shape[0]} rows of ${rows}`);
      return made;
    });
    const passed = rest.map((c) => list[c]!);
    return tensorOf(rows, [...results, ...numbersOf(where, { rows, names: names && rest.map((c) => names[c]!), list: passed })]);
  }
}

function placeOf(where: string, column: string | number, names: readonly string[] | null, count: number): number {
  if (typeof column === 'number') {
    if (column >= count) throw rangeError(where, `x has no column ${column}: it has ${count}`);
    return column;
  }
  if (names === null)
    throw rangeError(
      where,
      `x has no names of columns: there is no ${describe(column)}`,
      'number the columns, or give x as columns by name',
    );
  const at = names.indexOf(column);
  if (at < 0)
    throw rangeError(where, `x has no column ${describe(column)}`, `its columns are ${names.slice(0, 20).map(describe).join(', ')}`);
  return at;
}
