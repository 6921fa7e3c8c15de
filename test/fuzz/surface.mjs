// Calls of every public function, class and method: good arguments by recipe, then some of them spoilt.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { junk, oddNumber } from './values.mjs';

// The optimizers of other calls may have no momentum.
const cycling = (w, { defaults }) =>
  'momentum' in defaults || 'betas' in defaults ? w.options({ cycleMomentum: w.boolean }) : { cycleMomentum: false };

const square = (w, n = w.size()) => w.matrix(n, n);
const definite = (w) => {
  const x = square(w);
  return x.mul(0.01).add(w.lib.eye(x.shape[0]));
};

// Good options for each scheduler.
const schedulerOptions = {
  StepLR: (w) => ({ stepSize: w.size(), ...w.options({ gamma: () => w.r.real() }) }),
  MultiStepLR: (w) => ({ milestones: w.r.pick([[], [1], [0, 2, 2]]), ...w.options({ gamma: () => w.r.real() }) }),
  ExponentialLR: (w) => ({ gamma: w.r.real() }),
  CosineAnnealingLR: (w) => ({ tMax: w.size(), ...w.options({ etaMin: () => w.r.real() }) }),
  CosineAnnealingWarmRestarts: (w) => ({ t0: w.size(), ...w.options({ tMult: () => w.size(), etaMin: () => w.r.real() }) }),
  LinearLR: (w) => w.options({ startFactor: () => 0.5, endFactor: () => w.r.real(), totalIters: () => w.size() }),
  PolynomialLR: (w) => w.options({ totalIters: () => w.size(), power: () => 2 * w.r.real() }),
  OneCycleLR: (w, optimizer) => ({
    maxLr: w.r.real(),
    totalSteps: 4 + w.size(),
    ...cycling(w, optimizer),
    ...w.options({ pctStart: () => 0.5, annealStrategy: () => 'linear', threePhase: w.boolean }),
  }),
  ConstantLR: (w) => w.options({ factor: () => 0.5, totalIters: () => w.size() }),
  MultiplicativeLR: () => ({ lrLambda: (epoch) => 1 / (1 + epoch) }),
  CyclicLR: (w, optimizer) => ({
    baseLr: w.r.real(),
    maxLr: w.r.real(),
    ...cycling(w, optimizer),
    ...w.options({
      stepSizeUp: () => w.size(),
      stepSizeDown: () => w.r.pick([null, 3]),
      mode: () => w.r.pick(['triangular', 'triangular2', 'exp_range']),
      scaleFn: () => () => 0.5,
    }),
  }),
  LambdaLR: () => ({ lrLambda: (epoch) => 1 / (1 + epoch) }),
  SequentialLR: (w, optimizer) => ({ schedulers: [stairs(w, optimizer), stairs(w, optimizer)], milestones: [w.size()] }),
  ReduceLROnPlateau: (w) => w.options({ mode: () => w.r.pick(['min', 'max']), patience: () => w.r.below(3), cooldown: () => w.r.below(3) }),
};
// A group of one stands from here on.
const grouped = (w, args) => {
  const { distributed } = w.lib;
  if (!distributed.isInitialized()) distributed.initProcessGroup();
  return args;
};
const ungrouped = (w, args) => {
  const { distributed } = w.lib;
  if (distributed.isInitialized()) distributed.destroyProcessGroup();
  return args;
};
const parallel = (w) => new w.lib.nn.parallel.DistributedDataParallel(...grouped(w, [w.linear()]));
const spectral = (w) => ({ nPowerIterations: () => w.size(), dim: () => w.r.pick([0, 1, -1, null]), eps: () => 1e-6 });
const normed = (w) => w.r.pick([w.lib.nn.utils.parametrizations.weightNorm, w.lib.nn.utils.parametrizations.spectralNorm])(w.linear());
const counted = (w) => {
  class Counted extends w.lib.nn.Module {
    calls = 0;
    forward(x) {
      return x;
    }
    getExtraState() {
      return { calls: this.calls };
    }
    setExtraState({ calls }) {
      this.calls = calls;
    }
  }
  return new Counted();
};
const doubling = (w) => {
  class Doubling extends w.lib.nn.Module {
    forward(x) {
      return x.mul(2);
    }
    rightInverse(x) {
      return x.div(2);
    }
  }
  return new Doubling();
};
const swaOptions = (w) => ({
  swaLr: w.r.real(),
  ...w.options({ annealEpochs: () => w.r.below(4), annealStrategy: () => w.r.pick(['cos', 'linear']) }),
});
const stairs = (w, optimizer) => new w.lib.optim.lrScheduler.StepLR(optimizer, { stepSize: 1 });
const schedulerArgs = (w, make) => {
  const optimizer = w.optimizer();
  return [optimizer, make(w, optimizer)];
};
const chain = (w) => {
  const optimizer = w.optimizer();
  return [[stairs(w, optimizer), stairs(w, optimizer)], w.options({ optimizer: () => optimizer })];
};
const chained = (w) => new w.lib.optim.lrScheduler.ChainedScheduler(...chain(w));
const scheduler = (w, kind = w.r.pick(Object.keys(schedulerOptions))) =>
  new w.lib.optim.lrScheduler[kind](...schedulerArgs(w, schedulerOptions[kind]));

// The losses that are made of other operations: their class, good inputs, and options beside the reduction.
const alike = (n) => (w) => {
  const shape = w.shape(2);
  return w.r.times(n, () => w.float(shape));
};
const signed = (n) => (w) => {
  const shape = w.shape(2);
  return [...w.r.times(n, () => w.float(shape)), w.labels(shape, 2).mul(2).sub(1)];
};
const labelled = (w) => {
  const shape = [w.size(), w.size()];
  return [w.float(shape), w.labels(shape, 2)];
};
const moreLosses = {
  marginRankingLoss: { layer: 'MarginRankingLoss', inputs: signed(2), options: (w) => ({ margin: () => w.r.real() }) },
  hingeEmbeddingLoss: { layer: 'HingeEmbeddingLoss', inputs: signed(1), options: (w) => ({ margin: () => w.r.real() }) },
  cosineEmbeddingLoss: {
    layer: 'CosineEmbeddingLoss',
    inputs: (w) => {
      const [n, d] = [w.size(), w.size()];
      return [w.matrix(n, d), w.matrix(n, d), w.labels([n], 2).mul(2).sub(1)];
    },
    options: (w) => ({ margin: () => w.r.real() }),
  },
  tripletMarginLoss: {
    layer: 'TripletMarginLoss',
    inputs: alike(3),
    options: (w) => ({ margin: () => 0.1 + w.r.real(), p: () => w.r.pick([1, 2, 3, Infinity]), swap: w.boolean, eps: () => w.r.real() }),
  },
  tripletMarginWithDistanceLoss: {
    layer: 'TripletMarginWithDistanceLoss',
    inputs: alike(3),
    options: (w) => ({
      margin: () => 0.1 + w.r.real(),
      swap: w.boolean,
      distanceFunction: () => w.r.pick([(a, b) => a.sub(b).abs().sum(-1), (a) => a, null]),
    }),
  },
  multiMarginLoss: {
    layer: 'MultiMarginLoss',
    inputs: (w) => {
      const [rows, classes] = [w.size(), w.size()];
      return [w.matrix(rows, classes), w.ints([rows], classes)];
    },
    options: (w, [x]) => ({ p: () => w.r.pick([1, 2]), margin: () => w.r.real(), weight: () => w.lib.rand([x.shape[1]]) }),
  },
  multilabelMarginLoss: {
    layer: 'MultiLabelMarginLoss',
    inputs: (w) => {
      const shape = [w.size(), w.size()];
      return [w.float(shape), w.ints(shape, shape[1] + 1).sub(1)];
    },
  },
  softMarginLoss: { layer: 'SoftMarginLoss', inputs: signed(1) },
  multilabelSoftMarginLoss: {
    layer: 'MultiLabelSoftMarginLoss',
    inputs: labelled,
    options: (w, [x]) => ({ weight: () => w.lib.rand([x.shape[1]]) }),
  },
  gaussianNllLoss: {
    layer: 'GaussianNLLLoss',
    inputs: (w) => {
      const shape = [w.size(), w.size()];
      return [w.float(shape), w.float(shape), w.lib.rand(shape)];
    },
    options: (w) => ({ full: w.boolean, eps: () => 0.01 + w.r.real() }),
  },
  poissonNllLoss: {
    layer: 'PoissonNLLLoss',
    inputs: labelled,
    options: (w) => ({ logInput: w.boolean, full: w.boolean, eps: () => w.r.real() }),
  },
  sigmoidFocalLoss: {
    layer: 'FocalLoss',
    inputs: labelled,
    options: (w) => ({ alpha: () => w.r.pick([-1, w.r.real()]), gamma: () => 2 * w.r.real() }),
  },
};

