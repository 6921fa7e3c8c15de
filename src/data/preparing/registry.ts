// Converts transformers to JSON and back.
import { describe, rangeError, typeError } from '../../errors';
import type { Tensor } from '../../tensor';
import type { CsrArray } from '../csr-array';
import { ColumnTransformer, type Part } from './column-transformer';
import { CountVectorizer } from './count-vectorizer';
import { LabelEncoder } from './label-encoder';
import { MinMaxScaler } from './min-max-scaler';
import { OneHotEncoder } from './one-hot-encoder';
import { OrdinalEncoder } from './ordinal-encoder';
import { Pipeline, type Steps } from './pipeline';
import { RobustScaler } from './robust-scaler';
import { SimpleImputer } from './simple-imputer';
import { StandardScaler } from './standard-scaler';
import { type Json, listOf, type PreparingState } from './state';
import { TfidfTransformer } from './tfidf-transformer';
import { TfidfVectorizer } from './tfidf-vectorizer';

/** A transformer as JSON: its class, its options, and its fitted state. */
export interface SavedTransformer {
  /** The name of its class. */
  kind: string;
  /** The options of its constructor. */
  options: Json;
  /** Its state after `fit`. */
  state: PreparingState;
}

/** A transformer that `toState` can save. */
export type Savable =
  | StandardScaler
  | MinMaxScaler
  | RobustScaler
  | OneHotEncoder<Tensor | CsrArray>
  | OrdinalEncoder
  | LabelEncoder
  | SimpleImputer
  | CountVectorizer
  | TfidfTransformer
  | TfidfVectorizer
  | Pipeline
  | ColumnTransformer<Tensor | CsrArray>;

type Make = new (options?: never) => Exclude<Savable, Pipeline | ColumnTransformer<Tensor | CsrArray>>;
const kinds = new Map<string, Make>(
  Object.entries({
    StandardScaler,
    MinMaxScaler,
    RobustScaler,
    OneHotEncoder,
    OrdinalEncoder,
    LabelEncoder,
    SimpleImputer,
    CountVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
  } as Record<string, Make>),
);
const deepest = 16;

const json = (value: object): Json => JSON.parse(JSON.stringify(value));

const partToState = (part: unknown): unknown => (typeof part === 'string' ? part : toState(part as Savable));

// Columns that were selected by a pattern or a function are saved as a list of columns.
function columnTransformerToState(transformer: ColumnTransformer<Tensor | CsrArray>): SavedTransformer {
  const columns = transformer.columnsOfParts();
  const parts = transformer.transformers.map(([name, part], i) => {
    if (columns[i] === null) {
      throw typeError('toState', `which columns ${describe(name)} has is known once fit has seen some`, 'call fit(x) first, or list them');
    }
    return [name, partToState(part), columns[i]];
  });
  const { sparseThreshold, verboseFeatureNamesOut, nFeaturesIn, featureNamesIn, sparseOutput } = transformer;
  const options = { parts, remainder: partToState(transformer.remainder), sparseThreshold, verboseFeatureNamesOut } as unknown as Json;
  return { kind: 'ColumnTransformer', options, state: json({ nFeaturesIn, featureNamesIn, sparseOutput }) as PreparingState };
}

/**
 * Converts a transformer to JSON, `{ kind, options, state }`, from which `fromState` restores it. PyTorch and scikit-learn pickle instead.
 *
 * A TypeError for a transformer that is not one of this library's classes.
 *
 * @example
 * const saved = JSON.stringify(data.toState(new data.StandardScaler().fit(tensor([[1], [3]]))));
 * data.fromState(JSON.parse(saved)).transform(tensor([[5]])).toArray(); // [[3]]
 */
export function toState(transformer: Savable): SavedTransformer {
  if (transformer instanceof Pipeline) {
    const options = transformer.steps.map(([name, step]) => [name, toState(step as Savable)] as const);
    return { kind: 'Pipeline', options: options as unknown as Json, state: {} };
  }
  if (transformer instanceof ColumnTransformer) {
    return columnTransformerToState(transformer);
  }
  for (const [kind, Class] of kinds) {
    if (!(transformer instanceof Class) || transformer.constructor !== Class) continue;
    const options = json(transformer.getParams()) as Record<string, Json>;
    // NaN, the default, is omitted, because JSON cannot represent it.
    for (const name of ['missingValues', 'encodedMissingValue']) if (options[name] === null) delete options[name];
    if (transformer instanceof OrdinalEncoder && Number.isNaN(transformer.unknownValue)) options['unknownValue'] = 'NaN';
    return { kind, options, state: json(transformer.stateDict()) as PreparingState };
  }
  throw typeError('toState', `expected a transformer of this library, got ${describe(transformer)}`);
}

function made(saved: SavedTransformer, depth: number): Savable {
  const where = 'fromState';
  if (saved === null || typeof saved !== 'object') throw typeError(where, `expected what toState() gives, got ${describe(saved)}`);
  if (depth > deepest) throw rangeError(where, `pipelines lie more than ${deepest} deep in one another`);
  const { kind, options, state } = saved;
  if (kind === 'Pipeline') {
    const steps = listOf(where, 'options', options).map((entry) => {
      const [name, step] = listOf(where, 'a step', entry, 2);
      return [name, made(step as SavedTransformer, depth + 1)];
    });
    return new Pipeline(steps as unknown as Steps);
  }
  if (kind === 'ColumnTransformer') {
    const { parts, remainder, sparseThreshold, verboseFeatureNamesOut } = (options ?? {}) as Record<string, never>;
    const partOf = (part: unknown): unknown => (typeof part === 'object' ? made(part as SavedTransformer, depth + 1) : part);
    const list = listOf(where, 'parts', parts).map((entry) => {
      const [name, part, columns] = listOf(where, 'a part', entry, 3);
      return [name, partOf(part), columns] as unknown as Part;
    });
    const rest = partOf(remainder) as 'drop' | undefined;
    const transformer = new ColumnTransformer(list, {
      remainder: rest!,
      sparseThreshold: sparseThreshold!,
      verboseFeatureNamesOut: verboseFeatureNamesOut!,
    });
    transformer.loadStateDict({ ...(state as object), parts: transformer.stateDict()['parts']! });
    return transformer;
  }
  const Class = kinds.get(kind);
  if (Class === undefined)
    throw rangeError(where, `unknown kind ${describe(kind)}`, `known are ${[...kinds.keys(), 'Pipeline', 'ColumnTransformer'].join(', ')}`);
  const unknownIsNaN = Class === (OrdinalEncoder as Make) && (options as { unknownValue?: unknown } | null)?.unknownValue === 'NaN';
  const transformer = new Class((unknownIsNaN ? { ...(options as object), unknownValue: Number.NaN } : options) as never);
  transformer.loadStateDict(state as never);
  return transformer;
}

// biome-ignore lint/suspicious/noExplicitAny: the class is known only from the state
type Loaded = any;

/**
 * Restores a transformer, fitted, from the JSON of `toState`. scikit-learn unpickles instead.
 *
 * Throws for an unknown class, for options and states that the class refuses, and for pipelines nested more than 16 deep.
 *
 * @example
 * const encoder = data.fromState(data.toState(new data.LabelEncoder().fit(['b', 'a']))) as data.LabelEncoder;
 * encoder.classes; // ['a', 'b']
 */
export function fromState(saved: SavedTransformer): Loaded {
  return made(saved, 0);
}
