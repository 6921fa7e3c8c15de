// Learning rates that follow a cosine, repeatedly or with restarts.
import { checkInteger, checkNumber } from '../../errors';
import { type Definition, LRScheduler, type Scheduled } from './scheduler';

/** The options of `CosineAnnealingLR`. */
export interface CosineAnnealingLROptions {
  /** The number of steps from the first rate to the least. */
  tMax: number;
  /** The least rate; default 0. */
  etaMin?: number;
}

/** The options of `CosineAnnealingWarmRestarts`. */
export interface CosineAnnealingWarmRestartsOptions {
  /** The number of steps until the first restart. */
  t0: number;
  /** The factor by which each period is longer than the one before; default 1. */
  tMult?: number;
  /** The least rate; default 0. */
  etaMin?: number;
}

const cosineAnnealingLR: Definition<CosineAnnealingLROptions> = {
  name: 'CosineAnnealingLR',
  defaults: { tMax: undefined, etaMin: 0 },
  check(where, { tMax, etaMin }) {
    checkInteger(where, 'tMax', tMax, 1);
    checkNumber(where, 'etaMin', etaMin, 0);
  },
  rate(at, { tMax, etaMin }) {
    const { epoch, lr } = at;
    if (epoch === 0) return lr;
    // The step after the least rate, where the quotient below would be 0 / 0.
    if ((epoch - 1 - tMax) % (2 * tMax) === 0) return lr + ((at.base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
    const height = (t: number): number => 1 + Math.cos((Math.PI * t) / tMax);
    return (height(epoch) / height(epoch - 1)) * (lr - etaMin) + etaMin;
  },
};

const cosineAnnealingWarmRestarts: Definition<CosineAnnealingWarmRestartsOptions> = {
  name: 'CosineAnnealingWarmRestarts',
  defaults: { t0: undefined, tMult: 1, etaMin: 0 },
  check(where, { t0, tMult, etaMin }) {
    checkInteger(where, 't0', t0, 1);
    checkInteger(where, 'tMult', tMult, 1);
    checkNumber(where, 'etaMin', etaMin, 0);
  },
  rate({ epoch, base }, { t0, tMult, etaMin }) {
    let length = t0;
    let position = tMult === 1 ? epoch % t0 : epoch;
    while (position >= length) {
      position -= length;
      length *= tMult;
    }
    return etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * position) / length))) / 2;
  },
};

/**
 * Takes the rate down to `etaMin` along half a cosine in `tMax` steps, up again in as many, and so on (Loshchilov, Hutter, 2017, without the
 * restarts): `torch.optim.lr_scheduler.CosineAnnealingLR`.
 *
 * `lr_t = etaMin + (lr_(t-1) - etaMin) * (1 + cos(pi t / tMax)) / (1 + cos(pi (t-1) / tMax))`, which is
 * `etaMin + (lr_0 - etaMin) * (1 + cos(pi t / tMax)) / 2` unless the rate is changed in between.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 0.1 });
 * const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: 2 });
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 0.05
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 0
 */
export class CosineAnnealingLR extends LRScheduler<CosineAnnealingLROptions> {
  constructor(optimizer: Scheduled, options: CosineAnnealingLROptions) {
    super(cosineAnnealingLR, optimizer, options);
  }
}

/**
 * Takes the rate down to `etaMin` along half a cosine, then starts again at the first rate (SGDR: Loshchilov, Hutter, 2017):
 * `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`.
 *
 * `lr = etaMin + (lr_0 - etaMin) * (1 + cos(pi c / T)) / 2`, c steps after the last restart, in a period of T steps: `t0` in the first,
 * `tMult` times as many in each further one. A rate that the user sets in between is used until the next step.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 0.1 });
 * const scheduler = new optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, { t0: 2 });
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 0.05
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 0.1
 */
export class CosineAnnealingWarmRestarts extends LRScheduler<CosineAnnealingWarmRestartsOptions> {
  constructor(optimizer: Scheduled, options: CosineAnnealingWarmRestartsOptions) {
    super(cosineAnnealingWarmRestarts, optimizer, options);
  }
}
