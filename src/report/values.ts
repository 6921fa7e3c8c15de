// The numbers for figures: tensors, lists, typed arrays.
import { isDataView } from '../brands';
import { describe, rangeError, typeError } from '../errors';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import { drawable, shortened } from './text';

/** One number for each row: a tensor `[n]` or `[n, 1]`, a list, a typed array. */
export type Numbers = Tensor | readonly number[] | Float32Array | Float64Array | Int32Array;

/** Numbers in rows: a tensor `[rows, columns]`, or a list of rows. */
export type Matrix = Tensor | readonly Numbers[];

const isArray = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || (ArrayBuffer.isView(value) && !isDataView(value));

/** Checks and copies numbers; NaN and infinities are allowed. */
export function numbersOf(where: string, name: string, value: unknown): Float64Array {
  if (value instanceof Tensor) {
    const { shape } = value;
    if (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1))
      throw rangeError(where, `expected ${name} [n], got ${shapeText(shape)}`);
    return Float64Array.from(value.data);
  }
  if (!isArray(value)) throw typeError(where, `expected ${name} to be a list of numbers, got ${describe(value)}`);
  const out = new Float64Array(value.length);
  for (let i = 0; i < out.length; i++) {
    const one = value[i];
    if (typeof one !== 'number') throw typeError(where, `expected ${name}[${i}] to be a number, got ${describe(one)}`);
    out[i] = one;
  }
  return out;
}

/** Rows of equal length. */
export interface Rows {
  rows: number;
  columns: number;
  values: Float64Array;
}

/** Checks and copies a matrix. */
export function matrixOf(where: string, name: string, value: unknown): Rows {
  if (value instanceof Tensor) {
    const [rows, columns] = value.shape;
    if (value.shape.length !== 2) throw rangeError(where, `expected ${name} [rows, columns], got ${shapeText(value.shape)}`);
    return { rows: rows!, columns: columns!, values: Float64Array.from(value.data) };
  }
  if (!Array.isArray(value)) throw typeError(where, `expected ${name} to be a matrix, got ${describe(value)}`);
  const lines = value.map((line, i) => numbersOf(where, `${name}[${i}]`, line));
  const columns = lines[0]?.length ?? 0;
  const odd = lines.findIndex((line) => line.length !== columns);
  if (odd >= 0) throw rangeError(where, `expected ${name}[${odd}] to have ${columns} numbers as ${name}[0] has, got ${lines[odd]!.length}`);
  const values = new Float64Array(lines.length * columns);
  lines.forEach((line, i) => void values.set(line, i * columns));
  return { rows: lines.length, columns, values };
}

/** Checks the names of `count` classes; by default their numbers. */
export function classNamesOf(where: string, names: unknown, count: number): string[] {
  if (names === undefined || names === null) return Array.from({ length: count }, (_, i) => String(i));
  if (!Array.isArray(names)) throw typeError(where, `expected classNames to be a list of names, got ${describe(names)}`);
  if (names.length !== count) throw rangeError(where, `expected ${count} classNames, got ${names.length}`);
  return names.map((name, i) => {
    if (typeof name !== 'string' && typeof name !== 'number')
      throw typeError(where, `expected classNames[${i}] to be a name, got ${describe(name)}`);
    return String(name);
  });
}

const longest = 24;

/** Names as a figure shows them: short, not empty, distinct. */
export function labelsOf(names: readonly string[]): string[] {
  const labels = names.map((name) => drawable(shortened(name, longest)));
  const times = new Map<string, number>();
  for (const label of labels) times.set(label, (times.get(label) ?? 0) + 1);
  return labels.map((label, i) => (label.trim() === '' ? `(${i})` : times.get(label) === 1 ? label : `${label} (${i})`));
}
