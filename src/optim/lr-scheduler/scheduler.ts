// What all schedulers share: the groups' rates, the number of steps, and state dicts. A scheduler itself is a definition: its options, and
// the rate after a step as a function of the one before, in float64 and in the order of PyTorch's operations, so that the rates are the same as PyTorch's.

import { checkInteger, describe, rangeError, SimdnnError, typeError, withDefaults } from '../../errors';
import { refusePythonNames } from '../../nn/absent';
import { recorder } from '../../recorder';
import type { Tensor } from '../../tensor';
import { Optimizer } from '../optimizer';
import { snakeCase } from '../state';
import { checkPerGroup } from './checks';

/** An optimizer each of whose groups has a learning rate. */
export type Scheduled = Optimizer<{
  /** The rate. */
  lr: number;
}>;

/** What `stateDict()` of a scheduler returns: numbers, texts and lists, which JSON can carry. */
export type LRSchedulerStateDict = Record<string, unknown>;

/** The arguments from which a group's rate is calculated. */
export interface Moment {
  /** The number of steps, including this one; 0 when the scheduler is made. */
  readonly epoch: number;
  /** The rate before the step, which the user may have set. */
  readonly lr: number;
  /** The rate that the schedule started from. */
  readonly base: number;
  /** The number of the group. */
  readonly group: number;
  /** Whether the schedule starts from `lr`: when it is made, and in the first place of a sequence. */
  readonly begins: boolean;
}

/** The definition of a scheduler. */
export interface Definition<O extends object> {
  readonly name: string;
  /** The defaults of all options; undefined for an option without one. */
  readonly defaults: { [K in keyof Required<O>]: Required<O>[K] | undefined };
  /** The unit of its options; "epoch" if absent. */
  readonly interval?: 'epoch' | 'step';
  /** Whether it continues from the present rates when it takes over in a sequence. If absent, it starts from the rates from when it was made. */
  readonly goesOn?: true;
  /** Throws a RangeError or TypeError unless every option is usable. */
  check(where: string, options: Required<O>, optimizer: Scheduled): void;
  /** The rate that a group starts from, if the options determine it; otherwise the group's first rate. */
  base?(options: Required<O>, group: number): number;
  /** Whether that rate also becomes the first rate for schedulers that are made later. */
  readonly replacesFirst?: true;
  /** The rate of a group. Absent if the scheduler has its own `step`. */
  rate?(at: Moment, options: Required<O>): number;
  /** The momentum of a group, or its first beta, if the schedule changes it. */
  momentum?(at: Moment, options: Required<O>): number | null;
}

const ownCopy = <O extends object>(options: O): O =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value])) as O;

// PyTorch's attribute: stepSize is step_size, but tMax is T_max.
const keyOf = (option: string): string => (/^t[A-Z0]/.test(option) ? `T_${option.slice(1).toLowerCase()}` : snakeCase(option));

// Functions and other schedulers are not part of a state.
const isPlain = (value: unknown): boolean =>
  Array.isArray(value) ? value.every(isPlain) : typeof value !== 'function' && (typeof value !== 'object' || value === null);

function checkRates(where: string, name: string, rates: unknown, optimizer: Scheduled): number[] {
  if (!Array.isArray(rates)) throw typeError(where, `expected ${name} to be a list of rates, got ${describe(rates)}`);
  checkPerGroup(where, name, rates, optimizer, -Infinity);
  return [...rates];
}

function setMomentum(group: object, value: number): void {
  const set = group as { betas?: readonly [number, number]; momentum?: number };
  if (set.betas === undefined) set.momentum = value;
  else set.betas = [value, set.betas[1]];
}

