// Order statistics of the blocks of one cell.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The median and the fastest and slowest block. */
export function summary(values) {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/** The slowest block's time divided by the fastest's; 1 for a constant time. */
export const steadiness = (times) => Math.max(...times) / Math.min(...times);

/** Each round begins with another driver, so that no driver always follows the same one. */
export const rotated = (list, by) => list.map((_, i) => list[(i + by) % list.length]);
