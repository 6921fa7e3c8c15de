// How the average of weights goes on with those of one more step.
import { checkNumber } from '../../errors';
import type { Tensor } from '../../tensor';

/** What `AveragedModel` averages with: from the average so far, the present value and how many values that is of, the next average. */
export type AvgFn = (averaged: Tensor, current: Tensor, numAveraged: number) => Tensor;

/**
 * An average that forgets: `decay * averaged + (1 - decay) * current`: `torch.optim.swa_utils.get_ema_avg_fn`.
 *
 * `decay` is 0.999 by default; a RangeError unless it is from 0 to 1.
 *
 * @example
 * const next = optim.swaUtils.getEmaAvgFn(0.75);
 * next(tensor([1, 2]), tensor([5, 2]), 3).toArray(); // [2, 2]
 */
export function getEmaAvgFn(decay = 0.999): AvgFn {
  checkNumber('swaUtils.getEmaAvgFn', 'decay', decay, 0, 1);
  return (averaged, current) => averaged.mul(decay).add(current.mul(1 - decay));
}

/**
 * The mean of all values: `averaged + (current - averaged) / (numAveraged + 1)`: `torch.optim.swa_utils.get_swa_avg_fn`.
 *
 * @example
 * const next = optim.swaUtils.getSwaAvgFn();
 * next(tensor([1, 2]), tensor([5, 2]), 3).toArray(); // [2, 2]
 */
export const getSwaAvgFn = (): AvgFn => (averaged, current, numAveraged) => averaged.add(current.sub(averaged).div(numAveraged + 1));
