// The weights of labels, by whose sum the mean of a loss of classes divides.
import type { Tensor } from '../tensor';
import { binary, scalar } from './broadcast';
import { choose } from './choose';
import { cat } from './join';
import './compare';
import './convert';
import './reduce';
import './select';
import './views';

/** The sum of the weights of the labels, all 1 for null, without those that are `ignoreIndex`; the others must be classes. */
export function sumOfWeights(where: string, target: Tensor, weight: Tensor | null, ignoreIndex: number): Tensor {
  const counting = target.ne(scalar(ignoreIndex, 'int32'));
  if (weight === null) return counting.sum().to('float32');
  // Labels that do not count choose a weight of 0 behind the others: 0 times a weight would be NaN for an infinite one.
  const table = cat([weight.detach(), scalar(0).reshape([1])]);
  const places = choose(where, counting, target, scalar(weight.numel, 'int32'));
  return table.indexSelect(0, places.reshape([target.numel])).sum();
}

/** 0, and NaN where `total` is 0 or NaN: what is added to a quotient by it that has to be NaN though its dividend is not 0. */
export const nanWithout = (where: string, total: Tensor): Tensor => binary(where, 'div', scalar(0), total, 'float32');
