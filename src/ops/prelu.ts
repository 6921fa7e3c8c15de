// Activations whose negative slope is a tensor: learned, or random.
import { give, noGrad, record } from '../autograd';
import { checkBoolean, checkNumber, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { leakyRelu, relu } from './activations';
import './arithmetic';
import { giveSummed } from './broadcast';
import './compare';
import './convert';
import './in-place';
import './unary';
import './views';

// x where positive, else slope * x. It is a single operation, so that the slope of NaN is PyTorch's and only x and slope are kept for the gradient.
function sloped(name: string, x: Tensor, slope: Tensor): Tensor {
  const y = noGrad(() => relu(x).add(x.clamp({ max: 0 }).mul(slope)));
  return record(y, name, [x, slope], x.needsGrad ? [x, slope] : [x], (dy) => {
    if (x.needsGrad) {
      const isPositive = x.gt(0).to('float32');
      give(x, dy.mul(isPositive.add(isPositive.neg().add(1).mul(slope))));
    }
    if (slope.needsGrad) giveSummed(slope, dy.mul(x.clamp({ max: 0 })), true);
  });
}

/**
 * `x` where positive, else `weight * x`: `torch.nn.functional.prelu`. Source: He et al., arXiv 1502.01852.
 *
 * Shapes: weight has one element, or is `[channels]` beside x `[n, channels, ...]`; the result has the shape of x.
 *
 * @example
 * nn.functional.prelu(tensor([[-4, 2]]), tensor([0.5, 1])).toArray(); // [[-2, 2]]
 */
export function prelu(x: Tensor, weight: Tensor): Tensor;
/** @internal */
export function prelu(x: Tensor, weight: Tensor, where: string): Tensor;
export function prelu(x: Tensor, weight: Tensor, where = 'prelu'): Tensor {
  checkTensor(where, 'x', x, 'float32');
  checkTensor(where, 'weight', weight, 'float32');
  const channels = x.shape[1] ?? 1;
  if (weight.shape.length > 1 || (weight.numel !== 1 && weight.numel !== channels)) {
    throw rangeError(where, `expected weight [1] or [${channels}] for x ${shapeText(x.shape)}, got ${shapeText(weight.shape)}`);
  }
  // A single slope is made a scalar, so that it adds no dimensions.
  if (weight.numel === 1) return sloped('prelu', x, weight.reshape([]));
  return sloped('prelu', x, weight.reshape([channels, ...x.shape.slice(2).map(() => 1)]));
}

/** The options of `rrelu`. */
export interface RReLUOptions {
  /** The least slope; default 1/8. */
  lower?: number;
  /** The largest slope; default 1/3. */
  upper?: number;
  /** Whether slopes are random, one for each element; default false: all are `(lower + upper) / 2`. */
  training?: boolean;
}

/**
 * `x` where positive, else `a x`, with `a` drawn evenly from [lower, upper) for each element in training, else their mean: `torch.nn.functional.rrelu`.
 *
 * The random numbers are those of `manualSeed`. A RangeError when upper is less than lower. Source: Xu et al., arXiv 1505.00853.
 *
 * @example
 * nn.functional.rrelu(tensor([-2, 3]), { lower: 0.25, upper: 0.75 }).toArray(); // [-1, 3]
 */
export function rrelu(x: Tensor, options?: RReLUOptions): Tensor;
/** @internal */
export function rrelu(x: Tensor, options: RReLUOptions | undefined, where: string): Tensor;
export function rrelu(x: Tensor, options?: RReLUOptions, where = 'rrelu'): Tensor {
  const { lower, upper, training } = withDefaults(where, options, { lower: 1 / 8, upper: 1 / 3, training: false });
  checkTensor(where, 'x', x, 'float32');
  checkNumber(where, 'upper', upper, checkNumber(where, 'lower', lower));
  checkBoolean(where, 'training', training);
  if (!training) return leakyRelu(x, { negativeSlope: (lower + upper) / 2 });
  return sloped('rrelu', x, empty(x.shape.slice()).uniform_(lower, upper));
}
