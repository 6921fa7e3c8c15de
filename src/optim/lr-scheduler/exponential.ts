// A learning rate that decays by a constant factor.
import { checkNumber } from '../../errors';
import { type Definition, LRScheduler, type Scheduled } from './scheduler';

/** The options of `ExponentialLR`. */
export interface ExponentialLROptions {
  /** The factor of each step. */
  gamma: number;
}

const exponentialLR: Definition<ExponentialLROptions> = {
  name: 'ExponentialLR',
  defaults: { gamma: undefined },
  check: (where, { gamma }) => void checkNumber(where, 'gamma', gamma, 0),
  rate: ({ epoch, lr }, { gamma }) => (epoch === 0 ? lr : lr * gamma),
};

/**
 * Multiplies the rate by `gamma` at every step: `torch.optim.lr_scheduler.ExponentialLR`.
 *
 * `lr_t = gamma * lr_(t-1)`.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.9 });
 * scheduler.step();
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 0.81
 */
export class ExponentialLR extends LRScheduler<ExponentialLROptions> {
  constructor(optimizer: Scheduled, options: ExponentialLROptions) {
    super(exponentialLR, optimizer, options);
  }
}
