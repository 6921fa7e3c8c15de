// The activations as functions, all public in `nn.functional`.
import { checkNumber, checkOneOf, rangeError, withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { unary } from './unary';

/**
 * `max(0, x)`: `torch.nn.functional.relu`. The derivative at 0 is 0.
 *
 * @example
 * nn.functional.relu(tensor([-1, 2])).toArray(); // [0, 2]
 */
export function relu(x: Tensor): Tensor;
/** @internal */
export function relu(x: Tensor, where: string): Tensor;
export function relu(x: Tensor, where = 'relu'): Tensor {
  return unary('relu', where, x);
}

/**
 * `x` where positive, else `negativeSlope * x` (default 0.01): `torch.nn.functional.leaky_relu`.
 *
 * @example
 * nn.functional.leakyRelu(tensor([-2, 2]), { negativeSlope: 0.5 }).toArray(); // [-1, 2]
 */
export function leakyRelu(x: Tensor, options?: { negativeSlope?: number }): Tensor {
  const { negativeSlope } = withDefaults('leakyRelu', options, { negativeSlope: 0.01 });
  return unary('leakyRelu', 'leakyRelu', x, checkNumber('leakyRelu', 'negativeSlope', negativeSlope));
}

/**
 * `1 / (1 + exp(-x))`: `torch.sigmoid`.
 *
 * @example
 * nn.functional.sigmoid(tensor([0])).toArray(); // [0.5]
 */
export function sigmoid(x: Tensor): Tensor;
/** @internal */
export function sigmoid(x: Tensor, where: string): Tensor;
export function sigmoid(x: Tensor, where = 'sigmoid'): Tensor {
  return unary('sigmoid', where, x);
}

/**
 * The hyperbolic tangent: `torch.tanh`.
 *
 * @example
 * nn.functional.tanh(tensor([0])).toArray(); // [0]
 */
export function tanh(x: Tensor): Tensor;
/** @internal */
export function tanh(x: Tensor, where: string): Tensor;
export function tanh(x: Tensor, where = 'tanh'): Tensor {
  return unary('tanh', where, x);
}

/**
 * `x Phi(x)`, Phi the normal distribution function: `torch.nn.functional.gelu`.
 *
 * `approximate`: `"none"` (default, with erf) or `"tanh"`, `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`. Source: Hendrycks and Gimpel,
 * arXiv 1606.08415.
 *
 * @example
 * nn.functional.gelu(tensor([0]), { approximate: "tanh" }).toArray(); // [0]
 */
export function gelu(x: Tensor, options?: { approximate?: 'none' | 'tanh' }): Tensor {
  const { approximate } = withDefaults<{ approximate: 'none' | 'tanh' }>('gelu', options, { approximate: 'none' });
  checkOneOf('gelu', 'approximate', approximate, ['none', 'tanh']);
  return unary(approximate === 'tanh' ? 'geluTanh' : 'gelu', 'gelu', x);
}

/**
 * `x sigmoid(x)`, also called swish: `torch.nn.functional.silu`.
 *
 * @example
 * nn.functional.silu(tensor([0])).toArray(); // [0]
 */
export const silu = (x: Tensor): Tensor => unary('silu', 'silu', x);

/**
 * `x` where positive, else `alpha (exp(x) - 1)` (alpha 1 by default): `torch.nn.functional.elu`.
 *
 * @example
 * nn.functional.elu(tensor([0, 2])).toArray(); // [0, 2]
 */
export function elu(x: Tensor, options?: { alpha?: number }): Tensor {
  const { alpha } = withDefaults('elu', options, { alpha: 1 });
  return unary('elu', 'elu', x, checkNumber('elu', 'alpha', alpha));
}

/**
 * `scale * x` where positive, else `scale * alpha (exp(x) - 1)`, with scale 1.0507 and alpha 1.6733: `torch.nn.functional.selu`. Source: Klambauer et
 * al., arXiv 1706.02515.
 *
 * @example
 * nn.functional.selu(tensor([0, 1])).toArray(); // [0, 1.0507010221481323]
 */
export const selu = (x: Tensor): Tensor => unary('selu', 'selu', x);

/**
 * `log(1 + exp(beta x)) / beta`, and x itself where `beta x > threshold`: `torch.nn.functional.softplus`. Defaults 1 and 20.
 *
 * @example
 * nn.functional.softplus(tensor([30])).toArray(); // [30]
 */
export function softplus(x: Tensor, options?: { beta?: number; threshold?: number }): Tensor {
  const { beta, threshold } = withDefaults('softplus', options, { beta: 1, threshold: 20 });
  return unary('softplus', 'softplus', x, checkNumber('softplus', 'beta', beta), checkNumber('softplus', 'threshold', threshold));
}

/**
 * `x min(max(x + 3, 0), 6) / 6`: `torch.nn.functional.hardswish`.
 *
 * @example
 * nn.functional.hardswish(tensor([-3, 3])).toArray(); // [0, 3]
 */
export const hardswish = (x: Tensor): Tensor => unary('hardswish', 'hardswish', x);

/**
 * `x tanh(log(1 + exp(x)))`: `torch.nn.functional.mish`.
 *
 * @example
 * nn.functional.mish(tensor([0])).toArray(); // [0]
 */
export const mish = (x: Tensor): Tensor => unary('mish', 'mish', x);

/**
 * `min(max(x, 0), 6)`: `torch.nn.functional.relu6`. The derivative at 0 and at 6 is 0.
 *
 * @example
 * nn.functional.relu6(tensor([-1, 2, 8])).toArray(); // [0, 2, 6]
 */
export const relu6 = (x: Tensor): Tensor => unary('relu6', 'relu6', x);

/**
 * `min(max(x, minVal), maxVal)`, by default -1 and 1: `torch.nn.functional.hardtanh`. The derivative at the bounds is 0.
 *
 * @example
 * nn.functional.hardtanh(tensor([-3, 0.5, 3])).toArray(); // [-1, 0.5, 1]
 */
export function hardtanh(x: Tensor, options?: { minVal?: number; maxVal?: number }): Tensor {
  const { minVal, maxVal } = withDefaults('hardtanh', options, { minVal: -1, maxVal: 1 });
  checkNumber('hardtanh', 'minVal', minVal);
  checkNumber('hardtanh', 'maxVal', maxVal);
  if (minVal > maxVal) throw rangeError('hardtanh', `expected minVal to be at most maxVal, got ${minVal} and ${maxVal}`);
  return unary('hardtanh', 'hardtanh', x, minVal, maxVal);
}

/**
 * `min(max(x + 3, 0), 6) / 6`: `torch.nn.functional.hardsigmoid`.
 *
 * @example
 * nn.functional.hardsigmoid(tensor([-3, 0, 3])).toArray(); // [0, 0.5, 1]
 */
export const hardsigmoid = (x: Tensor): Tensor => unary('hardsigmoid', 'hardsigmoid', x);

/**
 * `x` where positive, else `alpha (exp(x / alpha) - 1)` (alpha 1 by default): `torch.nn.functional.celu`. Source: Barron, arXiv 1704.07483.
 *
 * @example
 * nn.functional.celu(tensor([0, 2])).toArray(); // [0, 2]
 */
export function celu(x: Tensor, options?: { alpha?: number }): Tensor {
  const { alpha } = withDefaults('celu', options, { alpha: 1 });
  if (checkNumber('celu', 'alpha', alpha) === 0) throw rangeError('celu', 'expected alpha not to be 0');
  return unary('celu', 'celu', x, alpha);
}

/**
 * `x / (1 + |x|)`: `torch.nn.functional.softsign`.
 *
 * @example
 * nn.functional.softsign(tensor([-1, 3])).toArray(); // [-0.5, 0.75]
 */
export const softsign = (x: Tensor): Tensor => unary('softsign', 'softsign', x);

/**
 * `log(sigmoid(x))`, without overflow: `torch.nn.functional.logsigmoid`.
 *
 * @example
 * nn.functional.logsigmoid(tensor([0])).toArray(); // [-0.6931471824645996]
 */
export const logsigmoid = (x: Tensor): Tensor => unary('logsigmoid', 'logsigmoid', x);

/**
 * `x - tanh(x)`: `torch.nn.functional.tanhshrink`.
 *
 * @example
 * nn.functional.tanhshrink(tensor([0])).toArray(); // [0]
 */
export const tanhshrink = (x: Tensor): Tensor => unary('tanhshrink', 'tanhshrink', x);

/**
 * `x` moved towards 0 by `lambd` (0.5 by default), and 0 where `|x| <= lambd`: `torch.nn.functional.softshrink`.
 *
 * @example
 * nn.functional.softshrink(tensor([-2, 0.25, 2])).toArray(); // [-1.5, 0, 1.5]
 */
export function softshrink(x: Tensor, options?: { lambd?: number }): Tensor {
  const { lambd } = withDefaults('softshrink', options, { lambd: 0.5 });
  return unary('softshrink', 'softshrink', x, checkNumber('softshrink', 'lambd', lambd, 0));
}

/**
 * `x`, and 0 where `|x| <= lambd` (0.5 by default): `torch.nn.functional.hardshrink`.
 *
 * @example
 * nn.functional.hardshrink(tensor([-2, 0.25, 2])).toArray(); // [-2, 0, 2]
 */
export function hardshrink(x: Tensor, options?: { lambd?: number }): Tensor {
  const { lambd } = withDefaults('hardshrink', options, { lambd: 0.5 });
  return unary('hardshrink', 'hardshrink', x, checkNumber('hardshrink', 'lambd', lambd));
}

/**
 * `x` where `x > threshold`, else `value`: `torch.nn.functional.threshold`.
 *
 * @example
 * nn.functional.threshold(tensor([-2, 3]), 1, 20).toArray(); // [20, 3]
 */
export function threshold(x: Tensor, threshold: number, value: number): Tensor {
  return unary('threshold', 'threshold', x, checkNumber('threshold', 'threshold', threshold), checkNumber('threshold', 'value', value));
}
