// What the element-wise functions of one argument have in common.
import type { kernels } from '../native';

type Forward = (y: Float32Array, x: Float32Array, n: number) => void;
type Backward = (dx: Float32Array, dy: Float32Array, x: Float32Array, y: Float32Array, n: number) => void;
type ForwardKernel = (typeof kernels)['reluForward'];
type BackwardKernel = (typeof kernels)['reluBackward'];

/** A function without parameters. */
export const forward =
  (kernel: ForwardKernel): Forward =>
  (y, x, n) =>
    kernel(y, x, n, 0, 0);
/** The gradient of a function without parameters. */
export const backward =
  (kernel: BackwardKernel): Backward =>
  (dx, dy, x, y, n) =>
    kernel(dx, dy, x, y, n, 0, 0);
