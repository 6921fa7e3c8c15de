// Functions that update an average of weights.
import { checkNumber } from '../../errors';
import type { Tensor } from '../../tensor';

/** Computes the next average of an `AveragedModel` from the average, the current value and the number of values averaged so far. */
export type AvgFn = (averaged: Tensor, current: Tensor, numAveraged: number) => Tensor;

/** As `AvgFn` for all tensors at once: updates each average in place with the current value at the same position of the list. */
export type MultiAvgFn = (averaged: Tensor[], current: Tensor[], numAveraged: number) => void;

/**
 * The exponential moving average, `decay * averaged + (1 - decay) * current`: `torch.optim.swa_utils.get_ema_avg_fn`.
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
 * The mean of all values, `averaged + (current - averaged) / (numAveraged + 1)`: `torch.optim.swa_utils.get_swa_avg_fn`.
 *
 * @example
 * const next = optim.swaUtils.getSwaAvgFn();
 * next(tensor([1, 2]), tensor([5, 2]), 3).toArray(); // [2, 2]
 */
export const getSwaAvgFn = (): AvgFn => (averaged, current, numAveraged) => averaged.add(current.sub(averaged).div(numAveraged + 1));

/**
 * `getEmaAvgFn` for all tensors at once, `averaged + (1 - decay) * (current - averaged)`: `torch.optim.swa_utils.get_ema_multi_avg_fn`.
 *
 * `decay` is 0.999 by default; a RangeError unless it is from 0 to 1.
 *
 * @example
 * const next = optim.swaUtils.getEmaMultiAvgFn(0.75);
 * const averaged = [tensor([1, 2]), tensor(4)];
 * next(averaged, [tensor([5, 2]), tensor(0)], 3);
 * averaged.map((t) => t.toArray()); // [[2, 2], 3]
 */
export function getEmaMultiAvgFn(decay = 0.999): MultiAvgFn {
  checkNumber('swaUtils.getEmaMultiAvgFn', 'decay', decay, 0, 1);
  return (averaged, current) => averaged.forEach((own, i) => void own.lerp_(current[i]!, 1 - decay));
}

/**
 * `getSwaAvgFn` for all tensors at once: `torch.optim.swa_utils.get_swa_multi_avg_fn`.
 *
 * @example
 * const next = optim.swaUtils.getSwaMultiAvgFn();
 * const averaged = [tensor([1, 2])];
 * next(averaged, [tensor([5, 2])], 3);
 * averaged[0].toArray(); // [2, 2]
 */
export const getSwaMultiAvgFn = (): MultiAvgFn => (averaged, current, numAveraged) =>
  averaged.forEach((own, i) => void own.lerp_(current[i]!, 1 / (numAveraged + 1)));
