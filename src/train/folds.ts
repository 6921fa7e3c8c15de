// Divides rows into folds for cross-validation.
import { rangeError } from '../errors';

/**
 * Deals the rows of a random order to `folds` folds, and sorts each fold's. With classes, the rows of each class are dealt from the fold on where the class
 * before ended, so that the folds' counts of a class, and their sizes, differ by at most one.
 */
export function foldsOf(where: string, order: Int32Array, folds: number, classes: ArrayLike<number> | null): Int32Array[] {
  const groups = new Map<number, number[]>();
  for (const row of order) {
    const label = classes === null ? 0 : classes[row]!;
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [row]);
    else group.push(row);
  }
  const labels = [...groups.keys()].sort((a, b) => a - b);
  if (classes !== null) {
    for (const label of labels) {
      const { length } = groups.get(label)!;
      if (length < folds)
        throw rangeError(where, `class ${label} has ${length} rows, fewer than the ${folds} folds: not each can have one`);
    }
  }
  const parts: number[][] = Array.from({ length: folds }, () => []);
  let next = 0;
  for (const label of labels) for (const row of groups.get(label)!) parts[next++ % folds]!.push(row);
  return parts.map((rows) => Int32Array.from(rows).sort());
}
