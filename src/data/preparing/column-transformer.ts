// Applies transformers to groups of columns, and joins the results.

import { checkBoolean, checkInteger, checkNumber, checkOneOf, describe, rangeError, typeError } from '../../errors';
import type { Tensor } from '../../tensor';
import type { CsrArray } from '../csr-array';
import { allOrNone, loadAll } from './all-or-none';
import { type ColumnSelection, checkSelection, placeOf, type Selection, selected } from './column-selection';
import { type Columns, columnsOf, type Features, numbersOf, tensorOf } from './columns';
import { preparingOptions } from './options';
import { checkSteps } from './pipeline';
import { density, joinedDense, joinedSparse, type Result } from './side-by-side';
import { type PreparingState, StateReader } from './state';
import { columnsAsFitted, columnsToFit, type Fitted, fittedFromState, fittedState, namesIn, type Transformer } from './transformer';

/** A part of a `ColumnTransformer`: its name, its transformer (or that its columns are dropped, or passed through unchanged), and its columns. */
export type Part = readonly [name: string, transformer: Transformer | 'drop' | 'passthrough', columns: ColumnSelection];

/** The options of `ColumnTransformer`. */
export interface ColumnTransformerOptions {
  /** What happens to columns that belong to no part: they are dropped (default), or appended, unchanged or transformed. */
  remainder?: 'drop' | 'passthrough' | Transformer;
  /** If a part returns a `CsrArray`, the result of `fit` and of later calls is a `CsrArray` if less than this fraction of its elements is stored (0.3). */
  sparseThreshold?: number;
  /** Whether the names of columns are prefixed by the names of their parts (true). */
  verboseFeatureNamesOut?: boolean;
}

/** A part with the numbers of its columns. */
interface PartColumns {
  name: string;
  transformer: Transformer | 'drop' | 'passthrough';
  places: readonly number[];
}

const steps = (parts: readonly PartColumns[]): [string, Transformer][] =>
  parts.flatMap(({ name, transformer }) => (typeof transformer === 'string' ? [] : [[name, transformer]]));

/**
 * Applies a transformer to each of several groups of columns; the results are joined in order. As `sklearn.compose.ColumnTransformer`.
 *
 * x is a table or columns by name if parts name their columns, or anything with as many columns if they number them. Columns can also be selected by a pattern
 * for their names, or by a function of `{ name, index, kind }` of each column, where scikit-learn takes functions of x; a part without columns is omitted. The
 * result is a float32 tensor, or a `CsrArray` if parts return CSR rows and most elements are 0; for TypeScript write `new
 * ColumnTransformer<data.CsrArray>(...)` then. A RangeError for a column that does not exist, a TypeError for a part or remainder that returns strings. If
 * `fit` throws, nothing is changed.
 *
 * @example
 * const prepare = new data.ColumnTransformer([
 *   ['numbers', new data.StandardScaler(), ['age']],
 *   ['words', new data.OneHotEncoder(), ({ kind }) => kind === 'string'],
 * ]);
 * prepare.fitTransform({ age: [30, 50], town: ['Rome', 'Oslo'] }).toArray(); // [[-1, 0, 1], [1, 1, 0]]
 * prepare.getFeatureNamesOut(); // ['numbers__age', 'words__town_Oslo', 'words__town_Rome']
 */
export class ColumnTransformer<Out extends Tensor | CsrArray = Tensor> implements Fitted {
  /** The parts, in order. */
  readonly transformers: readonly Part[];
  /** What happens to columns that belong to no part. */
  readonly remainder: 'drop' | 'passthrough' | Transformer;
  /** The fraction of stored elements below which the result is a `CsrArray`. */
  readonly sparseThreshold: number;
  /** Whether the names of columns are prefixed by the names of their parts. */
  readonly verboseFeatureNamesOut: boolean;
  /** Whether the result is a `CsrArray`, as determined by `fit`. */
  sparseOutput = false;
  nFeaturesIn = 0;
  featureNamesIn: readonly string[] | null = null;
  private places: readonly (readonly number[])[] = [];

