// The types of figures by the names under which they were asked for.
import type { ConfusionMatrix } from '../metrics';
import type { NestedArray } from '../tensor';
import type { Batches } from './batches';
import type { GivenMetrics, RoutedMetric } from './measures';
import type { GivenValidation } from './validation';

/** No metrics: what a call that names none is inferred to have. */
export type NoMetrics = Readonly<Record<never, never>>;

type MetricOf<Given> = Given extends RoutedMetric ? Given['metric'] : Given;

// Its value is a matrix in any case. Whether another's is several numbers, as with `average: "none"`, is said by values, which types do not know.
type IsMatrix<Given> = [MetricOf<Given>] extends [ConfusionMatrix] ? true : false;

/** A figure for each metric that may be one number. */
export type NumbersOf<M, Figure> = { -readonly [Name in keyof M as IsMatrix<M[Name]> extends true ? never : Name]: Figure };

// Plain functions give one number.
type MayBeSeveral<Given> = IsMatrix<Given> extends true ? false : [MetricOf<Given>] extends [(...args: never[]) => unknown] ? false : true;

/** A figure for each metric that is several numbers, or may be. */
export type ArraysOf<M, Figure> = string extends keyof M
  ? Record<string, Figure>
  : { -readonly [Name in keyof M as IsMatrix<M[Name]> extends true ? Name : never]: Figure } & {
      -readonly [Name in keyof M as MayBeSeveral<M[Name]> extends true ? Name : never]?: Figure;
    };

/** What metrics came to: those that are one number, and those that are several. */
export interface Figures<M extends GivenMetrics = GivenMetrics> {
  /** Each metric that is one number. */
  metrics: NumbersOf<M, number>;
  /** Each that is several. */
  arrays: ArraysOf<M, NestedArray>;
}

/** What a set came to in an epoch. */
export interface SetFigures<M extends GivenMetrics = GivenMetrics> extends Figures<M> {
  /** What the criterion gives for all its rows in one batch. */
  loss: number;
}

/** What a validation set came to, epoch by epoch. */
export interface SetHistory<M extends GivenMetrics = GivenMetrics> {
  /** Its loss. */
  loss: number[];
  /** Each metric that is one number. */
  metrics: NumbersOf<M, number[]>;
  /** Each that is several. */
  arrays: ArraysOf<M, NestedArray[]>;
}

/** The names of sets that have some. */
export type NamesOf<V> = V extends Batches ? never : keyof V;

interface OneSet<Loss> {
  /** The loss over the validation loader, what the criterion gives for all its rows in one batch. Of several sets the first's. */
  validationLoss: Loss;
}

interface NamedSets<V, Set> {
  /** Of several validation sets each, by its name. */
  validation: { -readonly [Name in NamesOf<V>]: Set };
}

/** What is reported of a validation: nothing where there is none, and maybe nothing where there may be none. */
export type OfValidation<V extends GivenValidation | undefined, Loss, Set> = [V] extends [undefined]
  ? unknown
  : undefined extends V
    ? Partial<OneSet<Loss> & NamedSets<NonNullable<V>, Set>>
    : [V] extends [Batches]
      ? OneSet<Loss>
      : Batches extends V
        ? OneSet<Loss> & Partial<NamedSets<V, Set>>
        : OneSet<Loss> & NamedSets<V, Set>;
