// A random order of rows from a buffer of limited size.
import type { RandomPosition } from '../random';
import { fractionsAt } from './order';

const drawnAtOnce = 1024; // an even number, because two fractions use one counter

/** A buffer of rows: each row that is added puts out a random one. As `tf.data.Dataset.shuffle`. */
export class ShuffleBuffer {
  /** The last row that was put out. */
  readonly out: Float64Array;
  private readonly rows: number;
  private values: Float64Array;
  private count = 0;
  private fractions: Float64Array = new Float64Array(0);
  private used = 0;
  private offset: number;

  /** The number of Philox counters that an epoch of this many rows uses. */
  static counters(rows: number): number {
    return Math.ceil(rows / 2);
  }

  constructor(
    rows: number,
    private readonly width: number,
    private readonly position: RandomPosition,
  ) {
    this.rows = rows;
    this.out = new Float64Array(width);
    this.values = new Float64Array(Math.min(rows, 1024) * width);
    this.offset = position.offset;
  }

  /** Adds the row that begins at `at`; returns whether a row was put out. */
  push(values: Float64Array, at: number): boolean {
    const isFull = this.count === this.rows;
    if (isFull) this.take();
    else if (this.values.length < (this.count + 1) * this.width) this.grow();
    const to = this.count++ * this.width;
    for (let k = 0; k < this.width; k++) this.values[to + k] = values[at + k]!;
    return isFull;
  }

  /** Puts out one of the remaining rows; returns whether there was one. */
  pop(): boolean {
    if (this.count === 0) return false;
    this.take();
    return true;
  }

  // Puts out a row, and moves the last row to its place.
  private take(): void {
    const { width, values, out } = this;
    const from = Math.floor(this.fraction() * this.count) * width;
    const last = --this.count * width;
    for (let k = 0; k < width; k++) {
      out[k] = values[from + k]!;
      values[from + k] = values[last + k]!;
    }
  }

  private fraction(): number {
    if (this.used === this.fractions.length) {
      this.fractions = fractionsAt(drawnAtOnce, { seed: this.position.seed, offset: this.offset });
      this.offset += drawnAtOnce / 2;
      this.used = 0;
    }
    return this.fractions[this.used++]!;
  }

  // Memory grows with the rows, because a file may have fewer rows than the buffer could hold.
  private grow(): void {
    const values = new Float64Array(Math.min(this.rows * this.width, 2 * this.values.length));
    values.set(this.values);
    this.values = values;
  }
}
