// What the random programs of compile-programs.test.ts are made of.
import fc from 'fast-check';
import { nn, optim, randn, type Tensor, tensor } from '../src';

const F = nn.functional;
export type Optimizer = optim.SGD | optim.Adam | optim.AdamW;

const activations = {
  none: () => new nn.Identity(),
  relu: () => new nn.ReLU(),
  tanh: () => new nn.Tanh(),
  sigmoid: () => new nn.Sigmoid(),
  gelu: () => new nn.GELU(),
  geluTanh: () => new nn.GELU({ approximate: 'tanh' }),
  silu: () => new nn.SiLU(),
  mish: () => new nn.Mish(),
  elu: () => new nn.ELU({ alpha: 0.7 }),
  leakyRelu: () => new nn.LeakyReLU({ negativeSlope: 0.1 }),
  softplus: () => new nn.Softplus({ beta: 2, threshold: 5 }),
  hardswish: () => new nn.Hardswish(),
  softmax: () => new nn.Softmax({ dim: -1 }),
  logSoftmax: () => new nn.LogSoftmax({ dim: 1 }),
};

const layer = fc.record({
  out: fc.oneof(fc.constantFrom(1, 2, 3, 5, 7, 13, 16, 17, 31, 37, 64, 65), fc.integer({ min: 1, max: 40 })),
  bias: fc.boolean(),
  activation: fc.constantFrom(...(Object.keys(activations) as (keyof typeof activations)[])),
  drop: fc.constantFrom(0, 0, 0, 0.2, 0.5, 1),
  // Behind it: a layer that is used twice, one whose weight is used transposed as well, one whose weight is its own input, x + f(x), the norm
  // of each row, what a row was before the activation.
  more: fc.constantFrom('nothing', 'nothing', 'shared', 'tied', 'gram', 'residual', 'norm', 'row'),
});

const optimizer = fc.record({
  kind: fc.constantFrom('SGD', 'Adam', 'AdamW'),
  lr: fc.constantFrom(0, 1e-3, 1e-2, 0.05),
  momentum: fc.constantFrom(0, 0, 0.5, 0.9),
  nesterov: fc.boolean(),
  dampening: fc.constantFrom(0, 0, 0.3),
  weightDecay: fc.constantFrom(0, 0, 0.01),
  maximize: fc.constantFrom(false, false, false, true),
  amsgrad: fc.boolean(),
  betas: fc.constantFrom<[number, number]>([0.9, 0.999], [0, 0.9], [0.5, 0]),
  groups: fc.integer({ min: 1, max: 3 }),
});

export const events = [
  'lr',
  'decay',
  'momentum',
  'amsgrad',
  'maximize',
  'load model',
  'load optimizer',
  'in place',
  'init',
  'freeze',
  'clear',
  'set gradient',
  'eager step',
  'look',
  'evaluate',
  'draw',
  'seed',
  'replace',
  'dropout',
  'threads',
  'bad label',
] as const;

export const program = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  steps: fc.integer({ min: 100, max: 250 }),
  width: fc.integer({ min: 1, max: 20 }),
  layers: fc.array(layer, { minLength: 1, maxLength: 5 }),
  loss: fc.constantFrom('cross entropy', 'probabilities', 'nll', 'softmax, log, nll', 'mse', 'own', 'hinge'),
  reduction: fc.constantFrom<nn.Reduction>('mean', 'mean', 'sum', 'none'),
  smoothing: fc.constantFrom(0, 0, 0.1),
  weighted: fc.boolean(),
  ignored: fc.boolean(),
  optimizers: fc.array(optimizer, { minLength: 1, maxLength: 2 }),
  frozen: fc.constantFrom(0, 0, 0.2, 0.5),
  /** What one call of the step does. */
  step: fc.constantFrom(
    'clear first',
    'clear first',
    'clear last',
    'never clear',
    'add up',
    'micro batches',
    'clip each',
    'clip norm',
    'clip value',
    'limit norm',
    'limit largest',
    'limit value',
    'one after the other',
  ),
  most: fc.constantFrom(0.01, 0.1, 0.5, 10), // of a clipped gradient
  updates: fc.constantFrom('eager', 'compiled'),
  rows: fc.array(fc.constantFrom(1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 64, 65), { minLength: 1, maxLength: 3 }),
  result: fc.constantFrom('loss', 'all', 'list', 'views', 'nothing'),
  keepGrad: fc.boolean(),
  check: fc.constantFrom(0, 0, 0, 7),
  scheduler: fc.constantFrom('none', 'StepLR', 'CosineAnnealingLR', 'ExponentialLR', 'OneCycleLR'),
  events: fc.array(fc.record({ at: fc.nat({ max: 250 }), kind: fc.constantFrom(...events), of: fc.nat({ max: 99 }) }), { maxLength: 12 }),
  looks: fc.constantFrom(1, 3, 20),
});
export type Program = typeof program extends fc.Arbitrary<infer P> ? P : never;
type LayerSpec = Program['layers'][number];
type OptimizerSpec = Program['optimizers'][number];

