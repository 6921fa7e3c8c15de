// The weights of labels; the mean of a classification loss divides by their sum.
import type { Tensor } from '../tensor';
import { binary, scalar } from './broadcast';
import { choose } from './choose';
import { cat } from './join';
import './compare';
import './convert';
import './reduce';
import './select';
import './views';

/** The sum of the labels' weights, which are 1 if `weight` is null, without labels that are `ignoreIndex`; all other labels must be classes. */
export function sumOfWeights(where: string, target: Tensor, weight: Tensor | null, ignoreIndex: number): Tensor {
  const counting = target.ne(scalar(ignoreIndex, 'int32'));
  if (weight === null) return counting.sum().to('float32');
  // Ignored labels select a weight of 0 behind the others. Multiplying by 0 would not do: 0 times an infinite weight is NaN.
  const table = cat([weight.detach(), scalar(0).reshape([1])]);
  const places = choose(where, counting, target, scalar(weight.numel, 'int32'));
  return table.indexSelect(0, places.reshape([target.numel])).sum();
}

/** 0, or NaN where `total` is 0 or NaN. It is added to a quotient by `total` that must be NaN there even if its dividend is not 0. */
export const nanWithout = (where: string, total: Tensor): Tensor => binary(where, 'div', scalar(0), total, 'float32');
