// What fields are changed to in the tests of all fields, and what they may not be.
import { nn, ones, type Tensor, tensor } from '../../src';

export type Fields = Record<string, unknown>;

export interface Case {
  /** The module whose fields are changed. */
  make: () => nn.Module;
  /** For each field what it is changed to, made anew for each run, and what it may not be. */
  fields: Record<string, { to: (() => unknown)[]; not: unknown[]; as?: string }>; // as: its name in errors
  /** Fields that are not meant to be assigned. */
  fixed?: string[];
  /** The model in front of a loss. */
  scores?: () => nn.Module;
  /** The layer, from [4, 3, 2], by which a module is used that is none of its own. */
  around?: (subject: never) => nn.Layer;
  /** How many inputs `forward` takes, a loss 2 by default, others 1; 0: it has none. */
  inputs?: number;
  /** The inputs of a loss, of what the model gives, [4, 3], and labels [4]: these two by default. */
  given?: (output: Tensor, labels: Tensor) => Tensor[];
  /** False: it is refused in predictions. */
  inEvaluation?: boolean;
  /** What the error of a value that may not be assigned begins with. */
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
