// What a fit returns, from its first epoch on.
import type { FitResult, Settings } from './options';

const lists = (names: object): Record<string, number[]> => Object.fromEntries(Object.keys(names).map((name) => [name, []]));

/** The result of a fit that has done nothing yet. */
export const emptyResult = ({
  metrics,
  trainMetrics,
  validation,
}: Pick<Settings, 'metrics' | 'trainMetrics' | 'validation'>): FitResult => ({
  loss: [],
  ...(validation !== undefined && { validationLoss: [] }),
  metrics: lists(metrics),
  trainMetrics: lists(trainMetrics),
  lr: [],
  epochSeconds: [],
  epochs: 0,
  bestEpoch: 0,
  stopped: null,
  seconds: 0,
});

/** Which of the figures is the smallest, the first of them counted as 1; 0 where none is below Infinity. `sign` -1: the largest. */
export function bestOf(figures: readonly number[], sign = 1, minDelta = 0): number {
  let [best, at] = [Infinity, 0];
  for (const [i, figure] of figures.entries()) {
    if (sign * figure < best - minDelta) [best, at] = [sign * figure, i + 1];
  }
  return at;
}
