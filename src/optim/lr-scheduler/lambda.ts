// A rate by a function of the user's.
import { checkNumber, describe, typeError } from '../../errors';
import { checkLength, ofGroup } from './checks';
import { LRScheduler, type Recipe, type Scheduled } from './scheduler';

/** The options of `LambdaLR`. */
export interface LambdaLROptions {
  /** What the first rate is multiplied by after so many steps, 0 at first: one function, or one for each group. */
  lrLambda: ((epoch: number) => number) | readonly ((epoch: number) => number)[];
}

const lambdaLR: Recipe<LambdaLROptions> = {
  name: 'LambdaLR',
  defaults: { lrLambda: undefined },
  check(where, { lrLambda }, optimizer) {
    if (Array.isArray(lrLambda)) checkLength(where, 'lrLambda', lrLambda, optimizer);
    [lrLambda].flat().forEach((one: unknown, i) => {
      const name = Array.isArray(lrLambda) ? `lrLambda[${i}]` : 'lrLambda';
      if (typeof one !== 'function')
        throw typeError(where, `expected ${name} to be a function of the number of steps, got ${describe(one)}`);
    });
  },
  rate: ({ epoch, base, group }, { lrLambda }) => base * checkNumber('LambdaLR', `lrLambda(${epoch})`, ofGroup(lrLambda, group)(epoch), 0),
};

/**
 * Sets the rate to the first one times a function of the number of steps: `torch.optim.lr_scheduler.LambdaLR`.
 *
 * `lr_t = lr_0 * lrLambda(t)`. Functions are no part of the state dict.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 0.5 });
 * const scheduler = new optim.lrScheduler.LambdaLR(optimizer, { lrLambda: (epoch) => 1 / (1 + epoch) });
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 0.25
 */
export class LambdaLR extends LRScheduler<LambdaLROptions> {
  constructor(optimizer: Scheduled, options: LambdaLROptions) {
    super(lambdaLR, optimizer, options);
  }
}
