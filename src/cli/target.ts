// The target of a training: classes or a quantity.
import { isInt32Array } from '../brands';
import { data, type Tensor, tensor } from '../index';
import { CliError } from './errors';

export type Task = 'classification' | 'regression';

// Integers with few distinct values are taken for class numbers.
const mostClasses = 20;

/** Whether a target is classification: texts are, and two distinct integers are; more distinct integers only if there are many rows of each. */
export function taskOf(table: data.Table, name: string, wanted: Task | undefined): Task {
  const column = table.column(name);
  if (column.kind === 'text') {
    if (wanted === 'regression') throw new CliError(`column "${name}" has texts: a regression needs numbers`);
    return 'classification';
  }
  const values = Array.from(column.values).filter((value) => !Number.isNaN(value));
  const hasFraction = values.some((value) => !Number.isInteger(value));
  if (wanted === 'classification' && hasFraction) {
    const row = Array.from(column.values).findIndex((value) => !Number.isNaN(value) && !Number.isInteger(value));
    throw new CliError(
      `line ${table.lineOf(row)}, column "${name}": the class ${column.values[row]} is no integer`,
      `--text "${name}" takes each value for the name of a class`,
    );
  }
  if (wanted !== undefined) return wanted;
  const different = new Set(values).size;
  if (hasFraction || different > mostClasses) return 'regression';
  return different <= 2 || different <= values.length / 5 ? 'classification' : 'regression';
}

/** The rows whose target is not missing. */
export function knownRows(column: data.Column): Int32Array {
  const values = column.kind === 'text' ? column.codes : column.values;
  const isKnown = column.kind === 'text' ? (value: number) => value >= 0 : (value: number) => !Number.isNaN(value);
  return Int32Array.from(values.keys()).filter((row) => isKnown(values[row]!));
}

/** The labels of some rows: texts, or integers. */
export function labelsOf(table: data.Table, name: string, rows: Int32Array, areClasses = true): data.Label[] {
  const column = table.column(name);
  if (column.kind === 'text') return Array.from(rows, (row) => column.categories[column.codes[row]!]!);
  const { values } = column;
  // A column with a missing value or a fraction is float32, which cannot represent every integer from 2^24 on: different classes would become one.
  const rounded = !areClasses || isInt32Array(values) ? undefined : rows.find((row) => Math.abs(values[row]!) >= 2 ** 24);
  if (rounded !== undefined) {
    throw new CliError(
      `line ${table.lineOf(rounded)}, column "${name}": ${values[rounded]} may be rounded, as numbers from 2^24 on are`,
      `--text "${name}" takes each value for the name of a class`,
    );
  }
  return Array.from(rows, (row) => values[row]!);
}

/** The mean and standard deviation by which a regression's targets `[n, 1]` are scaled for training. */
export interface Scale {
  mean: number;
  std: number;
}

/** The mean and the standard deviation of some values; the deviation is 1 if all are equal. */
export function scaleOf(values: readonly number[]): Scale {
  const { mean, scale } = new data.StandardScaler().fit(tensor(values.map((value) => [value])));
  return { mean: mean[0]!, std: scale[0]! };
}

/** Scaled values, float32 `[n, 1]`. */
export const scaled = (values: readonly number[], { mean, std }: Scale): Tensor => tensor(values.map((value) => [(value - mean) / std]));

/** A network's outputs `[n, 1]`, converted back to the target's own unit. */
export const unscaled = (outputs: Tensor, { mean, std }: Scale): number[] =>
  Array.from(outputs.data as Float32Array, (value) => Math.fround(value * std + mean));