  constructor(transformers: readonly Part[], options?: ColumnTransformerOptions) {
    const where = 'ColumnTransformer';
    const o = preparingOptions<Required<ColumnTransformerOptions>>(where, options, {
      remainder: 'drop',
      sparseThreshold: 0.3,
      verboseFeatureNamesOut: true,
    });
    if (o.remainder === null || typeof o.remainder !== 'object') {
      this.remainder = checkOneOf(where, 'remainder', o.remainder, ['drop', 'passthrough'] as const);
    } else this.remainder = checkSteps(where, [['remainder', o.remainder]])[0]![1];
    this.sparseThreshold = checkNumber(where, 'sparseThreshold', o.sparseThreshold, 0, 1);
    this.verboseFeatureNamesOut = checkBoolean(where, 'verboseFeatureNamesOut', o.verboseFeatureNamesOut);
    this.transformers = checkSteps(where, transformers, ['drop', 'passthrough']).map(([name, transformer], i): Part => {
      if (name === 'remainder' && typeof this.remainder !== 'string') throw rangeError(where, 'a part is named "remainder"');
      return [name, transformer, checkSelection(where, name, transformers[i]![2]) as ColumnSelection];
    });
  }

  /** Fits each part to its columns. */
  fit(x: Features): this {
    this.fitTransform(x);
    return this;
  }

  /** The results of the parts, joined. */
  transform(x: Features): Out {
    const where = 'ColumnTransformer.transform';
    const columns = this.asFitted(where, x);
    const results = this.results(where, columns, this.partsWithColumns(this.places, columns.list.length), (part, own) =>
      part.transform(own),
    );
    return this.joined(where, columns.rows, results, this.sparseOutput);
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Features): Out {
    const where = 'ColumnTransformer.fit';
    const columns = columnsToFit(where, x);
    const places = this.transformers.map(([name, , selection]) => selected(where, name, selection as Selection, columns));
    const parts = this.partsWithColumns(places, columns.list.length);
    const { out, sparseOutput } = allOrNone(steps(parts), () => {
      const results = this.results(where, columns, parts, (part, own) => part.fitTransform(own));
      const { sparse, share } = density(where, columns.rows, results);
      const sparseOutput = sparse && share < this.sparseThreshold;
      return { out: this.joined(where, columns.rows, results, sparseOutput), sparseOutput };
    });
    Object.assign(this, { places, sparseOutput, nFeaturesIn: columns.list.length, featureNamesIn: columns.names });
    return out;
  }

