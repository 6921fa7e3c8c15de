// Anneals the learning rate to that of weight averaging.
import { checkInteger, checkOneOf } from '../../errors';
import { checkPerGroup, ofGroup } from '../lr-scheduler/checks';
import { type Definition, LRScheduler, type Scheduled } from '../lr-scheduler/scheduler';

/** The options of `SWALR`. */
export interface SWALROptions {
  /** The final rate, or that of each group. */
  swaLr: number | readonly number[];
  /** The number of steps until the final rate; default 10. */
  annealEpochs?: number;
  /** The shape of the annealing; default "cos". */
  annealStrategy?: 'cos' | 'linear';
}

const swaLR: Definition<SWALROptions> = {
  name: 'SWALR',
  defaults: { swaLr: undefined, annealEpochs: 10, annealStrategy: 'cos' },
  goesOn: true,
  check(where, { swaLr, annealEpochs, annealStrategy }, optimizer) {
    checkPerGroup(where, 'swaLr', swaLr, optimizer, 0);
    checkInteger(where, 'annealEpochs', annealEpochs);
    checkOneOf(where, 'annealStrategy', annealStrategy, ['cos', 'linear']);
  },
  rate({ epoch, lr, group }, { swaLr, annealEpochs, annealStrategy }) {
    const step = annealEpochs === 0 ? Math.max(1, epoch) : epoch;
    const share = (t: number): number => {
      const passed = Math.max(0, Math.min(1, t / Math.max(1, annealEpochs)));
      return annealStrategy === 'cos' ? (1 - Math.cos(Math.PI * passed)) / 2 : passed;
    };
    const last = ofGroup(swaLr, group);
    const [before, now] = [share(step - 1), share(step)];
    const first = before === 1 ? last : (lr - before * last) / (1 - before);
    return last * now + first * (1 - now);
  },
};

/**
 * Anneals the rate to `swaLr` in `annealEpochs` steps, then keeps it constant, for the epochs whose weights an `AveragedModel` averages (Izmailov et al.,
 * 2018): `torch.optim.swa_utils.SWALR`.
 *
 * `lr_t = a swaLr + (1 - a) lr_0`, computed as a multiple of the rate before, with `a = (1 - cos(pi p)) / 2`, or `a = p` with `annealStrategy: "linear"`, and
 * `p = min(1, t / annealEpochs)`; with `annealEpochs: 0` the rate is `swaLr` immediately. In a `SequentialLR` it starts from the current rate. PyTorch also
 * stores `swa_lr` in the optimizer's groups; here it is in the scheduler's state.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 0.5 });
 * const scheduler = new optim.swaUtils.SWALR(optimizer, { swaLr: 0.25, annealEpochs: 2, annealStrategy: "linear" });
 * const rates = [0, 1, 2, 3].map(() => {
 *   const { lr } = optimizer.paramGroups[0];
 *   scheduler.step();
 *   return lr;
 * });
 * rates; // [0.5, 0.375, 0.25, 0.25]
 */
export class SWALR extends LRScheduler<SWALROptions> {
  constructor(optimizer: Scheduled, options: SWALROptions) {
    super(swaLR, optimizer, options);
  }
}
