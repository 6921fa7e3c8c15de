// Several schedulers, one after the other.
import { describe, rangeError, typeError } from '../../errors';
import { checkMilestones } from './checks';
import { ReduceLROnPlateau } from './plateau';
import { LRScheduler, type LRSchedulerStateDict, type Recipe, type Scheduled } from './scheduler';

/** The options of `SequentialLR`. */
export interface SequentialLROptions {
  /** The schedulers in their order, all of the same optimizer. */
  schedulers: readonly LRScheduler[];
  /** The number of steps after which each but the first takes over, ascending. */
  milestones: readonly number[];
}

const sequentialLR: Recipe<SequentialLROptions> = {
  name: 'SequentialLR',
  defaults: { schedulers: undefined, milestones: undefined },
  check(where, { schedulers, milestones }, optimizer) {
    if (!Array.isArray(schedulers)) throw typeError(where, `expected schedulers to be a list of schedulers, got ${describe(schedulers)}`);
    if (schedulers.length === 0) throw rangeError(where, 'expected at least one scheduler, got none');
    schedulers.forEach((one: unknown, i) => {
      if (!(one instanceof LRScheduler)) throw typeError(where, `expected schedulers[${i}] to be a scheduler, got ${describe(one)}`);
      if (one instanceof ReduceLROnPlateau) throw rangeError(where, `schedulers[${i}], a ReduceLROnPlateau, needs a metric at each step`);
      if (one instanceof SequentialLR) throw rangeError(where, `schedulers[${i}] is a sequence itself`, 'put its schedulers into this one');
      if (one.optimizer !== optimizer) throw rangeError(where, `schedulers[${i}] belongs to another optimizer`);
    });
    checkMilestones(where, milestones);
    if (milestones.length !== schedulers.length - 1)
      throw rangeError(where, `expected ${schedulers.length - 1} milestones for ${schedulers.length} schedulers, got ${milestones.length}`);
  },
};

/**
 * Lets one scheduler after the other set the rate: `torch.optim.lr_scheduler.SequentialLR`.
 *
 * The first starts from the first rate of the optimizer, whatever the others made of it when they were made. After as many steps as the
 * milestone says the next takes over, from the rate that it started from when it was made. Its schedulers are not stepped by anyone else.
 * Two `OneCycleLR` among them keep each its own rates; in PyTorch both take those of the one made last.
 * A RangeError for a `ReduceLROnPlateau` and for another sequence among them.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 0.1 });
 * const { LinearLR, StepLR, SequentialLR } = optim.lrScheduler;
 * const warmUp = new LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 });
 * const stairs = new StepLR(optimizer, { stepSize: 1, gamma: 0.1 });
 * const scheduler = new SequentialLR(optimizer, { schedulers: [warmUp, stairs], milestones: [2] });
 * const rates = [0, 1, 2, 3].map(() => {
 *   const { lr } = optimizer.paramGroups[0];
 *   scheduler.step();
 *   return lr;
 * });
 * rates; // [0.05, 0.075, 0.1, 0.01]
 */
export class SequentialLR extends LRScheduler<SequentialLROptions> {
  constructor(optimizer: Scheduled, options: SequentialLROptions) {
    super(sequentialLR, optimizer, options);
    this.#at(0).begin(
      'SequentialLR',
      optimizer.paramGroups.map((group) => group.initialLr ?? group.lr),
    );
    this.finish(0);
  }

  /** "step" where one of the schedulers counts batches: then so do the milestones and the others. */
  override get interval(): 'epoch' | 'step' {
    return this.options.schedulers.some(({ interval }) => interval === 'step') ? 'step' : 'epoch';
  }

  /** Steps the scheduler whose turn it is. */
  override step(): void {
    const where = this.where('step');
    const epoch = this.lastEpoch + 1;
    const scheduler = this.#at(epoch);
    if (this.options.milestones.includes(epoch)) scheduler.begin(where);
    else scheduler.step();
    this.finish(epoch);
  }

  /** The state of the sequence, with those of its schedulers under `schedulers`. */
  override stateDict(): LRSchedulerStateDict {
    return { ...super.stateDict(), schedulers: this.options.schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  /** @internal */
  override read(where: string, dict: LRSchedulerStateDict): () => void {
    const own = super.read(where, dict);
    const { schedulers } = this.options;
    const saved = dict['schedulers'];
    if (!Array.isArray(saved) || saved.length !== schedulers.length)
      throw rangeError(where, `expected the states of ${schedulers.length} schedulers, got ${describe(saved)}`);
    const inner = schedulers.map((scheduler, i) => scheduler.read(where, saved[i]));
    return () => {
      for (const load of [own, ...inner]) load();
    };
  }

  #at(epoch: number): LRScheduler {
    const { schedulers, milestones } = this.options;
    return schedulers[milestones.filter((milestone) => milestone <= epoch).length]!;
  }
}
