// What all transformers of features share: the columns that they were fitted to.
import { describe, rangeError, SimdnnError, typeError } from '../../errors';
import { type Columns, columnsOf, type Features } from './columns';
import type { PreparingState, StateReader } from './state';

/** The interface of a step of a `Pipeline` and a part of a `ColumnTransformer`, which all of the library's transformers have. */
export interface Transformer {
  /** Learns from x. */
  fit(x: Features): unknown;
  /** Transforms x. */
  transform(x: Features): unknown;
  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Features): unknown;
  /** Inverts `transform`. */
  inverseTransform?(x: never): unknown;
  /** The names of the columns of the result. */
  getFeatureNamesOut?(inputFeatures?: readonly string[]): string[];
  /** The fitted state. */
  stateDict(): object;
  /** Loads the `stateDict()` of another transformer. */
  loadStateDict(state: never): void;
}

/** The columns that a transformer was fitted to. */
export interface Fitted {
  /** The number of columns; 0 before `fit`. */
  nFeaturesIn: number;
  /** Their names; null where x had none. */
  featureNamesIn: readonly string[] | null;
}

/** The error of a transformer that is used before it is fitted. */
export function notFitted(where: string): SimdnnError {
  const kind = /(Scaler|Encoder|Imputer|Vectorizer|Pipeline)/.exec(where)?.[1]?.toLowerCase() ?? 'transformer';
  return new SimdnnError('SIMDNN_NOT_FITTED', `[${where}] the ${kind} has not seen data yet\n  hint: call fit(x) first`);
}

/** x as columns, for `fit`; there must be at least one row. */
export function columnsToFit(where: string, x: unknown): Columns {
  const columns = columnsOf(where, x);
  if (columns.rows === 0) throw rangeError(where, 'x has no rows');
  return columns;
}

/** x as columns, whose number and names must be those of `fit`. */
export function columnsAsFitted(where: string, fitted: Fitted, x: unknown): Columns {
  if (fitted.nFeaturesIn === 0) throw notFitted(where);
  const columns = columnsOf(where, x);
  const count = columns.list.length;
  if (count !== fitted.nFeaturesIn) throw rangeError(where, `expected x [*, ${fitted.nFeaturesIn}], got [${columns.rows}, ${count}]`);
  const odd = fitted.featureNamesIn?.findIndex((name, c) => columns.names !== null && columns.names[c] !== name) ?? -1;
  if (odd >= 0) {
    const [wanted, got] = [fitted.featureNamesIn![odd], columns.names![odd]];
    throw rangeError(where, `expected column ${odd} to be ${describe(wanted)}, as in fit, got ${describe(got)}`);
  }
  return columns;
}

/** The names of the input columns: those given, those of `fit`, or `x0`, `x1`, ... */
export function namesIn(where: string, fitted: Fitted, given: readonly string[] | undefined): readonly string[] {
  if (fitted.nFeaturesIn === 0) throw notFitted(where);
  if (given === undefined) return fitted.featureNamesIn ?? Array.from({ length: fitted.nFeaturesIn }, (_, c) => `x${c}`);
  if (!Array.isArray(given) || given.some((name) => typeof name !== 'string')) {
    throw typeError(where, `expected inputFeatures to be an array of names, got ${describe(given)}`);
  }
  if (given.length !== fitted.nFeaturesIn) {
    throw rangeError(where, `expected inputFeatures to have ${fitted.nFeaturesIn} names, got ${given.length}`);
  }
  const odd = fitted.featureNamesIn?.findIndex((name, c) => name !== given[c]) ?? -1;
  if (odd >= 0) {
    throw rangeError(
      where,
      `inputFeatures are not those of fit: expected ${describe(fitted.featureNamesIn![odd])}, got ${describe(given[odd])}`,
    );
  }
  return given;
}

/** The columns of `fit`, for a state. */
export const fittedState = ({ nFeaturesIn, featureNamesIn }: Fitted): PreparingState => ({
  nFeaturesIn,
  featureNamesIn: featureNamesIn === null ? null : [...featureNamesIn],
});

const mostFeatures = 2 ** 24; // a limit for states from files, because memory is allocated for each column

/** Reads the columns of `fit` from a state. */
export function fittedFromState(where: string, state: StateReader, columns?: number): Fitted {
  const nFeaturesIn = state.has('nFeaturesIn') || columns === undefined ? state.integer('nFeaturesIn') : columns;
  if (nFeaturesIn > mostFeatures) throw rangeError(where, `nFeaturesIn is ${nFeaturesIn}, expected at most ${mostFeatures}`);
  const names = state.raw('featureNamesIn') ?? null;
  if (names === null) return { nFeaturesIn, featureNamesIn: null };
  const featureNamesIn = state.strings('featureNamesIn', nFeaturesIn);
  if (new Set(featureNamesIn).size !== nFeaturesIn) throw rangeError(where, 'featureNamesIn has a name twice');
  return { nFeaturesIn, featureNamesIn };
}
