// The types of the element-wise functions of one argument.

/** `y = f(x)` for the first n elements; y may be x. */
export type ElementwiseForward = (y: Float32Array, x: Float32Array, n: number) => void;
/** `dx = dy f'(x)` for the first n elements, where `y = f(x)`; dx may be dy. */
export type ElementwiseBackward = (dx: Float32Array, dy: Float32Array, x: Float32Array, y: Float32Array, n: number) => void;
