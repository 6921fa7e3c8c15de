// How the cases of fixtures/layers.json.gz are run: each kind is a function of its inputs by name.
import { nn, type Tensor } from '../../src/index';
import { type Case, meets, tensorOf } from './parity';

const F = nn.functional;

type Inputs = Record<string, Tensor>;

// y, and the gradient of each float input.
const run =
  (f: (inputs: Inputs, options: never) => Tensor): ((golden: Case) => void) =>
  (golden) => {
    const given = Object.entries(golden.inputs).filter(([name]) => name !== 'grad');
    const inputs = Object.fromEntries(given.map(([name, value]) => [name, tensorOf(value, value.dtype === 'float32')]));
    const y = f(inputs, golden.options as never);
    meets(golden, 'y', y);
    y.backward(tensorOf(golden.inputs.grad!));
    for (const [name, input] of Object.entries(inputs)) {
      if (input.dtype === 'float32') meets(golden, `grad${name[0]!.toUpperCase()}${name.slice(1)}`, input.grad);
      if (name === 'weight' && 'table' in golden.expected) meets(golden, 'table', input.detach());
    }
  };

export const layerKinds: Record<string, (golden: Case) => void> = {
  prelu: run(({ x, weight }) => F.prelu(x!, weight!)),
  glu: run(({ x }, { dim }: { dim: number }) => F.glu(x!, dim)),
  softmin: run(({ x }, { dim }: { dim: number }) => F.softmin(x!, dim)),
  rrelu: run(({ x }, options: object) => F.rrelu(x!, options)),
  bilinear: run(({ x1, x2, weight, bias }) => F.bilinear(x1!, x2!, weight!, bias)),
  cosineSimilarity: run(({ x1, x2 }, options: object) => F.cosineSimilarity(x1!, x2!, options)),
  pairwiseDistance: run(({ x1, x2 }, options: { p: number | 'inf' }) =>
    F.pairwiseDistance(x1!, x2!, { ...options, p: options.p === 'inf' ? Infinity : options.p }),
  ),
  groupNorm: run(({ x, weight, bias }, { numGroups, eps }: { numGroups: number; eps: number }) =>
    F.groupNorm(x!, numGroups, { weight, bias, eps }),
  ),
  embedding: run(({ index, weight }, options: object) => F.embedding(index!, weight!, options)),
  embeddingBag: run(({ index, weight, offsets, perSampleWeights }, options: object) =>
    F.embeddingBag(index!, weight!, { ...options, offsets, perSampleWeights }),
  ),
};
