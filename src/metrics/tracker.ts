// A metric over several rounds, such as epochs.
import { checkBoolean, describe, rangeError, typeError, withDefaults } from '../errors';
import { stack } from '../ops';
import { Tensor } from '../tensor';
import { MetricCollection } from './collection';
import type { Metric } from './metric';
import { checkMetric, copyOf } from './wrapper';

/** The options of `MetricTracker`. */
export interface MetricTrackerOptions {
  /** Whether higher figures are better; for a collection also a list, in the order of its metrics. The default is each metric's `higherIsBetter`. */
  maximize?: boolean | readonly boolean[];
}

/** Figures by name, as of a collection, or a single one. */
export type Tracked<T> = T | Record<string, T>;

/** The best figure, and its round, counted from 0. */
export interface BestFigure {
  value: Tracked<number>;
  step: Tracked<number>;
}

const isRecord = (figures: unknown): figures is Record<string, unknown> =>
  typeof figures === 'object' && figures !== null && !(figures instanceof Tensor) && !Array.isArray(figures);

// For each figure, whether higher is better.
function directions(metric: Metric<unknown>, maximize: unknown): readonly boolean[] {
  const where = 'MetricTracker';
  const all =
    metric instanceof MetricCollection ? Object.entries(metric.metrics as Record<string, Metric<unknown>>) : [['metric', metric] as const];
  if (Array.isArray(maximize)) {
    maximize.forEach((one, i) => void checkBoolean(where, `maximize[${i}]`, one));
    if (maximize.length !== all.length) throw rangeError(where, `expected maximize for ${all.length} metrics, got ${maximize.length}`);
    return maximize as boolean[];
  }
  if (maximize !== undefined && typeof maximize !== 'boolean')
    throw typeError(where, `expected maximize to be true, false or a list of them, got ${describe(maximize)}`);
  return all.map(([name, { higherIsBetter }]) => {
    const better = maximize ?? higherIsBetter;
    if (better === null) throw typeError(where, `whether a higher ${name} is better is not known`, 'maximize: true');
    return better;
  });
}

/**
 * A metric, or a collection, over several rounds, all of which are kept: `torchmetrics.MetricTracker`.
 *
 * `increment()` begins a round with a copy of `metric`. `update`, `compute` and `reset` are those of the current round, an error before the first. `nSteps` is
 * the number of rounds. `computeAll()` returns the figures of all rounds, stacked to `[rounds, ...]`; for a collection a record by name. `bestMetric()` returns
 * the best figure of each metric, and `bestMetric({ returnStep: true })` `{ value, step }` with its round; NaN counts as the best, as in torchmetrics.
 * `resetAll()` resets every round. JavaScript's private fields of a metric, `#name`, are not copied.
 *
 * @example
 * const tracker = new metrics.MetricTracker(new metrics.MeanSquaredError());
 * for (const pred of [3, 1, 2]) {
 *   tracker.increment();
 *   tracker.update(tensor([pred]), tensor([0]));
 * }
 * tracker.computeAll().toArray(); // [9, 1, 4]
 * tracker.bestMetric({ returnStep: true }); // { value: 1, step: 1 }
 */
export class MetricTracker<Value = Tensor> {
  private readonly rounds: Metric<Value>[] = [];
  private readonly maximize: readonly boolean[];

  constructor(
    private readonly metric: Metric<Value>,
    options?: MetricTrackerOptions,
  ) {
    checkMetric('MetricTracker', 'metric', metric);
    const { maximize } = withDefaults<{ maximize: unknown }>('MetricTracker', options as { maximize: unknown } | undefined, {
      maximize: undefined,
    });
    this.maximize = directions(metric, maximize);
  }

  /** The number of rounds. */
  get nSteps(): number {
    return this.rounds.length;
  }

  /** Begins a round. */
  increment(): void {
    this.rounds.push(copyOf(this.metric));
  }

  /** Adds a batch to the current round. */
  update(preds: Tensor | number, target?: Tensor | number, options?: object): void {
    const given = [preds, target, options].filter((one) => one !== undefined);
    const last = this.last('update');
    (last.update as (...given: unknown[]) => void).apply(last, given);
  }

  /** The figure of the current round. */
  compute(): Value {
    return this.last('compute').compute();
  }

  /** The figures of all rounds, `[rounds, ...]`. */
  computeAll(): Value {
    this.last('computeAll');
    const figures = this.rounds.map((round) => round.compute());
    const [first] = figures;
    const joined = (all: unknown[]): Tensor => {
      if (all.every((one) => one instanceof Tensor)) return stack(all);
      throw typeError('MetricTracker.computeAll', `expected tensors of the metric, got ${describe(all[0])}`);
    };
    if (!isRecord(first)) return joined(figures) as Value;
    return Object.fromEntries(Object.keys(first).map((name) => [name, joined(figures.map((one) => (one as typeof first)[name]))])) as Value;
  }

  /** The best figure of all rounds. */
  bestMetric(options?: { returnStep?: false }): Tracked<number>;
  bestMetric(options: { returnStep: true }): BestFigure;
  bestMetric(options?: { returnStep?: boolean }): Tracked<number> | BestFigure {
    const where = 'MetricTracker.bestMetric';
    const { returnStep } = withDefaults<{ returnStep: boolean }>(where, options, { returnStep: false });
    checkBoolean(where, 'returnStep', returnStep);
    const all: unknown = this.computeAll();
    const best = (figures: unknown, maximize: boolean): { value: number; step: number } => {
      const { shape, values } = figures as Tensor;
      if (values.length !== shape[0]) throw rangeError(where, `expected one number of each round, got ${values.length} of ${shape[0]}`);
      let step = 0;
      values.forEach((value: number, i: number) => {
        const now = values[step]!;
        if (!Number.isNaN(now) && (Number.isNaN(value) || (maximize ? value > now : value < now))) step = i;
      });
      return { value: values[step]!, step };
    };
    if (!isRecord(all)) {
      const found = best(all, this.maximize[0]!);
      return returnStep ? found : found.value;
    }
    const found = Object.entries(all).map(([name, figures], i) => [name, best(figures, this.maximize[i] ?? this.maximize[0]!)] as const);
    const value = Object.fromEntries(found.map(([name, one]) => [name, one.value]));
    return returnStep ? { value, step: Object.fromEntries(found.map(([name, one]) => [name, one.step])) } : value;
  }

  /** Clears the current round. */
  reset(): void {
    this.last('reset').reset();
  }

  /** Clears all rounds. */
  resetAll(): void {
    for (const round of this.rounds) round.reset();
  }

  private last(method: string): Metric<Value> {
    const last = this.rounds.at(-1);
    if (last === undefined) throw rangeError(`MetricTracker.${method}`, 'there is no round yet', 'tracker.increment() begins one');
    return last;
  }
}
