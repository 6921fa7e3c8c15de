// A learning rate that decays to 0 by a polynomial.
import { checkInteger, checkNumber } from '../../errors';
import { type Definition, LRScheduler, type Scheduled } from './scheduler';

/** The options of `PolynomialLR`. */
export interface PolynomialLROptions {
  /** The number of steps down to 0; default 5. With 0 the rate does not change. */
  totalIters?: number;
  /** The exponent; default 1, a straight line. */
  power?: number;
}

const polynomialLR: Definition<PolynomialLROptions> = {
  name: 'PolynomialLR',
  defaults: { totalIters: 5, power: 1 },
  check(where, { totalIters, power }) {
    checkInteger(where, 'totalIters', totalIters, 0);
    checkNumber(where, 'power', power, 0);
  },
  rate({ epoch, lr }, { totalIters, power }) {
    if (epoch === 0 || epoch > totalIters) return lr;
    return lr * ((1 - epoch / totalIters) / (1 - (epoch - 1) / totalIters)) ** power;
  },
};

/**
 * Takes the rate down to 0 along a power of the steps that are left: `torch.optim.lr_scheduler.PolynomialLR`.
 *
 * `lr_t = lr_0 * (1 - min(t, totalIters) / totalIters)^power`, as a multiple of the rate before.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.PolynomialLR(optimizer, { totalIters: 4, power: 2 });
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 0.5625
 */
export class PolynomialLR extends LRScheduler<PolynomialLROptions> {
  constructor(optimizer: Scheduled, options?: PolynomialLROptions) {
    super(polynomialLR, optimizer, options);
  }
}
