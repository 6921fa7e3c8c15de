// A learning rate that rises and falls once, batch by batch; the momentum does the opposite.
import { checkBoolean, checkInteger, checkNumber, checkOneOf, rangeError, typeError } from '../../errors';
import { checkPerGroup, ofGroup } from './checks';
import { type Definition, LRScheduler, type Moment, type Scheduled } from './scheduler';

/** The options of `OneCycleLR`. */
export interface OneCycleLROptions {
  /** The highest rate, or that of each group. */
  maxLr: number | readonly number[];
  /** The number of steps of the cycle; or `epochs` and `stepsPerEpoch`. */
  totalSteps?: number;
  /** The number of epochs, if `totalSteps` is not given. */
  epochs?: number;
  /** The number of steps in each epoch. */
  stepsPerEpoch?: number;
  /** The fraction of the steps in which the rate rises; default 0.3. */
  pctStart?: number;
  /** How the rate changes from one value to the next; default "cos". */
  annealStrategy?: 'cos' | 'linear';
  /** Whether the momentum of SGD, or the first beta of Adam, falls while the rate rises; default true. */
  cycleMomentum?: boolean;
  /** The least momentum, or that of each group; default 0.85. */
  baseMomentum?: number | readonly number[];
  /** The greatest momentum, or that of each group; default 0.95. */
  maxMomentum?: number | readonly number[];
  /** The first rate is `maxLr / divFactor`; default 25. */
  divFactor?: number;
  /** The last rate is the first one divided by this; default 1e4. */
  finalDivFactor?: number;
  /** Whether there is a third phase: the rate falls to the first rate in as many steps as it rose, and then to the last; default false. */
  threePhase?: boolean;
}

type Options = Required<OneCycleLROptions>;

const stepsOf = ({ totalSteps, epochs, stepsPerEpoch }: Options): number => totalSteps ?? epochs * stepsPerEpoch;

/** The phase of `epoch`, and the fraction of the phase that has passed. */
function phaseAt(where: string, epoch: number, options: Options): { phase: number; share: number } {
  const { pctStart, threePhase } = options;
  const total = stepsOf(options);
  if (epoch > total) throw rangeError(where, `the cycle of ${total} steps is over`);
  const ends = threePhase ? [pctStart * total - 1, 2 * pctStart * total - 2, total - 1] : [pctStart * total - 1, total - 1];
  const found = ends.findIndex((end) => epoch <= end);
  const phase = found < 0 ? ends.length - 1 : found;
  const begin = phase === 0 ? 0 : ends[phase - 1]!;
  const end = ends[phase]!;
  if (begin === end) throw rangeError(where, `a phase of the cycle has no steps: pctStart ${pctStart} of ${total} steps`);
  return { phase, share: (epoch - begin) / (end - begin) };
}

/** The value at `epoch` of a number that passes through `stations`, one more than there are phases. */
function anneal(epoch: number, options: Options, stations: readonly number[]): number {
  const { phase, share } = phaseAt('OneCycleLR.step', epoch, options);
  const [from, to] = [stations[phase]!, stations[phase + 1]!];
  if (options.annealStrategy === 'linear') return (to - from) * share + from;
  return to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1);
}

function ratesOf({ base, group }: Moment, { maxLr, finalDivFactor, threePhase }: Options): number[] {
  const [most, least] = [ofGroup(maxLr, group), base / finalDivFactor];
  return threePhase ? [base, most, base, least] : [base, most, least];
}

function momentaOf({ group }: Moment, { baseMomentum, maxMomentum, threePhase }: Options): number[] {
  const [least, most] = [ofGroup(baseMomentum, group), ofGroup(maxMomentum, group)];
  return threePhase ? [most, least, most, most] : [most, least, most];
}

