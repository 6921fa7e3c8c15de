// One of many trainings: a model, what trains it, and random numbers of its own.

import { isAbortSignal, isPromise } from '../brands';
import { DataLoader } from '../data';
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { Metric } from '../metrics';
import { Module } from '../nn';
import { draw } from '../random';
import type { SetHistory } from './figure-types';
import { fit } from './fit';
import { Measures } from './measures';
import type { FitOptions, FitResult } from './options';
import { bestOf } from './result';
import type { ScheduleOptions } from './schedule';
import { OwnSequence, seedOf } from './stream';
import { knownFigures, validationSets } from './validation';

/** What `makeModel` returns: a model and the options of its fit, all made anew. */
export type Training<M extends Module = Module> = FitOptions & { model: M };

/** A seed for many trainings: the one that is given, or one that follows from `manualSeed`. */
export function seedFrom(where: string, given: number | undefined): number {
  if (given !== undefined) return checkInteger(where, 'seed', given);
  const { seed, offset } = draw(4);
  return seedOf(seed, offset);
}

/** Jobs of which so many at a time are under way, begun in their order. The first that throws ends the others, and so does `signal`. */
export class Jobs {
  private readonly ender = new AbortController();
  private readonly end = (): void => this.ender.abort(this.outer?.reason);

  constructor(
    where: string,
    private readonly concurrency: number,
    private readonly outer: AbortSignal | undefined,
  ) {
    checkInteger(where, 'concurrency', concurrency, 1);
    if (outer !== undefined && !isAbortSignal(outer)) {
      throw typeError(where, `expected signal to be an AbortSignal, got ${describe(outer)}`);
    }
    if (outer?.aborted) throw outer.reason;
  }

  /** Aborts when they are to end. */
  get signal(): AbortSignal {
    return this.ender.signal;
  }

  /** Does `count` jobs. */
  async all(count: number, job: (i: number) => Promise<void>): Promise<void> {
    let next = 0;
    const row = async (): Promise<void> => {
      try {
        while (next < count && !this.signal.aborted) await job(next++);
      } catch (error) {
        this.ender.abort(error);
      }
    };
    if (this.outer?.aborted) this.end();
    this.outer?.addEventListener('abort', this.end);
    await Promise.all(Array.from({ length: Math.min(this.concurrency, count) }, row));
    this.outer?.removeEventListener('abort', this.end);
    if (this.signal.aborted) throw this.signal.reason;
  }
}

// What two trainings at once must not share: each would change what the other finds.
function checkOwn(
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
  // The orders of one with a seed follow from how many epochs it has begun, whosever they were.
  const sets = validationSets(where, validation).map(({ name, loader }) => [name === null ? 'validation' : `validation.${name}`, loader]);
  for (const [name, one] of [['loader', loader], ...sets] as [string, unknown][])
    if (one instanceof DataLoader && one.seed !== undefined) parts.push([name, one]);
  for (const [name, part] of parts) {
    if (typeof part !== 'object' || part === null) continue;
    if (seen.has(part)) throw rangeError(where, `makeModel returned the ${name} of another training`, 'make it anew in makeModel');
    seen.add(part);
  }
}

// A name that only one has was no list of numbers in the other, which had no epoch.
const bothOf = <T>(a: Record<string, T[]>, b: Record<string, T[]>): Record<string, T[]> =>
  Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => [name, [...(a[name] ?? []), ...(b[name] ?? [])]]));

const historyOf = ({ metrics, arrays }: SetHistory, other: SetHistory): Pick<SetHistory, 'metrics' | 'arrays'> => ({
  metrics: bothOf(metrics, other.metrics),
  arrays: bothOf(arrays, other.arrays),
});

