// The rows of a table's gradient that are not zeros. An optimizer's step over few rows uses it to leave all others alone.
import { allocatePersistent } from './memory';

/**
 * The rows of one leaf's gradient that may have other numbers than zeros. The set of all rows is always correct, because the next operation then clears all of them.
 * A set starts as that, and becomes it again when other code writes to the gradient.
 */
export class RowSet {
  /** int32 `[2 rows + 1]`: the number of rows in the set, or -1 for all rows; these rows; and for each row of the table its position among them. */
  readonly touched: Int32Array;
  /** The gradient's memory. */
  memory: Float32Array | null = null;

  constructor(rows: number) {
    const { buffer, byteOffset } = allocatePersistent(2 * rows + 1);
    this.touched = new Int32Array(buffer, byteOffset, 2 * rows + 1);
    this.fill();
  }

  /** Makes it the set of all rows. */
  fill(): void {
    this.touched[0] = -1;
  }
}
