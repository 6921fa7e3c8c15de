// One curve for all classes: of all scores together, or the mean of the classes' curves.
import { checkOneOf, rangeError } from '../errors';
import { reachedBy } from './curve';
import type { Task } from './task';

/** One curve for all classes: "micro": of the scores of all classes together, "macro": the mean of the classes' curves. */
export type CurveAverage = 'micro' | 'macro';

/** What `compute()` of a curve returns: one curve for a "binary" task and with an average, else one for each class or label. */
export type Curves<C, T extends Task, A extends CurveAverage | null> = T extends 'binary' ? C : A extends null ? C[] : C;

/** Throws for an average that the task does not have. */
export function checkCurveAverage(where: string, average: unknown, task: Task): void {
  if (average === null) return;
  checkOneOf<CurveAverage>(where, 'average', average, ['micro', 'macro']);
  if (task !== 'multiclass') throw rangeError(where, `average "${average}" is for the task "multiclass", got the task "${task}"`);
}

interface Line {
  x: Float32Array;
  y: Float32Array;
}

const joined = (parts: readonly Float32Array[]): Float32Array => {
  const all = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let begin = 0;
  for (const part of parts) {
    all.set(part, begin);
    begin += part.length;
  }
  return all;
};

/** The numbers of all arrays, ascending. */
export const sorted = (parts: readonly Float32Array[]): Float32Array => joined(parts).sort();

// Adds the values of the line at all of `at`. The line of precisions is not monotonic; torchmetrics takes the piece behind as many points as are at most x.
function addValues(sum: Float64Array, at: Float32Array, { x, y }: Line): void {
  const ascending = x.slice().sort();
  for (let i = 0; i < sum.length; i++) {
    const piece = Math.max(0, Math.min(reachedBy(at[i]!, ascending) - 1, x.length - 2));
    const width = x[piece + 1]! - x[piece]!;
    const slope = width === 0 ? 0 : (y[piece + 1]! - y[piece]!) / width;
    sum[i]! += y[piece]! + slope * (at[i]! - x[piece]!);
  }
}

/** The mean of the lines, interpolated at the abscissas of all of them. */
export function meanLine(lines: readonly Line[]): Line {
  const x = sorted(lines.map((line) => line.x));
  const sum = new Float64Array(x.length);
  for (const line of lines) if (line.x.length > 1) addValues(sum, x, line);
  return { x, y: Float32Array.from(sum, (value) => value / lines.length) };
}
