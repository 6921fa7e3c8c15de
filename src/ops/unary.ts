// The element-wise functions of one argument. Each has a forward and a backward kernel of its name.
import { give, record, target } from '../autograd';
import { checkInteger, withDefaults } from '../errors';
import { derivativeReads } from '../kernels.generated';
import { kernels } from '../native';
import { checkTensor, empty, Tensor } from '../tensor';
import { ofWholeNumbers } from './whole-numbers';

type Kernel = keyof typeof derivativeReads;

// The types of the functions' kernels; each reads as many parameters as it has.
type Forward = (y: Float32Array, x: Float32Array, n: number, a?: number, b?: number) => void;
type Backward = (dx: Float32Array, dy: Float32Array, x: Float32Array, y: Float32Array, n: number, a?: number, b?: number) => void;

/** @internal Applies the function of `kernel` to a tensor, with its parameters. */
export function unary(kernel: Kernel, where: string, x: Tensor, a?: number, b?: number): Tensor {
  if (checkTensor(where, 'x', x).dtype === 'int32') {
    const y = ofWholeNumbers(kernel, x, (converted) => unary(kernel, where, converted, a, b));
    if (y !== null) return y;
  }
  checkTensor(where, 'x', x, 'float32');
  const y = empty(x.shape.slice());
  (kernels[`${kernel}Forward`] as Forward)(y.floats, x.floats, x.numel, a, b);
  const read = derivativeReads[kernel] === 'x' ? x : y;
  return record(y, kernel, [x], [read], (dy) => {
    const dx = target(x);
    (kernels[`${kernel}Backward`] as Backward)(dx.floats, dy.floats, read.floats, read.floats, x.numel, a, b);
    give(x, dx);
  });
}

/** @internal x to the power of a number. */
export const powScalar = (x: Tensor, exponent: number): Tensor => unary('powScalar', 'Tensor.pow', x, exponent);

declare module '../tensor' {
  interface Tensor {
    /** `-x`. */
    neg(): Tensor;
    /** `e` to the power of x; 0 for x below -87.34, see `setFlushDenormal`. */
    exp(): Tensor;
    /** The natural logarithm; -Infinity at 0 and at denormal numbers (see `setFlushDenormal`), NaN below. */
    log(): Tensor;
    /** The square root; NaN below 0. */
    sqrt(): Tensor;
    /** The absolute value. The derivative at 0 is 0. Of int32 it is int32, as of all functions whose values are whole; the others convert to float32. */
    abs(): Tensor;
    /** `max(0, x)`. The derivative at 0 is 0. */
    relu(): Tensor;
    /** `1 / (1 + exp(-x))`. */
    sigmoid(): Tensor;
    /** The hyperbolic tangent. */
    tanh(): Tensor;
    /** `x^2`. */
    square(): Tensor;
    /** `1 / x`. */
    reciprocal(): Tensor;
    /** `1 / sqrt(x)`; NaN below 0. */
    rsqrt(): Tensor;
    /** -1, 0 or 1; 0 at NaN. The derivative of this function, and of those that round, is 0. */
    sign(): Tensor;
    /** The largest integer that is at most x. */
    floor(): Tensor;
    /** The smallest integer that is at least x. */
    ceil(): Tensor;
    /**
     * The nearest integer; halfway between two, the even one. With the option `decimals` it is rounded to so many digits behind the point, or, if negative,
     * before it.
     *
     * @example
     * tensor([0.5, 123.456]).round().toArray(); // [0, 123]
     * tensor([123.456]).round({ decimals: -1 }).toArray(); // [120]
     */
    round(options?: { decimals?: number }): Tensor;
    /** x without its fraction. */
    trunc(): Tensor;
    /** The sine. */
    sin(): Tensor;
    /** The cosine. */
    cos(): Tensor;
    /** The tangent. */
    tan(): Tensor;
    /** The angle whose sine is x; NaN outside [-1, 1]. */
    asin(): Tensor;
    /** The angle whose cosine is x; NaN outside [-1, 1]. */
    acos(): Tensor;
    /** The angle whose tangent is x. */
    atan(): Tensor;
    /** The hyperbolic sine. */
    sinh(): Tensor;
    /** The hyperbolic cosine. */
    cosh(): Tensor;
    /** The number whose hyperbolic sine is x. */
    asinh(): Tensor;
    /** The non-negative number whose hyperbolic cosine is x; NaN below 1. */
    acosh(): Tensor;
    /** The number whose hyperbolic tangent is x; NaN outside [-1, 1]. */
    atanh(): Tensor;
    /** 2 to the power of x. */
    exp2(): Tensor;
    /** `exp(x) - 1`, accurate near 0 too. */
    expm1(): Tensor;
    /** `log(1 + x)`, accurate near 0 too; NaN below -1. */
    log1p(): Tensor;
    /** The logarithm to base 2. */
    log2(): Tensor;
    /** The logarithm to base 10. */
    log10(): Tensor;
    /** `2 / sqrt(pi)` times the integral of `exp(-t^2)` from 0 to x. */
    erf(): Tensor;
    /** `1 - erf(x)`, accurate where it is small too. */
    erfc(): Tensor;
  }
}

const methods = [
  ...(['neg', 'exp', 'log', 'sqrt', 'abs', 'relu', 'sigmoid', 'tanh'] as const),
  ...(['square', 'reciprocal', 'rsqrt', 'sign', 'floor', 'ceil', 'round', 'trunc'] as const),
  ...(['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'asinh', 'acosh', 'atanh'] as const),
  ...(['exp2', 'expm1', 'log1p', 'log2', 'log10', 'erf', 'erfc'] as const),
];
for (const name of methods) {
  Tensor.prototype[name] = function (this: Tensor) {
    return unary(name, `Tensor.${name}`, this);
  };
}
const roundToInteger = Tensor.prototype.round;
Tensor.prototype.round = function (this: Tensor, options) {
  if (options === undefined) return roundToInteger.call(this);
  const { decimals } = withDefaults('Tensor.round', options, { decimals: 0 });
  checkInteger('Tensor.round', 'decimals', decimals, -38, 38);
  const scale = 10 ** Math.abs(decimals);
  if (decimals > 0) return roundToInteger.call(this.mul(scale)).div(scale);
  return decimals < 0 ? roundToInteger.call(this.div(scale)).mul(scale) : roundToInteger.call(this);
};