/**
 * The base of all schedulers, which set the rates of an optimizer: `torch.optim.lr_scheduler.LRScheduler`.
 *
 * A scheduler sets `lr` of every group when it is made and at each `step()`, which comes after the optimizer's: once an epoch, or once a batch
 * where its options count batches. Most multiply the current rate, so that a rate that the user sets in between is scheduled from then on.
 * `initialLr` of a group keeps the first rate for schedulers that are made later.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
 * scheduler instanceof optim.lrScheduler.LRScheduler; // true
 * for (let epoch = 0; epoch < 3; epoch++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * optimizer.paramGroups[0].lr; // 0.125
 */
export abstract class LRScheduler<O extends object = object> {
  /** The optimizer whose rates are set. */
  readonly optimizer: Scheduled;
  /** Whether `step` wants a metric, as that of `ReduceLROnPlateau` does. */
  readonly needsMetric: boolean = false;

  readonly #definition: Definition<O>;
  #options: Required<O>;
  #baseLrs: number[] = [];
  #lastEpoch = 0;
  #lastLr: number[] = [];

  /** @internal */
  constructor(definition: Definition<O>, optimizer: Scheduled, options: O | undefined) {
    const { name } = definition;
    if (!(optimizer instanceof Optimizer)) throw typeError(name, `expected an optimizer, got ${describe(optimizer)}`);
    this.#definition = definition;
    this.optimizer = optimizer;
    this.#options = ownCopy(withDefaults<object>(name, options, definition.defaults)) as Required<O>;
    definition.check(name, this.#options, optimizer);
    if (definition.rate === undefined) {
      this.finish(0);
      return;
    }
    const { paramGroups } = optimizer;
    const own = paramGroups.map(({ lr, initialLr }, i) => definition.base?.(this.#options, i) ?? initialLr ?? lr);
    // As in PyTorch, the first rate of the first scheduler is also that of later ones until they are stepped, even if their options have one.
    this.#baseLrs = definition.replacesFirst ? own : own.map((rate, i) => paramGroups[i]!.initialLr ?? rate);
    this.begin(name, this.rates());
    this.#baseLrs = own;
    paramGroups.forEach((group, i) => {
      if (definition.replacesFirst) group.initialLr = this.#baseLrs[i]!;
      else group.initialLr ??= this.#baseLrs[i]!;
    });
  }

  /**
   * What the options count, and so after what `step` is called: "epoch", or "step" where they count batches, as those of `OneCycleLR` do.
   */
  get interval(): 'epoch' | 'step' {
    return this.#definition.interval ?? 'epoch';
  }

  /** How often the scheduler was stepped. */
  get lastEpoch(): number {
    return this.#lastEpoch;
  }

  /**
   * Sets the rates of the next epoch. The metric is for the schedulers that need one.
   *
   * Inside a compiled function an error: only the first call would step.
   */
  step(_metric?: number | Tensor): void {
    const where = this.where('step');
    this.#set(where, this.#lastEpoch + 1, this.rates());
  }

  /** The rate of each group as the last step of this scheduler left it. */
  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  /**
   * The options, under PyTorch's names, `last_epoch`, `base_lrs`, `_last_lr`, and what else the scheduler counts. Functions are left out.
   *
   * The rates themselves are in the optimizer's `stateDict()`: both are needed to go on.
   */
  stateDict(): LRSchedulerStateDict {
    const options = Object.entries(ownCopy(this.#options)).filter(([, value]) => isPlain(value));
    return {
      ...Object.fromEntries(options.map(([name, value]) => [keyOf(name), value ?? null])),
      ...(this.#definition.rate === undefined ? {} : { base_lrs: [...this.#baseLrs] }),
      last_epoch: this.#lastEpoch,
      _last_lr: this.getLastLr(),
    };
  }

  /**
   * Loads the state of a dict, including options. The optimizer's rates do not change; its own `loadStateDict` sets them.
   *
   * A RangeError or TypeError for a dict that does not fit; nothing is changed then.
   */
  loadStateDict(dict: LRSchedulerStateDict): void {
    this.read(`${this.#definition.name}.loadStateDict`, dict)();
  }

  /** @internal The options in use. */
  get options(): Required<O> {
    return this.#options;
  }

  /** @internal Starts the schedule from the given rates; without them it takes over from another. */
  begin(where: string, lrs?: readonly number[]): void {
    this.#set(where, 0, lrs ?? (this.#definition.goesOn ? this.rates() : this.#baseLrs), lrs !== undefined);
  }

  /** @internal Returns a function that restores the present counts. */
  keep(): () => void {
    const [lastEpoch, lastLr] = [this.#lastEpoch, this.#lastLr];
    return () => {
      this.#lastEpoch = lastEpoch;
      this.#lastLr = lastLr;
    };
  }

  /** @internal Checks a state dict, and returns a function that loads it. */
  read(where: string, dict: LRSchedulerStateDict): () => void {
    if (dict === null || typeof dict !== 'object' || Array.isArray(dict)) {
      throw typeError(where, `expected the state of a scheduler, got ${describe(dict)}`, 'stateDict() makes one');
    }
    const { check, rate } = this.#definition;
    const present = Object.entries(this.#options);
    const saved = present.map(([name, value]) => {
      const key = keyOf(name);
      return [name, isPlain(value) && Object.hasOwn(dict, key) ? (dict[key] ?? undefined) : value];
    });
    const options = ownCopy(Object.fromEntries(saved)) as Required<O>;
    check(where, options, this.optimizer);
    const lastEpoch = checkInteger(where, 'last_epoch', dict['last_epoch']);
    const lastLr = checkRates(where, '_last_lr', dict['_last_lr'], this.optimizer);
    const baseLrs = rate === undefined ? [] : checkRates(where, 'base_lrs', dict['base_lrs'], this.optimizer);
    return () => {
      this.#options = options;
      this.#lastEpoch = lastEpoch;
      this.#lastLr = lastLr;
      this.#baseLrs = baseLrs;
    };
  }

  /** @internal Returns the name of a method for errors; throws inside a compiled function. */
  where(method: string): string {
    const where = `${this.#definition.name}.${method}`;
    if (recorder === null) return where;
    throw new SimdnnError(
      'SIMDNN_READ_WHILE_RECORDING',
      `[${where}] a scheduler cannot be stepped inside a compiled function: only the first call would step it\n  hint: step it after the call`,
    );
  }

  /** @internal Ends a step: remembers the optimizer's present rates. */
  finish(epoch: number): void {
    this.#lastEpoch = epoch;
    this.#lastLr = this.rates();
  }

  /** @internal The rates of the optimizer. */
  protected rates(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  // All values are made before the first is set: a step that throws has changed nothing.
  #set(where: string, epoch: number, lrs: readonly number[], begins = false): void {
    const { paramGroups } = this.optimizer;
    const { rate, momentum } = this.#definition;
    const options = this.#options;
    const bases = this.#baseLrs;
    // Only some schedules need to know what a group started from that was added since.
    const unknown = (moment: Omit<Moment, 'base'>): Moment => ({
      ...moment,
      get base(): number {
        throw rangeError(where, `the optimizer has ${paramGroups.length} groups, had ${bases.length} when the scheduler was made`);
      },
    });
    const next = paramGroups.map(({ lr }, group) => {
      const now = lrs[group] ?? lr;
      const isKnown = group < bases.length;
      const at: Moment = isKnown ? { epoch, lr: now, base: bases[group]!, group, begins } : unknown({ epoch, lr: now, group, begins });
      return { lr: rate!(at, options), momentum: momentum?.(at, options) ?? null };
    });
    next.forEach((values, i) => {
      const group = paramGroups[i]!;
      group.lr = values.lr;
      if (values.momentum !== null) setMomentum(group, values.momentum);
    });
    this.finish(epoch);
  }
}

refusePythonNames(LRScheduler.prototype, ['getLastLr', 'lastEpoch', 'loadStateDict', 'stateDict']);