function checkSteps(where: string, { totalSteps, epochs, stepsPerEpoch }: Options): void {
  if (totalSteps !== undefined) {
    checkInteger(where, 'totalSteps', totalSteps, 1);
  } else if (epochs === undefined || stepsPerEpoch === undefined) {
    throw typeError(where, 'expected totalSteps, or epochs and stepsPerEpoch');
  } else {
    checkInteger(where, 'epochs', epochs, 1);
    checkInteger(where, 'stepsPerEpoch', stepsPerEpoch, 1);
  }
}

function checkPositive(where: string, name: string, value: unknown): void {
  checkNumber(where, name, value, 0);
  if (value === 0) throw rangeError(where, `expected ${name} to be above 0, got 0`);
}

const oneCycleLR: Definition<OneCycleLROptions> = {
  name: 'OneCycleLR',
  interval: 'step',
  defaults: {
    maxLr: undefined,
    totalSteps: undefined,
    epochs: undefined,
    stepsPerEpoch: undefined,
    pctStart: 0.3,
    annealStrategy: 'cos',
    cycleMomentum: true,
    baseMomentum: 0.85,
    maxMomentum: 0.95,
    divFactor: 25,
    finalDivFactor: 1e4,
    threePhase: false,
  },
  check(where, options, optimizer) {
    checkPerGroup(where, 'maxLr', options.maxLr, optimizer, 0);
    checkSteps(where, options);
    checkNumber(where, 'pctStart', options.pctStart, 0, 1);
    checkOneOf(where, 'annealStrategy', options.annealStrategy, ['cos', 'linear']);
    checkBoolean(where, 'cycleMomentum', options.cycleMomentum);
    checkPerGroup(where, 'baseMomentum', options.baseMomentum, optimizer, 0, 1);
    checkPerGroup(where, 'maxMomentum', options.maxMomentum, optimizer, 0, 1);
    checkPositive(where, 'divFactor', options.divFactor);
    checkPositive(where, 'finalDivFactor', options.finalDivFactor);
    checkBoolean(where, 'threePhase', options.threePhase);
    phaseAt(where, 0, options);
    if (options.cycleMomentum && !('momentum' in optimizer.defaults || 'betas' in optimizer.defaults)) {
      throw rangeError(where, 'cycleMomentum needs an optimizer with momentum or betas', '{ cycleMomentum: false }');
    }
  },
  replacesFirst: true,
  base: ({ maxLr, divFactor }, group) => ofGroup(maxLr, group) / divFactor,
  rate: (at, options) => anneal(at.epoch, options, ratesOf(at, options)),
  momentum: (at, options) => (options.cycleMomentum ? anneal(at.epoch, options, momentaOf(at, options)) : null),
};

/**
 * Takes the rate from `maxLr / divFactor` up to `maxLr` and down to far below the first, stepped once a batch (super-convergence: Smith,
 * Topin, 2018): `torch.optim.lr_scheduler.OneCycleLR`.
 *
 * From a to b, p of the way, the rate is `b + (a - b) * (1 + cos(pi p)) / 2`, or `a + (b - a) * p` with `annealStrategy: "linear"`. It is
 * highest in step `pctStart * totalSteps`; with `threePhase` it is the first again as many steps later. The momentum (the first of Adam's
 * betas) goes from `maxMomentum` to `baseMomentum` and back. The optimizer's own rate and momentum are replaced, and so are changes of
 * them at the next step. A RangeError for a step beyond the cycle.
 *
 * @example
 * const optimizer = new optim.Adam(new nn.Linear(2, 1).parameters());
 * const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 10 });
 * optimizer.paramGroups[0].lr; // 0.02
 * scheduler.step();
 * scheduler.step();
 * optimizer.paramGroups[0].lr; // 0.5
 * optimizer.paramGroups[0].betas[0]; // 0.85
 */
export class OneCycleLR extends LRScheduler<OneCycleLROptions> {
  constructor(optimizer: Scheduled, options: OneCycleLROptions) {
    super(oneCycleLR, optimizer, options);
  }
}
