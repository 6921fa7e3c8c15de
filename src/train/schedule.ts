// When a fit steps its scheduler, and what it tells it.
import { checkOneOf, describe, rangeError, refusePromise, typeError, withDefaults } from '../errors';
import { lrScheduler, Optimizer } from '../optim';
import type { Direction } from './measures';
import { figureOf } from './validation';

/** Changes the learning rate: `optim.lrScheduler`. */
export interface Scheduler {
  /** Sets the next rate; the metric is for those that watch one, and absent for others. */
  step(metric: number): void;
}

/** A scheduler with when it is stepped. */
export interface ScheduleOptions {
  /** The scheduler. */
  scheduler: Scheduler;
  /** After each step or each epoch: by default what the scheduler counts, epochs where it does not say. */
  interval?: 'step' | 'epoch';
  /** What a scheduler that watches a figure is given: `"loss"`, `"validationLoss"` or the name of a metric. */
  monitor?: string;
}

// What schedulers of the library say of themselves, and others may.
interface Described {
  optimizer?: unknown;
  interval?: 'step' | 'epoch';
  mode?: 'min' | 'max';
  needsMetric?: boolean;
}

const isScheduler = (value: unknown): value is Scheduler => typeof (value as Partial<Scheduler> | null | undefined)?.step === 'function';

const kinds = new Set<unknown>(Object.values(lrScheduler));

// One of the library's, whose methods are its own.
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

// A scheduler among whose options, or whose schedulers' options, is a function of the user's.
function asksFunctions({ options }: lrScheduler.LRScheduler): boolean {
  const given = Object.values(options as Record<string, unknown>).flat();
  return given.some((value) => typeof value === 'function' || (value instanceof lrScheduler.LRScheduler && asksFunctions(value)));
}

class Schedule {
  /** Whether it is stepped after each step of the optimizer. */
  readonly everyStep: boolean;
  readonly scheduler: Scheduler;
  /** What it is given after an epoch; null: nothing. */
  private readonly monitor: string | null;

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

  /** After a step of the optimizer. */
  afterStep(): void {
    if (this.everyStep) this.refused((this.scheduler as { step(): unknown }).step());
  }

  private refused(result: unknown): void {
    refusePromise(this.where, "the scheduler's step", 'nobody waits for it', result);
  }

  /** After an epoch with these figures. */
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
  /** Whether any is stepped after each step of the optimizer. */
  get everyStep(): boolean {
    return this.all.some((one) => one.everyStep);
  }

  /** After a step of the optimizer. */
  afterStep(): void {
    for (const one of this.all) one.afterStep();
  }

  /** Whether what they do after each step can be gone through ahead, and put back: those of the library can, but not where their user has changed them. */
  get canGoAhead(): boolean {
    return this.all.every(({ everyStep, scheduler }) => !everyStep || isOwn(scheduler));
  }
  /** Whether what is stepped after each step asks functions of the user's. */
  get asks(): boolean {
    return this.all.some(({ everyStep, scheduler }) => everyStep && asksFunctions(scheduler as lrScheduler.LRScheduler));
  }
  /** What they count, where they can go ahead, and by which options. */
  get counts(): unknown[] {
    return this.all.flatMap(({ everyStep, scheduler }) => (everyStep ? countsOf(scheduler as lrScheduler.LRScheduler) : []));
  }
  /** What it returns puts the counts back that `afterStep` changes, where it can go ahead. */
  keep(): () => void {
    const counts = this.all.flatMap(({ everyStep, scheduler }) => (everyStep ? (scheduler as lrScheduler.LRScheduler).keep() : []));
    return () => {
      for (const restore of counts) restore();
    };
  }

  /** After an epoch with these figures. */
  afterEpoch(figures: ReadonlyMap<string, number>): void {
    for (const one of this.all) one.afterEpoch(figures);
  }
}
