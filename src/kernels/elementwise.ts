// The element-wise functions of one argument: `reluForward(y, x, n)` is y = f(x), `reluBackward(dx, dy, x, y, n)` is dx = dy f'(x), where
// y = f(x). Parameters of f come last. y may be x, and dx may be dy.
import { kernels } from '../native';
import { backward, forward } from './unary';

/**
 * `y = exp(x)`.
 *
 * @example
 * const y = new Float32Array(2);
 * expForward(y, Float32Array.of(0, 1), 2);
 * y; // [1, 2.718282]
 */
export const expForward = forward(kernels.expForward);
/**
 * The gradient of `expForward`.
 *
 * @example
 * const x = Float32Array.of(0, 1);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * expForward(y, x, 2);
 * expBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [1, 2.718282]
 */
export const expBackward = backward(kernels.expBackward);

/**
 * `y = log(x)`.
 *
 * @example
 * const y = new Float32Array(2);
 * logForward(y, Float32Array.of(1, 2), 2);
 * y; // [0, 0.6931472]
 */
export const logForward = forward(kernels.logForward);
/**
 * The gradient of `logForward`.
 *
 * @example
 * const x = Float32Array.of(1, 2);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * logForward(y, x, 2);
 * logBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [1, 0.5]
 */
export const logBackward = backward(kernels.logBackward);

/**
 * `y = sqrt(x)`.
 *
 * @example
 * const y = new Float32Array(2);
 * sqrtForward(y, Float32Array.of(1, 4), 2);
 * y; // [1, 2]
 */
export const sqrtForward = forward(kernels.sqrtForward);
/**
 * The gradient of `sqrtForward`.
 *
 * @example
 * const x = Float32Array.of(1, 4);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * sqrtForward(y, x, 2);
 * sqrtBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [0.5, 0.25]
 */
export const sqrtBackward = backward(kernels.sqrtBackward);

/**
 * `y = abs(x)`.
 *
 * @example
 * const y = new Float32Array(2);
 * absForward(y, Float32Array.of(-2, 3), 2);
 * y; // [2, 3]
 */
export const absForward = forward(kernels.absForward);
/**
 * The gradient of `absForward`.
 *
 * @example
 * const x = Float32Array.of(-2, 3);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * absForward(y, x, 2);
 * absBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [-1, 1]
 */
export const absBackward = backward(kernels.absBackward);

/**
 * `y = -x`.
 *
 * @example
 * const y = new Float32Array(2);
 * negForward(y, Float32Array.of(1, -2), 2);
 * y; // [-1, 2]
 */
export const negForward = forward(kernels.negForward);
/**
 * The gradient of `negForward`.
 *
 * @example
 * const x = Float32Array.of(1, -2);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * negForward(y, x, 2);
 * negBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [-1, -1]
 */
export const negBackward = backward(kernels.negBackward);

/**
 * `y = x^exponent`.
 *
 * @example
 * const y = new Float32Array(2);
 * powScalarForward(y, Float32Array.of(1, 3), 2, 2);
 * y; // [1, 9]
 */
export function powScalarForward(y: Float32Array, x: Float32Array, n: number, exponent: number): void {
  kernels.powScalarForward(y, x, n, exponent, 0);
}
/**
 * The gradient of `powScalarForward`.
 *
 * @example
 * const x = Float32Array.of(1, 3);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * powScalarForward(y, x, 2, 2);
 * powScalarBackward(dx, Float32Array.of(1, 1), x, y, 2, 2);
 * dx; // [2, 6]
 */
export function powScalarBackward(dx: Float32Array, dy: Float32Array, x: Float32Array, y: Float32Array, n: number, exponent: number): void {
  kernels.powScalarBackward(dx, dy, x, y, n, exponent, 0);
}

/**
 * `y = min(max(x, low), high)`.
 *
 * @example
 * const y = new Float32Array(2);
 * clampForward(y, Float32Array.of(-2, 0.5), 2, -1, 1);
 * y; // [-1, 0.5]
 */
export function clampForward(y: Float32Array, x: Float32Array, n: number, low: number, high: number): void {
  kernels.clampForward(y, x, n, low, high);
}
/**
 * The gradient of `clampForward`.
 *
 * @example
 * const x = Float32Array.of(-2, 0.5);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * clampForward(y, x, 2, -1, 1);
 * clampBackward(dx, Float32Array.of(1, 1), x, y, 2, -1, 1);
 * dx; // [0, 1]
 */
export function clampBackward(
  dx: Float32Array,
  dy: Float32Array,
  x: Float32Array,
  y: Float32Array,
  n: number,
  low: number,
  high: number,
): void {
  kernels.clampBackward(dx, dy, x, y, n, low, high);
}
