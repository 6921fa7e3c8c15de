// The types of figures, with the names under which the user requested them.
import type { ConfusionMatrix } from '../metrics';
import type { NestedArray } from '../tensor';
import type { Batches } from './batches';
import type { GivenMetrics, RoutedMetric } from './measures';
import type { GivenValidation } from './validation';

/** No metrics: the inferred type for a call without metrics. */
export type NoMetrics = Readonly<Record<never, never>>;

type MetricOf<Given> = Given extends RoutedMetric ? Given['metric'] : Given;

// Its value is always a matrix. Whether another metric's value is several numbers, as with `average: "none"`, depends on option values, which types do not
// know.
type IsMatrix<Given> = [MetricOf<Given>] extends [ConfusionMatrix] ? true : false;

/** A figure for each metric that may be a single number. */
export type NumbersOf<M, Figure> = { -readonly [Name in keyof M as IsMatrix<M[Name]> extends true ? never : Name]: Figure };

// A plain function returns a single number.
type MayBeSeveral<Given> = IsMatrix<Given> extends true ? false : [MetricOf<Given>] extends [(...args: never[]) => unknown] ? false : true;

/** A figure for each metric that is, or may be, several numbers. */
export type ArraysOf<M, Figure> = string extends keyof M
  ? Record<string, Figure>
  : { -readonly [Name in keyof M as IsMatrix<M[Name]> extends true ? Name : never]: Figure } & {
      -readonly [Name in keyof M as MayBeSeveral<M[Name]> extends true ? Name : never]?: Figure;
    };

/** The results of metrics: those that are single numbers, and those that are several. */
export interface Figures<M extends GivenMetrics = GivenMetrics> {
  /** Each metric that is a single number. */
  metrics: NumbersOf<M, number>;
  /** Each metric that is several numbers. */
  arrays: ArraysOf<M, NestedArray>;
}

/** The results for a set in one epoch. */
export interface SetFigures<M extends GivenMetrics = GivenMetrics> extends Figures<M> {
  /** The criterion's loss for all its rows in one batch. */
  loss: number;
}

/** The results for a validation set, one for each epoch. */
export interface SetHistory<M extends GivenMetrics = GivenMetrics> {
  /** Its loss. */
  loss: number[];
  /** Each metric that is a single number. */
  metrics: NumbersOf<M, number[]>;
  /** Each metric that is several numbers. */
  arrays: ArraysOf<M, NestedArray[]>;
}

/** The names of validation sets, if they are named. */
export type NamesOf<V> = V extends Batches ? never : keyof V;

interface OneSet<Loss> {
  /** The loss over the validation loader: the criterion's for all its rows in one batch. With several sets, that of the first. */
  validationLoss: Loss;
}

interface NamedSets<V, Set> {
  /** The results for each of several validation sets, by name. */
  validation: { -readonly [Name in NamesOf<V>]: Set };
}

/** The reported validation: nothing without a validation, and optional if there may be one. */
export type OfValidation<V extends GivenValidation | undefined, Loss, Set> = [V] extends [undefined]
  ? unknown
  : undefined extends V
    ? Partial<OneSet<Loss> & NamedSets<NonNullable<V>, Set>>
    : [V] extends [Batches]
      ? OneSet<Loss>
      : Batches extends V
        ? OneSet<Loss> & Partial<NamedSets<V, Set>>
        : OneSet<Loss> & NamedSets<V, Set>;
