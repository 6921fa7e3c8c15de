/**
 * Plain functions on typed arrays, for libraries that bring their own tensors.
 *
 * Outputs first, inputs next, then sizes. Arrays are Float32Array, or Int32Array for labels and indices, row-major from their first
 * element, and may be longer than needed; their memory may be a SharedArrayBuffer. A TypeError for a wrong kind of argument, a RangeError
 * for an array that is too short, for a size that is not an integer from 0 to 2^53 - 1, and for an index out of range.
 *
 * @module simdnn/kernels
 */
export * from './kernels/activations';
export * from './kernels/broadcast';
export * from './kernels/elementwise';
export * from './kernels/linear';
export * from './kernels/losses';
export * from './kernels/movement';
export * from './kernels/optimizers';
export * from './kernels/random';
export * from './kernels/reductions';
export type { ElementwiseBackward, ElementwiseForward } from './kernels/unary';
export type { Strided } from './shape';
