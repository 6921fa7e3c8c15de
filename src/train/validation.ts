// The validation sets of a fit, and the names of the figures after an epoch.
import { isPlainObject } from '../brands';
import { describe, rangeError, typeError } from '../errors';
import { type Batches, isIterable } from './batches';
import type { Figures, SetFigures } from './figure-types';
import { type Direction, directionsOf, type Measures } from './measures';

/** One loader, or several by name, of which the first provides the figure where a single one is needed. */
export type GivenValidation = Batches | Readonly<Record<string, Batches>>;

/** A set; the name is null for a single, unnamed set. */
export interface ValidationSet {
  name: string | null;
  loader: Batches;
}

/** The name of a set's loader in messages. */
export const loaderName = (name: string | null): string => (name === null ? 'the validation loader' : `the loader of validation.${name}`);

/** The sets, in order. */
export function validationSets(where: string, given: GivenValidation | undefined): ValidationSet[] {
  if (given === undefined) return [];
  if (isIterable(given) || !isPlainObject(given)) return [{ name: null, loader: given as Batches }]; // refused later if it is not a loader
  const sets = Object.entries(given).map(([name, loader]) => ({ name, loader: loader as Batches }));
  if (sets.length === 0) throw rangeError(where, 'validation names no loader');
  for (const { name, loader } of sets) {
    if (!isIterable(loader)) throw typeError(where, `expected validation.${name} to be a loader of batches, got ${describe(loader)}`);
  }
  return sets;
}

/** The figures that are known after an epoch, by name, with the better direction of each. Throws if a metric is called as a figure of a named set. */
export function knownFigures(where: string, measures: Measures, sets: readonly ValidationSet[]): Map<string, Direction> {
  const directions = directionsOf(measures);
  const named = sets.filter(({ name }) => name !== null);
  const ofSets = new Set(named.flatMap(({ name }) => ['loss', ...measures.names].map((figure) => `${name}.${figure}`)));
  const twice = measures.names.find((name) => ofSets.has(name));
  if (twice !== undefined) throw rangeError(where, `a metric cannot be called ${describe(twice)}: that is a figure of a validation set`);
  return new Map<string, Direction>([
    ['loss', 'min'],
    ...(sets.length > 0 ? [['validationLoss', 'min'] as [string, Direction]] : []),
    ...directions,
    ...named.flatMap(({ name }): [string, Direction][] => [
      [`${name}.loss`, 'min'],
      ...directions.map(([metric, direction]): [string, Direction] => [`${name}.${metric}`, direction]),
    ]),
  ]);
}

/** The figures that are known after an epoch: one number for each name, without figures that are several numbers. */
export function epochFigures(
  loss: number,
  { metrics }: Figures,
  sets: readonly ValidationSet[],
  figures: readonly SetFigures[],
): Map<string, number> {
  const known = new Map(Object.entries(metrics));
  known.set('loss', loss);
  if (figures.length > 0) known.set('validationLoss', figures[0]!.loss);
  for (const [i, { name }] of sets.entries()) {
    if (name === null) continue;
    for (const [metric, figure] of Object.entries(figures[i]!.metrics)) known.set(`${name}.${metric}`, figure);
    known.set(`${name}.loss`, figures[i]!.loss);
  }
  return known;
}

/** The argument of `onEpoch` for the figures of an epoch. */
export const reported = (
  { metrics, arrays }: Figures,
  { metrics: trainMetrics, arrays: trainArrays }: Figures,
  sets: readonly ValidationSet[],
  figures: readonly SetFigures[],
) => ({
  ...(figures.length > 0 && { validationLoss: figures[0]!.loss }),
  metrics,
  arrays,
  trainMetrics,
  trainArrays,
  ...(sets.some(({ name }) => name !== null) && { validation: Object.fromEntries(figures.map((set, i) => [sets[i]!.name!, set])) }),
});

/** The figure of that name among those of an epoch, for callers that monitor it. */
export function figureOf(where: string, figures: ReadonlyMap<string, number>, name: string): number {
  const figure = figures.get(name);
  if (figure !== undefined) return figure;
  throw rangeError(where, `${describe(name)} gives several numbers, and one is watched`, 'average: "macro" or "micro"');
}
