// How the areas under the curves of classes or labels are averaged.
import { checkOneOf } from '../errors';
import { Tensor } from '../tensor';
import { ratio, scalar } from './counts';
import type { CurveOptions } from './curve';
import type { Average, Problem } from './task';

/** The options of areas under curves. */
export interface AreaOptions extends CurveOptions {
  /** How the figures of classes or labels are averaged, see `Average` ("macro"); "micro" only for a "multilabel" task. */
  average?: Average;
}

/** Throws for an average that the task does not have. */
export function checkAverage(where: string, average: unknown, { task }: Problem): void {
  checkOneOf<Average>(
    where,
    'average',
    average,
    task === 'multiclass' ? ['macro', 'weighted', 'none'] : ['micro', 'macro', 'weighted', 'none'],
  );
}

/** The average of the classes' figures, given the number of targets of each class. NaN is omitted from means. */
export function averageOf(areas: readonly number[], targets: readonly number[], average: Average): Tensor {
  if (average === 'none') return new Tensor(Float32Array.from(areas), [areas.length]);
  const sum = (f: (area: number, c: number) => number): number =>
    areas.reduce((total, area, c) => (Number.isNaN(area) ? total : total + f(area, c)), 0);
  if (average === 'weighted') {
    return scalar(
      ratio(
        sum((area, c) => area * targets[c]!),
        sum((_, c) => targets[c]!),
      ),
    );
  }
  return scalar(sum((area) => area) / sum(() => 1));
}
