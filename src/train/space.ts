// The parameter space of a search.
import { checkInteger, checkNumber, describe, rangeError, typeError } from '../errors';
import { seedOf } from './random-stream';

/** The distribution of one parameter of a search. */
export interface Distribution<T> {
  /** All values, if they are countable. */
  readonly values: readonly T[] | null;
  /** The value for a number in [0, 1). */
  at(u: number): T;
}

/** Parameters by name: distributions, or lists of values. */
export type Space = Readonly<Record<string, Distribution<unknown> | readonly unknown[]>>;

/** The values of a space's parameters in one trial. */
export type Params<S extends Space> = {
  -readonly [K in keyof S]: S[K] extends Distribution<infer T> ? T : S[K] extends readonly (infer T)[] ? T : never;
};

function checkRange(where: string, low: number, high: number): void {
  for (const [name, value] of Object.entries({ low, high })) {
    checkNumber(where, name, value);
    if (!Number.isFinite(value)) throw rangeError(where, `expected ${name} to be finite, got ${value}`);
  }
  if (!(low < high)) throw rangeError(where, `expected low to be less than high, got ${low} and ${high}`);
}

/**
 * A uniform distribution from `low` to `high`, for `train.search`.
 *
 * @example
 * train.uniform(0, 0.5).at(0.5); // 0.25
 */
export function uniform(low: number, high: number): Distribution<number> {
  checkRange('train.uniform', low, high);
  return { values: null, at: (u) => Math.min(high, low * (1 - u) + high * u) };
}

/**
 * A log-uniform distribution from `low` to `high`, for `train.search`, for learning rates and similar parameters. A RangeError unless both are
 * above 0.
 *
 * @example
 * train.logUniform(0.0001, 0.01).at(0.5); // 0.001
 */
export function logUniform(low: number, high: number): Distribution<number> {
  checkRange('train.logUniform', low, high);
  if (!(low > 0)) throw rangeError('train.logUniform', `expected low to be above 0, got ${low}`);
  return { values: null, at: (u) => Math.min(high, Math.max(low, Math.exp(Math.log(low) * (1 - u) + Math.log(high) * u))) };
}

const maxPoints = 2 ** 20;
const countable = 2 ** 31; // the number of points up to which one random number of 53 bits draws a grid's points uniformly

/**
 * The integers from `low` to `high`, inclusive, for `train.search`. A RangeError if there are more than 2^20.
 *
 * @example
 * train.integer(1, 3).values; // [1, 2, 3]
 */
export function integer(low: number, high: number): Distribution<number> {
  const where = 'train.integer';
  checkInteger(where, 'low', low, Number.MIN_SAFE_INTEGER);
  checkInteger(where, 'high', high, low);
  if (high - low >= maxPoints) throw rangeError(where, `expected 2^20 integers at most, got ${high - low + 1}`);
  return distributionOf(Array.from({ length: high - low + 1 }, (_, i) => low + i));
}

/**
 * A choice between values, for `train.search`; a plain list means the same.
 *
 * @example
 * train.choice(['relu', 'gelu']).at(0.9); // "gelu"
 */
export function choice<const T>(values: readonly T[]): Distribution<T> {
  if (!Array.isArray(values)) throw typeError('train.choice', `expected a list of values, got ${describe(values)}`);
  if (values.length === 0) throw rangeError('train.choice', 'expected a value or more, got none');
  return distributionOf([...values] as T[]);
}

const distributionOf = <T>(values: readonly T[]): Distribution<T> => ({ values, at: (u) => values[Math.floor(u * values.length)]! });

const uniformOf = (seed: number, n: number): number => seedOf(seed, n) / 2 ** 53;

// Distinct points of a grid, in an order that does not depend on how many are used: a shuffle's beginning, for which only the moved elements are stored.
function distinctPoints(size: number, count: number, seed: number): number[] {
  const moved = new Map<number, number>();
  return Array.from({ length: count }, (_, i) => {
    const j = i + Math.floor(uniformOf(seed, i) * (size - i));
    const point = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    return point;
  });
}

/** The parameters of each trial: `trials` of them, or without `trials` all points of the grid. */
export function paramsOf<S extends Space>(where: string, space: S, trials: number | undefined, seed: number): Params<S>[] {
  if (typeof space !== 'object' || space === null || Array.isArray(space)) {
    throw typeError(where, `expected a space of parameters by their names, got ${describe(space)}`);
  }
  const names = Object.keys(space);
  if (names.length === 0) throw rangeError(where, 'the space has no parameters');
  const all = names.map((name): Distribution<unknown> => {
    const given: unknown = space[name];
    if (Array.isArray(given)) {
      if (given.length === 0) throw rangeError(where, `there are no values of ${name}`);
      return distributionOf(given);
    }
    const { at, values } = (given ?? {}) as Partial<Distribution<unknown>>;
    if (typeof at !== 'function' || (values !== null && !Array.isArray(values))) {
      throw typeError(where, `expected ${name} to be a list of values or a distribution, got ${describe(given)}`, `${name}: [value]`);
    }
    return given as Distribution<unknown>;
  });
  const named = (values: unknown[]): Params<S> => Object.fromEntries(names.map((name, i) => [name, values[i]])) as Params<S>;
  const drawn = (trial: number): Params<S> => {
    const own = seedOf(seed, trial);
    return named(all.map((distribution, j) => distribution.at(uniformOf(own, j))));
  };
  const endless = names.find((_, i) => all[i]!.values === null);
  if (endless !== undefined) {
    if (trials === undefined) throw rangeError(where, `${endless} has no end of values: trials must say how many are tried`);
    return Array.from({ length: trials }, (_, i) => drawn(i));
  }
  const size = all.reduce((product, { values }) => product * values!.length, 1);
  if (trials === undefined && size > maxPoints) throw rangeError(where, `the grid has ${size} points: trials must say how many are tried`);
  if (trials !== undefined && size > countable) return Array.from({ length: trials }, (_, i) => drawn(i));
  const chosen = trials === undefined || trials >= size ? Array.from({ length: size }, (_, i) => i) : distinctPoints(size, trials, seed);
  return chosen.map((point) => {
    const values: unknown[] = [];
    let rest = point;
    for (const { values: known } of all.toReversed()) {
      values.unshift(known![rest % known!.length]);
      rest = Math.floor(rest / known!.length);
    }
    return named(values);
  });
}
