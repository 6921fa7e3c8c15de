// Learning rates that decay in steps.
import { checkInteger, checkNumber } from '../../errors';
import { checkMilestones } from './checks';
import { type Definition, LRScheduler, type Scheduled } from './scheduler';

/** The options of `StepLR`. */
export interface StepLROptions {
  /** The number of steps between two decays. */
  stepSize: number;
  /** The factor of each decay; default 0.1. */
  gamma?: number;
}

/** The options of `MultiStepLR`. */
export interface MultiStepLROptions {
  /** The numbers of steps after which the rate decays, in any order; one that is listed twice decays it twice. */
  milestones: readonly number[];
  /** The factor of each decay; default 0.1. */
  gamma?: number;
}

const stepLR: Definition<StepLROptions> = {
  name: 'StepLR',
  defaults: { stepSize: undefined, gamma: 0.1 },
  check(where, { stepSize, gamma }) {
    checkInteger(where, 'stepSize', stepSize, 1);
    checkNumber(where, 'gamma', gamma, 0);
  },
  rate: ({ epoch, lr }, { stepSize, gamma }) => (epoch > 0 && epoch % stepSize === 0 ? lr * gamma : lr),
};

const multiStepLR: Definition<MultiStepLROptions> = {
  name: 'MultiStepLR',
  defaults: { milestones: undefined, gamma: 0.1 },
  check(where, { milestones, gamma }) {
    checkMilestones(where, milestones);
    checkNumber(where, 'gamma', gamma, 0);
  },
  rate({ epoch, lr }, { milestones, gamma }) {
    const falls = milestones.filter((milestone) => milestone === epoch).length;
    return falls === 0 ? lr : lr * gamma ** falls;
  },
};

/**
 * Multiplies the rate by `gamma` every `stepSize` steps: `torch.optim.lr_scheduler.StepLR`.
 *
 * `lr_t = gamma * lr_(t-1)` where `stepSize` divides t, `lr_(t-1)` elsewhere.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 1
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 0.5
 */
export class StepLR extends LRScheduler<StepLROptions> {
  constructor(optimizer: Scheduled, options: StepLROptions) {
    super(stepLR, optimizer, options);
  }
}

/**
 * Multiplies the rate by `gamma` at each of the milestones: `torch.optim.lr_scheduler.MultiStepLR`.
 *
 * `lr_t = gamma * lr_(t-1)` where t is a milestone, `lr_(t-1)` elsewhere.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.MultiStepLR(optimizer, { milestones: [1, 3], gamma: 0.5 });
 * const rates = [1, 2, 3].map(() => {
 *   scheduler.step();
 *   return optimizer.paramGroups[0].lr;
 * });
 * rates; // [0.5, 0.5, 0.25]
 */
export class MultiStepLR extends LRScheduler<MultiStepLROptions> {
  constructor(optimizer: Scheduled, options: MultiStepLROptions) {
    super(multiStepLR, optimizer, options);
  }
}