// Who has a recipe here gets good arguments: a list, or { self, args } for a method. Everything else gets random ones.
const recipes = {
  tensor: (w) => [
    w.r.pick([
      1,
      [1, 2],
      [
        [1, 2],
        [3, 4],
      ],
      [],
      new Float32Array(3),
      new Int32Array(2),
    ]),
    create(w),
  ],
  zeros: (w) => [w.shape(), create(w)],
  ones: (w) => [w.shape(), create(w)],
  full: (w) => [w.shape(), w.r.below(9), create(w)],
  rand: (w) => [w.shape(), w.options({ requiresGrad: w.boolean })],
  randn: (w) => [w.shape(), w.options({ requiresGrad: w.boolean })],
  arange: (w) => [...w.r.pick([[5], [1, 4], [0, 10, 3], [5, 0, -1]]), create(w)],
  eye: (w) => w.r.pick([[w.size()], [w.size(), w.size()], [w.size(), w.size(), create(w)]]),
  cat: (w) => joined(w, 0),
  stack: (w) => joined(w, 1),
  manualSeed: (w) => [w.seed()],
  setNumThreads: (w) => [1 + w.r.below(4)],
  setFlushDenormal: (w) => [w.boolean()],
  setFloat32MatmulPrecision: (w) => [w.r.pick(['highest', 'high', 'medium'])],
  noGrad: (w) => [() => w.tensor()],
  compile: (w) => [() => w.float([2]), w.options({ keepGrad: w.boolean, check: () => w.r.below(3) })],
  SimdnnError: () => ['CODE', 'text'],

  'Tensor.fromTypedArray': (w) => {
    const n = w.r.below(7);
    return w.r.pick([[new Float32Array(n), [n]], [new Int32Array(n)], [new Float32Array(new SharedArrayBuffer(24), 8), [2, 2]]]);
  },
  'Tensor.backward': (w) => ({
    self: scalarOf(w),
    args: w.r.chance(0.7) ? [] : [w.float([]).detach(), w.options({ retainGraph: w.boolean })],
  }),
  'Tensor.requiresGrad_': (w) => ({ self: w.float(), args: [true] }),
  'Tensor.item': (w) => ({ self: w.float([]), args: [] }),
  'Tensor.valueOf': (w) => ({ self: w.float([1]), args: [] }),
  'Tensor.clamp': (w) => ({ self: w.float(), args: [{ min: -1, ...w.options({ max: () => 1 }) }] }),
  'Tensor.clamp_': (w) => ({ self: w.float().detach(), args: [{ min: -1, ...w.options({ max: () => 1 }) }] }),
  'Tensor.copy_': (w) => inPlace(w, []),
  'Tensor.add_': (w) => inPlace(w, [], 2),
  'Tensor.sub_': (w) => inPlace(w, [], 2),
  'Tensor.mul_': (w) => inPlace(w, [], 2),
  'Tensor.div_': (w) => inPlace(w, [], 2),
  'Tensor.lerp_': (w) => inPlace(w, [w.r.real()]),
  'Tensor.fill_': (w) => on(w.float().detach(), [w.r.real()]),
  'Tensor.zero_': (w) => on(w.float().detach(), []),
  'Tensor.uniform_': (w) => on(w.float().detach(), w.r.pick([[], [-1, 1]])),
  'Tensor.normal_': (w) => on(w.float().detach(), w.r.pick([[], [1, 2]])),
  'Tensor.bernoulli_': (w) => on(w.float().detach(), w.r.pick([[], [0.25]])),
  'Tensor.exponential_': (w) => on(w.float().detach(), w.r.pick([[], [2]])),
  'Tensor.geometric_': (w) => on(w.float().detach(), [0.5]),
  'Tensor.cauchy_': (w) => on(w.float().detach(), w.r.pick([[], [1, 2]])),
  'Tensor.logNormal_': (w) => on(w.float().detach(), w.r.pick([[], [0, 1]])),
  'Tensor.random_': (w) => on(w.float().detach(), w.r.pick([[], [7], [-3, 4]])),
  'Tensor.fillDiagonal_': (w) => on(w.matrix().detach(), [w.r.real(), w.r.chance(0.5)]),
  ...Object.fromEntries(
    ['eq_', 'ne_', 'lt_', 'le_', 'gt_', 'ge_', 'logicalAnd_', 'logicalOr_', 'logicalXor_'].map((name) => [
      `Tensor.${name}`,
      (w) => withTensor(w, (t) => [w.r.chance(0.5) ? w.r.real() : w.float(t.shape)], w.matrix().detach()),
    ]),
  ),
  'Tensor.logicalNot_': (w) => on(w.float().detach(), []),
  'Tensor.to': (w) => ({ self: w.tensor(), args: [w.r.pick(['float32', 'int32'])] }),
  'Tensor.reshape': (w) => reshaped(w),
  'Tensor.flatten': (w) => on(w.float(w.shape(3)), w.r.pick([[], [1], [0, 1], [-2, -1]])),
  'Tensor.squeeze': (w) => on(w.float([1, w.size(), 1]), w.r.pick([[], [0], [-1]])),
  'Tensor.unsqueeze': (w) => withTensor(w, (t) => [w.dim(t)]),
  'Tensor.transpose': (w) => withTensor(w, (t) => [w.dim(t), w.dim(t)]),
  'Tensor.permute': (w) =>
    on(w.float(w.shape(3)), [
      w.r.pick([
        [0, 1, 2],
        [2, 0, 1],
        [-1, 0, 1],
      ]),
    ]),
  'Tensor.t': (w) => on(w.matrix(), []),
  'Tensor.matmul': (w) => {
    const k = w.size();
    return on(w.matrix(w.size(), k), [w.matrix(k, w.size())]);
  },
  ...Object.fromEntries(['inverse', 'det', 'slogdet', 'logdet', 'matrixExp'].map((name) => [`Tensor.${name}`, (w) => on(square(w), [])])),
  'Tensor.matrixPower': (w) => on(square(w), [w.r.below(6) - 2]),
  'Tensor.cholesky': (w) => on(definite(w), [w.options({ upper: w.boolean })]),
  'Tensor.qr': (w) => on(w.matrix(), [w.options({ some: w.boolean })]),
  ...Object.fromEntries(['inv', 'det', 'slogdet', 'matrixExp'].map((name) => [`linalg.${name}`, (w) => [square(w)]])),
  'linalg.matrixPower': (w) => [square(w), w.r.below(6) - 2],
  'linalg.solve': (w) => {
    const n = w.size();
    return w.r.pick([
      [w.matrix(n, n), w.matrix(n, w.size())],
      [w.matrix(n, n), w.float([n])],
      [w.matrix(n, n), w.matrix(w.size(), n), { left: false }],
    ]);
  },
  'linalg.cholesky': (w) => [definite(w), w.options({ upper: w.boolean })],
  'linalg.qr': (w) => [w.matrix(), w.options({ mode: () => w.r.pick(['reduced', 'complete', 'r']) })],
  'linalg.vectorNorm': (w) => [w.matrix(), w.r.pick([0, 1, 2, 3, Infinity]), w.options({ dim: () => w.r.below(2), keepdim: w.boolean })],
  'linalg.matrixNorm': (w) => [
    w.matrix(),
    w.r.pick(['fro', 1, -1, Infinity, -Infinity]),
    w.options({ dim: () => [1, 0], keepdim: w.boolean }),
  ],
  'linalg.norm': (w) => [w.matrix(), w.r.pick([null, 'fro', 1, Infinity]), w.options({ dim: () => [1, 0], keepdim: w.boolean })],
  'Tensor.narrow': (w) => {
    const [rows, columns, dim] = [w.size(), w.size(), w.r.below(2)];
    const size = [rows, columns][dim];
    const start = w.r.below(size);
    return on(w.matrix(rows, columns), [dim - (w.r.chance(0.3) ? 2 : 0), start, w.r.below(size - start + 1)]);
  },
  'Tensor.indexSelect': (w) => {
    const shape = [w.size(), w.size()];
    const dim = w.r.below(2);
    return on(w.float(shape), [dim, w.ints([w.size()], shape[dim])]);
  },
  'Tensor.gather': (w) => {
    const shape = [w.size(), w.size()];
    const dim = w.r.below(2);
    return on(w.float(shape), [dim, w.ints(shape, shape[dim])]);
  },
  'Tensor.view': (w) => reshaped(w),
  'Tensor.viewAs': (w) => withTensor(w, (t) => [w.float([t.numel])]),
  'Tensor.reshapeAs': (w) => withTensor(w, (t) => [w.float([t.numel, 1])]),
  'Tensor.unflatten': (w) => on(w.float([w.size(), 6]), [w.r.pick([1, -1]), w.r.pick([[2, 3], [-1, 2], [6]])]),
  'Tensor.swapaxes': (w) => withTensor(w, (t) => [w.dim(t), w.dim(t)]),
  'Tensor.movedim': (w) =>
    on(
      w.float(w.shape(3)),
      w.r.pick([
        [0, -1],
        [
          [0, 1],
          [2, 0],
        ],
      ]),
    ),
  'Tensor.expand': (w) =>
    on(w.float([1, w.size()]), [
      w.r.pick([
        [w.size(), -1],
        [2, 3, -1],
      ]),
    ]),
  'Tensor.expandAs': (w) => on(w.float([1]), [w.matrix()]),
  'Tensor.repeat': (w) => on(w.matrix(), [[w.r.below(3), w.r.below(3), w.r.below(3)].slice(w.r.below(2))]),
  'Tensor.tile': (w) => withTensor(w, () => [[w.r.below(3), w.r.below(3)].slice(w.r.below(3))]),
  'Tensor.split': (w) => on(w.float([5, 2]), w.r.pick([[2], [[1, 4]], [1, 1]])),
  'Tensor.flip': (w) => withTensor(w, (t) => [w.r.chance(0.5) ? w.dim(t) : [w.dim(t)]]),
  'Tensor.roll': (w) => withTensor(w, (t) => w.r.pick([[w.r.below(9) - 4], [[w.r.below(9)], [w.dim(t)]], [w.r.below(9) - 4, w.dim(t)]])),
  'Tensor.at': (w) => on(w.matrix(), [[], [0], [-1, 0]][w.r.below(3)]),
  'Tensor.select': (w) => on(w.matrix(), [w.r.below(2), -w.r.below(2)]),
  'Tensor.slice': (w) => on(w.matrix(), [w.r.below(2), w.r.below(5) - 2, w.r.below(5) - 2, 1 + w.r.below(3)].slice(0, w.r.below(5))),
  'Tensor.index': (w) => on(w.matrix(3, 3), [w.r.pick([[[0, -1]], [null, w.ints([w.size()], 3)], [[2], w.ints([2], 3)], [null]])]),
  'Tensor.take': (w) => withTensor(w, (t) => [w.r.chance(0.5) ? [0, -1] : w.ints([w.size(), 2], t.numel)], w.matrix()),
  'Tensor.takeAlongDim': (w) => on(w.matrix(3, 3), [w.ints([3, w.size()], 3), 1]),
  'Tensor.indexAdd': (w) => indexAdded(w, w.matrix(3, 3)),
  'Tensor.indexAdd_': (w) => indexAdded(w, w.matrix(3, 3).detach()),
  'Tensor.indexFill': (w) => on(w.matrix(3, 3), [w.r.below(2), w.ints([w.size()], 3), w.r.real()]),
  'Tensor.indexFill_': (w) => on(w.matrix(3, 3).detach(), [w.r.below(2), w.ints([w.size()], 3), w.r.real()]),
  'Tensor.diagonal': (w) => on(w.float(w.shape(3)), [w.options({ offset: () => w.r.below(5) - 2, dim2: () => 2 })]),
  'Tensor.diag': (w) => on(w.r.chance(0.5) ? w.matrix() : w.float([w.size()]), [w.r.below(5) - 2].slice(w.r.below(2))),
  'Tensor.maskedFill': (w) => withTensor(w, (t) => [w.ints(t.shape, 2), w.r.below(3)]),
  'Tensor.maskedFill_': (w) => withTensor(w, (t) => [w.ints(t.shape, 2), w.r.below(3)], w.matrix().detach()),
  'Tensor.maskedSelect': (w) => withTensor(w, (t) => [w.ints(t.shape, 2)]),
  'Tensor.lerp': (w) => withFloat(w, (t) => [w.float(t.shape), w.r.chance(0.5) ? w.r.real() : w.float(t.shape)]),
  'Tensor.dist': (w) => withFloat(w, (t) => [w.float(t.shape), w.r.pick([1, 2, 3])]),
  'Tensor.clampMin': (w) => withFloat(w, () => [w.r.real()]),
  'Tensor.clampMax': (w) => withFloat(w, () => [w.r.real()]),
  'Tensor.clip': (w) => withFloat(w, () => [{ min: -1, ...w.options({ max: () => 1 }) }]),
  'Tensor.clampMin_': (w) => on(w.matrix().detach(), [w.r.real()]),
  'Tensor.clampMax_': (w) => on(w.matrix().detach(), [w.r.real()]),
  'Tensor.clip_': (w) => on(w.matrix().detach(), [{ min: -1, ...w.options({ max: () => 1 }) }]),
  'Tensor.pow_': (w) => inPlace(w, [], 2),
  ...Object.fromEntries(
    ['addcmul', 'addcdiv', 'addcmul_', 'addcdiv_'].map((name) => [
      `Tensor.${name}`,
      (w) => withFloat(w, (t) => [w.float(t.shape), w.float(t.shape), w.options({ value: () => w.r.real() })], w.matrix().detach()),
    ]),
  ),
  ...Object.fromEntries(
    ['addmm', 'addmm_'].map((name) => [
      `Tensor.${name}`,
      (w) =>
        withFloat(w, (t) => [w.matrix(t.shape[0], 2), w.matrix(2, t.shape[1]), w.options({ beta: () => w.r.real() })], w.matrix().detach()),
    ]),
  ),
  ...Object.fromEntries(
    ['addmv', 'addmv_'].map((name) => [
      `Tensor.${name}`,
      (w) => withFloat(w, (t) => [w.matrix(t.numel, 2), w.float([2])], w.float([w.size()]).detach()),
    ]),
  ),
  ...Object.fromEntries(
    ['dot', 'vdot', 'outer', 'inner'].map((name) => [
      `Tensor.${name}`,
      (w) => withFloat(w, (t) => [w.float(t.shape)], w.float([w.size()])),
    ]),
  ),
  'Tensor.mm': (w) => withFloat(w, (t) => [w.matrix(t.shape[1], w.size())], w.matrix()),
  'Tensor.mv': (w) => withFloat(w, (t) => [w.float([t.shape[1]])], w.matrix()),
  linspace: (w) => [w.r.real(), 2, w.r.below(9), create(w)],
  logspace: (w) => [0, 2, w.r.below(9), w.options({ base: () => 2 })],
  randint: (w) => [w.r.below(5), 5 + w.size(), w.shape(), create(w)],
  randperm: (w) => [w.r.below(50)],
  normal: (w) =>
    w.r.pick([
      [w.float().detach(), 2],
      [0, 1, w.shape()],
    ]),
  bernoulli: (w) => [w.matrix().detach().sigmoid()],
  multinomial: (w) => [w.matrix(3, 4).detach().exp(), w.size(), w.options({ replacement: () => true })],
  randintLike: (w) => [w.tensor(), 1 + w.r.below(9)],
  hstack: (w) => [[w.matrix(2, 3), w.matrix(2, 1)]],
  vstack: (w) => [[w.matrix(2, 3), w.float([3])]],
  columnStack: (w) => [[w.matrix(2, 3), w.float([2])]],
  meshgrid: (w) => [w.float([w.size()]), w.float([w.size()]), w.options({ indexing: () => w.r.pick(['ij', 'xy']) })],
  cartesianProd: (w) => [w.float([w.size()]), w.float([w.size()])],
  ...Object.fromEntries(['atleast1d', 'atleast2d', 'atleast3d'].map((name) => [name, (w) => [w.tensor(), w.tensor()]])),
  blockDiag: (w) => [w.matrix(), w.float([w.size()]), w.float([])],
  chainMatmul: (w) => {
    const [a, b] = [w.size(), w.size()];
    return [w.matrix(w.size(), a), w.matrix(a, b), w.matrix(b, w.size())];
  },
  cumulativeTrapezoid: (w) => {
    const y = w.matrix();
    return [y, w.r.pick([null, w.float([y.shape[1]])]), w.options({ dx: () => w.r.real(), dim: () => -1 })];
  },
  unravelIndex: (w) => [w.ints([w.size()], 12), [2, 6]],
  dstack: (w) => [[w.matrix(2, 3), w.float([2, 3, w.size()])]],
  broadcastTensors: (w) => [w.matrix(2, 3), w.float([3]), w.float([w.size(), 1, 1])],
  combinations: (w) => [w.float([w.size()]), w.r.below(4), w.options({ withReplacement: w.boolean })],
  trilIndices: (w) => [w.size(), w.size(), w.r.below(5) - 2],
  triuIndices: (w) => [w.size(), w.size(), w.r.below(5) - 2],
  asTensor: (w) => [w.r.pick([w.tensor(), [1, 2], new Float32Array(3)]), w.options({ dtype: () => w.r.pick(['float32', 'int32']) })],
  cdist: (w) => {
    const columns = w.size();
    return [w.matrix(w.size(), columns), w.matrix(w.size(), columns), w.options({ p: () => w.r.pick([0, 1, 2, 3, Infinity]) })];
  },
  searchsorted: (w) => [
    w.float([w.size()]).sort().values,
    w.r.chance(0.2) ? w.r.real() : w.float(),
    w.options({ right: () => true, side: () => 'right' }),
  ],
  bucketize: (w) => [w.r.chance(0.2) ? w.r.real() : w.float(), w.float([w.size()]).sort().values, w.options({ right: w.boolean })],
  isin: (w) => [w.tensor(), w.r.chance(0.2) ? w.r.real() : w.tensor(), w.options({ invert: w.boolean, assumeUnique: w.boolean })],
  tensordot: (w) =>
    w.r.pick([
      [w.matrix(2, 3), w.matrix(2, 3)],
      [w.matrix(2, 3), w.matrix(3, 2), 1],
      [w.matrix(2, 3), w.matrix(4, 2), [[0], [1]]],
    ]),
  trapezoid: (w) => {
    const y = w.matrix();
    return [y, w.r.pick([null, w.float([y.shape[1]])]), w.options({ dx: () => w.r.real(), dim: () => -1 })];
  },
  vander: (w) => [w.float([w.size()]), w.r.below(6), w.options({ increasing: w.boolean })],
  enableGrad: (w) => [() => w.tensor()],
  setGradEnabled: (w) => [w.boolean(), () => w.tensor()],
  setRngState: (w) => [w.lib.getRngState()],
  'autograd.grad': (w) => {
    const x = w.float().detach().requiresGrad_();
    return [x.mul(x).sum(), x, w.options({ retainGraph: w.boolean, allowUnused: w.boolean })];
  },
  'nn.functional.oneHot': (w) => [w.ints([w.size()], 3), 3],
  'nn.functional.normalize': (w) => [w.matrix(), w.options({ dim: () => -1, p: () => 1 })],
  'Tensor.softmax': (w) => withFloat(w, (t) => [w.dim(t)]),
  'Tensor.logSoftmax': (w) => withFloat(w, (t) => [w.dim(t)]),

  'nn.AdaptiveLogSoftmaxWithLoss': (w) => [w.size(), 8, w.r.pick([[2], [1, 5]]), w.options({ divValue: () => 2, headBias: w.boolean })],
  'nn.AdaptiveLogSoftmaxWithLoss.forward': (w) => {
    const x = w.matrix();
    return on(new w.lib.nn.AdaptiveLogSoftmaxWithLoss(x.shape[1], 8, [2, 5]), [x, w.ints([x.shape[0]], 8)]);
  },
  ...Object.fromEntries(
    ['logProb', 'predict'].map((name) => [
      `nn.AdaptiveLogSoftmaxWithLoss.${name}`,
      (w) => {
        const x = w.matrix();
        return on(new w.lib.nn.AdaptiveLogSoftmaxWithLoss(x.shape[1], 8, [2, 5]), [x]);
      },
    ]),
  ),
  'nn.LazyBatchNorm1d': (w) => [w.options({ eps: () => w.r.real(), affine: w.boolean, trackRunningStats: w.boolean })],
  ...Object.fromEntries(['Hardshrink', 'Softshrink'].map((name) => [`nn.${name}`, (w) => [w.options({ lambd: () => 0.5 })]])),
  'nn.LazyLinear': (w) => [w.size(), w.options({ bias: w.boolean })],
  'nn.Linear': (w) => [w.size(), w.size(), w.options({ bias: w.boolean })],
  'nn.Sequential': (w) => [w.linear(), w.layer()],
  'nn.ModuleList': (w) => [[w.linear(), w.layer()]],
  'nn.ModuleDict': (w) => [{ a: w.linear(), b: w.layer() }],
  ...Object.fromEntries(
    Object.entries({
      get: () => ['a'],
      has: () => ['a'],
      set: (w) => ['c', w.layer()],
      delete: () => ['b'],
      pop: () => ['a'],
      clear: () => [],
      update: (w) => [w.r.pick([{ c: w.layer() }, [['a', w.layer()]], new Map([['d', w.linear()]])])],
    }).map(([method, args]) => [`nn.ModuleDict.${method}`, (w) => on(new w.lib.nn.ModuleDict({ a: w.linear(), b: w.layer() }), args(w))]),
  ),
  'nn.ParameterList': (w) => [[w.float().detach(), w.float().detach()]],
  ...Object.fromEntries(
    Object.entries({
      at: () => [0],
      pop: () => [],
      append: (w) => [w.float().detach()],
      extend: (w) => [[w.float().detach()]],
      insert: (w) => [0, w.float().detach()],
      slice: () => [0, 1],
    }).map(([method, args]) => [`nn.ParameterList.${method}`, (w) => on(new w.lib.nn.ParameterList([w.float().detach()]), args(w))]),
  ),
  'nn.ParameterDict': (w) => [{ a: w.float().detach() }],
  ...Object.fromEntries(
    Object.entries({
      get: () => ['a'],
      has: () => ['a'],
      set: (w) => ['c', w.float().detach()],
      delete: () => ['a'],
      pop: () => ['a'],
      clear: () => [],
      update: (w) => [{ c: w.float().detach() }],
    }).map(([method, args]) => [`nn.ParameterDict.${method}`, (w) => on(new w.lib.nn.ParameterDict({ a: w.float().detach() }), args(w))]),
  ),
  'nn.Unflatten': (w) => [
    1,
    w.r.pick([
      [1, -1],
      [-1, w.size()],
    ]),
  ],
  'nn.Unflatten.forward': (w) => on(new w.lib.nn.Unflatten(1, [1, -1]), [w.matrix()]),
  'nn.AlphaDropout': (w) => [w.r.real()],
  'nn.Bilinear': (w) => [w.size(), w.size(), w.size(), w.options({ bias: w.boolean })],
  'nn.Bilinear.forward': (w) => {
    const [in1, in2, rows] = [w.size(), w.size(), w.size()];
    return on(new w.lib.nn.Bilinear(in1, in2, w.size(), w.options({ bias: w.boolean })), [w.matrix(rows, in1), w.matrix(rows, in2)]);
  },
  'nn.functional.bilinear': (w) => {
    const [in1, in2, rows, out] = [w.size(), w.size(), w.size(), w.size()];
    return [w.matrix(rows, in1), w.matrix(rows, in2), w.float([out, in1, in2]), w.r.chance(0.5) ? w.float([out]) : null];
  },
  'nn.CosineSimilarity': (w) => [w.options({ dim: () => w.r.below(2), eps: () => 1e-6 })],
  'nn.PairwiseDistance': (w) => [w.options(distanceOptions(w))],
  ...Object.fromEntries(
    ['CosineSimilarity', 'PairwiseDistance'].map((name) => [
      `nn.${name}.forward`,
      (w) => {
        const x = w.matrix();
        return on(new w.lib.nn[name](), [x, w.float(x.shape)]);
      },
    ]),
  ),
  'nn.functional.cosineSimilarity': (w) => {
    const x = w.matrix();
    return [x, w.float(x.shape), w.options({ dim: () => w.r.below(2), eps: () => w.r.real() })];
  },
  'nn.functional.pairwiseDistance': (w) => {
    const x = w.matrix();
    return [x, w.float(w.r.chance(0.5) ? x.shape : [x.shape[1]]), w.options(distanceOptions(w))];
  },
  'nn.GLU': (w) => [w.options({ dim: () => -1 })],
  'nn.GLU.forward': (w) => on(new w.lib.nn.GLU({ dim: 1 }), [w.matrix(w.size(), 2 * w.size())]),
  'nn.functional.glu': (w) => [w.matrix(2 * w.size(), w.size()), 0],
  'nn.GroupNorm': (w) => {
    const groups = w.size();
    return [groups, groups * w.size(), w.options({ eps: () => 1e-3, affine: w.boolean, bias: w.boolean })];
  },
  'nn.GroupNorm.forward': (w) => {
    const channels = w.size();
    return on(new w.lib.nn.GroupNorm(w.r.pick([1, channels]), channels), [w.float([w.size(), channels, ...w.shape(1)])]);
  },
  'nn.functional.groupNorm': (w) => {
    const channels = w.size();
    return [
      w.matrix(w.size(), channels),
      1,
      w.options({ eps: () => w.r.real(), weight: () => w.float([channels]), bias: () => w.float([channels]) }),
    ];
  },
  'nn.PReLU': (w) => [w.options({ numParameters: () => w.size(), init: () => w.r.real() })],
  'nn.functional.prelu': (w) => {
    const x = w.matrix();
    return [x, w.float([w.r.pick([1, x.shape[1]])])];
  },
  'nn.RReLU': (w) => [w.options({ lower: () => 0.1, upper: () => 0.2 + w.r.real() })],
  'nn.functional.rrelu': (w) => [w.float(), w.options({ lower: () => 0.1, upper: () => 0.2 + w.r.real(), training: w.boolean })],
  'nn.Softmin': () => [{ dim: -1 }],
  'nn.functional.softmin': (w) => [w.matrix(), -1],
  'nn.Dropout1d': (w) => [w.r.real()],
  'nn.Dropout1d.forward': (w) => on(new w.lib.nn.Dropout1d(w.r.real()), [w.matrix()]),
  'nn.functional.dropout1d': (w) => [w.matrix(), w.r.real(), w.boolean()],
  'nn.FeatureAlphaDropout': (w) => [w.r.real()],
  'nn.FeatureAlphaDropout.forward': (w) => on(new w.lib.nn.FeatureAlphaDropout(w.r.real()), [w.matrix()]),
  'nn.functional.featureAlphaDropout': (w) => [w.matrix(), w.r.real(), w.boolean()],
  'nn.functional.pad': (w) => [
    w.matrix(2, 3),
    w.r.pick([
      [1, 2],
      [-1, 0, 1, 1],
      [2, -1],
    ]),
    w.r.chance(0.5) ? w.options({ value: () => w.r.real() }) : { mode: w.r.pick(['reflect', 'replicate', 'circular']) },
  ],
  'nn.utils.fuseLinearBnEval': (w) => {
    const [inputs, outputs] = [w.size(), w.size()];
    return [new w.lib.nn.Linear(inputs, outputs, w.options({ bias: w.boolean })).eval(), new w.lib.nn.BatchNorm1d(outputs).eval()];
  },
  'nn.functional.alphaDropout': (w) => [w.float(), w.r.real(), w.boolean()],
  'nn.Embedding': (w) => [w.size(), w.size(), w.options(tableOptions(w, 1))],
  'nn.Embedding.forward': (w) => {
    const rows = w.size();
    return on(new w.lib.nn.Embedding(rows, w.size(), w.options(tableOptions(w, rows))), [w.ints(w.shape(), rows)]);
  },
  'nn.Embedding.fromPretrained': (w) => [w.matrix().detach(), w.options({ freeze: w.boolean, ...tableOptions(w, 1) })],
  'nn.functional.embedding': (w) => {
    const rows = w.size();
    return [w.ints(w.shape(), rows), w.matrix(rows).detach(), w.options(tableOptions(w, rows))];
  },
  'nn.EmbeddingBag': (w) => [w.size(), w.size(), w.options(bagOptions(w, 1))],
  'nn.EmbeddingBag.forward': (w) => {
    const rows = w.size();
    const { index, offsets } = bagInputs(w, rows);
    return on(new w.lib.nn.EmbeddingBag(rows, w.size(), w.options(bagOptions(w, rows))), offsets ? [index, { offsets }] : [index]);
  },
  'nn.EmbeddingBag.fromPretrained': (w) => [w.matrix().detach(), w.options({ freeze: w.boolean, ...bagOptions(w, 1) })],
  'nn.functional.embeddingBag': (w) => {
    const rows = w.size();
    const { index, offsets } = bagInputs(w, rows);
    const weights = w.r.chance(0.2) ? { mode: 'sum', perSampleWeights: w.float(index.shape) } : {};
    return [index, w.matrix(rows).detach(), { ...w.options(bagOptions(w, rows)), ...(offsets && { offsets }), ...weights }];
  },
  'nn.Dropout': (w) => [w.r.real()],
  'nn.Flatten': (w) => w.r.pick([[], [0], [1, -1]]),
  'nn.Softmax': () => [{ dim: -1 }],
  'nn.LogSoftmax': () => [{ dim: -1 }],
  'nn.LeakyReLU': (w) => [w.options({ negativeSlope: () => w.r.real() })],
  'nn.GELU': (w) => [w.options({ approximate: () => w.r.pick(['none', 'tanh']) })],
  'nn.ELU': (w) => [w.options({ alpha: () => w.r.real() })],
  'nn.Threshold': (w) => [w.r.real(), w.r.real()],
  'nn.functional.threshold': (w) => [w.float(), w.r.real(), w.r.real()],
  'nn.Softplus': (w) => [w.options({ beta: () => 1 + w.r.real(), threshold: () => 20 })],
  'nn.SparseLinear': (w) => [w.size(), w.size(), w.options({ bias: w.boolean, sparse: w.boolean })],
  'nn.SparseLinear.forward': (w) => {
    const columns = w.size();
    const rows = [w.size(), w.size()];
    return on(new w.lib.nn.SparseLinear(columns, 3, { sparse: w.boolean() }), [w.ints(rows, columns), { values: w.float(rows) }]);
  },
  'optim.SparseAdam': (w) => [
    new w.lib.nn.Embedding(4, 2, { sparse: true }).parameters(),
    w.options({ lr: () => w.r.real(), betas: () => [0.5, 0.9], eps: () => 1e-3, maximize: w.boolean }),
  ],
  'optim.SparseAdam.step': (w) => {
    const table = new w.lib.nn.Embedding(4, 2, { sparse: true });
    const optimizer = new w.lib.optim.SparseAdam(table.parameters());
    table
      .forward(w.ints([w.size()], 4))
      .sum()
      .backward();
    return on(optimizer, []);
  },
  ...Object.fromEntries(
    ['BCELoss', 'BCEWithLogitsLoss', 'KLDivLoss'].map((name) => [
      `nn.${name}.forward`,
      (w) => {
        const x = w.matrix();
        return on(new w.lib.nn[name](), [x, x]);
      },
    ]),
  ),
  ...Object.fromEntries(
    ['binaryCrossEntropy', 'binaryCrossEntropyWithLogits', 'klDiv'].map((name) => [
      `nn.functional.${name}`,
      (w) => {
        const x = w.matrix();
        return [x, x, w.options({ reduction: () => w.r.pick(['none', 'mean', 'sum']) })];
      },
    ]),
  ),
  ...Object.fromEntries(
    ['Tensor.scatter_', 'Tensor.scatterAdd_'].map((name) => [
      name,
      (w) => {
        const shape = [w.size(), w.size()];
        const dim = w.r.below(2);
        return on(w.float(shape).detach(), [dim, w.ints(shape, shape[dim]), w.float(shape).detach()]);
      },
    ]),
  ),
  'Tensor.chunk': (w) => on(w.matrix(), [1 + w.r.below(3), w.r.below(2)]),
  'Tensor.equal': (w) => withTensor(w, (t) => [t]),
  'Tensor.allclose': (w) => {
    const x = w.float();
    return on(x, [x]);
  },
  ...Object.fromEntries(
    ['cumsum_', 'cumprod_'].map((name) => [`Tensor.${name}`, (w) => withFloat(w, (t) => [w.dim(t)], w.matrix().detach())]),
  ),
  'Tensor.isclose': (w) => withTensor(w, (t) => [t]),
  'Tensor.kthvalue': (w) => on(w.matrix(), [1]),
  empty: (w) => [w.shape()],
  'Tensor.bmm': (w) => {
    const k = w.size();
    return on(w.float([2, 3, k]), [w.float([2, k, 3])]);
  },
  'Tensor.baddbmm': (w) => on(w.float([3]), [w.float([2, 3, 2]), w.float([2, 2, 3])]),
  'Tensor.bincount': (w) => on(w.ints([w.size()], 5), []),
  'Tensor.quantile': (w) => on(w.matrix(), [w.r.pick([0.5, 0, 1])]),
  'nn.BatchNorm1d': (w) => [
    w.size(),
    w.options({ eps: () => w.r.real(), momentum: () => w.r.pick([null, w.r.real()]), affine: w.boolean, trackRunningStats: w.boolean }),
  ],
  'nn.BatchNorm1d.forward': (w) => {
    const x = w.matrix();
    return on(new w.lib.nn.BatchNorm1d(x.shape[1]), [x]);
  },
  'nn.functional.batchNorm': (w) => {
    const x = w.matrix();
    const columns = [x.shape[1]];
    return [
      x,
      w.float(columns).detach(),
      w.float(columns).detach(),
      w.options({ weight: () => w.float(columns), bias: () => w.float(columns), training: w.boolean }),
    ];
  },
  where: (w) => {
    const shape = w.shape();
    return [w.ints(shape, 2), w.float(shape), w.float(shape)];
  },
  'Tensor.where': (w) => {
    const x = w.float();
    return on(x, [w.ints(x.shape, 2), x]);
  },
  'Tensor.scatter': (w) => {
    const shape = [w.size(), w.size()];
    const dim = w.r.below(2);
    return on(w.float(shape), [dim, w.ints(shape, shape[dim]), w.float(shape)]);
  },
  'Tensor.scatterAdd': (w) => {
    const shape = [w.size(), w.size()];
    const dim = w.r.below(2);
    return on(w.float(shape), [dim, w.ints(shape, shape[dim]), w.float(shape)]);
  },
  einsum: (w) =>
    w.r.pick([() => ['ij->ji', w.matrix()], () => ['ii->i', w.float([3, 3])], () => ['ij,jk->ik', w.matrix(2, 3), w.matrix(3, 2)]])(),
  'nn.LayerNorm': (w) => [
    w.r.chance(0.5) ? w.size() : w.shape().concat(1),
    w.options({ eps: () => 1e-3, elementwiseAffine: w.boolean, bias: w.boolean }),
  ],
  'nn.LayerNorm.forward': (w) => {
    const x = w.matrix();
    return on(new w.lib.nn.LayerNorm(x.shape.slice(w.r.below(2))), [x]);
  },
  'nn.functional.layerNorm': (w) => {
    const x = w.matrix();
    const over = x.shape.slice(w.r.below(2));
    return [x, over, w.options({ eps: () => w.r.real(), weight: () => w.float(over), bias: () => w.float(over) })];
  },
  'nn.RMSNorm': (w) => [
    w.r.chance(0.5) ? w.size() : w.shape().concat(1),
    w.options({ eps: () => w.r.pick([null, 1e-3]), elementwiseAffine: w.boolean }),
  ],
  'nn.Buffer': (w) => [w.tensor(), w.options({ persistent: w.boolean })],
  'nn.Parameter': (w) => [w.float().detach(), w.options({ requiresGrad: w.boolean })],
  'nn.CrossEntropyLoss': (w) => [lossOptions(w, 3, { labelSmoothing: () => w.r.real() })],
  'nn.NLLLoss': (w) => [lossOptions(w, 3, {})],
  'nn.MSELoss': (w) => [w.options({ reduction: w.reduction })],
  'nn.L1Loss': (w) => [w.options({ reduction: w.reduction })],
  'nn.SmoothL1Loss': (w) => [w.options({ reduction: w.reduction, beta: () => w.r.real() })],
  'nn.HuberLoss': (w) => [w.options({ reduction: w.reduction, delta: () => 0.1 + w.r.real() })],
  'nn.RMSNorm.forward': (w) => {
    const x = w.matrix();
    return on(new w.lib.nn.RMSNorm(x.shape.slice(w.r.below(2))), [x]);
  },
  'nn.functional.rmsNorm': (w) => {
    const x = w.matrix();
    const over = x.shape.slice(w.r.below(2));
    return [x, over, w.options({ eps: () => w.r.real(), weight: () => w.float(over) })];
  },
  'nn.Linear.forward': (w) => {
    const layer = w.linear();
    return on(layer, [w.float(w.r.chance(0.5) ? [w.size(), layer.inFeatures] : [layer.inFeatures])]);
  },
  'nn.Sequential.forward': (w) => networkCall(w),
  'nn.Module.call': (w) => networkCall(w),
  'nn.CrossEntropyLoss.forward': (w) => {
    const classes = w.size();
    const rows = w.size();
    const criterion = new w.lib.nn.CrossEntropyLoss(lossOptions(w, classes, { labelSmoothing: () => w.r.real() }));
    return on(criterion, [
      w.matrix(rows, classes),
      w.r.chance(0.7) ? w.ints([rows], classes) : w.matrix(rows, classes).detach().softmax(1),
    ]);
  },
  'nn.NLLLoss.forward': (w) => {
    const [rows, classes] = [w.size(), w.size()];
    return on(new w.lib.nn.NLLLoss(lossOptions(w, classes, {})), [w.matrix(rows, classes), w.ints([rows], classes)]);
  },
  ...Object.fromEntries(
    ['MSELoss', 'HuberLoss', 'L1Loss', 'SmoothL1Loss'].map((name) => [
      `nn.${name}.forward`,
      (w) => {
        const x = w.float();
        return on(new w.lib.nn[name](), [x, w.float(x.shape)]);
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(moreLosses).flatMap(([name, { layer, options, inputs }]) => [
      [
        `nn.functional.${name}`,
        (w) => {
          const given = inputs(w);
          return [...given, w.options({ reduction: w.reduction, ...options?.(w, given) })];
        },
      ],
      [`nn.${layer}`, (w) => [w.options({ reduction: w.reduction, ...options?.(w, inputs(w)) })]],
      [`nn.${layer}.forward`, (w) => on(new w.lib.nn[layer](), inputs(w))],
    ]),
  ),
  'nn.functional.linearCrossEntropy': (w) => {
    const [rows, features, classes] = [w.size(), w.size(), w.size()];
    const options = {
      bias: () => w.float([classes]),
      weight: () => w.float([classes]),
      chunk: () => w.size(),
      labelSmoothing: () => w.r.real(),
      reduction: w.reduction,
    };
    return [w.matrix(rows, features), w.matrix(classes, features), w.ints([rows], classes), w.options(options)];
  },
  ...Object.fromEntries(
    ['registerForwardHook', 'registerForwardPreHook', 'registerFullBackwardHook', 'registerFullBackwardPreHook'].map((name) => [
      `nn.Module.${name}`,
      (w) => on(w.module(), [() => undefined, w.options({ prepend: w.boolean })]),
    ]),
  ),
  'Tensor.registerHook': (w) => on(w.float().requiresGrad_(), [w.r.pick([() => undefined, (g) => g.mul(2)])]),
  'Tensor.registerPostAccumulateGradHook': (w) => on(w.float().requiresGrad_(), [() => undefined]),
  'nn.Module.addModule': (w) => on(w.network().model, [w.r.pick(['part', 'half']), w.r.pick([w.layer(), null])]),
  'nn.Module.registerModule': (w) => on(w.linear(), ['part', w.layer()]),
  'nn.Module.registerParameter': (w) => on(w.linear(), ['part', new w.lib.nn.Parameter(w.float().detach())]),
  'nn.Module.getSubmodule': (w) => on(w.network().model, [w.r.pick(['', '0'])]),
  'nn.Module.getParameter': (w) => on(w.network().model, ['0.weight']),
  'nn.Module.getBuffer': (w) => {
    const self = w.linear();
    self.registerBuffer('part', w.float().detach());
    return on(self, ['part']);
  },
  ...Object.fromEntries(
    ['namedModules', 'namedParameters', 'namedBuffers'].map((name) => [
      `nn.Module.${name}`,
      (w) => on(w.module(), [w.options({ prefix: () => 'a', removeDuplicate: w.boolean })]),
    ]),
  ),
  'nn.Module.parameters': (w) => on(w.module(), [w.options({ recurse: w.boolean })]),
  'nn.Module.buffers': (w) => on(w.module(), [w.options({ recurse: w.boolean })]),
  'nn.Module.zeroGrad': (w) => on(w.module(), [w.options({ setToNone: w.boolean })]),
  'nn.Module.getExtraState': (w) => on(counted(w), []),
  'nn.Module.setExtraState': (w) => on(counted(w), [{ calls: w.size() }]),
  'nn.Module.stateDict': (w) => on(w.module(), [w.options({ prefix: () => 'a.' })]),
  'nn.ModuleList.slice': (w) => on(new w.lib.nn.Sequential(w.linear(), w.layer()), [w.r.below(2), -1]),
  'nn.Module.registerBuffer': (w) => on(w.linear(), ['name', w.float().detach(), w.options({ persistent: w.boolean })]),
  'nn.Module.apply': (w) => on(w.module(), [() => undefined]),
  'nn.Module.loadStateDict': (w) => {
    const { model } = w.network();
    return on(model, [w.r.chance(0.8) ? model.stateDict() : w.network().model.stateDict(), w.options({ strict: w.boolean })]);
  },
  'nn.ModuleList.at': (w) => on(new w.lib.nn.Sequential(w.linear()), [w.r.below(2) - 1]),
  'nn.ModuleList.insert': (w) => on(new w.lib.nn.ModuleList([w.linear()]), [w.r.below(2), w.layer()]),
  'nn.ModuleList.append': (w) => on(new w.lib.nn.ModuleList(), [w.layer()]),
  'nn.ModuleList.extend': (w) => on(new w.lib.nn.ModuleList(), [[w.layer()]]),

  'nn.functional.linear': (w) => {
    const [rows, columns, out] = [w.size(), w.size(), w.size()];
    return [w.matrix(rows, columns), w.matrix(out, columns), w.r.chance(0.5) ? w.float([out]) : w.r.pick([null, undefined])];
  },
  'nn.functional.crossEntropy': (w) => {
    const [rows, classes] = [w.size(), w.size()];
    return [w.matrix(rows, classes), w.ints([rows], classes), lossOptions(w, classes, { labelSmoothing: () => w.r.real() })];
  },
  'nn.functional.nllLoss': (w) => {
    const [rows, classes] = [w.size(), w.size()];
    return [w.matrix(rows, classes), w.ints([rows], classes), lossOptions(w, classes, {})];
  },
  ...Object.fromEntries(
    ['mseLoss', 'huberLoss', 'l1Loss', 'smoothL1Loss'].map((name) => [
      `nn.functional.${name}`,
      (w) => {
        const x = w.float();
        return [x, w.float(x.shape), w.options({ reduction: w.reduction })];
      },
    ]),
  ),
  'nn.functional.dropout': (w) => [w.float(), w.r.real(), w.boolean()],
  'nn.functional.softmax': (w) => [w.matrix(), -1],
  'nn.functional.logSoftmax': (w) => [w.matrix(), 0],
  'nn.functional.leakyRelu': (w) => [w.float(), w.options({ negativeSlope: () => w.r.real() })],
  'nn.functional.gelu': (w) => [w.float(), w.options({ approximate: () => 'tanh' })],
  'nn.functional.elu': (w) => [w.float(), w.options({ alpha: () => w.r.real() })],
  'nn.functional.softplus': (w) => [w.float(), w.options({ beta: () => 2 })],
  'Tensor.logit': (w) => on(w.float(), [w.options({ eps: () => 0.1 })]),
  'Tensor.repeatInterleave': (w) => on(w.matrix(), [w.size(), w.options({ dim: () => w.r.below(2) })]),
  'Tensor.broadcastTo': (w) => {
    const x = w.float();
    return on(x, [[w.size(), ...x.shape]]);
  },
  'Tensor.xlogy': (w) => {
    const x = w.float();
    return on(x, [w.r.pick([2, w.float(x.shape)])]);
  },
  'Tensor.logaddexp': (w) => {
    const x = w.float();
    return on(x, [w.float(x.shape)]);
  },
  'Tensor.kron': (w) => on(w.tensor(), [w.tensor()]),
  'Tensor.rot90': (w) => on(w.matrix(w.size(), w.size()), [w.r.below(9) - 4, w.r.pick([undefined, [1, 0], [-1, 0]])]),
  'Tensor.diagflat': (w) => on(w.tensor(), [w.r.below(5) - 2]),
  'Tensor.selectScatter': (w) => on(w.matrix(3, 3), [w.float([3]), w.r.below(2), w.r.below(3)]),
  'Tensor.sliceScatter': (w) => on(w.matrix(3, 3), [w.matrix(2, 3), 0, w.r.below(2), w.r.pick([-1, 2, 3]), w.r.pick([1, 2])]),
  'Tensor.diagonalScatter': (w) => on(w.matrix(3, 3), [w.float([w.r.pick([3, 2])]), w.options({ offset: () => 1 })]),
  'Tensor.addbmm': (w) => on(w.float([1]), [w.float([2, 3, 4]), w.float([2, 4, 3]), w.options({ alpha: () => 2 })]),
  'Tensor.addr': (w) => on(w.float([1]), [w.float([w.size()]), w.float([w.size()]), w.options({ beta: () => 0 })]),
  'Tensor.scatterReduce': (w) => {
    const shape = [w.size(), w.size()];
    const dim = w.r.below(2);
    const how = w.r.pick(['sum', 'prod', 'mean', 'amax', 'amin']);
    return on(w.float(shape), [dim, w.ints(shape, shape[dim]), w.float(shape), how, w.options({ includeSelf: w.boolean })]);
  },
  'Tensor.indexReduce': (w) => {
    const how = w.r.pick(['prod', 'mean', 'amax', 'amin']);
    return on(w.matrix(3, 3), [w.r.below(2), w.ints([3], 3), w.matrix(3, 3), how, w.options({ includeSelf: w.boolean })]);
  },
  'Tensor.indexCopy': (w) => on(w.matrix(3, 3), [w.r.below(2), w.ints([3], 3), w.matrix(3, 3)]),
  'Tensor.indexPut': (w) =>
    on(w.matrix(3, 3), [
      w.r.pick([[[0, -1]], [null, w.ints([2], 3)], [[2], w.ints([2], 3)], [null]]),
      w.float([1]),
      w.options({ accumulate: w.boolean }),
    ]),
  'Tensor.maskedScatter': (w) => withFloat(w, (t) => [w.ints(t.shape, 2), w.float(t.shape)]),
  'Tensor.mode': (w) => withTensor(w, (t) => [w.dim(t), w.options({ keepdim: w.boolean })]),
  'Tensor.nanmedian': (w) => withTensor(w, (t) => w.r.pick([[], [w.dim(t), w.options({ keepdim: w.boolean })]])),
  'Tensor.nanquantile': (w) =>
    on(w.matrix(), [
      w.r.pick([0.5, 0, 1, 0.3]),
      w.r.below(2),
      w.options({ keepdim: w.boolean, interpolation: () => w.r.pick(['lower', 'midpoint']) }),
    ]),
  'Tensor.histc': (w) => on(w.float(), [w.options({ bins: () => w.size(), max: () => 2 })]),
  'Tensor.histogram': (w) =>
    withFloat(w, (t) => [
      w.r.chance(0.3) ? w.float([w.size()]).sort().values : w.size(),
      w.options({ weight: () => w.float(t.shape), density: w.boolean }),
    ]),
  'Tensor.uniqueConsecutive': (w) =>
    on(w.tensor(), [w.options({ returnInverse: w.boolean, returnCounts: w.boolean, dim: () => w.r.below(2) })]),
  ...Object.fromEntries(
    ['renorm', 'renorm_'].map((name) => [
      `Tensor.${name}`,
      (w) => on(w.matrix().detach(), [w.r.pick([1, 2, 3, Infinity]), w.r.below(2), w.r.real()]),
    ]),
  ),
  'Tensor.diagEmbed': (w) => on(w.tensor(), [w.options({ offset: () => w.r.below(5) - 2 })]),
  'Tensor.logit_': (w) => on(w.float().detach(), [w.options({ eps: () => 0.1 })]),
  ...Object.fromEntries(
    ['xlogy_', 'copysign_', 'floatPower_', 'hypot_', 'heaviside_'].map((name) => [
      `Tensor.${name}`,
      (w) => {
        const x = w.float().detach();
        return on(x, [w.float(x.shape)]);
      },
    ]),
  ),
  'Tensor.baddbmm_': (w) => on(w.float([2, 3, 3]).detach(), [w.float([2, 3, 2]).detach(), w.float([2, 2, 3]).detach()]),
  'Tensor.addbmm_': (w) => on(w.float([3, 3]).detach(), [w.float([2, 3, 4]).detach(), w.float([2, 4, 3]).detach()]),
  'Tensor.addr_': (w) => on(w.matrix(2, 3).detach(), [w.float([2]).detach(), w.float([3]).detach()]),
  'Tensor.scatterReduce_': (w) => {
    const shape = [w.size(), w.size()];
    const dim = w.r.below(2);
    const how = w.r.pick(['sum', 'prod', 'mean', 'amax', 'amin']);
    return on(w.float(shape).detach(), [dim, w.ints(shape, shape[dim]), w.float(shape).detach(), how]);
  },
  'Tensor.indexReduce_': (w) =>
    on(w.matrix(3, 3).detach(), [w.r.below(2), w.ints([3], 3), w.matrix(3, 3).detach(), w.r.pick(['prod', 'mean', 'amax', 'amin'])]),
  'Tensor.indexCopy_': (w) => on(w.matrix(3, 3).detach(), [w.r.below(2), w.ints([3], 3), w.matrix(3, 3).detach()]),
  'Tensor.indexPut_': (w) => on(w.matrix(3, 3).detach(), [w.r.pick([[[0, -1]], [null, w.ints([2], 3)], [null]]), w.float([1]).detach()]),
  ...Object.fromEntries(
    ['put', 'put_'].map((name) => [`Tensor.${name}`, (w) => on(w.matrix(3, 3).detach(), [[w.r.below(9), -1], w.float([2]).detach()])]),
  ),
  'Tensor.maskedScatter_': (w) => {
    const x = w.float().detach();
    return on(x, [w.ints(x.shape, 2), w.float(x.shape).detach()]);
  },
  'Tensor.tensorSplit': (w) => on(w.matrix(), [w.r.pick([1, 2, 3, [1], [0, -1]]), w.r.below(2)]),
  'Tensor.copysign': (w) => withTensor(w, (t) => [w.r.chance(0.5) ? w.r.real() : w.float(t.shape)]),
  'Tensor.heaviside': (w) => withFloat(w, (t) => [w.float(t.shape)]),
  'Tensor.floatPower': (w) => withTensor(w, (t) => [w.r.chance(0.5) ? w.r.real() : w.float(t.shape)]),
  'Tensor.cross': (w) => on(w.matrix(3, 3), [w.matrix(3, 3), ...w.r.pick([[], [0], [-1]])]),
  'Tensor.cummax': (w) => withTensor(w, (t) => [w.dim(t)]),
  'Tensor.cummin': (w) => withTensor(w, (t) => [w.dim(t)]),
  'Tensor.logcumsumexp': (w) => withFloat(w, (t) => [w.dim(t)]),
  ...Object.fromEntries(
    ['fmax', 'fmin', 'hypot', 'logaddexp2'].map((name) => [
      `Tensor.${name}`,
      (w) => {
        const x = w.float();
        return on(x, [w.float(x.shape)]);
      },
    ]),
  ),
  'Tensor.cov': (w) => on(w.matrix(w.size(), w.size()), [w.options({ correction: () => w.r.below(3) })]),
  'Tensor.corrcoef': (w) => on(w.matrix(w.size(), w.size()), []),
  'Tensor.fliplr': (w) => on(w.matrix(w.size(), w.size()), []),
  'nn.functional.relu_': (w) => [w.float().detach()],
  'nn.functional.selu_': (w) => [w.float().detach()],
  'nn.functional.leakyRelu_': (w) => [w.float().detach(), w.options({ negativeSlope: () => w.r.real() })],
  'nn.functional.elu_': (w) => [w.float().detach(), w.options({ alpha: () => w.r.real() })],
  'nn.functional.celu_': (w) => [w.float().detach(), w.options({ alpha: () => 1 + w.r.real() })],
  'nn.functional.hardtanh_': (w) => [w.float().detach(), w.options({ maxVal: () => 2 })],
  'nn.functional.threshold_': (w) => [w.float().detach(), w.r.real(), w.r.real()],
  'nn.functional.rrelu_': (w) => [w.float().detach(), w.options({ lower: () => 0.1, training: w.boolean })],
  'nn.functional.gumbelSoftmax': (w) => [
    w.matrix(),
    w.options({ tau: () => 0.1 + w.r.real(), hard: w.boolean, dim: () => w.r.pick([0, 1, -1]) }),
  ],
  'nn.functional.pdist': (w) => [w.matrix(), w.options({ p: () => w.r.pick([0, 1, 2, 3, Infinity]) })],
  'nn.LinearCrossEntropyLoss': (w) => [
    w.size(),
    w.size(),
    w.options({ bias: w.boolean, reduction: w.reduction, labelSmoothing: () => w.r.real() }),
  ],
  'nn.LinearCrossEntropyLoss.forward': (w) => {
    const [rows, columns, classes] = [w.size(), w.size(), w.size()];
    return on(new w.lib.nn.LinearCrossEntropyLoss(columns, classes), [w.matrix(rows, columns), w.ints([rows], classes)]);
  },
  'nn.init.calculateGain': (w) => [w.r.pick(['relu', 'tanh', 'linear', 'sigmoid', 'leakyRelu'])],
  'nn.init.constant_': (w) => [w.float(), w.r.real()],
  'nn.init.uniform_': (w) => [w.float(), ...w.r.pick([[], [-1, 1], [{ a: 0, b: 2 }]])],
  'nn.init.normal_': (w) => [w.float(), ...w.r.pick([[], [0, 2], [{ std: 0.1 }]])],
  'nn.init.kaimingUniform_': (w) => [w.matrix(), kaiming(w)],
  'nn.init.kaimingNormal_': (w) => [w.matrix(), kaiming(w)],
  'nn.init.xavierUniform_': (w) => [w.matrix(), w.options({ gain: () => 2 })],
  'nn.utils.clipGradNorm_': (w) => [
    w.float(),
    w.r.real(),
    w.options({ normType: () => w.r.pick([0, 1, -1, Infinity, -Infinity]), errorIfNonfinite: w.boolean }),
  ],
  'nn.init.orthogonal_': (w) => [w.matrix(), w.options({ gain: () => w.r.real() })],
  'nn.init.sparse_': (w) => [w.matrix(), w.r.real(), ...w.r.pick([[], [0.1], [{ std: 1 }]])],
  'nn.init.eye_': (w) => [w.matrix()],
  'nn.init.truncNormal_': (w) => [w.float(), ...w.r.pick([[], [0, 2], [{ std: 0.1 }], [0, 1, 3, 4]])],
  'nn.utils.getTotalNorm': (w) => [
    [w.float(), w.matrix()],
    w.options({ normType: () => w.r.pick([1, Infinity]), errorIfNonfinite: w.boolean }),
  ],
  'nn.utils.clipGradsWithNorm_': (w) => [w.parameters(), w.r.real(), w.float([])],
  'nn.utils.clipGradValue_': (w) => [w.float(), w.r.real()],
  'nn.utils.parametersToVector': (w) => [[w.float(), w.matrix()]],
  'nn.utils.vectorToParameters': (w) => [w.float([6]), [w.float([2, 2]), w.float([2])]],
  'nn.utils.weightNorm': (w) => [w.linear(), w.options({ dim: () => w.r.pick([0, 1, null]), name: () => w.r.pick(['weight', 'bias']) })],
  'nn.utils.removeWeightNorm': (w) => [w.lib.nn.utils.weightNorm(w.linear())],
  'nn.utils.spectralNorm': (w) => [w.linear(), w.options(spectral(w))],
  'nn.utils.removeSpectralNorm': (w) => [w.lib.nn.utils.spectralNorm(w.linear())],
  'nn.utils.skipInit': (w) => [w.lib.nn.Linear, w.size(), w.size(), w.options({ bias: w.boolean })],
  'nn.utils.parametrizations.weightNorm': (w) => [w.r.pick([w.linear(), normed(w)]), w.options({ dim: () => w.r.pick([0, 1, null]) })],
  'nn.utils.parametrizations.spectralNorm': (w) => [w.linear(), w.options(spectral(w))],
  'nn.utils.parametrizations.orthogonal': (w) => [
    w.linear(),
    w.options({ orthogonalMap: () => w.r.pick(['matrix_exp', 'cayley', 'householder']), useTrivialization: w.boolean }),
  ],
  'nn.utils.parametrize.registerParametrization': (w) => [w.linear(), 'weight', doubling(w), w.options({ unsafe: w.boolean })],
  'nn.utils.parametrize.removeParametrizations': (w) => [normed(w), 'weight', w.options({ leaveParametrized: () => true })],
  'nn.utils.parametrize.isParametrized': (w) => [w.r.pick([w.linear(), normed(w)]), ...w.r.pick([[], ['weight']])],
  'nn.utils.parametrize.cached': (w) => {
    const layer = normed(w);
    return [() => [layer.weight, layer.weight]];
  },
  'nn.utils.parametrize.ParametrizationList': (w) => [[doubling(w), doubling(w)], w.r.pick([w.parameters()[0], w.float().detach()])],
  'nn.utils.parametrize.ParametrizationList.forward': (w) => on(normed(w).parametrizations.get('weight'), []),
  'nn.utils.parametrize.ParametrizationList.rightInverse': (w) => {
    const layer = normed(w);
    return on(layer.parametrizations.get('weight'), [layer.weight]);
  },
  'nn.utils.summary': (w) => {
    const { model, features } = w.network();
    return [
      model,
      w.r.pick([[w.size(), features], [[w.size(), features]], w.matrix(w.size(), features)]),
      w.options({ depth: () => w.r.below(3) }),
    ];
  },
  'nn.init.xavierNormal_': (w) => [w.matrix(), w.options({ gain: () => 2 })],

  'optim.Adam': (w) => [groups(w), { ...w.adamOptions(), ...w.options({ decoupledWeightDecay: w.boolean }) }],
  'optim.AdamW': (w) => [groups(w), w.adamOptions()],
  'optim.SGD': (w) => [
    groups(w),
    {
      ...w.options({ lr: () => w.r.real(), weightDecay: () => w.r.real(), maximize: w.boolean, nesterov: () => false }),
      momentum: w.r.pick([0, 0.9]),
    },
  ],
  'optim.RMSprop': (w) => [
    groups(w),
    w.options({
      lr: () => w.r.real(),
      alpha: () => w.r.real(),
      momentum: () => w.r.pick([0, 0.9]),
      centered: w.boolean,
      maximize: w.boolean,
    }),
  ],
  'optim.Adagrad': (w) => [
    groups(w),
    w.options({ lr: () => w.r.real(), lrDecay: () => w.r.real(), initialAccumulatorValue: () => w.r.real(), maximize: w.boolean }),
  ],
  'optim.Adadelta': (w) => [groups(w), w.options({ lr: () => w.r.real(), rho: () => w.r.real(), maximize: w.boolean })],
  'optim.Adamax': (w) => [groups(w), w.options({ lr: () => w.r.real(), betas: () => betas(w), maximize: w.boolean })],
  'optim.RAdam': (w) => [groups(w), w.options({ lr: () => w.r.real(), betas: () => betas(w), decoupledWeightDecay: w.boolean })],
  'optim.NAdam': (w) => [
    groups(w),
    w.options({
      lr: () => w.r.real(),
      betas: () => betas(w),
      momentumDecay: () => w.r.real(),
      decoupledWeightDecay: w.boolean,
      maximize: w.boolean,
    }),
  ],
  'optim.ASGD': (w) => [
    groups(w),
    w.options({ lr: () => w.r.real(), lambd: () => w.r.real(), t0: () => w.r.below(4), maximize: w.boolean }),
  ],
  'optim.Rprop': (w) => [groups(w), w.options({ lr: () => w.r.real(), etas: () => [0.5, 1 + w.size()], maximize: w.boolean })],
  'optim.Adafactor': (w) => [
    groups(w),
    w.options({
      lr: () => w.r.real(),
      beta2Decay: () => -w.r.real(),
      eps: () =>
        w.r.pick([
          [null, 1e-3],
          [1e-4, 0],
        ]),
      d: () => w.size(),
    }),
  ],
  'optim.Muon': (w) => [
    [new w.lib.nn.Parameter(w.matrix().detach())],
    w.options({ lr: () => w.r.real(), momentum: () => w.r.real(), nesterov: w.boolean, nsSteps: () => w.r.below(6) }),
  ],
  'optim.LBFGS': (w) => [w.parameters(), lbfgsOptions(w)],
  'optim.LBFGS.step': (w) => {
    const { optimizer, closure } = minimized(w);
    return on(optimizer, [closure]);
  },
  'optim.LBFGS.loadStateDict': (w) => {
    const { optimizer, closure } = minimized(w);
    optimizer.step(closure);
    return on(optimizer, [optimizer.stateDict()]);
  },
  'optim.swaUtils.SWALR': (w) => schedulerArgs(w, swaOptions),
  'optim.swaUtils.AveragedModel': (w) => [
    w.module(),
    w.options({
      useBuffers: w.boolean,
      ...w.r.pick([
        { avgFn: () => w.lib.optim.swaUtils.getEmaAvgFn(0.5) },
        { multiAvgFn: () => w.lib.optim.swaUtils.getEmaMultiAvgFn(0.5) },
      ]),
    }),
  ],
  'optim.swaUtils.AveragedModel.forward': (w) => {
    const { model, features } = w.network();
    return on(new w.lib.optim.swaUtils.AveragedModel(model), [w.matrix(w.size(), features)]);
  },
  'optim.swaUtils.AveragedModel.updateParameters': (w) => {
    const { model } = w.network();
    const averaged = new w.lib.optim.swaUtils.AveragedModel(model);
    if (w.r.chance(0.5)) averaged.updateParameters(model);
    return on(averaged, [model]);
  },
  'optim.swaUtils.getEmaAvgFn': (w) => w.r.pick([[], [w.r.real()]]),
  'optim.swaUtils.getEmaMultiAvgFn': (w) => w.r.pick([[], [w.r.real()]]),
  'optim.swaUtils.updateBn': (w) => [[w.matrix()], w.module()],
  'optim.Lion': (w) => [groups(w), w.options({ lr: () => w.r.real(), betas: () => betas(w), weightDecay: () => w.r.real() })],
  'optim.Optimizer.addParamGroup': (w) => on(w.optimizer(), [{ params: w.parameters(), ...w.options({ lr: () => 0.1 }) }]),
  'optim.Optimizer.loadStateDict': (w) => {
    const optimizer = w.optimizer();
    return on(optimizer, [optimizer.stateDict()]);
  },

  ...Object.fromEntries(
    Object.entries(schedulerOptions).map(([kind, make]) => [`optim.lrScheduler.${kind}`, (w) => schedulerArgs(w, make)]),
  ),
  'optim.lrScheduler.LRScheduler.step': (w) => on(scheduler(w), [w.r.real()]),
  'optim.lrScheduler.LRScheduler.getLastLr': (w) => on(scheduler(w), []),
  'optim.lrScheduler.LRScheduler.stateDict': (w) => on(scheduler(w), []),
  'optim.lrScheduler.LRScheduler.loadStateDict': (w) => {
    const self = scheduler(w);
    return on(self, [self.stateDict()]);
  },
  'optim.lrScheduler.ReduceLROnPlateau.step': (w) => on(scheduler(w, 'ReduceLROnPlateau'), [w.r.chance(0.7) ? w.r.real() : w.float([])]),
  'optim.lrScheduler.ChainedScheduler': chain,
  'optim.lrScheduler.ChainedScheduler.step': (w) => on(chained(w), []),
  'optim.lrScheduler.ChainedScheduler.stateDict': (w) => on(chained(w), []),
  'optim.lrScheduler.SequentialLR.step': (w) => on(scheduler(w, 'SequentialLR'), []),
  ...Object.fromEntries(
    ['ReduceLROnPlateau', 'SequentialLR'].map((kind) => [`optim.lrScheduler.${kind}.stateDict`, (w) => on(scheduler(w, kind), [])]),
  ),

  'data.TensorDataset': (w) => {
    const n = w.size();
    return w.r.times(1 + w.r.below(3), () => w.matrix(n));
  },
  'data.TensorDataset.get': (w) => on(w.dataset(), [0]),
  'data.Subset': (w) => [w.dataset(), [0, 0]],
  'data.Subset.get': (w) => on(new w.lib.data.Subset(w.dataset(), [0]), [0]),
  'data.DataLoader': (w) => [w.dataset(), loaderOptions(w)],
  'data.DataLoader.[iterate]': (w) => on(new w.lib.data.DataLoader(w.dataset(), loaderOptions(w)), []),
  'data.DataLoader.setEpoch': (w) => on(new w.lib.data.DataLoader(w.dataset(), loaderOptions(w)), [w.r.below(5)]),
  'data.DataLoader.loadStateDict': (w) => {
    const loader = new w.lib.data.DataLoader(w.dataset(), loaderOptions(w));
    loader[Symbol.iterator]().next();
    return on(loader, [loader.stateDict()]);
  },
  'data.ConcatDataset': (w) => [[w.dataset(), w.dataset()]],
  'data.ConcatDataset.get': (w) => on(new w.lib.data.ConcatDataset([w.dataset(), w.dataset()]), [0]),
  'data.StackDataset': (w) => stackParts(w),
  'data.StackDataset.get': (w) => on(new w.lib.data.StackDataset(...stackParts(w)), [0]),
  'data.ChainDataset': () => [[]],
  'data.defaultCollate': (w) => [
    w.r.pick([
      [1, 2.5],
      [
        [true, w.r.below(3)],
        [false, 1],
      ],
      [{ a: w.float() }],
    ]),
  ],
  'data.SequentialSampler': (w) => [w.r.pick([w.size(), w.dataset()])],
  'distributed.initProcessGroup': (w) => ungrouped(w, w.r.chance(0.5) ? [] : [w.options({ timeout: () => w.size() })]),
  'distributed.destroyProcessGroup': (w) => grouped(w, []),
  'distributed.getRank': (w) => grouped(w, []),
  'distributed.getWorldSize': (w) => grouped(w, []),
  'distributed.barrier': (w) => grouped(w, []),
  'distributed.allReduce': (w) => grouped(w, [w.float().detach(), w.options({ op: () => w.r.pick(['sum', 'mean']) })]),
  'distributed.broadcast': (w) => grouped(w, [w.float().detach(), w.options({ src: () => 0 })]),
  'nn.parallel.DistributedDataParallel': (w) => grouped(w, [w.linear(), w.options({ broadcastBuffers: w.boolean })]),
  'nn.parallel.DistributedDataParallel.forward': (w) => on(parallel(w), [w.lib.zeros([2, 3])]),
  'nn.parallel.DistributedDataParallel.noSync': (w) => on(parallel(w), [() => w.r.real()]),
  'data.DistributedSampler': (w) => [
    w.size() + 3,
    { numReplicas: 2, rank: w.r.below(2), ...w.options({ shuffle: w.boolean, seed: w.seed, dropLast: w.boolean, pad: w.boolean }) },
  ],
  'data.DistributedSampler.setEpoch': (w) => on(new w.lib.data.DistributedSampler(3, { numReplicas: 1, rank: 0 }), [w.r.below(5)]),
  'data.RandomSampler': (w) => [w.size(), w.options({ replacement: w.boolean, numSamples: () => w.size(), seed: w.seed })],
  'data.SubsetRandomSampler': (w) => [[0, 3, 1], w.options({ seed: w.seed })],
  'data.WeightedRandomSampler': (w) => [[1, 2, w.r.real()], w.options({ numSamples: () => 1 + w.r.below(3), replacement: w.boolean })],
  'data.BatchSampler': (w) => [[0, 1, 2], { batchSize: w.size(), ...w.options({ dropLast: w.boolean }) }],
  ...Object.fromEntries(
    ['SequentialSampler', 'RandomSampler', 'SubsetRandomSampler', 'WeightedRandomSampler'].map((kind) => [
      `data.${kind}.setEpoch`,
      (w) => on(new w.lib.data[kind](kind.startsWith('Subset') ? [0] : kind.startsWith('W') ? [1] : 2), [w.r.below(5)]),
    ]),
  ),
  'data.kFold': (w) => [
    w.r.pick([6, 12]),
    { folds: 2 + w.r.below(2), ...(w.r.chance(0.5) ? w.options({ shuffle: () => true }) : { groups: [0, 1, 2, 3, 4, 5] }) },
  ],
  'data.randomSplit': (w) => {
    const dataset = w.dataset();
    return [dataset, [dataset.length - 1, 1], w.options({ seed: w.seed })];
  },
  'data.trainTestSplit': (w) => {
    const n = 4 + w.r.below(9);
    return [w.matrix(n).detach(), w.ints([n]), w.options({ testSize: () => 0.25, shuffle: () => true, seed: w.seed })];
  },
  'data.readCsv': (w) => [join(tmpdir(), 'a file that is not there.csv'), w.options({ target: () => 'y', delimiter: () => ';' })],
  'data.readTable': () => [join(tmpdir(), 'a file that is not there.csv')],
  'data.readParquet': () => [join(tmpdir(), 'a file that is not there.parquet')],
  'data.parquetBatches': () => [join(tmpdir(), 'a file that is not there.parquet'), { target: 'y' }],
  'data.arrowBatches': () => [join(tmpdir(), 'a file that is not there.arrows'), () => []],
  'data.csvBatches': () => [join(tmpdir(), 'a file that is not there.csv'), { target: 'y' }],
  'data.Table': () => [tableColumns()],
  'data.Table.column': (w) => on(new w.lib.data.Table(tableColumns()), ['a']),
  'data.Table.lineOf': (w) => on(new w.lib.data.Table(tableColumns()), [w.r.below(3)]),
  'data.Table.numbers': (w) => on(new w.lib.data.Table(tableColumns()), [w.r.pick(['a', 'b'])]),
  'data.Table.texts': (w) => on(new w.lib.data.Table(tableColumns()), ['c']),
  'data.Table.select': (w) => on(new w.lib.data.Table(tableColumns()), [['b', 'c']]),
  'data.Table.drop': (w) => on(new w.lib.data.Table(tableColumns()), [['b']]),
  'data.Table.toTensors': (w) => on(new w.lib.data.Table(tableColumns()), [w.options({ target: () => w.r.pick(['b', ['b', 'c']]) })]),
  ...preparingRecipes(),
  'data.OrdinalEncoder': (w) => [w.options({ minFrequency: () => w.r.pick([null, 2, 0.5]), maxCategories: () => w.r.pick([null, 1, 3]) })],
  'data.OneHotEncoder': (w) => [
    w.options({
      handleUnknown: () => w.r.pick(['error', 'ignore', 'infrequentIfExist']),
      minFrequency: () => w.r.pick([null, 2, 0.5]),
      maxCategories: () => w.r.pick([null, 1, 3]),
      sparseOutput: w.boolean,
    }),
  ],
  'data.CountVectorizer': (w) => [w.options(textOptions(w))],
  'data.TfidfVectorizer': (w) => [w.options({ ...textOptions(w), ...tfidfOptions(w) })],
  'data.TfidfTransformer': (w) => [w.options(tfidfOptions(w))],
  'data.CsrArray': () => [
    [
      [1, 2],
      [0, 1],
      [0, 1, 2],
    ],
    { shape: [2, 3] },
  ],
  'data.CsrArray.from': (w) => [w.matrix(3, 4).detach()],
  'data.CsrArray.slice': (w) => on(csrRows(w), [w.r.pick([0, 1, -1]), w.r.pick([undefined, 2])]),
  'data.CsrArray.take': (w) => on(csrRows(w), [w.r.pick([[0, 2], []])]),
  ...Object.fromEntries(['tensors', 'padded', 'toDense', 'toArray'].map((name) => [`data.CsrArray.${name}`, (w) => on(csrRows(w), [])])),
  'data.Pipeline': (w) => [[['scale', new w.lib.data.StandardScaler()]]],
  'data.toState': (w) => [encoder(w)],
  'data.fromState': (w) => [w.lib.data.toState(encoder(w))],
  'data.computeClassWeight': (w) => [w.r.pick(['balanced', null]), { classes: [0, 1], y: [0, 1, 1] }],
  'data.LabelEncoder.getParams': (w) => on(encoder(w), []),
  'data.LabelEncoder.fit': (w) => on(new w.lib.data.LabelEncoder(), [w.r.pick([['a', 'b'], [3, 1], w.ints([4])])]),
  'data.LabelEncoder.fitTransform': (w) => on(new w.lib.data.LabelEncoder(), [w.r.pick([['a', 'b'], [3, 1], w.ints([4])])]),
  'data.LabelEncoder.transform': (w) => on(encoder(w), [['a']]),
  'data.LabelEncoder.inverseTransform': (w) => on(encoder(w), [w.r.pick([[0, 1], w.ints([3], 2)])]),
  'data.LabelEncoder.stateDict': (w) => on(encoder(w), []),
  'data.LabelEncoder.loadStateDict': (w) => on(encoder(w), [encoder(w).stateDict()]),

  'report.lossCurves': (w) => [historyOf(w), curveOptions(w)],
  'report.metricCurves': (w) => [historyOf(w), curveOptions(w)],
  'report.learningRate': (w) => [historyOf(w), curveOptions(w)],
  'report.confusionMatrix': (w) => {
    const n = w.size();
    const matrix = w.r.pick([w.ints([n, n], 9), Array.from({ length: n }, () => Array.from({ length: n }, () => w.r.below(9)))]);
    return [
      matrix,
      w.options({
        ...figureOptions(w),
        classNames: () => Array.from({ length: n }, () => w.r.pick(names)),
        maxClasses: () => 2 + w.r.below(9),
      }),
    ];
  },
  'report.rocCurve': (w) => {
    const curve = () => ({
      fpr: [0, 0.25, 1],
      tpr: w.r.pick([
        [0, 0.5, 1],
        [0, 0, 0],
      ]),
    });
    return [w.r.pick([curve(), [curve(), curve()]]), w.options({ ...figureOptions(w), maxCurves: () => 1 + w.r.below(8) })];
  },
  'report.classScores': (w) => {
    const n = w.size();
    return [
      w.r.pick([w.ints([n], 3), w.matrix(n, 3).detach()]),
      w.ints([n], 3),
      w.options({ ...figureOptions(w), numClasses: () => 3 + w.r.below(4), maxClasses: () => 1 + w.r.below(4) }),
    ];
  },
  'report.predictions': (w) => {
    const n = w.size();
    const values = () => Array.from({ length: n }, () => number(w));
    return [values(), values(), w.options(figureOptions(w))];
  },

  'train.fit': (w) => {
    const { model, options, more } = fitArguments(w);
    return [model, { ...options, ...w.options(more) }];
  },
  'train.search': (w) => {
    const { options } = fitArguments(w);
    const makeModel = () => {
      const { model, options: made } = fitArguments(w);
      return { model, ...made, signal: options.signal };
    };
    return [makeModel, { lr: [0.1, 0.2] }, w.options({ concurrency: () => 1 + w.r.below(3), throwErrors: w.boolean, seed: w.seed })];
  },
  'train.crossValidate': (w) => {
    const { data, nn, optim } = w.lib;
    const dataset = new data.TensorDataset(w.matrix(8, 3).detach(), w.ints([8], 2));
    const makeModel = () => {
      const model = new nn.Linear(3, 2);
      return { model, criterion: new nn.CrossEntropyLoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), epochs: 1 };
    };
    return [
      makeModel,
      dataset,
      w.options({ folds: () => 2 + w.r.below(3), concurrency: () => 1 + w.r.below(3), predictions: w.boolean, seed: w.seed }),
    ];
  },
  'train.emaWeights': (w) => [w.network().model, w.options({ decay: () => w.r.pick([0, 0.5, 0.999, 1]) })],
  'train.csvLogger': (w) => ['log.csv', w.options({ append: w.boolean, separator: () => w.r.pick([',', ';']) })],
  'train.jsonLogger': (w) => ['log.jsonl', w.options({ append: w.boolean })],
  'train.learningRateMonitor': (w) => [
    w.options({ interval: () => w.r.pick(['epoch', 'step']), names: () => [['body'], ['body', 'head']][w.r.below(2)] }),
  ],
  'train.uniform': (w) => [0, 0.1 + w.r.real() ** 2],
  'train.logUniform': (w) => [0.1, 1 + w.r.real() ** 2],
  'train.integer': (w) => [w.r.below(3), 3 + w.r.below(5)],
  'train.choice': (w) => [[w.r.real(), 'a']],
  'train.evaluate': (w) => {
    const { model, loader, options } = fitArguments(w);
    const waited = { [Symbol.asyncIterator]: () => loader[Symbol.iterator]() };
    return [model, w.r.pick([loader, waited]), w.options({ criterion: () => options.criterion })];
  },
  'train.predict': (w) => {
    const { model, features } = fitArguments(w);
    const rows = 1 + w.r.below(9);
    const x = w.matrix(rows, features).detach();
    const batches = [[x], [x]];
    const waited = { [Symbol.asyncIterator]: () => batches[Symbol.iterator]() };
    const input = w.r.pick([x, [x], batches, waited, new w.lib.data.DataLoader(new w.lib.data.TensorDataset(x), { batchSize: 2 })]);
    return [model, input, w.options({ targets: () => 0, sampleWeights: () => false })];
  },

  fullLike: (w) => [w.float(), w.r.real()],
  'metrics.MeanMetric': (w) => [w.options({ nanStrategy: () => w.r.pick(['ignore', 'error', 'disable', 0]) })],
  'metrics.MeanMetric.update': (w) => {
    const value = w.float().detach();
    return on(new w.lib.metrics.MeanMetric(), w.r.pick([[w.r.real(), w.r.below(4)], [value], [value, w.lib.rand(value.shape.slice(1))]]));
  },
  ...Object.fromEntries(
    ['update', 'compute', 'reset'].map((method) => [
      `metrics.MetricTracker.${method}`,
      (w) => {
        const tracker = new w.lib.metrics.MetricTracker(new w.lib.metrics.MeanSquaredError());
        tracker.increment();
        return on(tracker, method === 'update' ? [w.float([3]).detach(), w.float([3]).detach()] : []);
      },
    ]),
  ),
  ...metricRecipes(),
  'metrics.classificationReport': (w) => {
    const n = w.size();
    return [w.ints([n], 3), w.ints([n], 3), w.options({ classes: () => ['a', 'b', 'c'], digits: () => w.r.below(5) })];
  },
};

const tableColumns = () => ({ a: Float32Array.of(1, NaN, 2), b: Int32Array.of(1, 2, 3), c: ['x', null, 'y'] });

// A model, its batches, and what trains it; ends by itself, whatever else is asked for.
function fitArguments(w) {
  const { nn, optim, data } = w.lib;
  const { model, features, classes } = w.network();
  const rows = 1 + w.r.below(20);
  const dataset = new data.TensorDataset(w.matrix(rows, features).detach(), w.ints([rows], classes));
  const loader = new data.DataLoader(dataset, { batchSize: 1 + w.r.below(rows), ...w.options({ shuffle: w.boolean, seed: w.seed }) });
  const optimizer = w.r.pick([
    () => new optim.Adam(model.parameters(), w.adamOptions()),
    () => new optim.SGD(model.parameters(), { momentum: 0.9 }),
    () => new optim.RMSprop(model.parameters(), { momentum: 0.9, centered: w.boolean() }),
  ])();
  const accuracy = () => ({ accuracy: new w.lib.metrics.Accuracy({ task: 'multiclass', numClasses: Math.max(2, classes) }) });
  const more = {
    validation: () => (w.r.chance(0.5) ? loader : { near: loader, far: [...loader] }),
    accumulate: () => 1 + w.r.below(4),
    sampleWeights: w.boolean,
    targets: () => 1 + w.r.below(2),
    metrics: () => (classes > 1 ? accuracy() : undefined),
    scheduler: () => new optim.lrScheduler.StepLR(optimizer, { stepSize: 1 }),
    onBatch: () => () => undefined,
    progressEvery: () => 1 + w.r.below(10),
    earlyStopping: () => ({ patience: 1 + w.r.below(3), restoreBest: w.boolean() }),
    detectAnomaly: w.boolean,
    clipGradNorm: () => w.r.pick([1, { maxNorm: 0.5, normType: Infinity }]),
    clipGradValue: () => w.r.real() ** 2,
    callbacks: () => [{ onBegin() {}, onEpoch: ({ stop }) => w.r.chance(0.2) && stop(), onEnd() {} }, w.lib.train.emaWeights(model)],
  };
  const batches = w.r.chance(0.7) ? loader : [...loader];
  const signal = AbortSignal.timeout(w.r.chance(0.1) ? w.r.below(5) : 300); // epochs may be spoilt to 2^31
  return {
    model,
    features,
    loader,
    options: { criterion: new nn.CrossEntropyLoss(), optimizer, loader: batches, epochs: w.size(), progress: false, signal },
    more,
  };
}

const distanceOptions = (w) => ({ p: () => w.r.pick([0, 0.5, 1, 2, 3, Infinity, -1]), eps: () => w.r.real(), keepdim: w.boolean });
const tableOptions = (w, rows) => ({
  paddingIdx: () => w.r.below(rows) - (w.r.chance(0.3) ? rows : 0),
  maxNorm: () => w.r.real(),
  normType: () => w.r.pick([1, 2, Infinity]),
  scaleGradByFreq: w.boolean,
  sparse: w.boolean,
});
const bagOptions = (w, rows) => ({ ...tableOptions(w, rows), mode: () => w.r.pick(['sum', 'mean', 'max']), includeLastOffset: w.boolean });
function bagInputs(w, rows) {
  if (w.r.chance(0.5)) return { index: w.ints([w.size(), w.size()], rows) };
  const n = w.size();
  const begins = Int32Array.from({ length: w.size() }, (_, i) => (i === 0 ? 0 : w.r.below(n + 1))).sort();
  return { index: w.ints([n], rows), offsets: w.lib.Tensor.fromTypedArray(begins) };
}
const lbfgsOptions = (w) =>
  w.options({
    lr: () => w.r.real(),
    maxIter: () => w.size(),
    historySize: () => w.size(),
    lineSearchFn: () => w.r.pick([null, 'strong_wolfe']),
  });
function minimized(w) {
  const parameter = new w.lib.nn.Parameter(w.float().detach());
  const optimizer = new w.lib.optim.LBFGS([parameter], lbfgsOptions(w));
  const closure = () => {
    optimizer.zeroGrad();
    const loss = parameter.mul(parameter).sum();
    loss.backward();
    return loss;
  };
  return { optimizer, closure };
}

const on = (self, args) => ({ self, args });
const create = (w) => w.options({ dtype: () => w.r.pick(['float32', 'int32']), requiresGrad: () => false });
const kaiming = (w) => w.options({ a: () => 1, mode: () => w.r.pick(['fanIn', 'fanOut']), nonlinearity: () => 'relu' });
const csrRows = (w) => w.lib.data.CsrArray.from(w.matrix(3, 4).detach());
const textOptions = (w) => ({
  lowercase: w.boolean,
  stripAccents: () => w.r.pick([null, 'ascii', 'unicode']),
  analyzer: () => w.r.pick(['word', 'char', 'charWb']),
  tokenPattern: () => w.r.pick(['\\w+', '(\\w)\\w+', '\\S+']),
  ngramRange: () =>
    w.r.pick([
      [1, 1],
      [1, 3],
      [2, 9],
    ]),
  stopWords: () => w.r.pick([null, ['fish']]),
  maxDf: () => w.r.pick([1, 0.5, 3]),
  minDf: () => w.r.pick([0, 1, 0.2]),
  maxFeatures: () => w.r.pick([null, 2]),
  vocabulary: () => w.r.pick([null, ['red', 'fish']]),
  binary: w.boolean,
});
const tfidfOptions = (w) => ({
  norm: () => w.r.pick(['l1', 'l2', null]),
  useIdf: w.boolean,
  smoothIdf: w.boolean,
  sublinearTf: w.boolean,
});
// Texts and numbers that a figure may be given.
const names = ['cat', 'dog', '', '__proto__', 'constructor', '</script>', '{a|b}', '\0\ud800'];
const number = (w) => w.r.pick([w.r.real(), 0, 1e-320, -1e300, 1e308, Infinity, Number.NaN]);
const figureOptions = (w) => ({
  title: () => w.r.pick(names),
  width: () => w.r.pick([240, 720]),
  height: () => w.r.pick([160, 600]),
  scheme: () => w.r.pick(['auto', 'light', 'dark']),
});
const curveOptions = (w) =>
  w.options({ ...figureOptions(w), scale: () => w.r.pick(['auto', 'linear', 'log']), initialEpoch: () => w.r.below(3) });
const historyOf = (w) => {
  const n = w.size();
  const values = () => Array.from({ length: n }, () => number(w));
  return { loss: values(), validationLoss: values(), lr: values(), metrics: { [w.r.pick(names)]: values() }, bestEpoch: w.r.below(n + 1) };
};
const encoder = (w) => new w.lib.data.LabelEncoder().fit(['a', 'b', 'c']);
function stackParts(w) {
  const dataset = w.dataset();
  return w.r.pick([[dataset, dataset], [dataset.tensors[0]], [{ a: dataset, b: dataset.tensors[0] }]]);
}
const loaderOptions = (w) => w.options({ batchSize: () => w.size(), shuffle: w.boolean, dropLast: w.boolean, seed: w.seed });
const betas = (w) => [w.r.real() * 0.99, w.r.real() * 0.99];
const groups = (w) =>
  w.r.chance(0.6) ? w.parameters() : [{ params: w.parameters(), ...w.options({ lr: () => 0.1 }) }, { params: w.parameters() }];
const withTensor = (w, args, t = w.tensor()) => on(t, args(t));
const withFloat = (w, args, t = w.float()) => on(t, args(t));

// On a tensor and one that broadcasts to it, or a part of it, or a number.
function inPlace(w, more, number) {
  const self = w.matrix().detach();
  const others = [w.float(self.shape).detach(), w.float([1, 1]).detach(), self, self.narrow(0, 0, 1)];
  return on(self, [w.r.pick(number === undefined ? others : [...others, number]), ...more]);
}
function joined(w, isStack) {
  const shape = w.shape(isStack ? undefined : 2);
  return [w.r.times(1 + w.r.below(3), () => w.float(shape)), w.r.below(Math.max(1, shape.length + isStack))];
}
function reshaped(w) {
  const t = w.tensor();
  return on(t, [w.r.pick([[-1], [t.numel], [1, t.numel, 1], [...t.shape].reverse()])]);
}
function indexAdded(w, self) {
  const count = w.size();
  return on(self, [0, w.ints([count], 3), w.matrix(count, 3).detach(), w.options({ alpha: () => w.r.real() })]);
}
function scalarOf(w) {
  const x = w.float().requiresGrad_();
  return w.r.pick([() => x.mul(x).sum(), () => x.exp().mean(), () => w.matrix().requiresGrad_().softmax(1).sum()])();
}
function lossOptions(w, classes, more) {
  return w.options({
    weight: () => (w.r.chance(0.7) ? w.lib.rand([classes]) : null),
    ignoreIndex: () => w.r.pick([-100, 0, -1]),
    reduction: w.reduction,
    ...more,
  });
}
function networkCall(w) {
  const { model, features } = w.network();
  return on(model, [w.matrix(w.size(), features)]);
}
// Options and arguments of each metric: { options, preds, target, more }.
function metricRecipes() {
  const average = (w) => w.r.pick(['micro', 'macro', 'weighted', 'none']);
  const multidimAverage = (w) => w.r.pick(['global', 'global', 'samplewise']);
  const stat = (w) =>
    w.options({ average: () => average(w), topK: () => 1, threshold: () => 0.3, multidimAverage: () => multidimAverage(w) });
  const curve = (w) => w.options({ thresholds: () => w.r.pick([null, 5, [0, 0.5, 1]]) });
  const averaged = (w, task) => ({
    ...curve(w),
    ...(task === 'multiclass' && w.options({ average: () => w.r.pick([null, 'micro', 'macro']) })),
  });
  const area = (w) => ({ ...curve(w), ...w.options({ average: () => w.r.pick(['macro', 'weighted', 'none']) }) });
  const all = ['binary', 'multiclass', 'multilabel'];
  const two = ['binary', 'multiclass'];
  const ofClasses = {
    ...{ Accuracy: [stat, all], Precision: [stat, all], Recall: [stat, all], F1Score: [stat, all], Specificity: [stat, all] },
    ...{ StatScores: [stat, all], HammingDistance: [stat, all], NegativePredictiveValue: [stat, all] },
    ExactMatch: [(w) => w.options({ threshold: () => 0.3, multidimAverage: () => multidimAverage(w) }), ['multiclass', 'multilabel']],
    HingeLoss: [(w) => w.options({ squared: w.boolean, multiclassMode: () => w.r.pick(['crammer-singer', 'one-vs-all']) }), two, true],
    FBetaScore: [(w) => ({ ...stat(w), beta: 2 }), all],
    ConfusionMatrix: [(w) => w.options({ normalize: () => w.r.pick(['true', 'pred', 'all', 'none']) }), all],
    CohenKappa: [(w) => w.options({ weights: () => w.r.pick(['linear', 'quadratic']) }), two],
    MatthewsCorrCoef: [() => ({}), all],
    JaccardIndex: [(w) => w.options({ average: () => average(w), zeroDivision: () => w.r.pick([0, 1]) }), all],
    CalibrationError: [(w) => w.options({ nBins: () => w.size(), norm: () => w.r.pick(['l1', 'l2', 'max']) }), two, true],
    ...{
      ROC: [averaged, all, true],
      PrecisionRecallCurve: [averaged, all, true],
      AUROC: [area, all, true],
      AveragePrecision: [area, all, true],
    },
    EER: [curve, all, true],
    LogAUC: [(w) => ({ ...curve(w), ...w.options({ fprRange: () => [0.1, 0.9], average: () => w.r.pick(['macro', 'none']) }) }), all, true],
    PrecisionAtFixedRecall: [(w) => ({ ...curve(w), minRecall: 0.5 }), all, true],
    RecallAtFixedPrecision: [(w) => ({ ...curve(w), minPrecision: 0.5 }), all, true],
    SpecificityAtSensitivity: [(w) => ({ ...curve(w), minSensitivity: 0.5 }), all, true],
    SensitivityAtSpecificity: [(w) => ({ ...curve(w), minSpecificity: 0.5 }), all, true],
  };
  const batchOfClasses = (w, [options, tasks, needsScores]) => {
    const [task, rows, width] = [w.r.pick(tasks), w.size(), w.size() + 1];
    const size = { binary: {}, multiclass: { numClasses: width }, multilabel: { numLabels: width } }[task];
    const shape = task === 'multilabel' ? [rows, width] : [rows];
    const bound = task === 'multiclass' ? width : 2;
    const scores = () => (task === 'multiclass' ? w.matrix(rows, width) : w.float(shape)).detach();
    return {
      options: [{ task, ...size, ...options(w, task), ...w.options({ ignoreIndex: () => 0 }) }],
      args: [needsScores || w.r.chance(0.5) ? scores() : w.ints(shape, bound), w.ints(shape, bound)],
    };
  };
  const outputs = (w) => w.options({ numOutputs: () => 2 });
  const multioutput = (w) => w.options({ multioutput: () => w.r.pick(['raw_values', 'uniform_average', 'variance_weighted']) });
  const ofNumbers = {
    MeanSquaredError: (w) => ({ ...outputs(w), ...w.options({ squared: w.boolean }) }),
    ...{
      MeanAbsoluteError: outputs,
      MeanAbsolutePercentageError: () => ({}),
      SymmetricMeanAbsolutePercentageError: () => ({}),
      MeanSquaredLogError: () => ({}),
      PearsonCorrCoef: outputs,
      SpearmanCorrCoef: outputs,
      LogCoshError: outputs,
      ConcordanceCorrCoef: outputs,
      WeightedMeanAbsolutePercentageError: () => ({}),
    },
    MinkowskiDistance: (w) => ({ p: w.r.pick([1, 2, 3.5]) }),
    RelativeSquaredError: (w) => ({ ...outputs(w), ...w.options({ squared: w.boolean }) }),
    NormalizedRootMeanSquaredError: (w) => ({
      ...outputs(w),
      ...w.options({ normalization: () => w.r.pick(['mean', 'range', 'std', 'l2']) }),
    }),
    TweedieDevianceScore: (w) => w.options({ power: () => 0 }),
    KendallRankCorrCoef: (w) => ({ ...outputs(w), ...w.options({ variant: () => w.r.pick(['a', 'b', 'c']) }) }),
    ...{ ExplainedVariance: multioutput, R2Score: (w) => ({ ...multioutput(w), ...w.options({ adjusted: () => w.r.below(3) }) }) },
  };
  const batchOfNumbers = (w, options) => {
    const own = options(w);
    const shape = own?.numOutputs === undefined ? [1 + w.size()] : [1 + w.size(), own.numOutputs];
    return { options: [own], args: [w.float(shape).detach(), w.float(shape).detach()] };
  };
  const distributions = (w) => {
    const shape = [w.size(), w.size()];
    const options = w.options({ logProb: w.boolean, reduction: () => w.r.pick(['mean', 'sum', 'none']) });
    return { options: [options], args: [w.float(shape).detach(), w.float(shape).detach()] };
  };
  const queries = (w) => {
    const n = w.size();
    const options = w.options({
      topK: () => w.size(),
      emptyTargetAction: () => w.r.pick(['neg', 'pos', 'skip']),
      aggregation: () => 'median',
    });
    return { options: [options], args: [w.float([n]).detach(), w.ints([n], 2), { indexes: w.ints([n], 3) }] };
  };
  const collection = (w) => {
    const { options, args } = batchOfClasses(w, ofClasses.Accuracy);
    const { Accuracy, Recall } = w.lib.metrics;
    const [one, other] = [new Accuracy(...options), new Recall(...options)];
    return { options: [w.r.pick([[one, other], { one, other }])], args };
  };
  const nanStrategy = (w) => w.options({ nanStrategy: () => w.r.pick(['ignore', 'disable', 0]) });
  const ofValues = (options) => (w) => ({ options: [options(w)], args: [w.r.pick([w.r.real(), w.float([w.size()]).detach()])] });
  const ofRunning = (w) => ({ ...nanStrategy(w), ...w.options({ window: () => w.size() }) });
  const inner = (w) => new w.lib.metrics.MeanSquaredError();
  const pair = (w, ...shape) => [w.float(shape).detach(), w.float(shape).detach()];
  const wrappers = {
    Running: (w) => ({ options: [inner(w), w.options({ window: () => w.size() })], args: pair(w, 3) }),
    MinMaxMetric: (w) => ({ options: [inner(w)], args: pair(w, 3) }),
    MetricTracker: (w) => ({ options: [inner(w), w.options({ maximize: w.boolean })], args: pair(w, 3) }),
    BootStrapper: (w) => ({
      options: [
        inner(w),
        w.options({ numBootstraps: () => w.size(), raw: w.boolean, samplingStrategy: () => w.r.pick(['poisson', 'multinomial']) }),
      ],
      args: pair(w, 4),
    }),
    MultioutputWrapper: (w) => ({ options: [inner(w), 2, w.options({ removeNans: w.boolean })], args: pair(w, w.size(), 2) }),
    ClasswiseWrapper: (w) => {
      const metric = new w.lib.metrics.Recall({ task: 'multiclass', numClasses: 3, average: 'none' });
      return { options: [metric, w.options({ prefix: () => 'a' })], args: [w.ints([4], 3), w.ints([4], 3)] };
    },
  };
  const categories = (more) => (w) => {
    const [n, numClasses] = [w.size(), w.size()];
    return {
      options: [{ numClasses, ...w.options({ nanStrategy: () => 'drop', ...more(w) }) }],
      args: [w.ints([n], numClasses), w.ints([n], numClasses)],
    };
  };
  const corrected = categories((w) => ({ biasCorrection: w.boolean }));
  const uncorrected = categories(() => ({ nanReplaceValue: () => 0 }));
  const rankedLabels = (w) => {
    const [rows, numLabels] = [w.size(), w.size() + 1];
    return {
      options: [{ numLabels, ...w.options({ ignoreIndex: () => 0 }) }],
      args: [w.matrix(rows, numLabels).detach(), w.ints([rows, numLabels], 2)],
    };
  };
  const further = {
    JensenShannonDivergence: distributions,
    CosineSimilarity: (w) => ({ options: [w.options({ reduction: () => w.r.pick(['mean', 'none']) })], args: pair(w, w.size(), w.size()) }),
    Perplexity: (w) => {
      const [n, length, outcomes] = [w.size(), w.size(), w.size()];
      return {
        options: [w.options({ ignoreIndex: () => 0 })],
        args: [w.float([n, length, outcomes]).detach(), w.ints([n, length], outcomes)],
      };
    },
    CriticalSuccessIndex: (w) => ({
      options: [{ threshold: 0.5, ...w.options({ keepSequenceDim: () => w.r.below(2) }) }],
      args: pair(w, 3, w.size()),
    }),
    ContinuousRankedProbabilityScore: (w) => {
      const n = w.size();
      return { options: [], args: [w.matrix(n, 1 + w.size()).detach(), w.float([n]).detach()] };
    },
    ...{ MultilabelCoverageError: rankedLabels, MultilabelRankingAveragePrecision: rankedLabels, MultilabelRankingLoss: rankedLabels },
    ...{ CramersV: corrected, TschuprowsT: corrected, TheilsU: uncorrected, PearsonsContingencyCoefficient: uncorrected },
    FleissKappa: (w) => {
      const shape = [w.size(), w.size()];
      return w.r.chance(0.5)
        ? { options: [], args: [w.ints(shape, 4)] }
        : { options: [{ mode: 'probs' }], args: [w.float([...shape, 3]).detach()] };
    },
  };
  const batches = {
    ...wrappers,
    ...further,
    ...Object.fromEntries(['MinMetric', 'MaxMetric', 'SumMetric', 'CatMetric'].map((name) => [name, ofValues(nanStrategy)])),
    ...Object.fromEntries(['RunningMean', 'RunningSum'].map((name) => [name, ofValues(ofRunning)])),
    ...Object.fromEntries(Object.entries(ofClasses).map(([name, made]) => [name, (w) => batchOfClasses(w, made)])),
    ...Object.fromEntries(Object.entries(ofNumbers).map(([name, made]) => [name, (w) => batchOfNumbers(w, made)])),
    ...{
      ...Object.fromEntries(['MAP', 'Precision', 'Recall', 'HitRate', 'FallOut', 'AUROC'].map((name) => [`Retrieval${name}`, queries])),
      KLDivergence: distributions,
      RetrievalNormalizedDCG: queries,
      RetrievalMRR: queries,
      RetrievalRPrecision: (w) => {
        const { options, args } = queries(w);
        const [{ topK, ...others } = {}] = options;
        return { options: [others], args };
      },
      MetricCollection: collection,
    },
  };
  const recipesOf = ([name, batch]) => [
    [`metrics.${name}`, (w) => batch(w).options],
    [
      `metrics.${name}.update`,
      (w) => {
        const { options, args } = batch(w);
        return on(new w.lib.metrics[name](...options), args);
      },
    ],
    [
      `metrics.${name}.compute`,
      (w) => {
        const { options, args } = batch(w);
        const metric = new w.lib.metrics[name](...options);
        try {
          metric.update(...args);
        } catch {
          // A target out of range: what is to be computed is then of nothing.
        }
        return on(metric, []);
      },
    ],
  ];
  const { MetricTracker, ...others } = batches;
  return { ...Object.fromEntries(Object.entries(others).flatMap(recipesOf)), 'metrics.MetricTracker': (w) => MetricTracker(w).options };
}

// Transformers of features: what each is fitted to, and given afterwards.
function preparingRecipes() {
  const recipes = {};
  for (const kind of [
    'StandardScaler',
    'MinMaxScaler',
    'RobustScaler',
    'OneHotEncoder',
    'OrdinalEncoder',
    'SimpleImputer',
    'CountVectorizer',
    'TfidfTransformer',
    'TfidfVectorizer',
    'Pipeline',
    'ColumnTransformer',
  ]) {
    const parts = (w) => [['scale', new w.lib.data.StandardScaler(), w.r.pick([[0], 0, ({ index }) => index === 0])]];
    if (kind === 'ColumnTransformer') {
      const rest = (w) => w.r.pick(['drop', 'passthrough', new w.lib.data.MinMaxScaler()]);
      recipes['data.ColumnTransformer'] = (w) => [
        parts(w),
        w.options({ remainder: () => rest(w), sparseThreshold: () => w.r.pick([0, 0.3, 1]) }),
      ];
    }
    const made = (w) =>
      kind === 'ColumnTransformer'
        ? new w.lib.data.ColumnTransformer(parts(w))
        : kind === 'Pipeline'
          ? new w.lib.data.Pipeline([['scale', new w.lib.data.StandardScaler()]])
          : new w.lib.data[kind]();
    const encodes = kind === 'OneHotEncoder' || kind === 'OrdinalEncoder';
    const vectorizes = kind === 'CountVectorizer' || kind === 'TfidfVectorizer';
    const features = (w) =>
      vectorizes
        ? w.r.pick([['red fish', 'blue fish', ''], { text: ['two words'] }, [['a_b'], ['c d ef']]])
        : encodes
          ? [
              ['a', 1],
              ['b', 1],
            ]
          : w.matrix(4, 3).detach();
    const fitted = (w) => made(w).fit(features(w));
    for (const name of ['fit', 'fitTransform']) recipes[`data.${kind}.${name}`] = (w) => on(made(w), [features(w)]);
    for (const name of ['transform', 'inverseTransform'])
      recipes[`data.${kind}.${name}`] = (w) => {
        const self = fitted(w);
        const x = features(w);
        return on(self, [(encodes || vectorizes) && name === 'inverseTransform' ? self.transform(x) : x]);
      };
    for (const name of ['stateDict', 'getParams', 'getFeatureNamesOut']) recipes[`data.${kind}.${name}`] = (w) => on(fitted(w), []);
    recipes[`data.${kind}.loadStateDict`] = (w) => on(made(w), [fitted(w).stateDict()]);
  }
  return recipes;
}

// Methods that no user calls (marked @internal or private in TypeScript), and abstract classes.
const hidden = new Set([
  ...[
    'Tensor.freshGradient',
    'Tensor.clearGradient',
    'nn.Parameter.freshGradient',
    'nn.Module.formatChildren',
    'nn.Module.isHooked',
    ...['ownEntries', 'entriesOf', 'stateEntries', 'copyFields'].flatMap((name) => [
      `nn.Module.${name}`,
      `nn.ModuleDict.${name}`,
      `nn.ParameterDict.${name}`,
    ]),
    ...['Sequential', 'ModuleList', 'ParameterList'].map((name) => `nn.${name}.range`),
    'nn.ModuleList.formatChildren',
    'nn.utils.parametrize.ParametrizationList.formatChildren',
    ...[
      'Module',
      'Sequential',
      'ModuleList',
      'ModuleDict',
      'ParameterList',
      'ParameterDict',
      'utils.parametrize.ParametrizationList',
    ].flatMap((kind) => [`nn.${kind}.blank`, `nn.${kind}.copyPrivate`]),
  ],
  ...[
    'data.TensorDataset.gather',
    ...[
      'beginEpoch',
      'endEpoch',
      'batches',
      'chunks',
      'waitedBatches',
      'batchOf',
      'made',
      'leave',
      'standAt',
      'ownSteps',
      'waitedChunks',
    ].map((name) => `data.DataLoader.${name}`),
    ...['Sequential', 'Random', 'SubsetRandom', 'WeightedRandom'].map((kind) => `data.${kind}Sampler.orderAt`),
    ...['itemAt', 'withoutReplacement'].map((name) => `data.WeightedRandomSampler.${name}`),
    'data.ConcatDataset.placeOf',
    'data.StackDataset.together',
    'data.StandardScaler.used',
    'data.RobustScaler.used',
    'data.MinMaxScaler.learn',
  ],
  ...[
    'LabelEncoder.learn',
    'LabelEncoder.checkFitted',
    'ColumnTransformer.asFitted',
    'ColumnTransformer.joined',
    ...['columnsOfParts', 'placesFromState', 'everyPart', 'partsWithColumns', 'results'].map((name) => `ColumnTransformer.${name}`),
    'SimpleImputer.missingIn',
    'OneHotEncoder.layout',
    'OneHotEncoder.dropped',
    'OrdinalEncoder.cellsOf',
    'OrdinalEncoder.checkValues',
    'CsrArray.check',
    'SimpleImputer.statistic',
    'SimpleImputer.ofNothing',
  ].map((name) => `data.${name}`),
  ...['begin', 'keep', 'read', 'where', 'finish', 'rates'].map((name) => `optim.lrScheduler.LRScheduler.${name}`),
  ...['ReduceLROnPlateau', 'SequentialLR', 'ChainedScheduler'].map((kind) => `optim.lrScheduler.${kind}.read`),
  ...['SequentialLR', 'ChainedScheduler'].flatMap((kind) => ['begin', 'keep'].map((name) => `optim.lrScheduler.${kind}.${name}`)),
  ...['Tensor', 'nn.Module', 'optim.Optimizer', 'optim.lrScheduler.LRScheduler', 'data.Dataset', 'data.Sampler', 'metrics.Metric'],
  'compile', // has calls of its own in programs.mjs
  ...['Optimizer', 'LBFGS'].map((kind) => `optim.${kind}.read`),
  ...['CsvBatches', 'CsvBatches.[iterate]', 'CsvBatches.batchOf', 'CsvBatches.epoch', 'Table.of', 'Table.check'].map(
    (name) => `data.${name}`,
  ), // made by csvBatches() and the readers
  ...['TableBatches', 'TableBatches.[iterate]', 'TableBatches.epoch'].map((name) => `data.${name}`), // made by parquetBatches() and arrowBatches()
  // Files have a fuzzer of their own, files.mjs: here they would be written wherever a text says.
  ...[
    'saveSafetensors',
    'loadSafetensors',
    'saveCheckpoint',
    'loadCheckpoint',
    'checkpointEvery',
    'saveModel',
    'loadModel',
    'exportOnnx',
    'exportTfjs',
    'tensorBoard',
  ].map((name) => `io.${name}`),
  'report.writeReport',
]);

// What never returns as it is called here: that is right.
const alwaysFails = new Set([
  ...['getExtraState', 'setExtraState'].map((name) => `nn.Module.${name}`), // of classes that do not override it
  ...['readCsv', 'readTable', 'readParquet', 'csvBatches', 'parquetBatches', 'arrowBatches', 'fromArrow'].map((name) => `data.${name}`),
  ...['ModuleList', 'ModuleDict', 'ParameterList', 'ParameterDict'].map((name) => `nn.${name}.forward`),
  'optim.LBFGS.addParamGroup',
]);

// Of a metric users call these alone.
const isHiddenOfMetric = (name) => /^metrics\.\w+\./.test(name) && !/\.(update|compute|reset)$/.test(name);

const isNamespace = (value) => typeof value === 'object' && value !== null;
const isClass = (f) => /^class\b/.test(Function.prototype.toString.call(f));

// The methods of a class, those of bases included that are not exported themselves, and its static functions.
function* methodsOf(kind, name, exported) {
  for (let proto = kind.prototype; proto !== null; proto = Object.getPrototypeOf(proto)) {
    if (proto === Object.prototype || (proto !== kind.prototype && exported.has(proto.constructor))) break;
    for (const method of Object.getOwnPropertyNames(proto)) {
      const { value } = Object.getOwnPropertyDescriptor(proto, method);
      if (method === 'constructor' || typeof value !== 'function') continue;
      yield { name: `${name}.${method}`, kind, call: (self, args) => value.apply(self, args) };
    }
    if (Object.hasOwn(proto, Symbol.iterator)) yield { name: `${name}.[iterate]`, kind, call: (self) => [...self].at(-1) };
  }
  for (const own of Object.getOwnPropertyNames(kind)) {
    if (typeof kind[own] === 'function') yield { name: `${name}.${own}`, kind: null, call: (_, args) => kind[own](...args) };
  }
}

/** Everything that `lib` exports and that can be called. */
export function surfaceOf(lib) {
  const found = new Map();
  const add = (entry) => hidden.has(entry.name) || isHiddenOfMetric(entry.name) || found.has(entry.name) || found.set(entry.name, entry);
  const classes = (object) => Object.values(object).flatMap((value) => (isNamespace(value) ? classes(value) : [value]));
  const exported = new Set(classes(lib));
  const visit = (object, prefix) => {
    for (const [key, value] of Object.entries(object)) {
      const name = `${prefix}${key}`;
      if (isNamespace(value)) visit(value, `${name}.`);
      if (typeof value !== 'function') continue;
      if (!isClass(value)) {
        add({ name, kind: null, call: (_, args) => value(...args) });
        continue;
      }
      add({ name, kind: null, call: (_, args) => new value(...args) });
      for (const method of methodsOf(value, name, exported)) add(method);
    }
  };
  visit(lib, '');
  return [...found.values()];
}

/** Names in `surface` that should have returned at least once. */
export const mustSucceed = (surface) => surface.map(({ name }) => name).filter((name) => !alwaysFails.has(name));

// Good arguments for what has no recipe under its own name or that of a class above.
function fallback(w, { name, kind }) {
  const [owner, method] = [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1)];
  if (owner === 'Tensor') {
    const self = w.tensor();
    return on(
      self,
      w.r.chance(0.5)
        ? []
        : [w.r.pick([() => w.partner(self), () => w.dim(self), () => w.r.below(4)])(), w.options({ keepdim: w.boolean })].slice(
            0,
            1 + w.r.below(2),
          ),
    );
  }
  if (kind !== null) {
    const inherited = recipes[`nn.ModuleList.${method}`]; // nn.Sequential has these from the same base
    if (inherited !== undefined) return inherited(w);
    return on(instanceOf(w, owner, kind), w.r.chance(0.5) ? [] : [w.float()]);
  }
  if (w.r.chance(0.3)) return w.r.pick([() => [w.float()], () => [w.float(), w.r.real()], () => [w.shape()]])();
  return w.r.times(w.r.below(3), () => w.r.pick([() => w.tensor(), () => w.r.below(4), () => w.shape()])());
}

function instanceOf(w, owner, kind) {
  const { Module } = w.lib.nn;
  if (kind === Module) return w.module();
  if (kind === w.lib.optim.Optimizer) return w.optimizer();
  if (kind === w.lib.nn.Parameter) return new kind(w.float().detach());
  const made = recipes[owner]?.(w) ?? [];
  const instance = new kind(...made);
  if (instance instanceof w.lib.optim.Optimizer) instance.zeroGrad();
  return instance;
}

const isPlain = (value) => typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

// Replaces an argument, an option or an element of a list, or changes their number.
function spoil(w, args) {
  const { r } = w;
  const bad = () => (r.chance(0.5) ? oddNumber(r, true) : junk(r));
  const choice = r.below(10);
  if (choice === 0) args.pop();
  else if (choice === 1) args.push(bad());
  else if (args.length > 0) {
    const i = r.below(args.length);
    if (isPlain(args[i]) && r.chance(0.8)) {
      const names = Object.keys(args[i]);
      args[i] = {
        ...args[i],
        [names.length > 0 && r.chance(0.8) ? r.pick(names) : r.pick(['lr_', 'Dim', 'keepdims', '__proto__'])]: bad(),
      };
    } else if (Array.isArray(args[i]) && args[i].length > 0 && r.chance(0.6)) {
      args[i] = args[i].with(r.below(args[i].length), bad());
    } else {
      args[i] = r.chance(0.2) ? w.tensor() : bad();
    }
  }
}

/** One call of something in `surface`. */
export function surfaceCall(w, surface) {
  const entry = w.r.pick(surface);
  const made = (recipes[entry.name] ?? ((world) => fallback(world, entry)))(w);
  let { self, args } = Array.isArray(made) ? { self: undefined, args: made } : made;
  if (w.r.chance(0.3)) spoil(w, args);
  if (self !== undefined && w.r.chance(0.02)) self = w.r.chance(0.5) ? w.tensor() : junk(w.r);
  return { name: entry.name, args: self === undefined ? args : [self, ...args], call: () => entry.call(self, args), verify: () => null };
}
