// Which rows of a table's gradient hold anything but zeros: with it a step over few rows touches no others.
import { allocatePersistent } from './memory';

/**
 * The marks of one leaf. All rows marked is right at any time: what comes next clears them all. So that is how marks begin, and what becomes of them where
 * anything else writes to the gradient.
 */
export class RowMarks {
  /** int32 `[rows]`: not 0 for each row of `memory` that may hold anything but zeros. */
  readonly touched: Int32Array;
  /** The gradient that they speak of. */
  memory: Float32Array | null = null;

  constructor(rows: number) {
    const { buffer, byteOffset } = allocatePersistent(rows);
    this.touched = new Int32Array(buffer, byteOffset, rows).fill(1);
  }
}
