// Numbers and labels, given as arrays or as tensors.
import { isDataView } from '../brands';
import { describe, rangeError, typeError } from '../errors';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';

/** The class or the group of a row. */
export type Mark = number | string;

/** A list of numbers or strings, one for each row: an array, a typed array, or a tensor `[n]`. */
export type Marks = ArrayLike<Mark> | Tensor;

/** The elements of an array, a typed array, or a tensor `[n]`. */
export function listOf(where: string, name: string, given: unknown): ArrayLike<unknown> {
  if (given instanceof Tensor) {
    if (given.shape.length !== 1) throw rangeError(where, `expected ${name} [n], got ${shapeText(given.shape)}`);
    recorder?.reading(where);
    return given.values;
  }
  if (Array.isArray(given) || (ArrayBuffer.isView(given) && !isDataView(given))) return given as unknown as ArrayLike<unknown>;
  throw typeError(where, `expected ${name} to be an array or a tensor [n], got ${describe(given)}`);
}

/** The number of each row's class or group, numbered in the order of first occurrence, and the classes or groups themselves. */
export function marksOf(where: string, name: string, given: unknown, rows: number): { numbers: Int32Array; found: Mark[] } {
  const list = listOf(where, name, given);
  if (list.length !== rows) throw rangeError(where, `expected ${name} [${rows}], got [${list.length}]`);
  const known = new Map<Mark, number>();
  const numbers = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const mark = list[i];
    if (typeof mark !== typeof list[0] || !(typeof mark === 'string' || (typeof mark === 'number' && !Number.isNaN(mark)))) {
      throw typeError(where, `expected ${name} to be all numbers or all strings, got ${describe(mark)} at position ${i}`);
    }
    let number = known.get(mark);
    if (number === undefined) {
      number = known.size;
      known.set(mark, number);
    }
    numbers[i] = number;
  }
  return { numbers, found: [...known.keys()] };
}

/** How often each of the numbers 0 .. kinds - 1 occurs. */
export function countsOf(numbers: Int32Array, kinds: number): Int32Array {
  const counts = new Int32Array(kinds);
  for (const number of numbers) counts[number]!++;
  return counts;
}
