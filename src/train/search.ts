// Hyperparameter search: many trainings at once.
import { isError, isPromise } from '../brands';
import { checkBoolean, checkInteger, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import { getNumThreads } from '../native';
import type { Module } from '../nn';
import { Jobs } from './jobs';
import { Measures } from './measures';
import type { FitResult } from './options';
import { bestAt, type FiguresOf, figuresAt, type ResultOf } from './outcome';
import { seedOf } from './random-stream';
import { type Params, paramsOf, type Space } from './space';
import { type TableRow, tableRow } from './table';
import { seedFrom, type Training, Trial } from './trial';
import { knownFigures, validationSets } from './validation';

const where = 'train.search';

/** The second argument of `makeModel` of a search, besides the parameters. */
export interface TrialInfo {
  /** The trial's number, from 0. */
  trial: number;
  /** The trial's seed: `manualSeed(seed)`, then `makeModel` and `fit`, repeats the trial. */
  seed: number;
}

/** How a search divides epochs by successive halving. */
export interface HalvingOptions {
  /** The epochs of the first rung (1). */
  minEpochs?: number;
  /** The factor by which the number of trials falls and their epochs grow from rung to rung (3). */
  factor?: number;
}

/** The result of a trial. */
export interface TrialReport<
  P = Record<string, unknown>,
  M extends Module = Module,
  R extends FitResult = FitResult,
  F extends object = Record<string, number>,
> extends TrialInfo {
  /** Its parameters. */
  params: P;
  /** The losses and metrics of its last epoch; empty if it failed before its first fit ended. */
  figures: F;
  /** The epoch with the best value of the compared figure, numbered as by the fit; 0 if there is none. */
  bestEpoch: number;
  /** The losses and metrics of that epoch. */
  bestFigures: F;
  /** The losses and metrics of all epochs; null if it failed before its first fit ended. */
  history: R | null;
  /** The trained model; null if the trial failed. */
  model: M | null;
  /** The error of a failed trial; else null. */
  error: Error | null;
  /** The duration from `makeModel` on, while other trials ran. */
  seconds: number;
}

/** The options of `search`. */
export interface SearchOptions<
  P = Record<string, unknown>,
  M extends Module = Module,
  R extends FitResult = FitResult,
  F extends object = Record<string, number>,
> {
  /** The number of trials; absent: each point of the grid. */
  trials?: number;
  /** The number of trials at a time (twice the number of threads). It does not change the results. */
  concurrency?: number;
  /** Successive halving: trains all for few epochs, then continues only the best. */
  halving?: boolean | HalvingOptions;
  /** The figure that is compared: `"loss"`, `"validationLoss"` or a metric. By default the validation loss, or without validation the loss. */
  monitor?: string;
  /** Whether smaller or larger is better. By default smaller for losses, and for a metric as its `higherIsBetter` says. */
  mode?: 'min' | 'max';
  /** Makes the search a function of this seed; without it, it follows `manualSeed`. */
  seed?: number;
  /** Whether an error ends the search (false). It is always the error of the trial with the lowest number, for any concurrency. */
  throwErrors?: boolean;
  /** Aborts the search. */
  signal?: AbortSignal;
  /** Called when a trial, or its part of a rung, has ended, also with an error. */
  onTrial?: (report: TrialReport<P, M, R, F>) => unknown;
}

/** The result of `search`. */
export interface SearchReport<P, M extends Module, R extends FitResult = FitResult, F extends object = Record<string, number>> {
  /** All trials, by number. */
  trials: TrialReport<P, M, R, F>[];
  /**
   * The trials that did not fail, best first. With `halving` those of a later rung precede those of an earlier one, and a trial that ended itself follows
   * those that went on.
   */
  ranking: TrialReport<P, M, R, F>[];
  /** The first of the ranking. */
  best: TrialReport<P, M, R, F> & { model: M; history: R };
  /** A row for each trial, for `console.table`: the ranking, then the failed ones. Numbers that are not integers have five digits. */
  table: TableRow[];
}

function rungsOf(halving: boolean | HalvingOptions): { minEpochs: number; factor: number } | null {
  if (halving === false) return null;
  const given = halving === true ? undefined : halving;
  const o = withDefaults(`${where}: halving`, given, { minEpochs: 1, factor: 3 });
  checkInteger(where, 'halving.minEpochs', o.minEpochs, 1);
  checkInteger(where, 'halving.factor', o.factor, 2);
  return o;
}

const asError = (error: unknown): Error => (isError(error) ? error : new Error(String(error)));

// The figure by which trials are compared.
function monitoredFigure(
  { metrics, validation, targets }: Pick<Training, 'metrics' | 'validation' | 'targets'>,
  o: Pick<SearchOptions, 'monitor' | 'mode'>,
): { monitor: string; mode: 'min' | 'max' } {
  const known = knownFigures(where, new Measures(where, metrics, 'metrics', targets), validationSets(where, validation));
  const monitor = o.monitor ?? (validation === undefined ? 'loss' : 'validationLoss');
  if (!known.has(monitor)) throw rangeError(where, `monitor cannot be ${describe(monitor)} (known: ${[...known.keys()].join(', ')})`);
  const mode = o.mode ?? known.get(monitor)!;
  if (mode === null) throw rangeError(where, `whether ${describe(monitor)} is to become smaller or larger is not known`, 'mode: "min"');
  return { monitor, mode };
}

/**
 * Trains a model for each of many sets of parameters, several at a time on the threads for fits, and ranks them. As
 * `sklearn.model_selection.RandomizedSearchCV`, with one validation loader instead of folds.
 *
 * `makeModel(params, { trial, seed })` returns the model and the options of its fit, all newly made. Each trial has its own sequence of random numbers from
 * `makeModel` on, so that parameters, weights and figures do not depend on `concurrency` or the number of threads. Without `trials` every point of a grid of
 * lists is tried; fewer trials than points are distinct points.
 *
 * With `halving` all trials are trained for `minEpochs`. Then the best `1 / factor` of them continue to `factor` times the epochs, and so on up to the epochs
 * that `makeModel` requests; optimizers and random numbers continue too. Early stopping begins anew in each rung.
 *
 * A failed trial is kept with its error, and the others continue. If all fail, the search rejects with the first trial's error. With `throwErrors` it rejects
 * with the error of the failed trial with the lowest number, for any `concurrency`: trials with lower numbers are finished first, those with higher ones are
 * ended or never begun, and `onTrial` is called for all that ended. Rejects with `signal.reason` when `signal` aborts, and with a TypeError or RangeError for
 * invalid options.
 *
 * @example
 * const rows = new data.TensorDataset(randn([60, 4]), zeros([60], { dtype: "int32" }));
 * const { best, trials } = await train.search(
 *   ({ lr, hidden }) => {
 *     const model = new nn.Sequential(new nn.Linear(4, hidden), new nn.ReLU(), new nn.Linear(hidden, 3));
 *     return {
 *       model,
 *       criterion: new nn.CrossEntropyLoss(),
 *       optimizer: new optim.Adam(model.parameters(), { lr }),
 *       loader: new data.DataLoader(rows, { batchSize: 20, shuffle: true }),
 *       epochs: 2,
 *     };
 *   },
 *   { lr: train.logUniform(1e-4, 1e-1), hidden: [8, 16] },
 *   { trials: 4, seed: 1 },
 * );
 * trials.length; // 4
 * best.figures.loss === Math.min(...trials.map(({ figures }) => figures.loss)); // true
 */
export async function search<const S extends Space, T extends Training>(
  makeModel: (params: Params<S>, info: TrialInfo) => T,
  space: S,
  options: SearchOptions<Params<S>, T['model'], ResultOf<T>, FiguresOf<T>> = {},
): Promise<SearchReport<Params<S>, T['model'], ResultOf<T>, FiguresOf<T>>> {
  if (typeof makeModel !== 'function') throw typeError(where, `expected makeModel to be a function, got ${describe(makeModel)}`);
  const o = settingsOf(options as Partial<Record<keyof SearchOptions, unknown>>);
  const halving = rungsOf(o.halving!);
  const jobs = new Jobs(where, o.concurrency, o.signal);
  const seed = seedFrom(where, o.seed);

  const reports = paramsOf(where, space, o.trials, seedOf(seed, 0)).map(
    (params, trial): TrialReport<Params<S>> => ({
      ...{ trial, seed: seedOf(seed, trial + 1), params, figures: {}, bestEpoch: 0, bestFigures: {} },
      ...{ history: null, model: null, error: null, seconds: 0 },
    }),
  );
  const seen = new WeakSet<object>();
  const trainings = reports.map(
    (report) =>
      new Trial(
        where,
        report.seed,
        () => {
          const made = makeModel(report.params, { trial: report.trial, seed: report.seed });
          if (typeof made === 'object' && made !== null && !isPromise(made)) monitoredFigure(made, o); // before it is trained
          return made;
        },
        seen,
      ),
  );
  const step = async (at: number, until: number, signal: AbortSignal): Promise<void> => {
    const [report, training] = [reports[at]!, trainings[at]!];
    let thrown: [unknown] | null = null;
    try {
      await training.train(until, signal);
      const [history, { initialEpoch = 0 }] = [training.history!, training.options];
      const { monitor, mode } = monitoredFigure(training.options, o);
      const best = bestAt(where, history, monitor, mode);
      Object.assign(report, { history, model: training.model, figures: figuresAt(history) });
      Object.assign(report, { bestEpoch: best && initialEpoch + best, bestFigures: figuresAt(history, best) });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      report.error = asError(error);
      report.model = null;
      thrown = [error];
    }
    report.seconds = training.seconds;
    await o.onTrial?.(report);
    if (thrown !== null && o.throwErrors) throw thrown[0];
  };
  const rung = (alive: readonly number[], until: number): Promise<void> =>
    jobs.all(alive.length, (i, signal) => step(alive[i]!, until, signal));

  const ranked = (list: readonly number[]): number[] => rankedOf(list, reports, trainings, o);
  const all = reports.map((_, at) => at);
  if (halving === null) await rung(all, Infinity);
  const unfinished = (at: number, until: number): boolean => {
    const { history, options: made } = trainings[at]!;
    return history!.stopped === null && history!.epochs === until && made.epochs > (made.initialEpoch ?? 0) + until;
  };
  const order = halving === null ? ranked(all) : await halve(all, halving, rung, ranked, unfinished);
  const ranking = order.map((at) => reports[at]!);
  if (ranking.length === 0) throw reports[0]!.error!;
  const failed = reports.filter(({ error }) => error !== null);
  const report = { trials: reports, ranking, best: ranking[0]!, table: [...ranking, ...failed].map(rowOf) };
  return report as unknown as SearchReport<Params<S>, T['model'], ResultOf<T>, FiguresOf<T>>;
}

// The trials of this list that have not failed, the best first. NaN is worse than any figure. Of equal figures the first is better.
function rankedOf(
  list: readonly number[],
  reports: readonly Pick<TrialReport<unknown>, 'error' | 'figures'>[],
  trainings: readonly Trial<Module>[],
  o: Settings,
): number[] {
  const good = list.filter((at) => reports[at]!.error === null);
  if (good.length === 0) return [];
  const { monitor, mode } = monitoredFigure(trainings[good[0]!]!.options, o);
  const value = (at: number): number => {
    const figure = (mode === 'min' ? 1 : -1) * reports[at]!.figures[monitor]!;
    return Number.isNaN(figure) ? Infinity : figure;
  };
  return good.sort((a, b) => (value(a) === value(b) ? a - b : value(a) - value(b)));
}

type Settings = Omit<SearchOptions, 'concurrency'> & { concurrency: number };

function settingsOf(options: Partial<Record<keyof SearchOptions, unknown>>): Settings {
  const defaults: Record<keyof SearchOptions, unknown> = {
    trials: undefined,
    concurrency: 2 * getNumThreads(),
    halving: false,
    monitor: undefined,
    mode: undefined,
    seed: undefined,
    throwErrors: false,
    signal: undefined,
    onTrial: undefined,
  };
  const o = withDefaults(where, options, defaults) as Settings;
  if (o.trials !== undefined) checkInteger(where, 'trials', o.trials, 1);
  if (o.mode !== undefined) checkOneOf(where, 'mode', o.mode, ['min', 'max']);
  if (o.monitor !== undefined && typeof o.monitor !== 'string')
    throw typeError(where, `expected monitor to be the name of a figure, got ${describe(o.monitor)}`);
  checkBoolean(where, 'throwErrors', o.throwErrors);
  if (o.onTrial !== undefined && typeof o.onTrial !== 'function')
    throw typeError(where, `expected onTrial to be a function, got ${describe(o.onTrial)}`);
  return o;
}

// Successive halving of the trials; returns those that did not fail, best first. `rung` trains trials until an epoch, `ranked` orders them, and `unfinished` says
// whether a trial would go on beyond an epoch.
async function halve(
  trials: readonly number[],
  { minEpochs, factor }: { minEpochs: number; factor: number },
  rung: (alive: readonly number[], until: number) => Promise<void>,
  ranked: (alive: readonly number[]) => number[],
  unfinished: (trial: number, until: number) => boolean,
): Promise<number[]> {
  let alive = trials;
  let order: number[] = []; // those that did not continue, best first
  for (let until = minEpochs; ; until *= factor) {
    await rung(alive, until);
    const best = ranked(alive);
    const kept = best.slice(0, Math.ceil(best.length / factor));
    const goesOn = kept.filter((trial) => unfinished(trial, until));
    if (goesOn.length === 0) return [...best, ...order];
    order = [...best.slice(kept.length), ...order];
    // A trial that ended itself is not continued, and ranks behind those that go on.
    if (goesOn.length < kept.length) order = [...kept.filter((trial) => !unfinished(trial, until)), ...order];
    alive = goesOn;
  }
}

const rowOf = ({ trial, params, figures, bestEpoch, history, seconds, error }: TrialReport): TableRow =>
  tableRow(
    ['', { trial }],
    ['params', params],
    ['figures', figures],
    ['trial', { bestEpoch, epochs: history?.epochs ?? 0, seconds, ...(error !== null && { error: error.message }) }],
  );