  /** The names of the columns of the result: `part__column`, or unprefixed if `verboseFeatureNamesOut` is false. */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    const where = 'ColumnTransformer.getFeatureNamesOut';
    const names = namesIn(where, this, inputFeatures);
    const out = this.partsWithColumns(this.places, this.nFeaturesIn).flatMap(({ name, transformer, places }) => {
      const own = places.map((c) => names[c]!);
      if (transformer === 'drop') return [];
      if (transformer !== 'passthrough' && transformer.getFeatureNamesOut === undefined) {
        throw typeError(where, `part ${describe(name)} has no getFeatureNamesOut`);
      }
      const given = transformer === 'passthrough' ? own : transformer.getFeatureNamesOut!(own);
      return this.verboseFeatureNamesOut ? given.map((column) => `${name}__${column}`) : given;
    });
    const seen = new Set<string>();
    const twice = out.find((name) => seen.size === seen.add(name).size);
    if (twice !== undefined && !this.verboseFeatureNamesOut)
      throw rangeError(where, `two columns are named ${describe(twice)}`, 'verboseFeatureNamesOut: true');
    return out;
  }

  /** The state of each part, by its name. */
  stateDict(): PreparingState {
    const parts = steps(this.everyPart()).map(([name, part]) => [name, part.stateDict()]);
    const places = this.places.map((own) => [...own]);
    return { ...fittedState(this), parts, places, sparseOutput: this.sparseOutput } as unknown as PreparingState;
  }

  /** Loads the `stateDict()` of a transformer with the same parts. */
  loadStateDict(state: PreparingState): void {
    const where = 'ColumnTransformer.loadStateDict';
    const reader = new StateReader(where, state);
    const fitted = fittedFromState(where, reader);
    const parts = steps(this.everyPart());
    const list = reader.list('parts', parts.length);
    const places = fitted.nFeaturesIn === 0 ? [] : this.placesFromState(where, reader, fitted);
    const sparseOutput = reader.has('sparseOutput') && checkBoolean(where, 'sparseOutput', reader.raw('sparseOutput'));
    loadAll(where, 'part', parts, list);
    Object.assign(this, fitted, { places, sparseOutput });
  }

  /** @internal The columns of each part by name, or by number where columns have none; null before `fit` for those that a pattern or a function selects. */
  columnsOfParts(): ((string | number)[] | null)[] {
    return this.transformers.map(([, , selection], i) => {
      if (Array.isArray(selection)) return [...selection];
      return this.places[i]?.map((c) => this.featureNamesIn?.[c] ?? c) ?? null;
    });
  }

  // Columns that are listed are in the options; only those selected by a pattern or a function are in the state.
  private placesFromState(where: string, reader: StateReader, { nFeaturesIn, featureNamesIn }: Fitted): number[][] {
    const saved = reader.has('places') ? reader.list('places', this.transformers.length) : [];
    return this.transformers.map(([name, , selection], i) => {
      if (Array.isArray(selection)) return selection.map((column) => placeOf(where, column, featureNamesIn, nFeaturesIn));
      const own = saved[i];
      if (!Array.isArray(own)) throw typeError(where, `expected the state to say which columns ${describe(name)} has`);
      return own.map((place) => checkInteger(where, 'places', place, 0, nFeaturesIn - 1));
    });
  }

  // The columns in the order of `fit`, wherever they are in this table.
  private asFitted(where: string, x: Features): Columns {
    const columns = this.featureNamesIn === null ? columnsAsFitted(where, this, x) : columnsOf(where, x);
    if (this.featureNamesIn === null || columns.names === null) return columnsAsFitted(where, this, x);
    const list = this.featureNamesIn.map((name) => columns.list[placeOf(where, name, columns.names, columns.list.length)]!);
    return { rows: columns.rows, names: this.featureNamesIn, list };
  }

  private everyPart(): PartColumns[] {
    const parts = this.transformers.map(([name, transformer]) => ({ name, transformer, places: [] }));
    return [...parts, { name: 'remainder', transformer: this.remainder, places: [] }];
  }

  // The parts that have columns, and the columns of the remainder.
  private partsWithColumns(places: readonly (readonly number[])[], count: number): PartColumns[] {
    const taken = new Set(places.flat());
    const rest = Array.from({ length: count }, (_, c) => c).filter((c) => !taken.has(c));
    return this.everyPart()
      .map((part, i) => ({ ...part, places: places[i] ?? rest }))
      .filter((part) => part.places.length > 0);
  }

  private results(
    where: string,
    columns: Columns,
    parts: readonly PartColumns[],
    run: (part: Transformer, own: Features) => unknown,
  ): Result[] {
    const { names, list, rows } = columns;
    return parts.flatMap(({ name, transformer, places }): Result[] => {
      if (transformer === 'drop') return [];
      const called = places.map((c) => (names === null ? `x${c}` : names[c]!));
      if (transformer === 'passthrough') {
        const own = { rows, names: names && called, list: places.map((c) => list[c]!) };
        return [{ part: name, value: tensorOf(rows, numbersOf(where, own)) }];
      }
      // A list of pairs, because an object would sort names that are integers.
      return [{ part: name, value: run(transformer, { columns: called, column: (one) => list[places[called.indexOf(one)]!]! }) }];
    });
  }

  private joined(where: string, rows: number, results: readonly Result[], sparse: boolean): Out {
    return (sparse ? joinedSparse(where, rows, results) : joinedDense(where, rows, results)) as Out;
  }
}
