// A learning rate that changes linearly from one factor to another, usually as a warm-up.
import { checkInteger, checkNumber, rangeError } from '../../errors';
import { type Definition, LRScheduler, type Scheduled } from './scheduler';

/** The options of `LinearLR`. */
export interface LinearLROptions {
  /** The initial factor of the rate, above 0; default 1/3. */
  startFactor?: number;
  /** The final factor of the rate; default 1. */
  endFactor?: number;
  /** The number of steps from the first to the last factor; default 5. With 0 the first factor stays, as in PyTorch. */
  totalIters?: number;
}

const linearLR: Definition<LinearLROptions> = {
  name: 'LinearLR',
  defaults: { startFactor: 1 / 3, endFactor: 1, totalIters: 5 },
  check(where, { startFactor, endFactor, totalIters }) {
    checkNumber(where, 'startFactor', startFactor, 0, 1);
    if (startFactor === 0) throw rangeError(where, 'expected startFactor to be above 0, got 0');
    checkNumber(where, 'endFactor', endFactor, 0, 1);
    checkInteger(where, 'totalIters', totalIters, 0);
  },
  rate({ epoch, lr }, { startFactor, endFactor, totalIters }) {
    if (epoch === 0) return lr * startFactor;
    if (epoch > totalIters) return lr;
    return lr * (1 + (endFactor - startFactor) / (totalIters * startFactor + (epoch - 1) * (endFactor - startFactor)));
  },
};

/**
 * Takes the rate from `startFactor` to `endFactor` times itself in equal steps: `torch.optim.lr_scheduler.LinearLR`.
 *
 * `lr_t = lr_0 * (startFactor + (endFactor - startFactor) * min(t, totalIters) / totalIters)`, as a multiple of the rate before.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 0.1 });
 * const scheduler = new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 });
 * optimizer.paramGroups[0].lr; // 0.05
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 0.075
 */
export class LinearLR extends LRScheduler<LinearLROptions> {
  constructor(optimizer: Scheduled, options?: LinearLROptions) {
    super(linearLR, optimizer, options);
  }
}
