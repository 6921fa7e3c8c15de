// A line search for the strong Wolfe conditions, as in PyTorch (after Schmidt's minFunc): first it finds a bracket that contains a suitable point, then it
// shrinks the bracket by cubic interpolation.
import { dot, largest, type Vector } from './vectors';

/** The loss and its gradient at a step of length t. */
export type Evaluate = (t: number) => { f: number; g: Vector };

/** A point of the line: the step length, the loss, the gradient, and the slope along the line. */
interface Point {
  t: number;
  f: number;
  g: Vector;
  slope: number;
}

/** The strong Wolfe constants: how far the loss must decrease, and how small the slope must become, relative to the initial slope. */
const fall = 1e-4;
const flat = 0.9;

/** The minimum, within bounds, of the cubic through two points with their slopes; the middle of the bounds if there is none. */
function cubicLeast(a: Point, b: Point, low = Math.min(a.t, b.t), high = Math.max(a.t, b.t)): number {
  const d1 = a.slope + b.slope - (3 * (a.f - b.f)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const least = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2));
  return Math.min(Math.max(least, low), high);
}

/** A bracket; if it is a single point, that point meets the conditions. `iterations` is the number of evaluations beyond the first point. */
function bracket(
  at: (t: number) => Point,
  first: Point,
  begin: Point,
  most: number,
): { points: Point[]; done: boolean; iterations: number } {
  let before = begin;
  let now = first;
  for (let iterations = 0; iterations < most; iterations++) {
    if (now.f > begin.f + fall * now.t * begin.slope || (iterations > 1 && now.f >= before.f))
      return { points: [before, now], done: false, iterations };
    if (Math.abs(now.slope) <= -flat * begin.slope) return { points: [now], done: true, iterations };
    if (now.slope >= 0) return { points: [before, now], done: false, iterations };
    const t = cubicLeast(before, now, now.t + 0.01 * (now.t - before.t), now.t * 10);
    before = now;
    now = at(t);
  }
  return { points: [begin, now], done: false, iterations: most };
}

/** The next point to try: the cubic's minimum, unless that stays close to the same end. */
function nextTry(a: Point, b: Point, insufficient: boolean): { t: number; insufficient: boolean } {
  const t = cubicLeast(a, b);
  const [low, high] = [Math.min(a.t, b.t), Math.max(a.t, b.t)];
  const margin = 0.1 * (high - low);
  if (!(Math.min(high - t, t - low) < margin)) return { t, insufficient: false };
  if (!(insufficient || t >= high || t <= low)) return { t, insufficient: true };
  return { t: Math.abs(t - high) < Math.abs(t - low) ? high - margin : low + margin, insufficient: false };
}

/** The loss, the gradient and the step length that were found, and the number of evaluations of the loss. */
export function strongWolfe(
  evaluate: Evaluate,
  firstT: number,
  d: Vector,
  f: number,
  g: Vector,
  slope: number,
  { toleranceChange, maxEvaluations }: { toleranceChange: number; maxEvaluations: number },
): { f: number; g: Vector; t: number; evaluations: number } {
  let evaluations = 0;
  const at = (given: number): Point => {
    const t = Math.fround(given);
    const point = evaluate(t);
    evaluations++;
    return { t, ...point, slope: dot(point.g, d) };
  };
  const begin: Point = { t: 0, f, g, slope };
  const size = largest(d);
  const found = bracket(at, at(firstT), begin, maxEvaluations);
  const { points, done } = found;
  let { iterations } = found;
  // Which of the two is the lower one.
  let low = points.length === 1 || points[0]!.f <= points[1]!.f ? 0 : 1;
  let met = done;
  let insufficient = false;
  while (!met && iterations < maxEvaluations) {
    const [a, b] = points as [Point, Point];
    if (Math.abs(b.t - a.t) * size < toleranceChange) break;
    const next = nextTry(a, b, insufficient);
    insufficient = next.insufficient;
    const now = at(next.t);
    iterations++;
    const lowest = points[low]!;
    if (now.f > f + fall * now.t * slope || now.f >= lowest.f) {
      points[1 - low] = now;
      low = points[0]!.f <= points[1]!.f ? 0 : 1;
      continue;
    }
    if (Math.abs(now.slope) <= -flat * slope) met = true;
    else if (now.slope * (points[1 - low]!.t - lowest.t) >= 0) points[1 - low] = lowest;
    points[low] = now;
  }
  const { t, f: loss, g: gradient } = points[low]!;
  return { f: loss, g: gradient, t, evaluations };
}
