// What the scalers share: they map each value by a function of the value and its column.
import type { Tensor } from '../../tensor';
import { type Features, numbersOf, tensorOf } from './columns';
import { columnsAsFitted, columnsToFit, type Fitted } from './transformer';

/** The values of a column that are not missing. */
export const present = (column: Float64Array): Float64Array =>
  column.some(Number.isNaN) ? column.filter((v) => !Number.isNaN(v)) : column;

/** The columns of x as numbers, and their names, for fitting. */
export function numbersToFit(where: string, x: Features): Fitted & { list: Float64Array[] } {
  const columns = columnsToFit(where, x);
  return { list: numbersOf(where, columns), nFeaturesIn: columns.list.length, featureNamesIn: columns.names };
}

/** `f(value, column)` for each value that is not missing, as a new float32 tensor of the shape of x. */
export function mapped(where: string, fitted: Fitted, x: Features, f: (value: number, column: number) => number): Tensor {
  const columns = columnsAsFitted(where, fitted, x);
  const list = numbersOf(where, columns).map((column, c) => column.map((value) => f(value, c)));
  return tensorOf(columns.rows, list);
}

/** The divisor of a column: its range, or 1 if that is 0. It stays NaN for a column without values. */
export const withoutZeros = (scale: number): number => (scale < 10 * Number.EPSILON ? 1 : scale);
