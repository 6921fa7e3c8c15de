// When a fit steps its schedulers, and what they are given.
import { checkOneOf, describe, rangeError, refusePromise, typeError, withDefaults } from '../errors';
import { lrScheduler, Optimizer } from '../optim';
import type { Direction } from './measures';
import { figureOf } from './validation';

/** Changes the learning rate: `optim.lrScheduler`. */
export interface Scheduler {
  /** Sets the next rate; the metric is for those that watch one, and absent for others. */
  step(metric: number): void;
}

/** A scheduler, and when it is stepped. */
export interface ScheduleOptions {
  /** The scheduler. */
  scheduler: Scheduler;
  /** Whether it is stepped after each step or after each epoch. By default this is the unit that the scheduler says it counts, else epochs. */
  interval?: 'step' | 'epoch';
  /** The figure that a scheduler watches: `"loss"`, `"validationLoss"` or the name of a metric. */
  monitor?: string;
}

// What schedulers of the library say about themselves, and others may say too.
interface Described {
  optimizer?: unknown;
  interval?: 'step' | 'epoch';
  mode?: 'min' | 'max';
  needsMetric?: boolean;
}

const isScheduler = (value: unknown): value is Scheduler => typeof (value as Partial<Scheduler> | null | undefined)?.step === 'function';

const kinds = new Set<unknown>(Object.values(lrScheduler));

// Whether this is a scheduler of the library with none of its methods replaced.
function isOwn(scheduler: unknown): boolean {
  if (!(scheduler instanceof lrScheduler.LRScheduler) || !kinds.has(scheduler.constructor)) return false;
  const isChanged = Object.hasOwn(scheduler, 'step') || Object.getPrototypeOf(scheduler) !== scheduler.constructor.prototype;
  const { schedulers = [] } = scheduler.options as { schedulers?: readonly unknown[] };
  return !isChanged && schedulers.every(isOwn);
}

function countsOf({ lastEpoch, options }: lrScheduler.LRScheduler): unknown[] {
  const { schedulers = [] } = options as { schedulers?: readonly lrScheduler.LRScheduler[] };
  return [lastEpoch, options, ...schedulers.flatMap(countsOf)];
}

// Whether a user's function is among the options of a scheduler or of the schedulers that it is made of.
function asksFunctions({ options }: lrScheduler.LRScheduler): boolean {
  const given = Object.values(options as Record<string, unknown>).flat();
  return given.some((value) => typeof value === 'function' || (value instanceof lrScheduler.LRScheduler && asksFunctions(value)));
}

class Schedule {
  /** Whether it is stepped after each step of the optimizer. */
  readonly everyStep: boolean;
  readonly scheduler: Scheduler;
  /** The figure that it is given after an epoch; null: none. */
  readonly monitor: string | null;

  constructor(
    private readonly where: string,
    option: Scheduler | ScheduleOptions,
    optimizer: object,
    known: ReadonlyMap<string, Direction>,
  ) {
    const given = isScheduler(option) ? { scheduler: option } : option;
    if (!isScheduler((given as Partial<ScheduleOptions> | null)?.scheduler)) {
      throw typeError(where, `expected scheduler with a method step, got ${describe(option)}`);
    }
    const o = withDefaults(`${where}: scheduler`, given, {
      scheduler: given.scheduler,
      interval: undefined as 'step' | 'epoch' | undefined,
      monitor: undefined as string | undefined,
    });
    this.scheduler = o.scheduler;
    const says = o.scheduler as Described;
    if (says.optimizer instanceof Optimizer && says.optimizer !== optimizer) {
      throw rangeError(where, 'the scheduler sets the rates of another optimizer', 'make it with the optimizer that fit is given');
    }
    const interval = checkOneOf(where, 'scheduler.interval', o.interval ?? says.interval ?? 'epoch', ['step', 'epoch']);
    this.everyStep = interval === 'step';
    const watches = says.needsMetric ?? !(o.scheduler instanceof lrScheduler.LRScheduler);
    if (o.monitor !== undefined) this.check(where, o.monitor, watches, known, says.mode);
    else if (watches && says.mode === 'max') {
      throw rangeError(
        where,
        'a scheduler of mode "max" watches what is to become larger, which a loss is not',
        `scheduler: { scheduler, monitor: ${describe([...known].find(([, direction]) => direction !== 'min')?.[0] ?? 'the name of a metric')} }`,
      );
    }
    if (watches && this.everyStep && (says.needsMetric || o.monitor !== undefined)) {
      throw rangeError(where, 'a scheduler that watches a figure is stepped after each epoch', 'scheduler.interval: "epoch"');
    }
    this.monitor = watches && !this.everyStep ? (o.monitor ?? (known.has('validationLoss') ? 'validationLoss' : 'loss')) : null;
  }

