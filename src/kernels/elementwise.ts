// The element-wise functions of one argument: `reluForward(y, x, n)` is y = f(x), `reluBackward(dx, dy, x, y, n)` is dx = dy f'(x), where
// y = f(x). Parameters of f come last. y may be x, and dx may be dy.
import { kernels } from '../native';

type Forward = (y: Float32Array, x: Float32Array, n: number) => void;
type Backward = (dx: Float32Array, dy: Float32Array, x: Float32Array, y: Float32Array, n: number) => void;
type ForwardKernel = (typeof kernels)['reluForward'];
type BackwardKernel = (typeof kernels)['reluBackward'];

const forward =
  (kernel: ForwardKernel): Forward =>
  (y, x, n) =>
    kernel(y, x, n, 0, 0);
const backward =
  (kernel: BackwardKernel): Backward =>
  (dx, dy, x, y, n) =>
    kernel(dx, dy, x, y, n, 0, 0);

/** `y = max(x, 0)`. */
export const reluForward = forward(kernels.reluForward);
/** The gradient of `reluForward`. */
export const reluBackward = backward(kernels.reluBackward);

/** `y = x where x > 0, else negativeSlope x`. */
export function leakyReluForward(y: Float32Array, x: Float32Array, n: number, negativeSlope = 0.01): void {
  kernels.leakyReluForward(y, x, n, negativeSlope, 0);
}
/** The gradient of `leakyReluForward`. */
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

/** `y = 1 / (1 + exp(-x))`. */
export const sigmoidForward = forward(kernels.sigmoidForward);
/** The gradient of `sigmoidForward`. */
export const sigmoidBackward = backward(kernels.sigmoidBackward);

/** `y = tanh(x)`. */
export const tanhForward = forward(kernels.tanhForward);
/** The gradient of `tanhForward`. */
export const tanhBackward = backward(kernels.tanhBackward);

/** `y = x (1 + erf(x / sqrt 2)) / 2`. */
export const geluForward = forward(kernels.geluForward);
/** The gradient of `geluForward`. */
export const geluBackward = backward(kernels.geluBackward);

/** `y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`. */
export const geluTanhForward = forward(kernels.geluTanhForward);
/** The gradient of `geluTanhForward`. */
export const geluTanhBackward = backward(kernels.geluTanhBackward);

/** `y = x sigmoid(x)`. */
export const siluForward = forward(kernels.siluForward);
/** The gradient of `siluForward`. */
export const siluBackward = backward(kernels.siluBackward);

/** `y = x where x > 0, else alpha (exp(x) - 1)`. */
export function eluForward(y: Float32Array, x: Float32Array, n: number, alpha = 1): void {
  kernels.eluForward(y, x, n, alpha, 0);
}
/** The gradient of `eluForward`. */
export function eluBackward(dx: Float32Array, dy: Float32Array, x: Float32Array, y: Float32Array, n: number, alpha = 1): void {
  kernels.eluBackward(dx, dy, x, y, n, alpha, 0);
}

/** `y = log(1 + exp(beta x)) / beta, and x where beta x > threshold`. */
export function softplusForward(y: Float32Array, x: Float32Array, n: number, beta = 1, threshold = 20): void {
  kernels.softplusForward(y, x, n, beta, threshold);
}
/** The gradient of `softplusForward`. */
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

/** `y = x min(max(x + 3, 0), 6) / 6`. */
export const hardswishForward = forward(kernels.hardswishForward);
/** The gradient of `hardswishForward`. */
export const hardswishBackward = backward(kernels.hardswishBackward);

/** `y = x tanh(softplus(x))`. */
export const mishForward = forward(kernels.mishForward);
/** The gradient of `mishForward`. */
export const mishBackward = backward(kernels.mishBackward);

/** `y = exp(x)`. */
export const expForward = forward(kernels.expForward);
/** The gradient of `expForward`. */
export const expBackward = backward(kernels.expBackward);

/** `y = log(x)`. */
export const logForward = forward(kernels.logForward);
/** The gradient of `logForward`. */
export const logBackward = backward(kernels.logBackward);

/** `y = sqrt(x)`. */
export const sqrtForward = forward(kernels.sqrtForward);
/** The gradient of `sqrtForward`. */
export const sqrtBackward = backward(kernels.sqrtBackward);

/** `y = abs(x)`. */
export const absForward = forward(kernels.absForward);
/** The gradient of `absForward`. */
export const absBackward = backward(kernels.absBackward);

/** `y = -x`. */
export const negForward = forward(kernels.negForward);
/** The gradient of `negForward`. */
export const negBackward = backward(kernels.negBackward);

/** `y = x^exponent`. */
export function powScalarForward(y: Float32Array, x: Float32Array, n: number, exponent: number): void {
  kernels.powScalarForward(y, x, n, exponent, 0);
}
/** The gradient of `powScalarForward`. */
export function powScalarBackward(dx: Float32Array, dy: Float32Array, x: Float32Array, y: Float32Array, n: number, exponent: number): void {
  kernels.powScalarBackward(dx, dy, x, y, n, exponent, 0);
}

/** `y = min(max(x, low), high)`. */
export function clampForward(y: Float32Array, x: Float32Array, n: number, low: number, high: number): void {
  kernels.clampForward(y, x, n, low, high);
}
/** The gradient of `clampForward`. */
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
