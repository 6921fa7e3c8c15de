// A learning rate that rises and falls repeatedly, batch by batch; the momentum does the opposite.
import { checkBoolean, checkInteger, checkNumber, checkOneOf, describe, rangeError, typeError } from '../../errors';
import { checkPerGroup, ofGroup } from './checks';
import { type Definition, LRScheduler, type Moment, type Scheduled } from './scheduler';

/** The options of `CyclicLR`. */
export interface CyclicLROptions {
  /** The lowest rate, or that of each group. */
  baseLr: number | readonly number[];
  /** The highest rate, or that of each group, for a scale of 1. */
  maxLr: number | readonly number[];
  /** The number of steps up; default 2000. */
  stepSizeUp?: number;
  /** The number of steps down; default as many as up. */
  stepSizeDown?: number | null;
  /** How the height of the cycles changes: "triangular" is constant, "triangular2" halves it with each cycle, "exp_range" is `gamma^t`; default "triangular". */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** The base of "exp_range"; default 1. */
  gamma?: number;
  /** A function for the scale of the height, in place of `mode`; default null. */
  scaleFn?: ((x: number) => number) | null;
  /** The argument of `scaleFn`: the number of the cycle, from 1, or of the step; default "cycle". */
  scaleMode?: 'cycle' | 'iterations';
  /** Whether the momentum of SGD, or the first beta of Adam, falls while the rate rises; default true. */
  cycleMomentum?: boolean;
  /** The least momentum, or that of each group; default 0.8. */
  baseMomentum?: number | readonly number[];
  /** The greatest momentum, or that of each group; default 0.9. */
  maxMomentum?: number | readonly number[];
}

type Options = Required<CyclicLROptions>;

function scaleAt(epoch: number, cycle: number, { mode, gamma, scaleFn, scaleMode }: Options): number {
  if (typeof scaleFn === 'function') {
    const x = scaleMode === 'cycle' ? cycle : epoch;
    return checkNumber('CyclicLR', `scaleFn(${x})`, scaleFn(x));
  }
  if (mode === 'triangular') return 1;
  return mode === 'triangular2' ? 1 / 2 ** (cycle - 1) : gamma ** epoch;
}

/** `from + (to - from) * height * scale`, where height is the step's position in its cycle, between 0 and 1. */
function heightAt({ epoch }: Moment, options: Options): { height: number; scale: number } {
  const up = options.stepSizeUp;
  const total = up + (options.stepSizeDown ?? up);
  const ratio = up / total;
  const cycle = Math.floor(1 + epoch / total);
  const x = 1 + epoch / total - cycle;
  return { height: x <= ratio ? x / ratio : (x - 1) / (ratio - 1), scale: scaleAt(epoch, cycle, options) };
}

const cyclicLR: Definition<CyclicLROptions> = {
  name: 'CyclicLR',
  interval: 'step',
  defaults: {
    baseLr: undefined,
    maxLr: undefined,
    stepSizeUp: 2000,
    stepSizeDown: null,
    mode: 'triangular',
    gamma: 1,
    scaleFn: null,
    scaleMode: 'cycle',
    cycleMomentum: true,
    baseMomentum: 0.8,
    maxMomentum: 0.9,
  },
  check(where, options, optimizer) {
    const { scaleFn, stepSizeDown } = options;
    checkPerGroup(where, 'baseLr', options.baseLr, optimizer, 0);
    checkPerGroup(where, 'maxLr', options.maxLr, optimizer, 0);
    checkInteger(where, 'stepSizeUp', options.stepSizeUp, 1);
    if (stepSizeDown !== null && stepSizeDown !== undefined) checkInteger(where, 'stepSizeDown', stepSizeDown, 1);
    checkOneOf(where, 'mode', options.mode, ['triangular', 'triangular2', 'exp_range']);
    checkNumber(where, 'gamma', options.gamma, 0);
    if (scaleFn !== null && scaleFn !== undefined && typeof scaleFn !== 'function')
      throw typeError(where, `expected scaleFn to be a function of a number, got ${describe(scaleFn)}`);
    checkOneOf(where, 'scaleMode', options.scaleMode, ['cycle', 'iterations']);
    checkBoolean(where, 'cycleMomentum', options.cycleMomentum);
    checkPerGroup(where, 'baseMomentum', options.baseMomentum, optimizer, 0, 1);
    checkPerGroup(where, 'maxMomentum', options.maxMomentum, optimizer, 0, 1);
    if (options.cycleMomentum && !('momentum' in optimizer.defaults || 'betas' in optimizer.defaults)) {
      throw rangeError(where, 'cycleMomentum needs an optimizer with momentum or betas', '{ cycleMomentum: false }');
    }
  },
  base: ({ baseLr }, group) => ofGroup(baseLr, group),
  rate(at, options) {
    const { height, scale } = heightAt(at, options);
    return at.base + (ofGroup(options.maxLr, at.group) - at.base) * height * scale;
  },
  momentum(at, options) {
    if (!options.cycleMomentum) return null;
    const { height, scale } = heightAt(at, options);
    const [least, most] = [ofGroup(options.baseMomentum, at.group), ofGroup(options.maxMomentum, at.group)];
    return most - (most - least) * height * scale;
  },
};

/**
 * Takes the rate from `baseLr` up to `maxLr` in `stepSizeUp` steps and down again in `stepSizeDown`, on and on, stepped once a batch (Smith, 2017):
 * `torch.optim.lr_scheduler.CyclicLR`.
 *
 * With h the share of the way up, from 0 to 1 and back: `lr = baseLr + (maxLr - baseLr) * h * scale`, `momentum = maxMomentum - (maxMomentum -
 * baseMomentum) * h * scale`, which is the first of Adam's betas. In step t of cycle c (1 for the first) the scale is 1 for mode "triangular",
 * `2^(1 - c)` for "triangular2", `gamma^t` for "exp_range"; or `scaleFn(c)`, with `scaleMode: "iterations"` `scaleFn(t)`. The optimizer's own rate and
 * momentum are replaced, and so are changes of them at the next step. Functions are no part of the state dict.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 1, momentum: 0.9 });
 * const scheduler = new optim.lrScheduler.CyclicLR(optimizer, { baseLr: 0.25, maxLr: 0.75, stepSizeUp: 2 });
 * const rates = [0, 1, 2, 3, 4].map(() => {
 *   const { lr } = optimizer.paramGroups[0];
 *   scheduler.step();
 *   return lr;
 * });
 * rates; // [0.25, 0.5, 0.75, 0.5, 0.25]
 */
export class CyclicLR extends LRScheduler<CyclicLROptions> {
  constructor(optimizer: Scheduled, options: CyclicLROptions) {
    super(cyclicLR, optimizer, options);
  }
}
