// The element-wise functions of one argument. Each has a forward and a backward kernel of its name.
import { give, record } from '../autograd';
import { checkNumber, checkOneOf, rangeError, withDefaults } from '../errors';
import { kernels } from '../native';
import { checkTensor, empty, Tensor } from '../tensor';

type Kernel =
  | 'relu'
  | 'leakyRelu'
  | 'sigmoid'
  | 'tanh'
  | 'gelu'
  | 'geluTanh'
  | 'silu'
  | 'elu'
  | 'softplus'
  | 'hardswish'
  | 'mish'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'abs'
  | 'neg'
  | 'powScalar'
  | 'clamp';

// What the derivative is computed from: the argument, or the result.
const derivativeReads: Record<Kernel, 'x' | 'y'> = {
  relu: 'y',
  leakyRelu: 'x',
  sigmoid: 'y',
  tanh: 'y',
  gelu: 'x',
  geluTanh: 'x',
  silu: 'x',
  elu: 'x',
  softplus: 'x',
  hardswish: 'x',
  mish: 'x',
  exp: 'y',
  log: 'x',
  sqrt: 'y',
  abs: 'x',
  neg: 'y',
  powScalar: 'x',
  clamp: 'x',
};

function unary(kernel: Kernel, where: string, x: Tensor, a = 0, b = 0): Tensor {
  checkTensor(where, 'x', x, 'float32');
  const y = empty(x.shape.slice());
  kernels[`${kernel}Forward`](y.floats, x.floats, x.numel, a, b);
  const read = derivativeReads[kernel] === 'x' ? x : y;
  return record(y, kernel, [x], [read], (dy) => {
    const dx = empty(x.shape.slice());
    kernels[`${kernel}Backward`](dx.floats, dy.floats, read.floats, read.floats, x.numel, a, b);
    give(x, dx);
  });
}

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

/** @internal x to the power of a number. */
export const powScalar = (x: Tensor, exponent: number): Tensor => unary('powScalar', 'Tensor.pow', x, exponent);

/** @internal The limits of `clamp`, filled in. */
export function clampLimits(where: string, options: { min?: number; max?: number }): { min: number; max: number } {
  const { min, max } = withDefaults(where, options, { min: -Infinity, max: Infinity });
  if (min === -Infinity && max === Infinity) throw rangeError(where, 'expected min, max or both', 'clamp({ min: 0 })');
  return { min: checkNumber(where, 'min', min), max: checkNumber(where, 'max', max) };
}

declare module '../tensor' {
  interface Tensor {
    /** `-x`. */
    neg(): Tensor;
    /** `e` to the power of x; 0 for x below -87.34, see `setFlushDenormal`. */
    exp(): Tensor;
    /** The natural logarithm; -Infinity at 0 and at the denormal numbers beside it (see `setFlushDenormal`), NaN below. */
    log(): Tensor;
    /** The square root; NaN below 0. */
    sqrt(): Tensor;
    /** The absolute value. The derivative at 0 is 0. */
    abs(): Tensor;
    /** `max(0, x)`. The derivative at 0 is 0. */
    relu(): Tensor;
    /** `1 / (1 + exp(-x))`. */
    sigmoid(): Tensor;
    /** The hyperbolic tangent. */
    tanh(): Tensor;
    /**
     * x limited to `[min, max]`; either may be left out. The gradient passes where x lies inside, the borders included.
     *
     * @example
     * tensor([-2, 0.5, 2]).clamp({ min: -1, max: 1 }).toArray(); // [-1, 0.5, 1]
     */
    clamp(options: { min?: number; max?: number }): Tensor;
  }
}

Tensor.prototype.neg = function (this: Tensor) {
  return unary('neg', 'Tensor.neg', this);
};
Tensor.prototype.exp = function (this: Tensor) {
  return unary('exp', 'Tensor.exp', this);
};
Tensor.prototype.log = function (this: Tensor) {
  return unary('log', 'Tensor.log', this);
};
Tensor.prototype.sqrt = function (this: Tensor) {
  return unary('sqrt', 'Tensor.sqrt', this);
};
Tensor.prototype.abs = function (this: Tensor) {
  return unary('abs', 'Tensor.abs', this);
};
Tensor.prototype.relu = function (this: Tensor) {
  return relu(this, 'Tensor.relu');
};
Tensor.prototype.sigmoid = function (this: Tensor) {
  return sigmoid(this, 'Tensor.sigmoid');
};
Tensor.prototype.tanh = function (this: Tensor) {
  return tanh(this, 'Tensor.tanh');
};
Tensor.prototype.clamp = function (this: Tensor, options) {
  const { min, max } = clampLimits('Tensor.clamp', options);
  return unary('clamp', 'Tensor.clamp', this, min, max);
};
