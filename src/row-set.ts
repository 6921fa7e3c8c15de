// Which rows of a table's gradient hold anything but zeros: with it a step over few rows touches no others.
import { allocatePersistent } from './memory';

/**
 * The rows of one leaf's gradient that may hold anything but zeros. That all may is right at any time: what comes next clears them all. So that is how a set
 * begins, and what becomes of it where anything else writes to the gradient.
 */
export class RowSet {
  /** int32 `[2 rows + 1]`: how many rows there are, or -1 for all; these rows; the place of each row of the table among them. */
  readonly touched: Int32Array;
  /** The gradient that it speaks of. */
  memory: Float32Array | null = null;

  constructor(rows: number) {
    const { buffer, byteOffset } = allocatePersistent(2 * rows + 1);
    this.touched = new Int32Array(buffer, byteOffset, 2 * rows + 1);
    this.fill();
  }

  /** Any row may hold anything from now on. */
  fill(): void {
    this.touched[0] = -1;
  }
}
