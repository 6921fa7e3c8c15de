// The result of a fit, which grows with its epochs.
import type { NestedArray } from '../tensor';
import type { Figures, SetFigures, SetHistory } from './figure-types';
import type { Measures } from './measures';
import type { FitResult, Settings } from './options';

const emptyLists = (measures: Measures): Record<string, number[]> => Object.fromEntries(measures.names.map((name) => [name, []]));

const emptySet = (metrics: Measures): SetHistory => ({ loss: [], metrics: emptyLists(metrics), arrays: {} });

/** The result of a fit before its first epoch. */
export const emptyResult = ({
  metrics,
  trainMetrics,
  validation,
}: Pick<Settings, 'metrics' | 'trainMetrics' | 'validation'>): FitResult => ({
  loss: [],
  ...(validation.length > 0 && { validationLoss: [] }),
  metrics: emptyLists(metrics),
  arrays: {},
  trainMetrics: emptyLists(trainMetrics),
  trainArrays: {},
  ...(validation[0]?.name != null && { validation: Object.fromEntries(validation.map(({ name }) => [name, emptySet(metrics)])) }),
  lr: [],
  epochSeconds: [],
  epochs: 0,
  bestEpoch: 0,
  stopped: null,
  seconds: 0,
  rowsPerSecond: 0,
});

function listOf<T>(lists: Record<string, T[]>, name: string): T[] {
  if (!Object.hasOwn(lists, name)) Object.defineProperty(lists, name, { value: [], enumerable: true, configurable: true });
  return lists[name]!;
}

/** Adds the results of metrics in an epoch. Which of them are single numbers is known only from their values. */
export function addFigures(
  to: { metrics: Record<string, number[]>; arrays: Record<string, NestedArray[]> },
  { metrics, arrays }: Figures,
): void {
  for (const [name, figure] of Object.entries(metrics)) listOf(to.metrics, name).push(figure);
  for (const [name, figure] of Object.entries(arrays)) {
    if (to.metrics[name]?.length === 0) delete to.metrics[name];
    listOf(to.arrays, name).push(figure);
  }
}

/** Adds the results of a validation set in an epoch. */
export function addSet({ validation }: FitResult, name: string, figures: SetFigures): void {
  const history = validation![name]!;
  history.loss.push(figures.loss);
  addFigures(history, figures);
}

/** The position, counted from 1, of the smallest figure; 0 if none is below Infinity. With `sign` -1, of the largest. */
export function bestOf(figures: readonly number[], sign = 1, minDelta = 0): number {
  let [best, at] = [Infinity, 0];
  for (const [i, figure] of figures.entries()) {
    if (sign * figure < best - minDelta) [best, at] = [sign * figure, i + 1];
  }
  return at;
}
