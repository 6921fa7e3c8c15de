// Normalisation of groups of channels.
import { checkInteger, rangeError, withDefaults } from '../errors';
import { sameShape, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import './arithmetic';
import { layerNorm } from './norms';
import './views';

/** The options of `groupNorm`. */
export interface GroupNormOptions {
  /** A factor for each channel, or null (default) for ones. */
  weight?: Tensor | null;
  /** Added to each channel, or null (default) for zeros. */
  bias?: Tensor | null;
  /** Added to the variance; default 1e-5. */
  eps?: number;
}

/**
 * `(x - mean) / sqrt(variance + eps) * weight + bias`, with the mean and the variance (divided by n) of each of `numGroups` groups of channels of a row:
 * `torch.nn.functional.group_norm`. Source: Wu and He, arXiv 1803.08494.
 *
 * Shapes: x `[n, channels, ...]`, weight and bias `[channels]`; the result has x's shape. A RangeError unless the number of groups divides that of channels.
 *
 * @example
 * nn.functional.groupNorm(tensor([[1, 5, 2, 4]]), 2, { eps: 0 }).toArray(); // [[-1, 1, -1, 1]]
 */
export function groupNorm(x: Tensor, numGroups: number, options?: GroupNormOptions): Tensor;
/** @internal */
export function groupNorm(x: Tensor, numGroups: number, options: GroupNormOptions | undefined, where: string): Tensor;
export function groupNorm(x: Tensor, numGroups: number, options?: GroupNormOptions, where = 'groupNorm'): Tensor {
  const { weight, bias, eps } = withDefaults<Required<GroupNormOptions>>(where, options, { weight: null, bias: null, eps: 1e-5 });
  checkTensor(where, 'x', x, 'float32');
  checkInteger(where, 'numGroups', numGroups, 1);
  if (x.shape.length < 2) throw rangeError(where, `expected x [n, channels, ...], got ${shapeText(x.shape)}`);
  const [n, channels] = x.shape as [number, number];
  if (channels % numGroups !== 0) throw rangeError(where, `${numGroups} groups do not divide ${channels} channels`);
  for (const [name, factor] of Object.entries({ weight, bias })) {
    if (factor === null) continue;
    checkTensor(where, name, factor, 'float32');
    if (!sameShape(factor.shape, [channels])) throw rangeError(where, `expected ${name} [${channels}], got ${shapeText(factor.shape)}`);
  }
  const columns = n === 0 ? channels / numGroups : x.numel / n / numGroups;
  const rows = x.reshape([n * numGroups, columns]);
  const aside = x.shape.slice(2).map(() => 1);
  let y = layerNorm(rows, columns, { eps }, where).reshape(x.shape);
  if (weight !== null) y = y.mul(weight.reshape([channels, ...aside]));
  if (bias !== null) y = y.add(bias.reshape([channels, ...aside]));
  return y;
}
