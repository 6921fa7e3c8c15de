// Runs several schedulers in sequence.
import { rangeError } from '../../errors';
import { checkMilestones } from './checks';
import { CompositeScheduler, checkSchedulers } from './composite';
import type { Definition, LRScheduler, Scheduled } from './scheduler';

/** The options of `SequentialLR`. */
export interface SequentialLROptions {
  /** The schedulers in their order, all of the same optimizer. */
  schedulers: readonly LRScheduler[];
  /** For each scheduler but the first, the number of steps after which it takes over; ascending. */
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
    milestones.forEach((milestone, i) => {
      if (i > 0 && milestone < milestones[i - 1]!)
        throw rangeError(where, `expected ascending milestones, got ${milestone} after ${milestones[i - 1]}`);
    });
    if (milestones.length !== schedulers.length - 1)
      throw rangeError(where, `expected ${schedulers.length - 1} milestones for ${schedulers.length} schedulers, got ${milestones.length}`);
  },
};

/**
 * Runs several schedulers in sequence, switching at milestones. As `torch.optim.lr_scheduler.SequentialLR`.
 *
 * The first scheduler starts from the optimizer's initial rate, regardless of what constructing the others has changed. After the number of steps that a
 * milestone says, the next scheduler takes over, with the rate at which it started when it was constructed. Do not step the schedulers yourself. Each
 * `OneCycleLR` among them keeps its own rates; in PyTorch all use those of the last one constructed. If one of the schedulers counts batches, the milestones
 * and the other schedulers do too. A RangeError for a `ReduceLROnPlateau` or another `SequentialLR` among them.
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
export class SequentialLR extends CompositeScheduler<SequentialLROptions> {
  constructor(optimizer: Scheduled, options: SequentialLROptions) {
    super(sequentialLR, optimizer, options);
    this.begin(
      'SequentialLR',
      optimizer.paramGroups.map((group) => group.initialLr ?? group.lr),
    );
  }

  /** Steps the current scheduler. */
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
