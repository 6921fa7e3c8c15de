// One of many trainings: a model, what trains it, and random numbers of its own.
import { describe, rangeError, typeError } from '../errors';
import { Metric } from '../metrics';
import { Module } from '../nn';
import { fit } from './fit';
import type { FitOptions, FitResult } from './options';
import { OwnSequence } from './stream';

/** What `makeModel` returns: a model and the options of its fit, all made anew. */
export type Training<M extends Module = Module> = FitOptions & { model: M };

/** What is awaited of many jobs, `concurrency` of them at a time, begun in their order. */
export async function each(count: number, concurrency: number, job: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const row = async (): Promise<void> => {
    while (next < count) await job(next++);
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(concurrency, count) }, row));
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

// What two trainings at once must not share: each would change what the other finds.
function checkOwn(where: string, { model, optimizer, scheduler, metrics }: Training, seen: WeakSet<object>): void {
  const parts: [string, unknown][] = [
    ['model', model],
    ['optimizer', optimizer],
    ['scheduler', scheduler],
    ...Object.entries(metrics ?? {})
      .filter(([, metric]) => metric instanceof Metric)
      .map(([name, metric]): [string, unknown] => [`metrics.${name}`, metric]),
  ];
  for (const [name, part] of parts) {
    if (typeof part !== 'object' || part === null) continue;
    if (seen.has(part)) throw rangeError(where, `makeModel returned the ${name} of another training`, 'make it anew in makeModel');
    seen.add(part);
  }
}

const bothOf = (a: Record<string, number[]>, b: Record<string, number[]>): Record<string, number[]> =>
  Object.fromEntries(Object.entries(a).map(([name, figures]) => [name, [...figures, ...b[name]!]]));

// Two fits one after the other as one. The best epoch is by loss: where `earlyStopping` decides, that of the fit with the better loss there.
function joined(a: FitResult, b: FitResult): FitResult {
  const watched = (result: FitResult): number => {
    const figures = result.validationLoss ?? result.loss;
    return Math.min(...figures.filter((figure) => !Number.isNaN(figure)));
  };
  return {
    loss: [...a.loss, ...b.loss],
    ...(a.validationLoss && { validationLoss: [...a.validationLoss, ...b.validationLoss!] }),
    metrics: bothOf(a.metrics, b.metrics),
    trainMetrics: bothOf(a.trainMetrics, b.trainMetrics),
    lr: [...a.lr, ...b.lr],
    epochSeconds: [...a.epochSeconds, ...b.epochSeconds],
    epochs: a.epochs + b.epochs,
    bestEpoch: watched(b) < watched(a) ? b.bestEpoch : a.bestEpoch,
    stopped: b.stopped,
    seconds: a.seconds + b.seconds,
  };
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
      const done = this.history?.epochs ?? 0;
      return fit(model, {
        progress: false,
        ...options,
        initialEpoch: (options.initialEpoch ?? 0) + done,
        epochs: Math.min(until, options.epochs),
        ...(signal && { signal: options.signal ? AbortSignal.any([signal, options.signal]) : signal }),
      });
    });
    const result = await running;
    const { history } = this;
    this.history = history === null ? result : joined(history, result);
  }

  private made(): Training<M> {
    const training: unknown = this.make();
    if (training instanceof Promise) {
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

  /** Ends its random numbers. */
  close(): void {
    this.sequence.close();
  }
}

/** The figures of the last epoch, by their names. */
export function figuresOf({ loss, validationLoss, metrics }: FitResult): Record<string, number> {
  return {
    loss: loss.at(-1)!,
    ...(validationLoss && { validationLoss: validationLoss.at(-1)! }),
    ...Object.fromEntries(Object.entries(metrics).map(([name, figures]) => [name, figures.at(-1)!])),
  };
}
