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