export class Block extends nn.Module {
  readonly linear: nn.Linear;
  readonly activation: nn.Layer;
  readonly dropout: nn.Dropout | null;
  readonly square: nn.Linear | null;
  readonly scale: nn.Parameter | null;

  constructor(
    inputs: number,
    readonly spec: LayerSpec,
  ) {
    super();
    this.linear = new nn.Linear(inputs, spec.out, { bias: spec.bias });
    this.activation = activations[spec.activation]();
    this.dropout = spec.drop > 0 ? new nn.Dropout(spec.drop) : null;
    this.square = spec.more === 'shared' || spec.more === 'residual' ? new nn.Linear(spec.out, spec.out) : null;
    this.scale = spec.more === 'norm' || spec.more === 'gram' ? new nn.Parameter(randn([spec.out])) : null;
  }
  override forward(x: Tensor): Tensor {
    const u = this.linear.forward(x);
    const y = this.activation.forward(u);
    const z = this.spec.more === 'row' ? y.add(u.narrow(0, u.shape[0]! - 1, 1)) : this.more(x, y);
    return this.dropout === null ? z : this.dropout.forward(z);
  }
  private more(x: Tensor, y: Tensor): Tensor {
    switch (this.spec.more) {
      case 'shared':
        return this.square!.forward(this.square!.forward(y).tanh());
      case 'tied':
        return F.linear(F.linear(y, this.linear.weight.t()).add(x), this.linear.weight).mul(0.1);
      case 'gram':
        return F.linear(y, y).mean(1, { keepdim: true }).mul(this.scale!); // nothing else reads y
      case 'residual':
        return y.add(this.square!.forward(y).relu());
      case 'norm': {
        const centred = y.sub(y.mean(1, { keepdim: true }));
        return centred.div(centred.pow(2).mean(1, { keepdim: true }).add(1e-2).sqrt()).mul(this.scale!);
      }
      default:
        return y;
    }
  }
}

export function makeOptimizer(spec: OptimizerSpec, parameters: nn.Parameter[]): Optimizer {
  const size = Math.ceil(parameters.length / spec.groups);
  const params = Array.from({ length: spec.groups }, (_, g) => ({
    params: parameters.slice(g * size, (g + 1) * size),
    lr: spec.lr / (1 + g),
  })).filter((group) => group.params.length > 0);
  const { weightDecay, maximize, momentum } = spec;
  if (spec.kind === 'SGD') {
    const nesterov = spec.nesterov && momentum > 0;
    return new optim.SGD(params, { momentum, nesterov, dampening: nesterov ? 0 : spec.dampening, weightDecay, maximize });
  }
  return new optim[spec.kind as 'Adam'](params, { betas: spec.betas, weightDecay, maximize, amsgrad: spec.amsgrad });
}

export function makeScheduler(name: Program['scheduler'], o: Optimizer): { step(): void } | null {
  const { lrScheduler } = optim;
  switch (name) {
    case 'StepLR':
      return new lrScheduler.StepLR(o, { stepSize: 3, gamma: 0.9 });
    case 'CosineAnnealingLR':
      return new lrScheduler.CosineAnnealingLR(o, { tMax: 20 });
    case 'ExponentialLR':
      return new lrScheduler.ExponentialLR(o, { gamma: 0.99 });
    case 'OneCycleLR':
      return new lrScheduler.OneCycleLR(o, { maxLr: 0.05, totalSteps: 1000 });
    default:
      return null;
  }
}

// Each is to be compiled by itself: the gradients come in as tensors, as a compiled function reads no `grad`.
const clips = {
  each: (most: number, gradients: readonly Tensor[]) => gradients.map((g) => g.mul(factorFor(most, g.pow(2).sum()))),
  norm: (most: number, gradients: readonly Tensor[]) => {
    const factor = factorFor(
      most,
      gradients.map((g) => g.pow(2).sum()).reduce((sum, square) => sum.add(square)),
    );
    return gradients.map((g) => g.mul(factor));
  },
  value: (most: number, gradients: readonly Tensor[]) => gradients.map((g) => g.clamp({ min: -most, max: most })),
};

const factorFor = (most: number, squares: Tensor): Tensor => tensor(most).div(squares.sqrt().add(1e-6)).clamp({ max: 1 });

/** Clips within the step, where it does so. */
export function limit({ step, most }: Program, parameters: readonly Tensor[]): void {
  if (step === 'limit norm') nn.utils.clipGradNorm_(parameters, most);
  if (step === 'limit largest') nn.utils.clipGradNorm_(parameters, most, { normType: Infinity });
  if (step === 'limit value') nn.utils.clipGradValue_(parameters, most);
}

/** How the gradients are clipped between backward and update, null where they are not. */
export function makeClip({ step, most }: Program): ((...gradients: Tensor[]) => Tensor[]) | null {
  const [verb, by] = step.split(' ');
  return verb === 'clip' ? (...gradients) => clips[by as keyof typeof clips](most, gradients) : null;
}
