// The parts of a checkpoint: how the state of each is saved, and how all of them, or none, are loaded.
import { describe, rangeError, typeError } from '../errors';
import { refuseHeld } from '../holders';
import { Metric } from '../metrics';
import { Module, type StateDict } from '../nn';
import { copyState, initializeFrom, mismatches } from '../nn/state';
import { Optimizer } from '../optim';
import { LRScheduler } from '../optim/lr-scheduler';
import { Tensor } from '../tensor';
import { readFields, stateOf } from './fields';

/** An object whose state can be saved and loaded: scalers, loaders, and whatever else belongs into a checkpoint. */
export interface Stateful {
  /** The state, as plain values and tensors. */
  stateDict(): unknown;
  /** Loads the result of `stateDict()`. */
  loadStateDict(state: never): unknown;
}

/** The parts of a run that a checkpoint can have. */
export interface CheckpointParts {
  /** The model: its parameters and persistent buffers. */
  model?: Module;
  /** The optimizer: its options and its state of each parameter. */
  optimizer?: Pick<Optimizer<object>, 'stateDict' | 'loadStateDict'>;
  /** The learning rate scheduler. */
  scheduler?: Pick<LRScheduler, 'stateDict' | 'loadStateDict'>;
  /** The loader: its position, including the number of epochs begun, which determines the orders of a loader with a seed. */
  loader?: object;
  /** Scalers and encoders, one or several by name: any object with `stateDict` and `loadStateDict`. */
  scalers?: Stateful | Readonly<Record<string, Stateful>>;
  /** Metrics by name, with their accumulated state. */
  metrics?: Readonly<Record<string, Metric<unknown>>>;
}

/** The names of the parts. */
export const partNames = ['model', 'optimizer', 'scheduler', 'loader', 'scalers', 'metrics'] as const;

/** Options with all their names, given or not. */
export type Given<T> = { [name in keyof Required<T>]: T[name] | undefined };

/** The defaults: no part is given. */
export const noParts = Object.fromEntries(partNames.map((name) => [name, undefined])) as Given<CheckpointParts>;

/** A part: `read` checks a state and returns a function that loads it; `change` loads it at once, and may throw. */
export interface CheckpointPart {
  readonly name: string;
  state(): unknown;
  read?(where: string, saved: unknown): () => void;
  change?(saved: unknown): void;
}

const isStateful = (value: unknown): value is Stateful =>
  value !== null &&
  typeof value === 'object' &&
  typeof (value as Stateful).stateDict === 'function' &&
  typeof (value as Stateful).loadStateDict === 'function';

const ofStateful = (name: string, one: Stateful): CheckpointPart => ({
  name,
  state: () => one.stateDict(),
  change: (saved) => void one.loadStateDict(saved as never),
});

function ofModel(model: Module): CheckpointPart {
  return {
    name: 'model',
    state: () => model.stateDict(),
    read(where, saved) {
      const own = model.stateEntries('');
      const { lines } = mismatches(where, own, saved as StateDict, true);
      if (lines.length > 0) throw rangeError(where, ['the model is another:', ...lines].join('\n  '));
      for (const [, held] of own) if (held instanceof Tensor) refuseHeld(where, held);
      const initialize = model[initializeFrom](where, saved as StateDict, '');
      return () => {
        initialize();
        copyState(model.stateEntries(''), saved as StateDict);
      };
    },
  };
}

interface Counting {
  readonly epochsBegun: number;
  countEpochs(epochs: number): void;
}

function ofLoader(where: string, loader: object): CheckpointPart {
  if (isStateful(loader)) return ofStateful('loader', loader);
  const counting = loader as Counting;
  if (typeof counting?.epochsBegun !== 'number' || typeof counting.countEpochs !== 'function') {
    throw typeError(where, `expected loader to have stateDict and loadStateDict, got ${describe(loader)}`);
  }
  return {
    name: 'loader',
    state: () => ({ epoch: counting.epochsBegun }),
    read(at, saved) {
      const epoch = (saved as { epoch?: unknown } | null)?.epoch;
      if (!Number.isSafeInteger(epoch) || (epoch as number) < 0)
        throw rangeError(at, `expected the epoch of the loader, got ${describe(epoch)}`);
      return () => counting.countEpochs((epoch as number) - counting.epochsBegun);
    },
  };
}

const ofMetric = (name: string, metric: Metric<unknown>): CheckpointPart =>
  isStateful(metric)
    ? ofStateful(name, metric)
    : { name, state: () => stateOf(metric), read: (where, saved) => readFields(where, name, metric, saved) };

function checkClass<T>(where: string, name: string, value: unknown, of: abstract new (...args: never[]) => T, article: string): T {
  if (!(value instanceof of)) throw typeError(where, `expected ${name} to be ${article}, got ${describe(value)}`);
  return value;
}

function byName(where: string, name: string, given: unknown): [string, unknown][] {
  if (given === null || typeof given !== 'object' || Array.isArray(given))
    throw typeError(where, `expected ${name} by name, got ${describe(given)}`);
  return Object.entries(given).map(([key, one]) => [`${name}.${key}`, one]);
}

/** The given parts, checked. */
export function partsOf(
  where: string,
  given: { readonly [name in keyof CheckpointParts]: CheckpointParts[name] | undefined },
): CheckpointPart[] {
  const { model, optimizer, scheduler, loader, scalers, metrics } = given;
  const parts: CheckpointPart[] = [];
  if (model !== undefined) parts.push(ofModel(checkClass(where, 'model', model, Module, 'a module')));
  if (optimizer !== undefined) {
    const one = checkClass<Optimizer<object>>(where, 'optimizer', optimizer, Optimizer, 'an optimizer');
    parts.push({ name: 'optimizer', state: () => one.stateInPlace(), read: (_, saved) => one.read(saved as never) });
  }
  if (scheduler !== undefined) {
    const one = checkClass<LRScheduler>(where, 'scheduler', scheduler, LRScheduler, 'a scheduler');
    parts.push({ name: 'scheduler', state: () => one.stateDict(), read: (at, saved) => one.read(at, saved as never) });
  }
  if (loader !== undefined) parts.push(ofLoader(where, loader));
  if (scalers !== undefined) {
    for (const [name, one] of isStateful(scalers) ? [['scalers', scalers] as const] : byName(where, 'scalers', scalers)) {
      if (!isStateful(one)) throw typeError(where, `expected ${name} to have stateDict and loadStateDict, got ${describe(one)}`);
      parts.push(ofStateful(name, one));
    }
  }
  if (metrics !== undefined) {
    for (const [name, one] of byName(where, 'metrics', metrics))
      parts.push(ofMetric(name, checkClass<Metric<unknown>>(where, name, one, Metric, 'a metric')));
  }
  return parts;
}

/** Loads the state of every part, or of none: if one throws, all are as before. */
export function loadParts(where: string, parts: readonly (readonly [part: CheckpointPart, saved: unknown])[]): void {
  const ready = parts.flatMap(([part, saved]) => (part.read === undefined ? [] : [part.read(where, saved)]));
  const undo: (() => void)[] = [];
  try {
    for (const [part, saved] of parts) {
      if (part.change === undefined) continue;
      const before = part.state();
      undo.unshift(() => part.change!(before));
      part.change(saved);
    }
  } catch (error) {
    for (const one of undo) {
      try {
        one(); // a scaler that was not fitted refuses its own empty state
      } catch {}
    }
    throw error;
  }
  for (const load of ready) load();
}
