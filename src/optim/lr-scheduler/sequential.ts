// Several schedulers, one after the other.
import { rangeError } from '../../errors';
import { checkMilestones } from './checks';
import type { Definition, LRScheduler, Scheduled } from './scheduler';
import { checkSchedulers, Several } from './several';

/** The options of `SequentialLR`. */
export interface SequentialLROptions {
  /** The schedulers in their order, all of the same optimizer. */
  schedulers: readonly LRScheduler[];
  /** The number of steps after which each but the first takes over, ascending. */
  milestones: readonly number[];
}

const sequentialLR: Definition<SequentialLROptions> = {
  name: 'SequentialLR',
  defaults: { schedulers: undefined, milestones: undefined },
  check(where, { schedulers, milestones }, optimizer) {
    checkSchedulers(where, schedulers, optimizer);
    schedulers.forEach((one, i) => {
      if (one instanceof SequentialLR) throw rangeError(where, `schedulers[${i}] is a sequence itself`, 'put its schedulers into this one');
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
 * Where one of the schedulers counts batches, so do the milestones and the others. A RangeError for a `ReduceLROnPlateau` and for another sequence
 * among them.
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
export class SequentialLR extends Several<SequentialLROptions> {
  constructor(optimizer: Scheduled, options: SequentialLROptions) {
    super(sequentialLR, optimizer, options);
    this.begin(
      'SequentialLR',
      optimizer.paramGroups.map((group) => group.initialLr ?? group.lr),
    );
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

  /** @internal */
  override begin(where: string, lrs?: readonly number[]): void {
    this.#at(0).begin(where, lrs);
    this.finish(0);
  }

  #at(epoch: number): LRScheduler {
    const { schedulers, milestones } = this.options;
    return schedulers[milestones.filter((milestone) => milestone <= epoch).length]!;
  }
}
