// The lines of a file in which the rows of a table begin.

/** Maps rows to lines. Where rows follow each other line by line, as they nearly always do, that takes no memory. */
export class RowLines {
  private readonly rows: number[] = [];
  private readonly shifts: number[] = []; // from rows[i] on, the line of a row is its number plus shifts[i]
  private length = 0;

  /** Adds the lines of the next rows. */
  append(lines: Float64Array, rows: number): void {
    let shift = this.shifts.at(-1);
    for (let i = 0; i < rows; i++, this.length++) {
      const here = lines[i]! - this.length;
      if (here === shift) continue;
      shift = here;
      this.rows.push(this.length);
      this.shifts.push(here);
    }
  }

  /** The line of a row. */
  at(row: number): number {
    let [low, high] = [0, this.rows.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.rows[middle]! <= row) low = middle;
      else high = middle;
    }
    return row + this.shifts[low]!;
  }
}
