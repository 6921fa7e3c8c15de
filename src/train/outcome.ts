// The outcome of one of many fits: one figure for each name, of its last epoch or its best.
import { describe, rangeError } from '../errors';
import type { NamesOf, NoMetrics, NumbersOf } from './figure-types';
import type { GivenMetrics } from './measures';
import type { FitOptions, FitResult } from './options';
import { bestOf } from './result';
import type { GivenValidation } from './validation';

/** The losses and metrics of one epoch by name; those of named validation sets are `set.loss` and `set.metric`. */
export type EpochFigures<M extends GivenMetrics, V extends GivenValidation | undefined> = string extends keyof M
  ? Record<string, number>
  : { loss: number } & NumbersOf<M, number> &
      ([V] extends [undefined] ? unknown : undefined extends V ? { validationLoss?: number } : { validationLoss: number }) & {
        [Name in `${NamesOf<NonNullable<V>> & string}.${'loss' | (keyof NumbersOf<M, number> & string)}`]: number;
      };

type OptionOf<T, Name extends keyof FitOptions> = Name extends keyof T ? T[Name] : undefined;

/** The names of the metrics in the options of a fit. */
export type MetricsIn<T, Name extends 'metrics' | 'trainMetrics'> = [OptionOf<T, Name>] extends [undefined]
  ? NoMetrics
  : NonNullable<OptionOf<T, Name>> extends infer M extends GivenMetrics
    ? undefined extends OptionOf<T, Name>
      ? string extends keyof M
        ? M
        : Partial<M>
      : M
    : GivenMetrics;

/** The type of validation in the options of a fit. */
export type ValidationIn<T> =
  OptionOf<T, 'validation'> extends infer V extends GivenValidation | undefined ? V : GivenValidation | undefined;

/** The result of a fit with such options. */
export type ResultOf<T, V extends GivenValidation | undefined = ValidationIn<T>> = FitResult<
  MetricsIn<T, 'metrics'>,
  MetricsIn<T, 'trainMetrics'>,
  V
>;

/** One epoch's figures of such a fit. */
export type FiguresOf<T, V extends GivenValidation | undefined = ValidationIn<T>> = EpochFigures<MetricsIn<T, 'metrics'>, V>;

// All lists with one number for each epoch, by name.
function listsOf({ loss, validationLoss, metrics, validation = {} }: FitResult): Record<string, number[]> {
  const sets = Object.entries(validation).flatMap(([set, history]) =>
    Object.entries({ ...history.metrics, loss: history.loss }).map(([name, figures]) => [`${set}.${name}`, figures] as const),
  );
  return { ...Object.fromEntries(sets), loss, ...(validationLoss && { validationLoss }), ...metrics };
}

/** The figures of epoch `at` of a history, by default the last; NaN if there is no such epoch. */
export const figuresAt = (history: FitResult, at = history.epochs): Record<string, number> =>
  Object.fromEntries(Object.entries(listsOf(history)).map(([name, figures]) => [name, figures[at - 1] ?? NaN]));

/** The epoch of a history with the best figure of that name, from 1; 0 if no figure is a number. */
export function bestAt(where: string, history: FitResult, monitor: string, mode: 'min' | 'max', minDelta?: number): number {
  const figures = listsOf(history)[monitor];
  if (figures === undefined) {
    throw rangeError(where, `${describe(monitor)} gives several numbers, and one is watched`, 'average: "macro" or "micro"');
  }
  return bestOf(figures, mode === 'max' ? -1 : 1, minDelta);
}
