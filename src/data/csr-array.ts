// Sparse rows in compressed sparse row (CSR) form.
import { isFloat32Array, isFloat64Array, isInt32Array } from '../brands';
import { checkAttached, checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';

/** The arrays of a `CsrArray`: its elements, the column of each, and where each row begins, followed by the end of the last row. */
export type CsrParts = readonly [
  data: Float32Array | Float64Array | readonly number[],
  indices: Int32Array | readonly number[],
  indptr: Int32Array | readonly number[],
];

/** The option of `CsrArray`. */
export interface CsrArrayOptions {
  /** The number of rows and columns. */
  shape: readonly [rows: number, columns: number];
}

const where = 'CsrArray';
const most = 2 ** 31 - 1;

function numbersIn<A extends Float32Array | Int32Array>(name: string, given: unknown, ArrayClass: new (length: number) => A): A {
  const list = isFloat32Array(given) || isFloat64Array(given) || isInt32Array(given);
  if (list) checkAttached(where, given);
  else if (!Array.isArray(given)) throw typeError(where, `expected ${name} to be an array of numbers, got ${describe(given)}`);
  const out = new ArrayClass((given as ArrayLike<number>).length);
  for (let i = 0; i < out.length; i++) {
    const value: unknown = (given as ArrayLike<unknown>)[i];
    if (typeof value !== 'number') throw typeError(where, `expected ${name} to hold numbers, got ${describe(value)} at position ${i}`);
    out[i] = value;
    if (isInt32Array(out) && out[i] !== value) throw rangeError(where, `expected ${name} to hold int32 numbers, got ${value}`);
  }
  return out;
}

/**
 * Sparse rows: only the elements that are not 0 are stored, row by row (CSR form). As `scipy.sparse.csr_array`.
 *
 * Row i has the elements `data[indptr[i]]` to `data[indptr[i + 1] - 1]`, in the columns that `indices` has at the same positions; data is float32. The vectorizers of
 * text return it, and `OneHotEncoder` with `sparseOutput`; `nn.SparseLinear` accepts its rows as returned by `tensors()` or `padded()`. The arrays are copied.
 * A RangeError for columns that do not ascend within each row, or are outside the shape; scipy accepts columns in any order, and a column twice.
 *
 * @example
 * const rows = new data.CsrArray([[1, 2, 3], [0, 4, 1], [0, 2, 2, 3]], { shape: [3, 5] });
 * rows.toArray(); // [[1, 0, 0, 0, 2], [0, 0, 0, 0, 0], [0, 3, 0, 0, 0]]
 * const { columns, offsets, values } = rows.tensors();
 * new nn.SparseLinear(5, 2).forward(columns, { offsets, values }).shape; // [3, 2]
 */
export class CsrArray {
  /** The elements. */
  readonly data: Float32Array;
  /** The column of each element. */
  readonly indices: Int32Array;
  /** Where each row begins among the elements, followed by the end of the last row. */
  readonly indptr: Int32Array;
  /** How many rows and columns there are. */
  readonly shape: readonly [rows: number, columns: number];

  constructor(parts: CsrParts, options: CsrArrayOptions) {
    if (!Array.isArray(parts) || parts.length !== 3) {
      throw typeError(
        where,
        `expected [data, indices, indptr], got ${Array.isArray(parts) ? `${parts.length} elements` : describe(parts)}`,
      );
    }
    const { shape } = withDefaults<{ shape: CsrArrayOptions['shape'] | null }>(where, options, { shape: null });
    if (!Array.isArray(shape) || shape.length !== 2) throw typeError(where, `expected shape to be [rows, columns], got ${describe(shape)}`);
    for (const size of shape) checkInteger(where, 'shape', size, 0, most);
    this.shape = [shape[0], shape[1]];
    this.data = numbersIn('data', parts[0], Float32Array);
    this.indices = numbersIn('indices', parts[1], Int32Array);
    this.indptr = numbersIn('indptr', parts[2], Int32Array);
    this.check();
  }

  /** The elements of `x` `[n, features]` that are not 0; NaN is among them. */
  static from(x: Tensor): CsrArray {
    recorder?.reading('CsrArray.from');
    checkTensor('CsrArray.from', 'x', x);
    if (x.shape.length !== 2) throw rangeError('CsrArray.from', `expected x [n, features], got ${shapeText(x.shape)}`);
    const [rows, columns] = x.shape as [number, number];
    const data: number[] = [];
    const indices: number[] = [];
    const indptr = new Int32Array(rows + 1);
    const { values } = x;
    for (let i = 0, at = 0; i < rows; i++) {
      for (let c = 0; c < columns; c++, at++) {
        if (values[at] === 0) continue;
        data.push(values[at]!);
        indices.push(c);
      }
      indptr[i + 1] = data.length;
    }
    return new CsrArray([data, indices, indptr], { shape: [rows, columns] });
  }

  /** The number of stored elements. */
  get nnz(): number {
    return this.data.length;
  }

  /** The rows from `begin` (0) up to `end` (all), as `slice` of an array has them. */
  slice(begin?: number, end?: number): CsrArray {
    const [rows, columns] = this.shape;
    for (const at of [begin, end]) if (at !== undefined) checkInteger('CsrArray.slice', 'a place', at, -most, most);
    const place = (at: number): number => Math.min(Math.max(at < 0 ? at + rows : at, 0), rows);
    const from = place(begin ?? 0);
    const to = Math.max(from, place(end ?? rows));
    const [first, last] = [this.indptr[from]!, this.indptr[to]!];
    const indptr = this.indptr.slice(from, to + 1).map((at) => at - first);
    return new CsrArray([this.data.subarray(first, last), this.indices.subarray(first, last), indptr], { shape: [to - from, columns] });
  }

  /** The rows with these numbers, in this order. */
  take(rows: readonly number[] | Int32Array): CsrArray {
    if (!Array.isArray(rows) && !isInt32Array(rows)) {
      throw typeError('CsrArray.take', `expected the numbers of rows, got ${describe(rows)}`);
    }
    const numbers = Array.from(rows as readonly number[], (row) => checkInteger('CsrArray.take', 'a row', row, 0, this.shape[0] - 1));
    const indptr = new Float64Array(numbers.length + 1);
    numbers.forEach((row, i) => {
      indptr[i + 1] = indptr[i]! + this.indptr[row + 1]! - this.indptr[row]!;
    });
    const count = indptr[numbers.length]!;
    if (count > most) throw rangeError('CsrArray.take', `the rows have ${count} elements, expected at most ${most}`);
    const [data, indices] = [new Float32Array(count), new Int32Array(count)];
    numbers.forEach((row, i) => {
      data.set(this.data.subarray(this.indptr[row], this.indptr[row + 1]), indptr[i]);
      indices.set(this.indices.subarray(this.indptr[row], this.indptr[row + 1]), indptr[i]);
    });
    return new CsrArray([data, indices, Int32Array.from(indptr)], { shape: [numbers.length, this.shape[1]] });
  }

  /** The rows in the form that `nn.SparseLinear` and `embeddingBag` accept: columns and values of all elements `[nnz]`, and where each row begins, `[rows]`. */
  tensors(): { columns: Tensor; offsets: Tensor; values: Tensor } {
    const columns = new Tensor(this.indices.slice(), [this.nnz]);
    const offsets = new Tensor(this.indptr.slice(0, this.shape[0]), [this.shape[0]]);
    return { columns, offsets, values: new Tensor(this.data.slice(), [this.nnz]) };
  }

  /**
   * The rows padded to one length, for a `TensorDataset`: columns and values `[rows, longest]`, padded with column 0 and value 0. A RangeError if there are no columns.
   */
  padded(): { columns: Tensor; values: Tensor } {
    const [rows, width] = this.shape;
    if (width === 0) throw rangeError('CsrArray.padded', 'there are no columns to fill rows up with');
    let longest = 1;
    for (let i = 0; i < rows; i++) longest = Math.max(longest, this.indptr[i + 1]! - this.indptr[i]!);
    const columns = empty([rows, longest], 'int32');
    const values = empty([rows, longest]);
    for (let i = 0; i < rows; i++) {
      columns.ints.set(this.indices.subarray(this.indptr[i], this.indptr[i + 1]), i * longest);
      values.floats.set(this.data.subarray(this.indptr[i], this.indptr[i + 1]), i * longest);
    }
    return { columns, values };
  }

  /** All elements, float32 `[rows, columns]`: `toarray` of scipy. */
  toDense(): Tensor {
    const [rows, width] = this.shape;
    const out = empty([rows, width]);
    for (let i = 0; i < rows; i++) {
      for (let at = this.indptr[i]!; at < this.indptr[i + 1]!; at++) out.floats[i * width + this.indices[at]!] = this.data[at]!;
    }
    return out;
  }

  /** All elements as nested arrays. */
  toArray(): number[][] {
    return this.toDense().toArray() as number[][];
  }

  private check(): void {
    const { data, indices, indptr } = this;
    const [rows, columns] = this.shape;
    if (indptr.length !== rows + 1 || indptr[0] !== 0 || indptr[rows] !== indices.length || data.length !== indices.length) {
      throw rangeError(
        where,
        `${data.length} elements, ${indices.length} columns of elements and ${indptr.length} places of rows make no ${shapeText(this.shape)}`,
        'indptr has one place more than there are rows, from 0 to the number of elements',
      );
    }
    const odd = indptr.findIndex((at, i) => i > 0 && at < indptr[i - 1]!);
    if (odd >= 0) throw rangeError(where, `expected indptr in ascending order, got ${indptr[odd - 1]} and ${indptr[odd]}`);
    for (let i = 0; i < rows; i++) {
      for (let at = indptr[i]!; at < indptr[i + 1]!; at++) {
        if (indices[at]! < 0 || indices[at]! >= columns) throw rangeError(where, `row ${i} has column ${indices[at]}, of ${columns}`);
        if (at > indptr[i]! && indices[at]! <= indices[at - 1]!) {
          throw rangeError(where, `expected the columns of row ${i} in ascending order, got ${indices[at - 1]} and ${indices[at]}`);
        }
      }
    }
  }
}
