// Columns that grow as rows are read.
import { isInt32Array } from '../brands';
import { ColumnKind, type CsvColumn } from './csv-layout';
import { type Column, textColumn } from './table';

const isInt32 = (value: number): boolean => (value | 0) === value && !Object.is(value, -0);

/** Collects a column. Its values are int32 until the first number that is not an int32. */
export class ColumnBuilder {
  /** The number of missing values. */
  missing = 0;
  /** Whether all numbers so far are integers, and the first of them that is beyond int32. */
  isInteger = true;
  beyond: { value: number; line: number } | null = null;
  private values: Int32Array | Float32Array = new Int32Array(64);
  private length = 0;

  /** Adds rows: `values[at]`, `values[at + stride]`, ... */
  append(values: Float64Array, at: number, stride: number, rows: number, lines: Float64Array, isText: boolean): void {
    if (isText) this.appendCodes(values, at, stride, rows);
    else if (isInt32Array(this.values)) this.appendInts(values, at, stride, rows, lines);
    else this.appendFloats(this.grown(rows) as Float32Array, values, at, stride, 0, rows, lines);
  }

  /** The column, on the memory that was filled. */
  finish({ kind, texts }: CsvColumn): Column {
    const { missing, beyond } = this;
    const values = this.values.subarray(0, this.length);
    if (kind === ColumnKind.text) return textColumn(values as Int32Array, texts);
    const at = beyond !== null && this.isInteger ? { value: beyond.value, at: `line ${beyond.line}` } : null;
    return { kind: 'number', values, missing, beyond: at, hasFraction: !this.isInteger };
  }

  private grown(rows: number): Int32Array | Float32Array {
    const least = this.length + rows;
    if (least > this.values.length) {
      const longer = Math.max(least, Math.ceil(1.5 * this.values.length));
      const larger = isInt32Array(this.values) ? new Int32Array(longer) : new Float32Array(longer);
      larger.set(this.values.subarray(0, this.length));
      this.values = larger;
    }
    return this.values;
  }

  private appendCodes(values: Float64Array, at: number, stride: number, rows: number): void {
    if (!isInt32Array(this.values)) {
      this.values = new Int32Array(this.length).fill(-1); // all values so far are missing
      this.missing = this.length;
    }
    const out = this.grown(rows);
    for (let i = 0, from = at; i < rows; i++, from += stride) {
      const code = values[from]!;
      out[this.length + i] = Number.isNaN(code) ? -1 : code;
    }
    this.length += rows;
  }

  private appendInts(values: Float64Array, at: number, stride: number, rows: number, lines: Float64Array): void {
    const out = this.grown(rows);
    const { length } = this;
    let i = 0;
    for (let from = at; i < rows; i++, from += stride) {
      const value = values[from]!;
      if (!isInt32(value)) break;
      out[length + i] = value;
    }
    if (i < rows) {
      const floats = new Float32Array(out.length);
      floats.set(out.subarray(0, length + i));
      this.values = floats;
      this.appendFloats(floats, values, at, stride, i, rows, lines);
    } else this.length += rows;
  }

  private appendFloats(
    out: Float32Array,
    values: Float64Array,
    at: number,
    stride: number,
    begin: number,
    rows: number,
    lines: Float64Array,
  ): void {
    const { length } = this;
    for (let i = begin, from = at + begin * stride; i < rows; i++, from += stride) {
      const value = values[from]!;
      out[length + i] = value;
      if (!this.isInteger && !Number.isNaN(value)) continue;
      if (Number.isNaN(value)) this.missing++;
      else if (!Number.isInteger(value)) this.isInteger = false;
      else if (this.beyond === null && (value | 0) !== value) this.beyond = { value, line: lines[i]! };
    }
    this.length += rows;
  }
}
