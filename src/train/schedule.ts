// The schedulers of a fit: when each is stepped, with which figure, and whether its steps can be simulated.
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

// Properties by which the library's schedulers, and possibly the user's, describe themselves.
interface Described {
  optimizer?: unknown;
  interval?: 'step' | 'epoch';
  mode?: 'min' | 'max';
  needsMetric?: boolean;
}

const isScheduler = (value: unknown): value is Scheduler => typeof (value as Partial<Scheduler> | null | undefined)?.step === 'function';

const libraryClasses = new Set<unknown>(Object.values(lrScheduler));

// Whether this is a scheduler of the library whose `step` is not replaced: only such a scheduler is known to have no other effects.
function isLibraryScheduler(scheduler: unknown): boolean {
  if (!(scheduler instanceof lrScheduler.LRScheduler) || !libraryClasses.has(scheduler.constructor)) return false;
  const isChanged = Object.hasOwn(scheduler, 'step') || Object.getPrototypeOf(scheduler) !== scheduler.constructor.prototype;
  const { schedulers = [] } = scheduler.options as { schedulers?: readonly unknown[] };
  return !isChanged && schedulers.every(isLibraryScheduler);
}

function stateOf({ lastEpoch, options }: lrScheduler.LRScheduler): unknown[] {
  const { schedulers = [] } = options as { schedulers?: readonly lrScheduler.LRScheduler[] };
  return [lastEpoch, options, ...schedulers.flatMap(stateOf)];
}

// Whether the options of a scheduler, or of the schedulers that it is composed of, include a user function.
function hasUserFunctions({ options }: lrScheduler.LRScheduler): boolean {
  const given = Object.values(options as Record<string, unknown>).flat();
  return given.some((value) => typeof value === 'function' || (value instanceof lrScheduler.LRScheduler && hasUserFunctions(value)));
}

class Schedule {
  /** Whether it is stepped after each step of the optimizer. */
  readonly isPerStep: boolean;
  readonly scheduler: Scheduler;
  /** The figure that it gets after an epoch; null: none. */
  readonly monitor: string | null;

  constructor(
    private readonly where: string,
    option: Scheduler | ScheduleOptions,
    optimizer: object,
    known: ReadonlyMap<string, Direction>,
  ) {
    const given = isScheduler(option) ? { scheduler: option } : option;
    if (!isScheduler((given as Partial<ScheduleOptions> | null)?.scheduler)) {
      throw typeError(
        where,
        `expected scheduler with a method step, got ${describe(option)}`,
        'new optim.lrScheduler.LambdaLR(optimizer, { lrLambda }), or { scheduler, interval, monitor }',
      );
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
    this.isPerStep = interval === 'step';
    const watches = says.needsMetric ?? !(o.scheduler instanceof lrScheduler.LRScheduler);
    if (o.monitor !== undefined) this.check(where, o.monitor, watches, known, says.mode);
    else if (watches && says.mode === 'max') {
      throw rangeError(
        where,
        'a scheduler of mode "max" watches what is to become larger, which a loss is not',
        `scheduler: { scheduler, monitor: ${describe([...known].find(([, direction]) => direction !== 'min')?.[0] ?? 'the name of a metric')} }`,
      );
    }
    if (watches && this.isPerStep && (says.needsMetric || o.monitor !== undefined)) {
      throw rangeError(where, 'a scheduler that watches a figure is stepped after each epoch', 'scheduler.interval: "epoch"');
    }
    this.monitor = watches && !this.isPerStep ? (o.monitor ?? (known.has('validationLoss') ? 'validationLoss' : 'loss')) : null;
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

  /** Steps those that are stepped after each step of the optimizer. */
  afterStep(): void {
    if (this.isPerStep) this.checkResult((this.scheduler as { step(): unknown }).step());
  }

  private checkResult(result: unknown): void {
    refusePromise(this.where, "the scheduler's step", 'nobody waits for it', result);
  }

  /** Steps those that are stepped after each epoch. */
  afterEpoch(figures: ReadonlyMap<string, number>): void {
    if (this.isPerStep) return;
    if (this.monitor === null) this.checkResult((this.scheduler as { step(): unknown }).step());
    else this.checkResult(this.scheduler.step(figureOf(this.where, figures, this.monitor)));
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
  /** Whether any monitors a figure. */
  get hasMonitor(): boolean {
    return this.all.some(({ monitor }) => monitor !== null);
  }
  /** Whether any is stepped after each step of the optimizer. */
  get hasPerStep(): boolean {
    return this.all.some((one) => one.isPerStep);
  }

  /** Steps those that are stepped after each step of the optimizer. */
  afterStep(): void {
    for (const one of this.all) one.afterStep();
  }

  /** Whether the effects of a step can be simulated and undone, as with the library's schedulers whose methods are not replaced. */
  get canSimulateSteps(): boolean {
    return this.all.every(({ isPerStep, scheduler }) => !isPerStep || isLibraryScheduler(scheduler));
  }
  /** Whether a scheduler that is stepped after each step calls user functions. */
  get callsUserFunctions(): boolean {
    return this.all.some(({ isPerStep, scheduler }) => isPerStep && hasUserFunctions(scheduler as lrScheduler.LRScheduler));
  }
  /** The states and options of the schedulers that are stepped after each step, for a comparison; only if their steps can be simulated. */
  get stepState(): unknown[] {
    return this.all.flatMap(({ isPerStep, scheduler }) => (isPerStep ? stateOf(scheduler as lrScheduler.LRScheduler) : []));
  }
  /** Returns a function that restores the state that `afterStep` changes, if steps can be simulated. */
  keep(): () => void {
    const counts = this.all.flatMap(({ isPerStep, scheduler }) => (isPerStep ? (scheduler as lrScheduler.LRScheduler).keep() : []));
    return () => {
      for (const restore of counts) restore();
    };
  }

  /** Whether the effects of an epoch and of its steps can be simulated and undone, except for schedulers that monitor a figure. */
  get canSimulateEpochs(): boolean {
    return this.all.every(({ scheduler }) => isLibraryScheduler(scheduler) && !hasUserFunctions(scheduler as lrScheduler.LRScheduler));
  }
  /** Steps those that are stepped after each epoch and need no figure. */
  simulateEpoch(): void {
    for (const { isPerStep, monitor, scheduler } of this.all) {
      if (!isPerStep && monitor === null) (scheduler as { step(): unknown }).step();
    }
  }
  /** Returns a function that restores the state that `simulateEpoch` changes, if epochs can be simulated. */
  keepAll(): () => void {
    const counts = this.all.map(({ scheduler }) => (scheduler as lrScheduler.LRScheduler).keep());
    return () => {
      for (const restore of counts) restore();
    };
  }

  /** Steps those that are stepped after each epoch. */
  afterEpoch(figures: ReadonlyMap<string, number>): void {
    for (const one of this.all) one.afterEpoch(figures);
  }
}
