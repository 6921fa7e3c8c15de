// What the element-wise functions of one argument have in common.
import type { kernels } from '../native';

/** `y = f(x)` for the first n elements; y may be x. */
export type ElementwiseForward = (y: Float32Array, x: Float32Array, n: number) => void;
/** `dx = dy f'(x)` for the first n elements, where `y = f(x)`; dx may be dy. */
export type ElementwiseBackward = (dx: Float32Array, dy: Float32Array, x: Float32Array, y: Float32Array, n: number) => void;
type ForwardKernel = (typeof kernels)['reluForward'];
type BackwardKernel = (typeof kernels)['reluBackward'];

/** A function without parameters. */
export const forward =
  (kernel: ForwardKernel): ElementwiseForward =>
  (y, x, n) =>
    kernel(y, x, n, 0, 0);
/** The gradient of a function without parameters. */
export const backward =
  (kernel: BackwardKernel): ElementwiseBackward =>
  (dx, dy, x, y, n) =>
    kernel(dx, dy, x, y, n, 0, 0);
