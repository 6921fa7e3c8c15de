// Cases of `nn.functional` and of the losses.
import * as nn from '../../src/nn';
import { manualSeed } from '../../src/random';
import type { Tensor } from '../../src/tensor';
import { activations, pairwiseLayers, pairwiseLosses } from '../found';
import { type Case, classification, float, one, positive, probabilities, two } from './case-makers';

const F = nn.functional;

export const functionalCases: Record<string, Case[]> = {
  'functional.linear': [
    { inputs: () => [float([3, 4]), float([2, 4]), float([2])], call: (x, w, b) => F.linear(x, w!, b) },
    { inputs: () => [float([4]), float([2, 4])], call: (x, w) => F.linear(x, w!) },
    { inputs: () => [float([4]), float([4, 4]), float([4])], call: (x, w, b) => F.linear(x, w!, b) },
    { inputs: () => [float([4, 4]), float([4, 4])], call: (x, w) => F.linear(x, w!) },
    one((x) => F.linear(x, x)),
  ],
  'functional.dropout': [
    one((x) => {
      manualSeed(1);
      return F.dropout(x, 0.5);
    }),
  ],
  ...Object.fromEntries(Object.entries(activations).map(([name, f]) => [`functional.${name}`, [one((x) => f(x))]])),
  'functional.relu_': [one((x) => F.relu_(x.clone()))],
  'functional.selu_': [one((x) => F.selu_(x.clone()))],
  'functional.elu_': [one((x) => F.elu_(x.clone()))],
  'functional.celu_': [one((x) => F.celu_(x.clone()))],
  'functional.leakyRelu_': [one((x) => F.leakyRelu_(x.clone()))],
  'functional.hardtanh_': [one((x) => F.hardtanh_(x.clone()))],
  'functional.threshold_': [one((x) => F.threshold_(x.clone(), 0.1, 20))],
  'functional.rrelu_': [one((x) => F.rrelu_(x.clone()))],
  'functional.gumbelSoftmax': [false, true].map((hard) =>
    one((x) => {
      manualSeed(1);
      return F.gumbelSoftmax(x, { hard });
    }),
  ),
  'functional.pdist': [one((x) => F.pdist(x)), one((x) => F.pdist(x, { p: 1 }))],
  'functional.threshold': [one((x) => F.threshold(x, 0.1, 20))],
  'functional.gelu': [one((x) => F.gelu(x)), one((x) => F.gelu(x, { approximate: 'tanh' }))],
  'functional.softmax': [one((x) => F.softmax(x, 1)), one((x) => F.softmax(x, 0))],
  'functional.logSoftmax': [one((x) => F.logSoftmax(x, 1)), one((x) => F.logSoftmax(x, 0))],
  ...Object.fromEntries(
    Object.entries(pairwiseLosses).map(([name, f]) => [`functional.${name}`, two((x, y) => f(x, y.add(x.detach().mul(0))))]),
  ),
  'functional.layerNorm': [
    { inputs: () => [float([4]), positive([4]), float([4])], call: (x, weight, bias) => F.layerNorm(x, 4, { weight, bias }) },
    one((x) => F.layerNorm(x, 4)),
    {
      inputs: () => [float([3, 4]), positive([4]), float([4])],
      call: (x, weight, bias) => F.layerNorm(x, [4], { weight, bias }),
    },
  ],
  'functional.rmsNorm': [
    { inputs: () => [float([4]), positive([4])], call: (x, weight) => F.rmsNorm(x, 4, { weight }) },
    one((x) => F.rmsNorm(x, 4)),
    { inputs: () => [float([3, 4]), positive([4])], call: (x, weight) => F.rmsNorm(x, [4], { weight }) },
  ],
  'functional.batchNorm': [
    {
      inputs: () => [float([3, 4]), positive([4]), float([4])],
      call: (x, weight, bias) => F.batchNorm(x, null, null, { weight, bias, training: true }),
    },
    {
      inputs: () => [float([2, 4, 3]), positive([4]), float([4])],
      call: (x, weight, bias) => F.batchNorm(x, null, null, { weight, bias, training: true }),
    },
    {
      inputs: () => [float([3, 4]), float([4]), positive([4])],
      call: (x, mean, variance) => F.batchNorm(x, mean!, variance!),
      constants: [1, 2],
    },
  ],
  ...Object.fromEntries(
    (['binaryCrossEntropy', 'binaryCrossEntropyWithLogits', 'klDiv'] as const).map((name) => [
      `functional.${name}`,
      (['mean', 'none', 'sum'] as const).map((reduction) => ({
        inputs: () => [float([3, 4], 0.07, 0.06), float([3, 4], 0.1, 0.07)],
        call: (x: Tensor, y?: Tensor) => (F[name] as typeof F.klDiv)(x, y!, { reduction }),
      })),
    ]),
  ),
  'nn.BCELoss': [
    {
      inputs: () => [float([3, 4], 0.07, 0.06), float([3, 4], 0.1, 0.07), positive([4])],
      call: (x, y, weight) => new nn.BCELoss({ weight: weight! }).forward(x, y!),
      constants: [2],
    },
  ],
  'nn.BCEWithLogitsLoss': [
    {
      inputs: () => [float([3, 4]), float([3, 4], 0.1, 0.07), positive([4]), positive([3, 1])],
      call: (x, y, posWeight, weight) => new nn.BCEWithLogitsLoss({ weight: weight!, posWeight: posWeight! }).forward(x, y!),
      constants: [2, 3],
    },
  ],
  'nn.LinearCrossEntropyLoss': [
    one((x) => {
      manualSeed(1);
      return new nn.LinearCrossEntropyLoss(x.shape.at(-1)!, 3).forward(x, x.argmax(1).remainder(3));
    }),
  ],
  'nn.KLDivLoss': [
    {
      inputs: () => [float([3, 4], -2, 0.1), float([3, 4], -2.2, 0.12)],
      call: (x, y) => new nn.KLDivLoss({ reduction: 'batchmean', logTarget: true }).forward(x, y!),
    },
  ],
  'functional.nllLoss': classification((x, y, options) => F.nllLoss(x, y, options)),
  'functional.crossEntropy': [
    ...classification((x, y, options) => F.crossEntropy(x, y, { labelSmoothing: 0.1, ...options })),
    probabilities((x, y) => F.crossEntropy(x, y)),
    {
      inputs: () => [float([2, 3, 2]), positive([2, 3, 2]), positive([3])],
      call: (x, y, weight) => F.crossEntropy(x, y!, { weight, reduction: 'none', labelSmoothing: 0.1 }),
      constants: [2],
    },
  ],
  ...Object.fromEntries(
    pairwiseLayers.map(({ name, make }) => [
      `nn.${name}`,
      [{ inputs: () => [float([3, 4]), positive([3, 4])], call: (x: Tensor, y?: Tensor) => new make().forward(x, y!) }],
    ]),
  ),
  'nn.NLLLoss': classification((x, y, options) => new nn.NLLLoss(options).forward(x, y)),
  'nn.CrossEntropyLoss': classification((x, y, options) => new nn.CrossEntropyLoss(options).forward(x, y)),
};
