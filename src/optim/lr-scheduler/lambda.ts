// Learning rates by the user's functions.
import { checkNumber, describe, typeError } from '../../errors';
import { checkLength, ofGroup } from './checks';
import { type Definition, LRScheduler, type Scheduled } from './scheduler';

type Factor = (epoch: number) => number;

/** The options of `LambdaLR`. */
export interface LambdaLROptions {
  /** The factor of the first rate as a function of the number of steps, from 0: one function, or one for each group. */
  lrLambda: ((epoch: number) => number) | readonly ((epoch: number) => number)[];
}

/** The options of `MultiplicativeLR`. */
export interface MultiplicativeLROptions {
  /** The factor of a step as a function of its number, from 1: one function, or one for each group. */
  lrLambda: ((epoch: number) => number) | readonly ((epoch: number) => number)[];
}

const checkFactors: Definition<LambdaLROptions>['check'] = (where, { lrLambda }, optimizer) => {
  if (Array.isArray(lrLambda)) checkLength(where, 'lrLambda', lrLambda, optimizer);
  [lrLambda].flat().forEach((one: unknown, i) => {
    const name = Array.isArray(lrLambda) ? `lrLambda[${i}]` : 'lrLambda';
    if (typeof one !== 'function') throw typeError(where, `expected ${name} to be a function of the number of steps, got ${describe(one)}`);
  });
};

const factorAt = (where: string, lrLambda: Factor | readonly Factor[], epoch: number, group: number): number =>
  checkNumber(where, `lrLambda(${epoch})`, ofGroup(lrLambda, group)(epoch), 0);

const lambdaLR: Definition<LambdaLROptions> = {
  name: 'LambdaLR',
  defaults: { lrLambda: undefined },
  check: checkFactors,
  rate: ({ epoch, base, group }, { lrLambda }) => base * factorAt('LambdaLR', lrLambda, epoch, group),
};

const multiplicativeLR: Definition<MultiplicativeLROptions> = {
  name: 'MultiplicativeLR',
  defaults: { lrLambda: undefined },
  goesOn: true,
  check: checkFactors,
  rate: ({ epoch, lr, begins, group }, { lrLambda }) => (begins ? lr : lr * factorAt('MultiplicativeLR', lrLambda, epoch, group)),
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

/**
 * Multiplies the rate by a function of the number of steps at every step: `torch.optim.lr_scheduler.MultiplicativeLR`.
 *
 * `lr_t = lr_(t-1) * lrLambda(t)`; the first rate is not changed. When it takes over in a `SequentialLR` it continues from the present rate times
 * `lrLambda(0)`. Functions are not part of the state dict.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.MultiplicativeLR(optimizer, { lrLambda: (epoch) => 1 / (1 + epoch) });
 * scheduler.step();
 * scheduler.step();
 * optimizer.paramGroups[0].lr.toFixed(4); // "0.1667"
 */
export class MultiplicativeLR extends LRScheduler<MultiplicativeLROptions> {
  constructor(optimizer: Scheduled, options: MultiplicativeLROptions) {
    super(multiplicativeLR, optimizer, options);
  }
}
