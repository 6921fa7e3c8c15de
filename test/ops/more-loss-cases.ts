// Cases of the losses that are composed of other operations, as functions and as modules.
import * as nn from '../../src/nn';
import { Tensor } from '../../src/tensor';
import type { Case } from './case-makers';

const F = nn.functional;

// Distinct numbers of both signs, none of them 0.
const float = (shape: number[], from = -1.3, step = 0.37): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return Tensor.fromTypedArray(
    Float32Array.from({ length: n }, (_, i) => from + step * ((i * 5) % n)),
    shape,
  );
};
const other = (shape: number[]): Tensor => float(shape, 1.1, -0.29);
const positive = (shape: number[]): Tensor => float(shape, 0.6, 0.21);
// Non-negative numbers, as variances are, any of which may be used as one.
const shifted = (shape: number[]): Tensor => float(shape, 3.1, -0.23);
const int = (values: number[], shape: number[] = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);
const signs = (n: number, shape: number[] = [n]): Tensor =>
  int(
    Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 1 : -1)),
    shape,
  );
const ones = (n: number, shape: number[]): Tensor =>
  Tensor.fromTypedArray(
    Float32Array.from({ length: n }, (_, i) => i % 2),
    shape,
  );

type Args = [...Tensor[], object];
type Criterion = new (options: object | undefined) => { forward(...inputs: Tensor[]): Tensor };

// A loss with its arguments, except the options, which come last.
interface Loss {
  f: (...args: never[]) => Tensor;
  make?: { readonly name: string };
  inputs: () => Tensor[];
  options?: object;
  constants?: number[];
}

