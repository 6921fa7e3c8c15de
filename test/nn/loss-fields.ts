// Cases of the losses that are made of other operations, for fields.test.ts, and what makes cases.
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
  /** How many inputs a loss takes (2). */
  inputs?: number;
  /** Its inputs, of what the model gives, [4, 3], and labels [4]: these two by default. */
  given?: (output: Tensor, labels: Tensor) => Tensor[];
}

export const notNumbers = ['0.5', null, Number.NaN, tensor(1)];
export const number = (...to: number[]) => ({ to: to.map((value) => () => value), not: notNumbers });
export const integer = (...to: number[]) => ({ to: to.map((value) => () => value), not: [...notNumbers, 0.5] });
export const classWeight = { to: [() => tensor([1, 2, 3]), () => tensor([3, 2, 1]), () => null], not: [1, [1, 2, 3], ones([2])] };
export const reduction = { to: [() => 'sum', () => 'mean'], not: ['average', 0, null] };
const flag = (...to: boolean[]) => ({ to: to.map((value) => () => value), not: [1, 'true', null] });
const signs = (labels: Tensor) => labels.gt(0).mul(2).sub(1);

export const lossFields: Record<string, Case> = {
  CosineEmbeddingLoss: {
    make: () => new nn.CosineEmbeddingLoss(),
    fields: { margin: { ...number(-0.5, -0.9), not: [...notNumbers, 2] }, reduction },
    inputs: 3,
    given: (output, labels) => [output, output.flip([1]), signs(labels).mul(-1)],
  },
  FocalLoss: {
    make: () => new nn.FocalLoss(),
    fields: { alpha: { ...number(0.5, -1), not: [...notNumbers, 2] }, gamma: { ...number(0.5, 0), not: [...notNumbers, -1] }, reduction },
    given: (output, labels) => [output, labels.gt(0).reshape([4, 1]).expand([4, 3])],
  },
  GaussianNLLLoss: {
    make: () => new nn.GaussianNLLLoss(),
    fields: { full: flag(true, false), eps: { ...number(0.5, 40), not: [...notNumbers, 0] }, reduction },
    inputs: 3,
    given: (output) => [output, output.detach().mul(0), output.square()],
  },
  HingeEmbeddingLoss: {
    make: () => new nn.HingeEmbeddingLoss(),
    fields: { margin: number(20, 30), reduction },
    given: (output, labels) => [output, signs(labels).mul(-1).reshape([4, 1]).expand([4, 3])],
  },
  MarginRankingLoss: {
    make: () => new nn.MarginRankingLoss(),
    fields: { margin: number(20, 30), reduction },
    inputs: 3,
    given: (output, labels) => [output, output.flip([1]), signs(labels).reshape([4, 1]).expand([4, 3])],
  },
  MultiLabelMarginLoss: {
    make: () => new nn.MultiLabelMarginLoss(),
    fields: { reduction },
    given: (output, labels) => [
      output,
      labels
        .reshape([4, 1])
        .mul(tensor(Int32Array.of(1, 0, 1)))
        .add(tensor(Int32Array.of(0, -1, 0))),
    ],
  },
  MultiLabelSoftMarginLoss: {
    make: () => new nn.MultiLabelSoftMarginLoss(),
    fields: { reduction, weight: classWeight },
    given: (output, labels) => [output, labels.gt(0).reshape([4, 1]).expand([4, 3])],
  },
  MultiMarginLoss: {
    make: () => new nn.MultiMarginLoss(),
    fields: { p: { ...number(2, 1), not: [...notNumbers, 3] }, margin: number(20, 30), reduction, weight: classWeight },
  },
  PoissonNLLLoss: {
    make: () => new nn.PoissonNLLLoss({ logInput: false }),
    fields: { logInput: flag(true, false), full: flag(true, false), eps: { ...number(1, 0.5), not: [...notNumbers, -1] }, reduction },
    given: (output, labels) => [output.abs(), labels.mul(2).reshape([4, 1]).expand([4, 3])],
  },
  SoftMarginLoss: {
    make: () => new nn.SoftMarginLoss(),
    fields: { reduction },
    given: (output, labels) => [output, signs(labels).reshape([4, 1]).expand([4, 3])],
  },
  TripletMarginLoss: {
    make: () => new nn.TripletMarginLoss(),
    fields: {
      margin: { ...number(20, 30), not: [...notNumbers, 0] },
      p: number(1, 3),
      eps: number(0.1, 0.2),
      swap: flag(true, false),
      reduction,
    },
    inputs: 3,
    given: (output) => [output, output.mul(0.6), output.mul(0.5)],
  },
};
