// The values to which the tests of all fields change a field, and those that it must refuse.
import { nn, ones, type Tensor, tensor } from '../../src';

export type Fields = Record<string, unknown>;

export interface Case {
  /** The module whose fields are changed. */
  make: () => nn.Module;
  /** For each field the values to which it is changed, new for each run, and values that it must refuse. */
  fields: Record<string, { to: (() => unknown)[]; not: unknown[]; as?: string }>; // as: its name in errors
  /** Fields that must not be assigned. */
  fixed?: string[];
  /** The model before a loss. */
  scores?: () => nn.Module;
  /** The layer, from [4, 3, 2], in which a module is used that is not a layer. */
  around?: (subject: never) => nn.Layer;
  /** The number of inputs of `forward`: by default 2 for a loss and 1 for others; 0: it has no `forward`. */
  inputs?: number;
  /** The inputs of a loss, from the model's output, [4, 3], and labels [4]; by default these two. */
  given?: (output: Tensor, labels: Tensor) => Tensor[];
  /** False: predictions refuse it. */
  inEvaluation?: boolean;
  /** The beginning of the error for a value that must not be assigned. */
  refusal?: (field: string) => string;
}

export const notNumbers = ['0.5', null, Number.NaN, tensor(1)];
export const number = (...to: number[]) => ({ to: to.map((value) => () => value), not: notNumbers });
export const integer = (...to: number[]) => ({ to: to.map((value) => () => value), not: [...notNumbers, 0.5] });
export const word = (...to: string[]) => ({ to: to.map((value) => () => value), not: ['tanhh', 1, null] });
export const frozen = (values: number[][] | number[]) => new nn.Parameter(tensor(values as number[]), { requiresGrad: false });
export const parameter = (...to: (() => unknown)[]) => ({ to, not: [1, 'w', ones([7, 7, 7])] });
export const entry = { to: [() => new nn.Sigmoid(), () => new nn.ReLU()], not: [3, null, ones([1]), {}] };
export const classWeight = { to: [() => tensor([1, 2, 3]), () => tensor([3, 2, 1]), () => null], not: [1, [1, 2, 3], ones([2])] };
export const reduction = { to: [() => 'sum', () => 'mean'], not: ['average', 0, null] };
export const flag = (...to: boolean[]) => ({ to: to.map((value) => () => value), not: [1, 'true', null] });
export const signs = (labels: Tensor) => labels.gt(0).mul(2).sub(1);
export const plain = (make: () => nn.Module): Case => ({ make, fields: {} });
