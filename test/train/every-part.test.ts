// Each loss, each optimizer and each layer of a dense network: a fit and a compiled step have the bits of the loop.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, optim, rand, randint, randn, type Tensor, train } from '../../src';
import { bitsOf, quiet } from './runs';

const rows = 22;
const width = 6;

type Target = () => Tensor;
const labels: Target = () => randint(width, [rows]);
const floats: Target = () => randn([rows, width]);
const shares: Target = () => rand([rows, width]);
const masks: Target = () => rand([rows, width]).gt(0.5).to('float32');
const signs: Target = () => rand([rows, width]).gt(0.5).to('float32').mul(2).sub(1);
const listed: Target = () => randint(-1, width, [rows, width]);

const sides: Target = () => rand([rows]).gt(0.5).to('float32').mul(2).sub(1);
const spreads: Target = () => rand([rows, width]).add(0.1);
const halves = (x: Tensor): [Tensor, Tensor] => [x.narrow(1, 0, width / 2), x.narrow(1, width / 2, width / 2)];

type Criterion = (output: Tensor, ...targets: Tensor[]) => Tensor;
const of =
  (loss: { forward: Criterion }): Criterion =>
  (...args) =>
    loss.forward(...args);
const distance = new nn.PairwiseDistance({ p: 1 });
// Losses of several inputs: some of them are parts of the output.
const losses: Record<string, [() => Criterion, ...Target[]]> = {
  CosineEmbeddingLoss: [() => of(new nn.CosineEmbeddingLoss({ margin: 0.2 })), floats, sides],
  'CosineEmbeddingLoss of two outputs': [() => (x, side) => new nn.CosineEmbeddingLoss().forward(...halves(x), side!), sides],
  MarginRankingLoss: [() => of(new nn.MarginRankingLoss({ margin: 0.3 })), floats, signs],
  TripletMarginLoss: [() => of(new nn.TripletMarginLoss({ swap: true })), floats, floats],
  TripletMarginWithDistanceLoss: [
    () => of(new nn.TripletMarginWithDistanceLoss({ distanceFunction: (a, b) => distance.forward(a, b) })),
    floats,
    floats,
  ],
  GaussianNLLLoss: [() => of(new nn.GaussianNLLLoss({ full: true })), floats, spreads],
  'GaussianNLLLoss of two outputs': [
    () => (x, y) => {
      const [mean, spread] = halves(x);
      return new nn.GaussianNLLLoss().forward(mean, y!.narrow(1, 0, width / 2), spread.exp());
    },
    floats,
  ],
  'cosineSimilarity with eps': [() => (x, y) => nn.functional.cosineSimilarity(x, y!, { eps: 2 }).rsub(1).mean(), floats],
  FocalLoss: [() => of(new nn.FocalLoss()), masks],
};

