// Arguments and shapes of calls that many cases share.
import { Tensor } from '../../src/tensor';

export interface Case {
  /** New arguments, the same at each call. The float32 ones may require gradients unless `constants` names them. */
  inputs: () => Tensor[];
  call: (...inputs: Tensor[]) => Tensor | Tensor[];
  /** The positions of arguments for which the operation has no gradient. */
  constants?: number[];
}

// Distinct numbers of both signs, none of them 0.
export const float = (shape: number[], from = -1.3, step = 0.37): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return Tensor.fromTypedArray(
    Float32Array.from({ length: n }, (_, i) => from + step * ((i * 5) % n)),
    shape,
  );
};
export const positive = (shape: number[]): Tensor => float(shape, 0.6, 0.21);
export const int = (values: number[], shape: number[] = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);

export const one = (call: (x: Tensor) => Tensor | Tensor[], inputs: () => Tensor[] = () => [float([3, 4])]): Case => ({ inputs, call });
export const two = (call: (x: Tensor, y: Tensor) => Tensor, ...more: (() => Tensor[])[]): Case[] =>
  [() => [float([3, 4]), positive([3, 4])], () => [float([3, 4]), positive([4])], ...more].map((inputs) => ({ inputs, call }));
// In place, on the result of an operation.
export const made = (call: (x: Tensor, y: Tensor) => Tensor): Case[] => two((x, y) => call(x.clone(), y));
export const madeAlone = (call: (x: Tensor) => Tensor): Case[] => [one((x) => call(x.clone()))];
export const chosen = (call: (x: Tensor, index: Tensor) => Tensor, index: () => Tensor): Case => ({
  inputs: () => [float([3, 4]), index()],
  call,
});

export const labelled = (call: (x: Tensor, target: Tensor) => Tensor): Case => ({ inputs: () => [float([3, 4]), int([1, 0, 3])], call });
export const weighted = (call: (x: Tensor, target: Tensor, weight: Tensor) => Tensor): Case => ({
  inputs: () => [float([3, 4]), int([1, 0, 3]), positive([4])],
  call,
  constants: [2],
});
export const probabilities = (call: (x: Tensor, target: Tensor) => Tensor): Case => ({
  inputs: () => [float([3, 4]), positive([3, 4]).softmax(1)],
  call,
});
export const planes = (call: (x: Tensor, target: Tensor) => Tensor): Case => ({
  inputs: () => [float([2, 3, 2]), int([1, 0, 2, 2], [2, 2])],
  call,
});
export const classification = (call: (x: Tensor, target: Tensor, options: object) => Tensor): Case[] => [
  labelled((x, y) => call(x, y, {})),
  labelled((x, y) => call(x, y, { reduction: 'none' })),
  weighted((x, y, weight) => call(x, y, { weight })),
  planes((x, y) => call(x, y, {})),
];
