// Several schedulers that are stepped together.
import { describe, rangeError, typeError, withDefaults } from '../../errors';
import { type CompositeOptions, CompositeScheduler, checkSchedulers } from './composite';
import { type Definition, LRScheduler, type Scheduled } from './scheduler';

/** The options of `ChainedScheduler`. */
export interface ChainedSchedulerOptions {
  /** The optimizer of the schedulers; by default that of the first. */
  optimizer?: Scheduled;
}

const chainedScheduler: Definition<CompositeOptions> = {
  name: 'ChainedScheduler',
  defaults: { schedulers: undefined },
  check: (where, { schedulers }, optimizer) => checkSchedulers(where, schedulers, optimizer),
};

// An argument that is not a list of schedulers is refused together with the other options.
function optimizerOf(schedulers: unknown, options: ChainedSchedulerOptions | undefined): Scheduled {
  const where = 'ChainedScheduler';
  const { optimizer } = withDefaults(where, options, { optimizer: undefined as Scheduled | undefined });
  if (optimizer !== undefined) return optimizer;
  if (!Array.isArray(schedulers)) throw typeError(where, `expected schedulers to be a list of schedulers, got ${describe(schedulers)}`);
  if (schedulers.length === 0) throw rangeError(where, 'expected at least one scheduler, got none');
  const first: unknown = schedulers[0];
  if (!(first instanceof LRScheduler)) throw typeError(where, `expected schedulers[0] to be a scheduler, got ${describe(first)}`);
  return first.optimizer;
}

/**
 * Steps several schedulers at each step, one after the other: `torch.optim.lr_scheduler.ChainedScheduler`.
 *
 * Schedulers that multiply the present rate combine; one that sets the rate overrides those before it. The chained schedulers must not be stepped by
 * other code. A RangeError for an empty list, for a `ReduceLROnPlateau`, which needs a metric, and for schedulers of several optimizers.
 *
 * In a `SequentialLR` it starts as when it was made: its first scheduler from the rate that the chain started from, each further one from the result of those
 * before it. PyTorch accepts a chain only in the first place, and there steps an `ExponentialLR` in it once more.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 1 });
 * const { ChainedScheduler, ConstantLR, ExponentialLR } = optim.lrScheduler;
 * const warmUp = new ConstantLR(optimizer, { factor: 0.5, totalIters: 2 });
 * const fall = new ExponentialLR(optimizer, { gamma: 0.5 });
 * const scheduler = new ChainedScheduler([warmUp, fall]);
 * const rates = [0, 1, 2].map(() => {
 *   const { lr } = optimizer.paramGroups[0];
 *   scheduler.step();
 *   return lr;
 * });
 * rates; // [0.5, 0.25, 0.25]
 */
export class ChainedScheduler extends CompositeScheduler<CompositeOptions> {
  constructor(schedulers: readonly LRScheduler[], options?: ChainedSchedulerOptions) {
    super(chainedScheduler, optimizerOf(schedulers, options), { schedulers });
  }

  /** Steps every scheduler. If one throws, all are as they were. */
  override step(): void {
    this.where('step');
    const { schedulers } = this.options;
    const restore = this.keep();
    const groups = this.optimizer.paramGroups.map((group) => ({ ...group }));
    try {
      for (const scheduler of schedulers) scheduler.step();
    } catch (error) {
      restore();
      this.optimizer.paramGroups.forEach((group, i) => void Object.assign(group, groups[i]));
      throw error;
    }
    this.finish(this.lastEpoch + 1);
  }

  /** @internal */
  override begin(where: string, lrs?: readonly number[]): void {
    const [first, ...others] = this.options.schedulers;
    first!.begin(where, lrs);
    for (const scheduler of others) scheduler.begin(where, this.rates());
    this.finish(0);
  }
}
