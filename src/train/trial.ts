// One of many trainings: a model, the options of its fit, and its own random numbers.

import { isPromise } from '../brands';
import { DataLoader } from '../data';
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { Metric } from '../metrics';
import { Module } from '../nn';
import { atPrecision, getFloat32MatmulPrecision } from '../precision';
import { draw } from '../random';
import type { SetHistory } from './figure-types';
import { fit } from './fit';
import { Measures } from './measures';
import type { FitOptions, FitResult } from './options';
import { bestAt } from './outcome';
import { RandomSequence, seedOf } from './random-stream';
import type { ScheduleOptions } from './schedule';
import { knownFigures, validationSets } from './validation';

/** The result of `makeModel`: a model and the options of its fit, all newly made. */
export type Training<M extends Module = Module> = FitOptions & { model: M };

/** The seed of many trainings: the given one, or one derived from `manualSeed`. */
export function seedFrom(where: string, given: number | undefined): number {
  if (given !== undefined) return checkInteger(where, 'seed', given);
  const { seed, offset } = draw(4);
  return seedOf(seed, offset);
}

// Throws if a training has an object of another one: each of the two would change what the other uses.
function refuseSharedParts(
  where: string,
  { model, optimizer, scheduler, metrics, trainMetrics, loader, validation }: Training,
  seen: WeakSet<object>,
): void {
  const parts: [string, unknown][] = [
    ['model', model],
    ['optimizer', optimizer],
  ];
  for (const one of [scheduler].flat()) parts.push(['scheduler', (one as Partial<ScheduleOptions> | undefined)?.scheduler ?? one]);
  for (const [option, all] of Object.entries({ metrics, trainMetrics })) {
    for (const [name, given] of Object.entries(all ?? {})) {
      const metric = given instanceof Metric || typeof given === 'function' ? given : given?.metric;
      if (metric instanceof Metric) parts.push([`${option}.${name}`, metric]);
    }
  }
  // The order of a loader with a seed depends on the number of epochs that it has begun, which two trainings would both increase.
  const sets = validationSets(where, validation).map(({ name, loader }) => [name === null ? 'validation' : `validation.${name}`, loader]);
  for (const [name, one] of [['loader', loader], ...sets] as [string, unknown][])
    if (one instanceof DataLoader && one.seed !== undefined) parts.push([name, one]);
  for (const [name, part] of parts) {
    if (typeof part !== 'object' || part === null) continue;
    if (seen.has(part)) throw rangeError(where, `makeModel returned the ${name} of another training`, 'make it anew in makeModel');
    seen.add(part);
  }
}

// Concatenates the lists of two histories by name. A list that one of them does not have counts as empty: that fit ended before its first epoch.
const concatenatedLists = <T>(a: Record<string, T[]>, b: Record<string, T[]>): Record<string, T[]> =>
  Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => [name, [...(a[name] ?? []), ...(b[name] ?? [])]]));

const historyOf = ({ metrics, arrays }: SetHistory, other: SetHistory): Pick<SetHistory, 'metrics' | 'arrays'> => ({
  metrics: concatenatedLists(metrics, other.metrics),
  arrays: concatenatedLists(arrays, other.arrays),
});

// Joins two successive fits into one.
function joinHistories(where: string, a: FitResult, b: FitResult, training: Training): FitResult {
  const { earlyStopping, metrics, initialEpoch = 0, targets, validation } = training;
  const both = {
    ...b,
    loss: [...a.loss, ...b.loss],
    ...(a.validationLoss && { validationLoss: [...a.validationLoss, ...b.validationLoss!] }),
    metrics: concatenatedLists(a.metrics, b.metrics),
    arrays: concatenatedLists(a.arrays, b.arrays),
    trainMetrics: concatenatedLists(a.trainMetrics, b.trainMetrics),
    trainArrays: concatenatedLists(a.trainArrays, b.trainArrays),
    ...(a.validation && {
      validation: Object.fromEntries(
        Object.entries(a.validation).map(([name, set]) => {
          const other = b.validation![name]!;
          return [name, { loss: [...set.loss, ...other.loss], ...historyOf(set, other) }];
        }),
      ),
    }),
    lr: [...a.lr, ...b.lr],
    epochSeconds: [...a.epochSeconds, ...b.epochSeconds],
    epochs: a.epochs + b.epochs,
    seconds: a.seconds + b.seconds,
    rowsPerSecond: (a.rowsPerSecond * a.seconds + b.rowsPerSecond * b.seconds) / (a.seconds + b.seconds),
  };
  const monitor = earlyStopping?.monitor ?? (both.validationLoss === undefined ? 'loss' : 'validationLoss');
  const known = knownFigures(where, new Measures(where, metrics, 'metrics', targets), validationSets(where, validation));
  const mode = earlyStopping?.mode ?? known.get(monitor) ?? 'min';
  const best = bestAt(where, both, monitor, mode, earlyStopping?.minDelta);
  return { ...both, bestEpoch: best && initialEpoch + best };
}

export class Trial<M extends Module> {
  private readonly sequence: RandomSequence;
  /** The precision when the trial was made, which all its parts use, whatever others set later. */
  private readonly precision = getFloat32MatmulPrecision();
  private training: Training<M> | null = null;
  /** The results of its fits. */
  history: FitResult | null = null;
  /** The duration of its fits, while others ran, including one that failed. */
  seconds = 0;

  constructor(
    private readonly where: string,
    seed: number,
    private readonly make: () => Training<M>,
    private readonly seen: WeakSet<object>,
  ) {
    this.sequence = new RandomSequence(seed);
  }

  get model(): M {
    return this.training!.model;
  }
  /** What `makeModel` returned. */
  get options(): Training<M> {
    return this.training!;
  }

  /** Continues the training until this number of epochs is done, at most as many as were requested. */
  async train(until: number, signal: AbortSignal): Promise<void> {
    const begin = performance.now();
    try {
      const result = await this.runFit(until, signal);
      const { history } = this;
      this.history = history === null ? result : joinHistories(this.where, history, result, this.options);
    } finally {
      this.seconds += (performance.now() - begin) / 1000;
    }
  }

  /** Calls back with its random numbers. */
  inSequence<T>(call: () => T): T {
    return this.sequence.run(call);
  }

  private runFit(until: number, signal: AbortSignal): Promise<FitResult> {
    return this.sequence.run(() => {
      this.training ??= atPrecision(this.precision, () => this.makeTraining());
      const { model, ...options } = this.training;
      const { initialEpoch = 0, epochs } = options;
      return fit(model, {
        progress: false,
        ...options,
        initialEpoch: initialEpoch + (this.history?.epochs ?? 0),
        epochs: until === Infinity || epochs === undefined ? epochs : Math.min(initialEpoch + until, epochs),
        signal: options.signal ? AbortSignal.any([signal, options.signal]) : signal,
      });
    });
  }

  private makeTraining(): Training<M> {
    const training: unknown = this.make();
    if (isPromise(training)) {
      training.catch(() => {});
      throw typeError(this.where, 'makeModel returned a promise', 'await what it needs before');
    }
    const { model } = (training ?? {}) as Partial<Training<M>>;
    if (!(model instanceof Module)) {
      throw typeError(this.where, `expected makeModel to return { model, optimizer, ... }, got ${describe(training)}`);
    }
    refuseSharedParts(this.where, training as Training<M>, this.seen);
    return { ...(training as Training<M>), precision: (training as Training<M>).precision ?? getFloat32MatmulPrecision() };
  }
}
