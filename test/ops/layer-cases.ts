// Cases of what layers do, but for those of all elements alike.
import * as nn from '../../src/nn';
import { manualSeed } from '../../src/random';
import { float, int, of, positive } from './case-inputs';
import type { Case } from './case-makers';

const F = nn.functional;

export const layerCases: Record<string, Case[]> = {
  'functional.alphaDropout': [
    of((x) => {
      manualSeed(1);
      return F.alphaDropout(x, 0.5, true);
    }),
  ],
  'functional.dropout1d': [
    of(
      (x) => {
        manualSeed(1);
        return F.dropout1d(x, 0.5, true);
      },
      ...[2, 3, 4],
    ),
  ],
  'functional.featureAlphaDropout': [
    of((x) => {
      manualSeed(1);
      return F.featureAlphaDropout(x, 0.5, true);
    }),
  ],
  'functional.softmin': [of((x) => F.softmin(x, 1)), of((x) => F.softmin(x, 0))],
  'functional.glu': [of((x) => F.glu(x)), of((x) => F.glu(x.t(), 0))],
  'functional.prelu': [
    { inputs: () => [float([3, 4]), positive([4])], call: (x, weight) => F.prelu(x, weight!) },
    { inputs: () => [float([4]), positive([1])], call: (x, weight) => F.prelu(x, weight!) },
  ],
  'functional.rrelu': [
    of((x) => {
      manualSeed(1);
      return F.rrelu(x, { training: true });
    }),
    of((x) => F.rrelu(x)),
  ],
  'functional.bilinear': [
    {
      inputs: () => [float([5, 3]), positive([5, 2]), float([4, 3, 2]), float([4])],
      call: (x, y, weight, bias) => F.bilinear(x, y!, weight!, bias),
    },
    { inputs: () => [float([2]), positive([2]), float([2, 2, 2]), float([2])], call: (x, y, w, b) => F.bilinear(x, y!, w!, b) },
    { inputs: () => [float([2, 3, 3]), float([2, 3, 3]), float([2, 3, 3])], call: (x, y, weight) => F.bilinear(x, y!, weight!) },
  ],
  'functional.groupNorm': [
    { inputs: () => [float([3, 4]), positive([4]), float([4])], call: (x, weight, bias) => F.groupNorm(x, 2, { weight, bias }) },
    of((x) => F.groupNorm(x, 1)),
  ],
  'functional.embedding': [
    { inputs: () => [int([2, 0, 2, 1], [2, 2]), float([3, 4])], call: (index, weight) => F.embedding(index, weight!, { paddingIdx: 1 }) },
    { inputs: () => [int([2, 0, 2]), float([3, 4])], call: (index, weight) => F.embedding(index, weight!, { scaleGradByFreq: true }) },
  ],
  'functional.embeddingBag': [
    ...(['sum', 'mean', 'max'] as const).flatMap((mode): Case[] => [
      {
        inputs: () => [int([2, 0, 2, 1], [2, 2]), float([3, 4])],
        call: (index, weight) => F.embeddingBag(index, weight!, { mode, paddingIdx: 1 }),
      },
      {
        inputs: () => [int([2, 0, 2]), float([3, 4]), int([0, 2])],
        call: (index, weight, offsets) => F.embeddingBag(index, weight!, { mode, offsets }),
      },
    ]),
    {
      inputs: () => [int([2, 0, 2]), float([3, 4]), int([0, 2]), positive([3])],
      call: (index, weight, offsets, perSampleWeights) => F.embeddingBag(index, weight!, { mode: 'sum', offsets, perSampleWeights }),
    },
  ],
};
