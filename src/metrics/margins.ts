// Sums over a confusion matrix.

/** The sums of the matrix's rows and columns, and the total. */
export function marginsOf(counts: Float64Array, classes: number): { targets: Float64Array; predictions: Float64Array; total: number } {
  const [targets, predictions] = [new Float64Array(classes), new Float64Array(classes)];
  let total = 0;
  counts.forEach((count, i) => {
    targets[Math.floor(i / classes)]! += count;
    predictions[i % classes]! += count;
    total += count;
  });
  return { targets, predictions, total };
}
