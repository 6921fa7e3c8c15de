// Writes checkpoints of a fit, and resumes from one.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkBoolean, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import { type BestOptions, type CheckpointCallback, type CheckpointParts, checkpointEvery, type Stateful, saveCheckpoint } from '../io';
import { openCheckpoint } from '../io/checkpoint';
import { pathOf } from '../io/paths';
import { Module } from '../nn';
import type { Optimizer } from '../optim';
import { LRScheduler } from '../optim/lr-scheduler';
import type { Callbacks } from './callbacks';
import type { Direction } from './measures';
import type { Settings } from './options';

/** The options of `checkpoint`. */
export interface CheckpointOptions {
  /** The file, which is replaced each time. */
  path: string | URL;
  /** The number of epochs between two checkpoints (1). */
  every?: number;
  /**
   * Whether the best epoch gets a file of its own, `run.best.safetensors` beside `run.safetensors`, and by which figure (false). true: by the validation loss
   * if there is one, else the loss.
   */
  best?: boolean | string | BestOptions;
  /** Whether the fit resumes from the file if it exists: from its epoch, with the same bits as a fit that was not interrupted (false). */
  resume?: boolean;
}

const isStateful = (value: unknown): value is Stateful =>
  typeof (value as Partial<Stateful> | null)?.stateDict === 'function' && typeof (value as Partial<Stateful>).loadStateDict === 'function';

// The figure by which the best epoch is chosen, with its direction.
function monitoredFigure(where: string, best: CheckpointOptions['best'], known: ReadonlyMap<string, Direction>): BestOptions | false {
  if (best === undefined || best === false) return false;
  const given = typeof best === 'object' && best !== null ? best : {};
  const o = withDefaults(`${where}: checkpoint.best`, given as Partial<BestOptions>, {
    monitor: typeof best === 'string' ? best : known.has('validationLoss') ? 'validationLoss' : 'loss',
    mode: undefined as BestOptions['mode'] | undefined,
  });
  if (typeof best !== 'boolean' && typeof best !== 'string' && Object.keys(given).length === 0)
    throw typeError(where, `expected checkpoint.best to be true, a name or options, got ${describe(best)}`);
  const direction = known.get(o.monitor);
  if (direction === undefined)
    throw rangeError(where, `checkpoint.best cannot be ${describe(o.monitor)} (known: ${[...known.keys()].join(', ')})`);
  const mode = o.mode ?? direction;
  if (mode === null) {
    throw rangeError(
      where,
      `checkpoint cannot know whether ${describe(o.monitor)} is to become smaller or larger`,
      `best: { monitor: ${describe(o.monitor)}, mode: "min" } or "max"`,
    );
  }
  return { monitor: o.monitor, mode: checkOneOf(where, 'checkpoint.best.mode', mode, ['min', 'max'] as const) };
}

/** The checkpoints of a fit. */
export class Checkpointing {
  private readonly parts: CheckpointParts;
  private readonly saver: CheckpointCallback;
  private readonly path: string;
  private readonly every: number;
  private readonly callbacks: Callbacks;
  /** Whether the fit resumes from the file if it exists. */
  readonly resumes: boolean;

  constructor(
    where: string,
    options: CheckpointOptions,
    model: Module,
    settings: Omit<Settings, 'checkpoint'>,
    known: ReadonlyMap<string, Direction>,
  ) {
    const o = withDefaults(`${where}: checkpoint`, options, {
      path: undefined as unknown as string | URL,
      every: 1,
      best: false as CheckpointOptions['best'] & {},
      resume: false,
    });
    this.path = pathOf(`${where}: checkpoint`, o.path);
    this.resumes = checkBoolean(where, 'checkpoint.resume', o.resume);
    this.parts = partsOf(where, model, settings);
    this.every = o.every;
    this.callbacks = settings.callbacks;
    if (!existsSync(dirname(this.path)))
      throw rangeError(where, `checkpoint.path is in a folder that does not exist: ${dirname(this.path)}`);
    this.saver = checkpointEvery({ path: o.path, every: o.every, best: monitoredFigure(where, o.best, known), ...this.parts });
  }

  /** Reads the existing checkpoint. The returned function loads it and returns the number of epochs done; null: there is no checkpoint. */
  async open(): Promise<(() => number) | null> {
    if (!existsSync(this.path)) return null;
    const load = await openCheckpoint(this.path, this.parts);
    return () => load().epoch;
  }

  /** Writes the checkpoint if one is due after this epoch; after the last epoch always. */
  async write(epoch: number, figures: ReadonlyMap<string, number>, isLast: boolean): Promise<void> {
    await this.callbacks.flush(); // a fit that resumes from here needs the log lines of all epochs so far
    const { loss, validationLoss, ...metrics } = Object.fromEntries(figures);
    await this.saver.onEpoch({ epoch, loss: loss!, ...(validationLoss !== undefined && { validationLoss }), metrics });
    if (isLast && epoch % this.every !== 0) await saveCheckpoint(this.path, { ...this.parts, epoch });
  }
}

// Everything on which the fit's next epoch depends, except the state of user-defined iterables, which is unknown.
function partsOf(where: string, model: Module, settings: Omit<Settings, 'checkpoint'>): CheckpointParts {
  const { criterion, optimizer, loader, validation, schedules, earlyStopping, callbacks } = settings;
  const owned = new Set([model, ...(criterion instanceof Module ? [criterion] : [])].flatMap((module) => module.parameters()));
  if ((optimizer as Optimizer<object>).paramGroups.some(({ params }) => params.some((p) => !owned.has(p)))) {
    throw rangeError(where, 'a checkpoint would lack parameters of the optimizer that neither the model nor the criterion has');
  }
  const { schedulers } = schedules;
  const [first] = schedulers;
  const scheduler = schedulers.length === 1 && first instanceof LRScheduler ? first : undefined;
  const others: [string, unknown][] = [
    ...(scheduler === undefined ? schedulers.map((one, i): [string, unknown] => [`scheduler ${i}`, one]) : []),
    ...validation.flatMap(({ loader: set }, i): [string, unknown][] => (set === loader ? [] : [[`validation ${i}`, set]])),
    ['earlyStopping', earlyStopping],
    ['criterion', criterion instanceof Module && Object.keys(criterion.stateDict()).length > 0 ? criterion : null],
    ...callbacks.objects.map((callback, i): [string, unknown] => [`callback ${i}`, callback]),
  ];
  const scalers = Object.fromEntries(others.filter((pair): pair is [string, Stateful] => isStateful(pair[1])));
  return {
    model,
    optimizer: optimizer as Optimizer<object>,
    ...(isStateful(loader) && { loader }),
    ...(scheduler !== undefined && { scheduler }),
    ...(Object.keys(scalers).length > 0 && { scalers }),
  };
}