const losses: Record<string, Loss[]> = {
  marginRankingLoss: [
    {
      f: F.marginRankingLoss,
      make: nn.MarginRankingLoss,
      inputs: () => [float([3, 4]), other([3, 4]), signs(12, [3, 4])],
      options: { margin: 0.5 },
    },
    { f: F.marginRankingLoss, inputs: () => [float([5]), other([5]), signs(5).to('float32')] },
  ],
  hingeEmbeddingLoss: [
    { f: F.hingeEmbeddingLoss, make: nn.HingeEmbeddingLoss, inputs: () => [float([3, 4]), signs(12, [3, 4])] },
    { f: F.hingeEmbeddingLoss, inputs: () => [float([5]), signs(5).to('float32')], options: { margin: 2 } },
  ],
  cosineEmbeddingLoss: [
    {
      f: F.cosineEmbeddingLoss,
      make: nn.CosineEmbeddingLoss,
      inputs: () => [float([3, 4]), other([3, 4]), signs(3)],
      options: { margin: -0.9 },
    },
    { f: F.cosineEmbeddingLoss, inputs: () => [float([4]), other([4]), int([1], [])] },
  ],
  tripletMarginLoss: [
    { f: F.tripletMarginLoss, make: nn.TripletMarginLoss, inputs: () => [float([3, 4]), other([3, 4]), positive([3, 4])] },
    {
      f: F.tripletMarginLoss,
      inputs: () => [float([3, 4]), other([3, 4]), positive([3, 4])],
      options: { swap: true, p: 3, margin: 4 },
    },
  ],
  tripletMarginWithDistanceLoss: [
    {
      f: F.tripletMarginWithDistanceLoss,
      make: nn.TripletMarginWithDistanceLoss,
      inputs: () => [float([3, 4]), other([3, 4]), positive([3, 4])],
    },
    {
      f: (anchor: Tensor, near: Tensor, far: Tensor, options: object) =>
        F.tripletMarginWithDistanceLoss(anchor, near, far, { distanceFunction: (a, b) => a.sub(b).square().sum(1), ...options }),
      inputs: () => [float([3, 4]), other([3, 4]), positive([3, 4])],
      options: { swap: true, margin: 4 },
    },
  ],
  multiMarginLoss: [
    { f: F.multiMarginLoss, make: nn.MultiMarginLoss, inputs: () => [float([3, 4]), int([1, 0, 3])] },
    { f: F.multiMarginLoss, inputs: () => [float([4]), int([2], [])], options: { p: 2, margin: 0.5 } },
    {
      f: (x: Tensor, target: Tensor, weight: Tensor, options: object) => F.multiMarginLoss(x, target, { weight, ...options }),
      inputs: () => [float([3, 4]), int([1, 0, 3]), positive([4])],
      constants: [2],
    },
  ],
  multilabelMarginLoss: [
    {
      f: F.multilabelMarginLoss,
      make: nn.MultiLabelMarginLoss,
      inputs: () => [float([3, 4]), int([1, 0, -1, 3, 2, 2, 1, 0, -1, -1, 2, 3], [3, 4])],
    },
    { f: F.multilabelMarginLoss, inputs: () => [float([4]), int([3, 1, -1, 0])] },
  ],
  softMarginLoss: [{ f: F.softMarginLoss, make: nn.SoftMarginLoss, inputs: () => [float([3, 4]), signs(12, [3, 4])] }],
  multilabelSoftMarginLoss: [
    { f: F.multilabelSoftMarginLoss, make: nn.MultiLabelSoftMarginLoss, inputs: () => [float([3, 4]), ones(12, [3, 4])] },
    {
      f: (x: Tensor, target: Tensor, weight: Tensor, options: object) => F.multilabelSoftMarginLoss(x, target, { weight, ...options }),
      inputs: () => [float([3, 4]), ones(12, [3, 4]), positive([4])],
      constants: [2],
    },
  ],
  gaussianNllLoss: [
    { f: F.gaussianNllLoss, make: nn.GaussianNLLLoss, inputs: () => [positive([3, 4]), shifted([3, 4]), positive([3, 4])] },
    { f: F.gaussianNllLoss, inputs: () => [float([3, 4]), other([3, 4]), positive([3])], options: { full: true, eps: 0.7 } },
    { f: F.gaussianNllLoss, inputs: () => [float([3, 4]), other([3, 4]), positive([3, 1])] },
  ],
  poissonNllLoss: [
    { f: F.poissonNllLoss, make: nn.PoissonNLLLoss, inputs: () => [float([3, 4]), positive([3, 4])], options: { full: true } },
    { f: F.poissonNllLoss, inputs: () => [positive([5]), int([0, 1, 2, 3, 4])], options: { logInput: false } },
  ],
  sigmoidFocalLoss: [
    { f: F.sigmoidFocalLoss, make: nn.FocalLoss, inputs: () => [float([3, 4]), ones(12, [3, 4])] },
    { f: F.sigmoidFocalLoss, inputs: () => [float([5]), ones(5, [5])], options: { alpha: -1, gamma: 0.5 } },
  ],
  linearCrossEntropy: [
    {
      f: (x: Tensor, weight: Tensor, bias: Tensor, target: Tensor, options: object) =>
        F.linearCrossEntropy(x, weight, target, { bias, ...options }),
      inputs: () => [float([5, 4]), other([3, 4]), positive([3]), int([0, 2, -100, 1, 1])],
      options: { chunk: 2, labelSmoothing: 0.1 },
    },
    {
      f: F.linearCrossEntropy,
      inputs: () => [float([4]), other([3, 4]), int([2], [])],
    },
    {
      f: (x: Tensor, target: Tensor, options: object) => F.linearCrossEntropy(x, x, target, options),
      inputs: () => [float([4, 4]), int([0, 3, 1, 1])],
      options: { chunk: 3 },
    },
  ],
};

const reductions = ['mean', 'none'] as const;

// Each of the loss's cases with two reductions.
function casesOf(list: Loss[]): Case[] {
  return list.flatMap(({ f, inputs, options, constants }) =>
    reductions.map(
      (reduction): Case => ({
        inputs,
        ...(constants === undefined ? {} : { constants }),
        call: (...given) => (f as unknown as (...args: Args) => Tensor)(...given, { ...options, reduction }),
      }),
    ),
  );
}

export const moreLossCases: Record<string, Case[]> = {
  ...Object.fromEntries(Object.entries(losses).map(([name, list]) => [`functional.${name}`, casesOf(list)])),
  ...Object.fromEntries(
    Object.values(losses).flatMap((list) =>
      list.flatMap(({ make, ...loss }) => {
        if (make === undefined) return [];
        const f = (...args: Args): Tensor => new (make as Criterion)(args.at(-1)).forward(...(args.slice(0, -1) as Tensor[]));
        return [[`nn.${make.name}`, casesOf([{ ...loss, f: f as never }])]];
      }),
    ),
  ),
};
