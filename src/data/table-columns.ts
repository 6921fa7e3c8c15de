// Columns of values that other libraries have read, in whatever order they come.
import { describe, rangeError } from '../errors';
import { type Column, textColumn } from './table';

type Numbers = Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;

const isInt32 = (value: number): boolean => (value | 0) === value && !Object.is(value, -0);

const firstRows = 2 ** 20;

/** Collects a column of `rows` rows, all missing at first. Memory grows as values are set, because a damaged file may claim more rows than it has. */
export function gathered(where: string, name: string, rows: number): Gathered {
  return new Gathered(where, name, rows);
}

class Gathered {
  private numbers: Float64Array | null = null;
  private codes: Int32Array | null = null;
  private readonly texts = new Map<string, number>();

  constructor(
    private readonly where: string,
    private readonly name: string,
    private readonly rows: number,
  ) {}

  /** Sets numbers from row `at` on. */
  place(at: number, values: Numbers): void {
    if (this.codes === null) {
      this.numbers = this.withRoom(this.numbers, at + values.length, Float64Array, Number.NaN);
      this.numbers.set(values, at);
    } else if (values.length > 0) this.set(at, values[0]);
  }

  /** Sets one value. */
  set(row: number, value: unknown): void {
    if (value === null || value === undefined) return;
    if (typeof value === 'string') {
      if (this.numbers !== null) this.refuse(row, value);
      this.codes = this.withRoom(this.codes, row + 1, Int32Array, -1);
      let code = this.texts.get(value);
      if (code === undefined) {
        code = this.texts.size;
        this.texts.set(value, code);
      }
      this.codes[row] = code;
      return;
    }
    if (this.codes !== null || (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean'))
      this.refuse(row, value);
    this.numbers = this.withRoom(this.numbers, row + 1, Float64Array, Number.NaN);
    this.numbers[row] = Number(value);
  }

  // The values with room for this many rows; the new ones are missing.
  private withRoom<T extends Float64Array | Int32Array>(values: T | null, rows: number, Of: new (length: number) => T, missing: number): T {
    if (values !== null && values.length >= rows) return values;
    const more = new Of(Math.min(this.rows, Math.max(firstRows, 2 * (values?.length ?? 0), rows))).fill(missing) as T;
    if (values !== null) more.set(values);
    return more;
  }

  /** The column: int32 if all numbers are, else float32. */
  finish(): Column {
    if (this.codes !== null) return textColumn(this.withRoom(this.codes, this.rows, Int32Array, -1), [...this.texts.keys()]);
    const numbers = this.withRoom(this.numbers, this.rows, Float64Array, Number.NaN);
    let missing = 0;
    let isInteger = true;
    let beyond: { value: number; at: string } | null = null;
    let isInt = true;
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i]!;
      if (isInt32(value)) continue;
      isInt = false;
      if (Number.isNaN(value)) {
        missing++;
        continue;
      }
      if (!Number.isFinite(Math.fround(value))) {
        throw rangeError(this.where, `column ${describe(this.name)}: ${value} in row ${i} is no finite float32 number`);
      }
      if (!Number.isInteger(value)) isInteger = false;
      else beyond ??= (value | 0) === value ? null : { value, at: `row ${i}` };
    }
    if (isInt) return { kind: 'number', values: Int32Array.from(numbers), missing };
    return { kind: 'number', values: Float32Array.from(numbers), missing, beyond: isInteger ? beyond : null, hasFraction: !isInteger };
  }

  private refuse(row: number, value: unknown): never {
    throw rangeError(
      this.where,
      `column ${describe(this.name)}: expected numbers or texts, got ${typeof value === 'bigint' ? `${value}n` : describe(value)} in row ${row}`,
      'leave the column out by naming the others',
    );
  }
}