const criteria: Record<string, [() => { forward: Criterion }, Target, (() => nn.ReLU)?]> = {
  CrossEntropyLoss: [() => new nn.CrossEntropyLoss({ labelSmoothing: 0.1, ignoreIndex: 2 }), labels],
  'CrossEntropyLoss of shares': [() => new nn.CrossEntropyLoss(), shares],
  NLLLoss: [() => new nn.NLLLoss({ weight: rand([width]) }), labels, () => new nn.LogSoftmax({ dim: 1 })],
  MSELoss: [() => new nn.MSELoss({ reduction: 'sum' }), floats],
  L1Loss: [() => new nn.L1Loss(), floats],
  SmoothL1Loss: [() => new nn.SmoothL1Loss({ beta: 0.5 }), floats],
  HuberLoss: [() => new nn.HuberLoss({ delta: 0.5 }), floats],
  BCELoss: [() => new nn.BCELoss(), masks, () => new nn.Sigmoid()],
  BCEWithLogitsLoss: [() => new nn.BCEWithLogitsLoss({ posWeight: rand([width]) }), masks],
  KLDivLoss: [() => new nn.KLDivLoss({ reduction: 'batchmean' }), shares, () => new nn.LogSoftmax({ dim: 1 })],
  MultiMarginLoss: [() => new nn.MultiMarginLoss({ p: 2 }), labels],
  MultiLabelMarginLoss: [() => new nn.MultiLabelMarginLoss(), listed],
  MultiLabelSoftMarginLoss: [() => new nn.MultiLabelSoftMarginLoss(), masks],
  HingeEmbeddingLoss: [() => new nn.HingeEmbeddingLoss(), signs],
  SoftMarginLoss: [() => new nn.SoftMarginLoss(), signs],
  PoissonNLLLoss: [() => new nn.PoissonNLLLoss({ full: true }), shares],
};
const optimizers: Record<string, (model: nn.Module) => optim.Optimizer<{ lr: number }>> = {
  SGD: (m) => new optim.SGD(m.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: (m) => new optim.Adam(m.parameters(), { amsgrad: true, weightDecay: 0.01 }),
  'Adam with decoupledWeightDecay': (m) => new optim.Adam(m.parameters(), { decoupledWeightDecay: true, weightDecay: 0.1 }),
  AdamW: (m) => new optim.AdamW(m.parameters()),
  Muon: (m) => {
    for (const p of m.parameters()) if (p.shape.length !== 2) p.requiresGrad_(false);
    return new optim.Muon(m.parameters().filter(({ requiresGrad }) => requiresGrad));
  },
  NAdam: (m) => new optim.NAdam(m.parameters()),
  RAdam: (m) => new optim.RAdam(m.parameters()),
  RMSprop: (m) => new optim.RMSprop(m.parameters(), { centered: true, momentum: 0.5 }),
  Adagrad: (m) => new optim.Adagrad(m.parameters(), { initialAccumulatorValue: 0.5, lrDecay: 0.1 }),
  Adadelta: (m) => new optim.Adadelta(m.parameters()),
  Adamax: (m) => new optim.Adamax(m.parameters()),
  ASGD: (m) => new optim.ASGD(m.parameters(), { t0: 3 }),
  Rprop: (m) => new optim.Rprop(m.parameters()),
  Adafactor: (m) => new optim.Adafactor(m.parameters()),
  Lion: (m) => new optim.Lion(m.parameters(), { lr: 1e-3 }),
};
const layers: Record<string, () => nn.ReLU> = {
  LayerNorm: () => new nn.LayerNorm(8),
  RMSNorm: () => new nn.RMSNorm(8),
  GroupNorm: () => new nn.GroupNorm(2, 8),
  BatchNorm1d: () => new nn.BatchNorm1d(8, { momentum: null }),
  Dropout: () => new nn.Dropout(0.3),
  AlphaDropout: () => new nn.AlphaDropout(0.3),
  FeatureAlphaDropout: () => new nn.FeatureAlphaDropout(0.3),
  PReLU: () => new nn.PReLU({ numParameters: 8 }),
  RReLU: () => new nn.RReLU(),
  CELU: () => new nn.CELU({ alpha: -2 }),
  ELU: () => new nn.ELU({ alpha: -0.5 }),
  Softplus: () => new nn.Softplus({ beta: -1 }),
  Hardtanh: () => new nn.Hardtanh({ minVal: -0.2, maxVal: 0.4 }),
  Threshold: () => new nn.Threshold(0.1, -3),
  Softmin: () => new nn.Softmin({ dim: 1 }),
  Unflatten: () => new nn.Sequential(new nn.Unflatten(1, [2, 4]), new nn.Softmax({ dim: 1 }), new nn.Flatten()),
};

type Parts = { criterion?: string; loss?: string; optimizer?: string; layer?: string };

async function trained(how: 'loop' | 'compiled' | 'fit', { criterion = 'MSELoss', loss, optimizer = 'SGD', layer = 'LayerNorm' }: Parts) {
  manualSeed(5);
  const [make, target, last] = criteria[criterion]!;
  const [several, ...targets] = loss === undefined ? [() => of(make()), target] : losses[loss]!;
  const model = new nn.Sequential(new nn.Linear(5, 8), layers[layer]!(), new nn.Linear(8, width), ...(last === undefined ? [] : [last()]));
  const [measure, o] = [several(), optimizers[optimizer]!(model)];
  const loader = new data.DataLoader(new data.TensorDataset(randn([rows, 5]), ...targets.map((make) => make())), {
    batchSize: 8,
    shuffle: true,
  });
  manualSeed(6);
  if (how === 'fit') {
    await train.fit(model, { loader, criterion: measure, optimizer: o, targets: targets.length, epochs: 3, ...quiet });
    return bitsOf(model);
  }
  model.train();
  const step = (x: Tensor, ...wanted: Tensor[]): Tensor => {
    o.zeroGrad();
    const value = measure(model.forward(x), ...wanted);
    value.backward();
    o.step();
    return value;
  };
  const run = how === 'compiled' ? compile(step) : step;
  for (let epoch = 0; epoch < 3; epoch++) for (const [x, ...wanted] of loader) run(x!, ...wanted);
  return bitsOf(model);
}

const cases: [string, Parts][] = [
  ...Object.keys(criteria).map((criterion): [string, Parts] => [criterion, { criterion }]),
  ...Object.keys(losses).map((loss): [string, Parts] => [loss, { loss }]),
  ...Object.keys(optimizers).map((optimizer): [string, Parts] => [optimizer, { optimizer }]),
  ...Object.keys(layers).map((layer): [string, Parts] => [layer, { layer }]),
];
describe.each(cases)('%s', (_, parts) => {
  it('has the bits of the loop in a fit and in a compiled step', async () => {
    const loop = await trained('loop', parts);
    expect(await trained('compiled', parts)).toEqual(loop);
    expect(await trained('fit', parts)).toEqual(loop);
  });
});