// The list of figures that a name stands for: of the fit, or `set.name`.
function listOf({ metrics, loss, validationLoss, validation = {} }: FitResult, name: string): number[] {
  const own: Record<string, number[]> = { ...metrics, loss, ...(validationLoss && { validationLoss }) };
  if (own[name] !== undefined) return own[name];
  const set = Object.keys(validation).find((set) => name.startsWith(`${set}.`))!;
  const metric = name.slice(set.length + 1);
  return metric === 'loss' ? validation[set]!.loss : validation[set]!.metrics[metric]!;
}

// Two fits one after the other as one.
function joined(where: string, a: FitResult, b: FitResult, training: Training): FitResult {
  const { earlyStopping, metrics, initialEpoch = 0, targets, validation } = training;
  const both = {
    ...b,
    loss: [...a.loss, ...b.loss],
    ...(a.validationLoss && { validationLoss: [...a.validationLoss, ...b.validationLoss!] }),
    metrics: bothOf(a.metrics, b.metrics),
    arrays: bothOf(a.arrays, b.arrays),
    trainMetrics: bothOf(a.trainMetrics, b.trainMetrics),
    trainArrays: bothOf(a.trainArrays, b.trainArrays),
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
  const known = knownFigures(new Measures(where, metrics, 'metrics', targets), validationSets(where, validation));
  const mode = earlyStopping?.mode ?? known.get(monitor);
  const best = bestOf(listOf(both, monitor), mode === 'max' ? -1 : 1, earlyStopping?.minDelta);
  return { ...both, bestEpoch: best && initialEpoch + best };
}

export class Trial<M extends Module> {
  private readonly sequence: OwnSequence;
  private training: Training<M> | null = null;
  /** What its fits have come to. */
  history: FitResult | null = null;

  constructor(
    private readonly where: string,
    seed: number,
    private readonly make: () => Training<M>,
    private readonly seen: WeakSet<object>,
  ) {
    this.sequence = new OwnSequence(seed);
  }

  get model(): M {
    return this.training!.model;
  }
  /** What it was made to do. */
  get options(): Training<M> {
    return this.training!;
  }

  /** Trains on until so many epochs are done, at most those that were asked for. */
  async train(until: number, signal: AbortSignal | undefined): Promise<void> {
    const running = this.sequence.run(() => {
      this.training ??= this.made();
      const { model, ...options } = this.training;
      const { initialEpoch = 0, epochs } = options;
      return fit(model, {
        progress: false,
        ...options,
        initialEpoch: initialEpoch + (this.history?.epochs ?? 0),
        epochs: until === Infinity || epochs === undefined ? epochs : Math.min(initialEpoch + until, epochs),
        ...(signal && { signal: options.signal ? AbortSignal.any([signal, options.signal]) : signal }),
      });
    });
    const result = await running;
    const { history } = this;
    this.history = history === null ? result : joined(this.where, history, result, this.options);
  }

  private made(): Training<M> {
    const training: unknown = this.make();
    if (isPromise(training)) {
      training.catch(() => {});
      throw typeError(this.where, 'makeModel returned a promise', 'await what it needs before');
    }
    const { model } = (training ?? {}) as Partial<Training<M>>;
    if (!(model instanceof Module)) {
      throw typeError(this.where, `expected makeModel to return { model, optimizer, ... }, got ${describe(training)}`);
    }
    checkOwn(this.where, training as Training<M>, this.seen);
    return training as Training<M>;
  }
}

/** The figures of the last epoch, by their names. */
export function figuresOf({ loss, validationLoss, metrics, validation = {} }: FitResult): Record<string, number> {
  const sets = Object.entries(validation).flatMap(([set, history]) =>
    Object.entries({ ...history.metrics, loss: history.loss }).map(([name, figures]) => [`${set}.${name}`, figures.at(-1) ?? NaN]),
  );
  return {
    ...Object.fromEntries(sets),
    loss: loss.at(-1) ?? NaN, // where it was stopped before its first epoch had ended
    ...(validationLoss && { validationLoss: validationLoss.at(-1) ?? NaN }),
    ...Object.fromEntries(Object.entries(metrics).map(([name, figures]) => [name, figures.at(-1) ?? NaN])),
  };
}
