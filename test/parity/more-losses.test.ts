// The losses that are made of other operations, and the corners of those over classes, beside PyTorch's.
import { nn, type Tensor } from '../../src/index';
import { type Case, describeFixture, meets, tensorOf } from './parity';

const F = nn.functional;

type Loss = (inputs: Record<string, Tensor>, options: object) => Tensor;

// The loss, and the gradients of the inputs that have one in the file; with the reduction "none" for a given gradient.
const loss =
  (f: Loss) =>
  (golden: Case): void => {
    const { grad, ...given } = golden.inputs;
    const gradientOf = (name: string) => `grad${name[0]!.toUpperCase()}${name.slice(1)}`;
    const inputs = Object.fromEntries(
      Object.entries(given).map(([name, array]) => [name, tensorOf(array, gradientOf(name) in golden.expected)]),
    );
    const value = f(inputs, golden.options);
    meets(golden, 'loss', value);
    value.backward(grad === undefined ? undefined : tensorOf(grad));
    for (const [name, t] of Object.entries(inputs)) if (t.requiresGrad) meets(golden, gradientOf(name), t.grad);
  };

const weighted =
  (f: (x: Tensor, target: Tensor, options: object) => Tensor): Loss =>
  ({ x, target, weight }, options) =>
    f(x!, target!, weight === undefined ? options : { ...options, weight });
const plain =
  (f: (x: Tensor, target: Tensor, options: object) => Tensor): Loss =>
  ({ x, target }, options) =>
    f(x!, target!, options);

describeFixture('more_losses', {
  marginRankingLoss: loss(({ x1, x2, target }, options) => F.marginRankingLoss(x1!, x2!, target!, options)),
  hingeEmbeddingLoss: loss(plain(F.hingeEmbeddingLoss)),
  cosineEmbeddingLoss: loss(({ x1, x2, target }, options) => F.cosineEmbeddingLoss(x1!, x2!, target!, options)),
  tripletMarginLoss: loss(({ anchor, positive, negative }, options) => F.tripletMarginLoss(anchor!, positive!, negative!, options)),
  multiMarginLoss: loss(weighted(F.multiMarginLoss)),
  multilabelMarginLoss: loss(plain(F.multilabelMarginLoss)),
  softMarginLoss: loss(plain(F.softMarginLoss)),
  multilabelSoftMarginLoss: loss(weighted(F.multilabelSoftMarginLoss)),
  gaussianNllLoss: loss(({ x, target, variance }, options) => F.gaussianNllLoss(x!, target!, variance!, options)),
  poissonNllLoss: loss(plain(F.poissonNllLoss)),
  sigmoidFocalLoss: loss(plain(F.sigmoidFocalLoss)),
  crossEntropy: loss(weighted(F.crossEntropy)),
  nllLoss: loss(weighted(F.nllLoss)),
  linearCrossEntropy: loss(({ x, linearWeight, bias, target }, options) =>
    F.linearCrossEntropy(x!, linearWeight!, target!, { bias, ...options }),
  ),
});
