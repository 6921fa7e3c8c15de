// A learning rate that is reduced by a factor for some steps, usually as a warm-up.
import { checkInteger, checkNumber, rangeError } from '../../errors';
import { type Definition, LRScheduler, type Scheduled } from './scheduler';

/** The options of `ConstantLR`. */
export interface ConstantLROptions {
  /** The factor of the rate, above 0 and at most 1; default 1/3. */
  factor?: number;
  /** The number of steps with the factor; default 5. With 0 the factor stays, as in PyTorch. */
  totalIters?: number;
}

const constantLR: Definition<ConstantLROptions> = {
  name: 'ConstantLR',
  defaults: { factor: 1 / 3, totalIters: 5 },
  check(where, { factor, totalIters }) {
    checkNumber(where, 'factor', factor, 0, 1);
    if (factor === 0) throw rangeError(where, 'expected factor to be above 0, got 0');
    checkInteger(where, 'totalIters', totalIters, 0);
  },
  rate({ epoch, lr, begins }, { factor, totalIters }) {
    if (epoch === 0) return begins || totalIters > 0 ? lr * factor : lr; // without steps the factor is none for a schedule that takes over
    return epoch === totalIters ? lr * (1 / factor) : lr;
  },
};

/**
 * Multiplies the rate by `factor` for `totalIters` steps, then undoes it: `torch.optim.lr_scheduler.ConstantLR`.
 *
 * `lr_0 * factor` at first, `lr_t = lr_(t-1) / factor` where t is `totalIters`, `lr_(t-1)` elsewhere. PyTorch also takes a factor of 0, and then
 * fails when it is to undo it; here it is a RangeError.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 0.5 });
 * const scheduler = new optim.lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 2 });
 * const rates = [0, 1, 2].map(() => {
 *   const { lr } = optimizer.paramGroups[0];
 *   scheduler.step();
 *   return lr;
 * });
 * rates; // [0.25, 0.25, 0.5]
 */
export class ConstantLR extends LRScheduler<ConstantLROptions> {
  constructor(optimizer: Scheduled, options?: ConstantLROptions) {
    super(constantLR, optimizer, options);
  }
}