  private check(where: string, monitor: string, watches: boolean, known: ReadonlyMap<string, Direction>, mode?: 'min' | 'max'): void {
    if (!watches) throw rangeError(where, `this scheduler watches nothing: it cannot be given ${describe(monitor)}`);
    const direction = known.get(monitor);
    if (direction === undefined) {
      throw rangeError(where, `scheduler.monitor cannot be ${describe(monitor)} (known: ${[...known.keys()].join(', ')})`);
    }
    if (direction !== null && mode !== undefined && mode !== direction) {
      throw rangeError(
        where,
        `the scheduler's mode is "${mode}", but ${describe(monitor)} is to become ${direction === 'min' ? 'smaller' : 'larger'}`,
        `new optim.lrScheduler.ReduceLROnPlateau(optimizer, { mode: "${direction}" })`,
      );
    }
  }

  /** Called after a step of the optimizer. */
  afterStep(): void {
    if (this.everyStep) this.refused((this.scheduler as { step(): unknown }).step());
  }

  private refused(result: unknown): void {
    refusePromise(this.where, "the scheduler's step", 'nobody waits for it', result);
  }

  /** Called after an epoch with these figures. */
  afterEpoch(figures: ReadonlyMap<string, number>): void {
    if (this.everyStep) return;
    if (this.monitor === null) this.refused((this.scheduler as { step(): unknown }).step());
    else this.refused(this.scheduler.step(figureOf(this.where, figures, this.monitor)));
  }
}

/** All of a fit's schedulers, stepped in the order in which they were given. */
export class Schedules {
  private readonly all: readonly Schedule[];

  constructor(where: string, option: unknown, optimizer: object, known: ReadonlyMap<string, Direction>) {
    const list: readonly unknown[] = option === undefined ? [] : Array.isArray(option) ? option : [option];
    this.all = list.map((one) => new Schedule(where, one as Scheduler | ScheduleOptions, optimizer, known));
    const schedulers = this.all.map(({ scheduler }) => scheduler);
    if (new Set(schedulers).size < schedulers.length) throw rangeError(where, 'a scheduler is given twice: it would be stepped twice');
  }

  get isEmpty(): boolean {
    return this.all.length === 0;
  }
  get schedulers(): readonly Scheduler[] {
    return this.all.map(({ scheduler }) => scheduler);
  }
  /** Whether any watches a figure. */
  get watch(): boolean {
    return this.all.some(({ monitor }) => monitor !== null);
  }
  /** Whether any is stepped after each step of the optimizer. */
  get everyStep(): boolean {
    return this.all.some((one) => one.everyStep);
  }

  /** Called after a step of the optimizer. */
  afterStep(): void {
    for (const one of this.all) one.afterStep();
  }

  /** Whether the effects of a step can be simulated and undone. This holds for schedulers of the library that their user has not changed. */
  get canGoAhead(): boolean {
    return this.all.every(({ everyStep, scheduler }) => !everyStep || isOwn(scheduler));
  }
  /** Whether a scheduler that is stepped after each step calls functions of the user's. */
  get asks(): boolean {
    return this.all.some(({ everyStep, scheduler }) => everyStep && asksFunctions(scheduler as lrScheduler.LRScheduler));
  }
  /** The state of the schedulers and their options, if their steps can be simulated. */
  get counts(): unknown[] {
    return this.all.flatMap(({ everyStep, scheduler }) => (everyStep ? countsOf(scheduler as lrScheduler.LRScheduler) : []));
  }
  /** Returns a function that restores the state that `afterStep` changes, if steps can be simulated. */
  keep(): () => void {
    const counts = this.all.flatMap(({ everyStep, scheduler }) => (everyStep ? (scheduler as lrScheduler.LRScheduler).keep() : []));
    return () => {
      for (const restore of counts) restore();
    };
  }

  /** Whether the effects of an epoch and of its steps can be simulated and undone, but for those of the schedulers that watch a figure. */
  get foreseeEpochs(): boolean {
    return this.all.every(({ scheduler }) => isOwn(scheduler) && !asksFunctions(scheduler as lrScheduler.LRScheduler));
  }
  /** Does what follows an epoch, but for what needs its figures. */
  simulateEpoch(): void {
    for (const { everyStep, monitor, scheduler } of this.all) {
      if (!everyStep && monitor === null) (scheduler as { step(): unknown }).step();
    }
  }
  /** Returns a function that restores the state that `simulateEpoch` changes, if epochs can be simulated. */
  keepAll(): () => void {
    const counts = this.all.map(({ scheduler }) => (scheduler as lrScheduler.LRScheduler).keep());
    return () => {
      for (const restore of counts) restore();
    };
  }

  /** Called after an epoch with these figures. */
  afterEpoch(figures: ReadonlyMap<string, number>): void {
    for (const one of this.all) one.afterEpoch(figures);
  }
}
