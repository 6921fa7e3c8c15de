// Thins points to what is visible: more points than a figure has pixels would only make it larger.

/** The smallest and the largest value of each of `parts` equal parts of a line, in their order; a gap is kept if it begins or ends a part. */
export function thinnedLine<P extends readonly [number, number | null]>(points: readonly P[], parts = 600): P[] {
  if (points.length <= 2 * parts) return points.slice();
  const kept: P[] = [];
  for (let part = 0; part < parts; part++) {
    const [begin, end] = [part, part + 1].map((edge) => Math.round((edge * points.length) / parts));
    let [least, most, gap] = [-1, -1, -1];
    for (let i = begin!; i < end!; i++) {
      const value = points[i]![1];
      if (value === null) gap = gap < 0 ? i : gap;
      else {
        if (least < 0 || value < points[least]![1]!) least = i;
        if (most < 0 || value > points[most]![1]!) most = i;
      }
    }
    const ends = [part === 0 ? 0 : -1, part === parts - 1 ? points.length - 1 : -1];
    const chosen = new Set([...ends, least, most, gap].filter((i) => i >= 0));
    kept.push(...[...chosen].sort((a, b) => a - b).map((i) => points[i]!));
  }
  return kept;
}

/** The points of a path that are further than `step` from the last one kept, in x or in y, and the last point. */
export function thinnedPath(xs: ArrayLike<number>, ys: ArrayLike<number>, step: number): [number, number][] {
  const kept: [number, number][] = [];
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i]!, ys[i]!];
    const last = kept.at(-1);
    if (last === undefined || i === xs.length - 1 || Math.abs(x - last[0]) > step || Math.abs(y - last[1]) > step) kept.push([x, y]);
  }
  return kept;
}

/** The positions of points of which no two are in the same cell of a `cells` by `cells` grid. */
export function thinnedPoints(xs: ArrayLike<number>, ys: ArrayLike<number>, range: { low: number; high: number }, cells: number): number[] {
  const seen = new Set<number>();
  const kept: number[] = [];
  const scale = cells / (range.high - range.low || 1);
  for (let i = 0; i < xs.length; i++) {
    const cell = Math.floor((xs[i]! - range.low) * scale) * (cells + 1) + Math.floor((ys[i]! - range.low) * scale);
    if (seen.has(cell)) continue;
    seen.add(cell);
    kept.push(i);
  }
  return kept;
}
