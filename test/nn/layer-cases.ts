// The cases of containers by name, of tables and of layers of several inputs, for the tests of all fields.
import { nn, ones, type Tensor, tensor } from '../../src';
import { type Case, entry, frozen, integer, notNumbers, number, parameter } from './field-kinds';

// A layer of a function and of the module in it.
class Using extends nn.Module {
  constructor(
    readonly part: nn.Module,
    private readonly use: (x: Tensor) => Tensor,
  ) {
    super();
  }
  forward(x: Tensor): Tensor {
    return this.use(x);
  }
}

// Of [4, 3, 2] two indices that the values decide, which of them is nothing that has a gradient.
const indices = (x: Tensor): Tensor => x.gt(0).sum(2);
const gluOf = (layer: nn.GLU) => (x: Tensor) => layer.forward(x).mean().add(x);
// Rows are bags, and then the bags of one dimension.
const bagsOf = (layer: nn.EmbeddingBag) => (x: Tensor) => {
  const index = indices(x);
  const bags = layer.forward(index);
  if (layer.mode === 'max') return bags.unsqueeze(1).mul(x.mul(0.2));
  const offsets = tensor(Int32Array.of(0, 1, 2, 3, ...(layer.includeLastOffset ? [4] : [])));
  return bags
    .add(layer.forward(index.reshape([12]), { offsets }))
    .unsqueeze(1)
    .mul(x);
};
const tableFields = {
  paddingIdx: { to: [() => 1, () => -1, () => null], not: ['1', 0.5, 3, -4] },
  maxNorm: { to: [() => 0.2, () => null, () => 0.1], not: ['0.5', -1, Number.NaN] },
  normType: { ...number(1, 3) },
  scaleGradByFreq: { to: [() => true, () => false], not: [1, null] },
  weight: parameter(() =>
    frozen([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
  ),
};

export const layerCases: Record<string, Case> = {
  ...Object.fromEntries(
    (['Dropout1d', 'FeatureAlphaDropout'] as const).map((name) => [
      name,
      { make: () => new nn[name](0.5), fields: { p: { ...number(0.25, 0, 0.9), not: [...notNumbers, -0.1, 1.1] } } },
    ]),
  ),
  AlphaDropout: { make: () => new nn.AlphaDropout(0.5), fields: { p: { ...number(0.25, 0, 0.9), not: [...notNumbers, -0.1, 1.1] } } },
  Bilinear: {
    make: () => new nn.Bilinear(2, 2, 2),
    fields: {
      weight: {
        to: [() => new nn.Parameter(ones([2, 2, 2]), { requiresGrad: false })],
        not: [1, 'w', ones([7])],
      },
      bias: parameter(
        () => frozen([1, 2]),
        () => null,
      ),
    },
    fixed: ['in1Features', 'in2Features', 'outFeatures'], // the sizes of the weight that is there at first; printed
    around: (layer: nn.Bilinear) => new Using(layer, (x) => layer.forward(x.mul(0.2), x.mul(0.2))),
    inputs: 2,
  },
  CosineSimilarity: {
    make: () => new nn.CosineSimilarity(),
    fields: { dim: integer(2, -1), eps: { ...number(0.5, 4), not: [...notNumbers, -1] } },
    around: (layer: nn.CosineSimilarity) => new Using(layer, (x) => layer.forward(x, x.add(0.5))),
    inputs: 2,
  },
  PairwiseDistance: {
    make: () => new nn.PairwiseDistance(),
    fields: { p: number(1, 3), eps: number(0.5, 0.1), keepdim: { to: [() => true, () => false], not: [1, 'yes', null] } },
    around: (layer: nn.PairwiseDistance) => new Using(layer, (x) => layer.forward(x, x.mul(0.5))),
    inputs: 2,
  },
  GLU: { make: () => new nn.GLU({ dim: 0 }), fields: { dim: integer(2, -1) }, around: (layer: nn.GLU) => new Using(layer, gluOf(layer)) },
  GroupNorm: {
    make: () => new nn.GroupNorm(1, 3),
    fields: {
      eps: number(0.1, 1),
      weight: parameter(
        () => frozen([1, 2, 3]),
        () => null,
      ),
      bias: parameter(
        () => frozen([1, 2, 3]),
        () => null,
      ),
    },
    fixed: ['numGroups', 'numChannels'],
  },
  Embedding: {
    make: () => new nn.Embedding(3, 2, { maxNorm: 0.3 }),
    inEvaluation: false, // rows are shortened in the table
    fields: { ...tableFields },
    fixed: ['numEmbeddings', 'embeddingDim', 'sparse'], // the last changes no number: sparse-tables.test.ts
    around: (layer: nn.Embedding) => new Using(layer, (x) => layer.forward(indices(x)).mul(x.mul(0.2))),
  },
  EmbeddingBag: {
    make: () => new nn.EmbeddingBag(3, 2, { maxNorm: 0.9 }),
    inEvaluation: false,
    fields: {
      ...tableFields,
      mode: { to: [() => 'sum', () => 'max', () => 'mean'], not: ['average', 0, null] },
      includeLastOffset: { to: [() => true, () => false], not: [1, null] },
    },
    fixed: ['numEmbeddings', 'embeddingDim', 'sparse'], // the last changes no number: sparse-tables.test.ts
    around: (layer: nn.EmbeddingBag) => new Using(layer, bagsOf(layer)),
  },
  SparseLinear: {
    make: () => new nn.SparseLinear(3, 2),
    fields: {
      weight: tableFields.weight,
      bias: parameter(
        () => frozen([1, 2]),
        () => null,
      ),
    },
    fixed: ['inFeatures', 'outFeatures', 'sparse'],
    around: (layer: nn.SparseLinear) => new Using(layer, (x) => layer.forward(indices(x)).unsqueeze(1).mul(x.mul(0.2))),
  },
  PReLU: {
    make: () => new nn.PReLU(),
    fields: {
      weight: parameter(
        () => frozen([0.5]),
        () => frozen([-1, 2, 3]),
      ),
    },
    fixed: ['numParameters', 'init'],
  },
  RReLU: { make: () => new nn.RReLU({ lower: 0.25, upper: 0.5 }), fields: { lower: number(0.125, 0.4), upper: number(0.75, 2) } },
  Softmin: { make: () => new nn.Softmin({ dim: 1 }), fields: { dim: integer(2, -2) } },
  ModuleDict: {
    make: () => new nn.ModuleDict({ a: new nn.Tanh(), b: new nn.SiLU() }),
    fields: { a: entry, b: entry },
    around: (dict: nn.ModuleDict<nn.Layer>) => new Using(dict, (x) => [...dict.values()].reduce((y, layer) => layer.call(y), x)),
    inputs: 0,
    refusal: (field) => `[ModuleDict.${field}] expected a module`,
  },
  ParameterDict: {
    make: () => new nn.ParameterDict({ w: frozen([1, 2]) }),
    fields: { w: { to: [() => frozen([3, 4]), () => tensor([0.5, 1])], not: [1, 'w', null] } },
    around: (dict: nn.ParameterDict) => new Using(dict, (x) => x.mul(dict.get('w')!)),
    inputs: 0,
    refusal: (field) => `[ParameterDict.${field}] expected a parameter or a tensor`,
  },
  ParameterList: {
    make: () => new nn.ParameterList([frozen([1, 2]), frozen([2, 1])]),
    fields: { 0: { to: [() => frozen([3, 4]), () => tensor([0.5, 1])], not: [1, 'w', null] }, 1: { to: [() => frozen([3, 4])], not: [1] } },
    around: (list: nn.ParameterList) => new Using(list, (x) => x.mul(list[0]!).add(list[1]!)),
    inputs: 0,
    refusal: (field) => `[ParameterList[${field}]] expected a parameter or a tensor`,
  },
  Unflatten: {
    make: () => new nn.Unflatten(1, [1, -1]),
    fields: { dim: integer(2, -2) },
    fixed: ['unflattenedSize'],
    around: (layer: nn.Unflatten) => new Using(layer, (x) => layer.forward(x).sum(1)),
  },
};
