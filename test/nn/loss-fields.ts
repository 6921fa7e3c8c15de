// The fields of the further losses, for the tests of all fields.
import { nn, type Tensor, tensor, zeros } from '../../src';
import { type Case, classWeight, flag, integer, notNumbers, number, reduction, signs } from './field-kinds';

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
  AdaptiveLogSoftmaxWithLoss: {
    make: () => new nn.AdaptiveLogSoftmaxWithLoss(3, 3, [1]),
    fields: {},
    fixed: ['inFeatures', 'nClasses', 'cutoffs', 'divValue', 'head', 'tail'],
  },
  LinearCrossEntropyLoss: {
    make: () => new nn.LinearCrossEntropyLoss(3, 3),
    fields: {
      labelSmoothing: number(0.2, 0.1),
      ignoreIndex: integer(1, 2),
      reduction,
      weight: classWeight,
    },
    fixed: ['linear', 'chunk'], // how many rows are done at once changes nothing of the loss
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
  TripletMarginWithDistanceLoss: {
    make: () => new nn.TripletMarginWithDistanceLoss(),
    fields: {
      distanceFunction: {
        to: [() => (a: Tensor, b: Tensor) => a.sub(b).abs().sum(-1), () => new nn.PairwiseDistance({ p: 3 }), () => null],
        not: [3, 'x', [], zeros([1])],
      },
      margin: { ...number(20, 30), not: [...notNumbers, 0] },
      swap: flag(true, false),
      reduction,
    },
    inputs: 3,
    given: (output) => [output, output.mul(0.6), output.mul(0.5)],
  },
};
