// The parts of the operations' cases: inputs, and calls with them.
import { Tensor } from '../../src/tensor';
import type { Case } from './case-makers';

// Distinct numbers of both signs, none of them 0.
export const float = (shape: number[], from = -1.3, step = 0.37): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return Tensor.fromTypedArray(
    Float32Array.from({ length: n }, (_, i) => from + step * ((i * 5) % n)),
    shape,
  );
};
export const positive = (shape: number[]): Tensor => float(shape, 0.6, 0.21);
export const floats = (values: number[], shape: number[] = [values.length]): Tensor =>
  Tensor.fromTypedArray(Float32Array.from(values), shape);
export const int = (values: number[], shape: number[] = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);

export type Result = Tensor | Tensor[];
export const of = (call: (x: Tensor) => Result, ...shape: number[]): Case => ({
  inputs: () => [float(shape.length > 0 ? shape : [3, 4])],
  call,
});
export const ofPositive = (call: (x: Tensor) => Result): Case => ({ inputs: () => [positive([3, 4])], call });
export const tied = (call: (x: Tensor) => Result): Case => ({ inputs: () => [floats([1, 2, 2, -1, 3, 3, 3, 0.5], [2, 4])], call });
export const on = (call: (...inputs: Tensor[]) => Result, ...inputs: (() => Tensor)[]): Case => ({
  inputs: () => inputs.map((make) => make()),
  call,
});
export const x34 = () => float([3, 4]);
export const y34 = () => positive([3, 4]);
export const mask34 = () => int([1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0], [3, 4]);
