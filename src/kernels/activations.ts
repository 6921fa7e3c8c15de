// The activations, called like the functions of elementwise.ts.
import { kernels } from '../native';
import { backward, forward } from './unary';

/**
 * `y = max(x, 0)`.
 *
 * @example
 * const y = new Float32Array(2);
 * reluForward(y, Float32Array.of(-1, 2), 2);
 * y; // [0, 2]
 */
export const reluForward = forward(kernels.reluForward);
/**
 * The gradient of `reluForward`.
 *
 * @example
 * const x = Float32Array.of(-1, 2);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * reluForward(y, x, 2);
 * reluBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [0, 1]
 */
export const reluBackward = backward(kernels.reluBackward);

/**
 * `y = x where x > 0, else negativeSlope x`.
 *
 * @example
 * const y = new Float32Array(2);
 * leakyReluForward(y, Float32Array.of(-2, 2), 2, 0.5);
 * y; // [-1, 2]
 */
export function leakyReluForward(y: Float32Array, x: Float32Array, n: number, negativeSlope = 0.01): void {
  kernels.leakyReluForward(y, x, n, negativeSlope, 0);
}
/**
 * The gradient of `leakyReluForward`.
 *
 * @example
 * const x = Float32Array.of(-2, 2);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * leakyReluForward(y, x, 2, 0.5);
 * leakyReluBackward(dx, Float32Array.of(1, 1), x, y, 2, 0.5);
 * dx; // [0.5, 1]
 */
export function leakyReluBackward(
  dx: Float32Array,
  dy: Float32Array,
  x: Float32Array,
  y: Float32Array,
  n: number,
  negativeSlope = 0.01,
): void {
  kernels.leakyReluBackward(dx, dy, x, y, n, negativeSlope, 0);
}

/**
 * `y = 1 / (1 + exp(-x))`.
 *
 * @example
 * const y = new Float32Array(2);
 * sigmoidForward(y, Float32Array.of(0, 1), 2);
 * y; // [0.5, 0.7310586]
 */
export const sigmoidForward = forward(kernels.sigmoidForward);
/**
 * The gradient of `sigmoidForward`.
 *
 * @example
 * const x = Float32Array.of(0, 1);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * sigmoidForward(y, x, 2);
 * sigmoidBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [0.25, 0.1966119]
 */
export const sigmoidBackward = backward(kernels.sigmoidBackward);

/**
 * `y = tanh(x)`.
 *
 * @example
 * const y = new Float32Array(2);
 * tanhForward(y, Float32Array.of(0, 1), 2);
 * y; // [0, 0.7615942]
 */
export const tanhForward = forward(kernels.tanhForward);
/**
 * The gradient of `tanhForward`.
 *
 * @example
 * const x = Float32Array.of(0, 1);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * tanhForward(y, x, 2);
 * tanhBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [1, 0.4199743]
 */
export const tanhBackward = backward(kernels.tanhBackward);

/**
 * `y = x (1 + erf(x / sqrt 2)) / 2`.
 *
 * @example
 * const y = new Float32Array(2);
 * geluForward(y, Float32Array.of(0, 1), 2);
 * y; // [0, 0.8413447]
 */
export const geluForward = forward(kernels.geluForward);
/**
 * The gradient of `geluForward`.
 *
 * @example
 * const x = Float32Array.of(0, 1);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * geluForward(y, x, 2);
 * geluBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [0.5, 1.083315]
 */
export const geluBackward = backward(kernels.geluBackward);

/**
 * `y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`.
 *
 * @example
 * const y = new Float32Array(2);
 * geluTanhForward(y, Float32Array.of(0, 1), 2);
 * y; // [0, 0.841192]
 */
export const geluTanhForward = forward(kernels.geluTanhForward);
/**
 * The gradient of `geluTanhForward`.
 *
 * @example
 * const x = Float32Array.of(0, 1);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * geluTanhForward(y, x, 2);
 * geluTanhBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [0.5, 1.082964]
 */
export const geluTanhBackward = backward(kernels.geluTanhBackward);

/**
 * `y = x sigmoid(x)`.
 *
 * @example
 * const y = new Float32Array(2);
 * siluForward(y, Float32Array.of(0, 1), 2);
 * y; // [0, 0.7310586]
 */
export const siluForward = forward(kernels.siluForward);
/**
 * The gradient of `siluForward`.
 *
 * @example
 * const x = Float32Array.of(0, 1);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * siluForward(y, x, 2);
 * siluBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [0.5, 0.9276705]
 */
export const siluBackward = backward(kernels.siluBackward);

/**
 * `y = x where x > 0, else alpha (exp(x) - 1)`.
 *
 * @example
 * const y = new Float32Array(2);
 * eluForward(y, Float32Array.of(-1, 2), 2);
 * y; // [-0.6321205, 2]
 */
export function eluForward(y: Float32Array, x: Float32Array, n: number, alpha = 1): void {
  kernels.eluForward(y, x, n, alpha, 0);
}
/**
 * The gradient of `eluForward`.
 *
 * @example
 * const x = Float32Array.of(-1, 2);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * eluForward(y, x, 2);
 * eluBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [0.3678795, 1]
 */
export function eluBackward(dx: Float32Array, dy: Float32Array, x: Float32Array, y: Float32Array, n: number, alpha = 1): void {
  kernels.eluBackward(dx, dy, x, y, n, alpha, 0);
}

/**
 * `y = log(1 + exp(beta x)) / beta, and x where beta x > threshold`.
 *
 * @example
 * const y = new Float32Array(2);
 * softplusForward(y, Float32Array.of(0, 30), 2);
 * y; // [0.6931472, 30]
 */
export function softplusForward(y: Float32Array, x: Float32Array, n: number, beta = 1, threshold = 20): void {
  kernels.softplusForward(y, x, n, beta, threshold);
}
/**
 * The gradient of `softplusForward`.
 *
 * @example
 * const x = Float32Array.of(0, 30);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * softplusForward(y, x, 2);
 * softplusBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [0.5, 1]
 */
export function softplusBackward(
  dx: Float32Array,
  dy: Float32Array,
  x: Float32Array,
  y: Float32Array,
  n: number,
  beta = 1,
  threshold = 20,
): void {
  kernels.softplusBackward(dx, dy, x, y, n, beta, threshold);
}

/**
 * `y = x min(max(x + 3, 0), 6) / 6`.
 *
 * @example
 * const y = new Float32Array(2);
 * hardswishForward(y, Float32Array.of(0, 4), 2);
 * y; // [0, 4]
 */
export const hardswishForward = forward(kernels.hardswishForward);
/**
 * The gradient of `hardswishForward`.
 *
 * @example
 * const x = Float32Array.of(0, 4);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * hardswishForward(y, x, 2);
 * hardswishBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [0.5, 1]
 */
export const hardswishBackward = backward(kernels.hardswishBackward);

/**
 * `y = x tanh(softplus(x))`.
 *
 * @example
 * const y = new Float32Array(2);
 * mishForward(y, Float32Array.of(0, 1), 2);
 * y; // [0, 0.8650984]
 */
export const mishForward = forward(kernels.mishForward);
/**
 * The gradient of `mishForward`.
 *
 * @example
 * const x = Float32Array.of(0, 1);
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * mishForward(y, x, 2);
 * mishBackward(dx, Float32Array.of(1, 1), x, y, 2);
 * dx; // [0.6, 1.049036]
 */
export const mishBackward = backward(kernels.mishBackward);
