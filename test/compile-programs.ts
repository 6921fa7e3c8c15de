// The parts of random programs that compile-programs.test.ts and train-programs.test.ts share.
import fc from 'fast-check';
import { manualSeed, nn, optim, rand, randn, type Tensor, tensor } from '../src';
import { forwardOn } from '../src/nn/forwards';
import { activationLayers, optimizers, type PairwiseLoss, pairwiseLayers } from './found';
import type { Notes } from './program-notes';

const F = nn.functional;
export type Optimizer = optim.SGD | optim.Adam | optim.AdamW | optim.RMSprop;

const activations: Record<string, (width: number) => nn.Layer> = {
  none: () => new nn.Identity(),
  ...Object.fromEntries(activationLayers.map(({ of, make }) => [of, () => new make()])),
  geluTanh: () => new nn.GELU({ approximate: 'tanh' }),
  elu: () => new nn.ELU({ alpha: 0.7 }),
  leakyRelu: () => new nn.LeakyReLU({ negativeSlope: 0.1 }),
  softplus: () => new nn.Softplus({ beta: 2, threshold: 5 }),
  softmax: () => new nn.Softmax({ dim: -1 }),
  logSoftmax: () => new nn.LogSoftmax({ dim: 1 }),
  rmsNorm: (width) => new nn.RMSNorm(width),
  layerNorm: (width) => new nn.LayerNorm(width),
};

export const layer = fc.record({
  out: fc.oneof(fc.constantFrom(1, 2, 3, 5, 7, 13, 16, 17, 31, 37, 64, 65), fc.integer({ min: 1, max: 40 })),
  bias: fc.boolean(),
  activation: fc.constantFrom(...Object.keys(activations)),
  drop: fc.constantFrom(0, 0, 0, 0.2, 0.5, 1),
  // Then: a layer that is used twice, one whose weight is also used transposed, one whose weight is its own input, x + f(x), the norm
  // of each row, the row before the activation.
  more: fc.constantFrom('nothing', 'nothing', 'shared', 'tied', 'gram', 'residual', 'norm', 'row'),
});

export const optimizer = fc.record({
  kind: fc.constantFrom(...optimizers.map(({ name }) => name)),
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

/** Events of both kinds of programs: see `happenAlike`. */
export const eventsAlike = [
  'lr',
  'decay',
  'momentum',
  'amsgrad',
  'maximize',
  'load model',
  'in place',
  'init',
  'freeze',
  'draw',
  'seed',
] as const;

export const events = [
  ...eventsAlike,
  'load optimizer',
  'clear',
  'set gradient',
  'eager step',
  'look',
  'evaluate',
  'replace',
  'dropout',
  'threads',
  'bad label',
] as const;

export const lossFields = {
  loss: fc.constantFrom(
    'cross entropy',
    'probabilities',
    'nll',
    'softmax, log, nll',
    'own',
    'hinge',
    ...pairwiseLayers.map(({ of }) => of),
  ),
  reduction: fc.constantFrom<nn.Reduction>('mean', 'mean', 'sum', 'none'),
  smoothing: fc.constantFrom(0, 0, 0.1),
  weighted: fc.boolean(),
  ignored: fc.boolean(),
};
type LossSpec = { [name in keyof typeof lossFields]: (typeof lossFields)[name] extends fc.Arbitrary<infer T> ? T : never };

export const program = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  steps: fc.integer({ min: 100, max: 250 }),
  width: fc.integer({ min: 1, max: 20 }),
  layers: fc.array(layer, { minLength: 1, maxLength: 5 }),
  ...lossFields,
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
export type LayerSpec = Program['layers'][number];
export type OptimizerSpec = Program['optimizers'][number];

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
    this.activation = activations[spec.activation]!(spec.out);
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

/** A loss whose `forward` returns one number, the criterion whose fields it reads, and batches with targets for it. */
export interface Loss {
  forward(out: Tensor, y: Tensor): Tensor;
  /** The loss of each row with reduction "none"; null if it has no reduction. */
  readonly rows: ((out: Tensor, y: Tensor) => Tensor) | null;
  readonly criterion: nn.CrossEntropyLoss | nn.NLLLoss | PairwiseLoss;
  readonly ofClasses: boolean;
  target(rows: number): Tensor;
}

export function makeLoss(p: LossSpec, classes: number): Loss {
  const weight = p.weighted ? rand([classes]).add(0.5) : null;
  const crossEntropy = new nn.CrossEntropyLoss({ weight, reduction: p.reduction, labelSmoothing: p.smoothing });
  const nll = new nn.NLLLoss({ weight, reduction: p.reduction });
  const pairwise = Object.fromEntries(pairwiseLayers.map(({ of, make }) => [of, new make({ reduction: p.reduction })]));
  const lossesOf = (of: <C extends object>(criterion: C) => C): Record<string, (out: Tensor, y: Tensor) => Tensor> => ({
    'cross entropy': (out, y) => of(crossEntropy).forward(out, y),
    probabilities: (out, y) => of(crossEntropy).forward(out, y),
    nll: (out, y) => of(nll).forward(out.logSoftmax(1), y),
    'softmax, log, nll': (out, y) => of(nll).forward(out.softmax(1).add(1e-3).log(), y),
    ...Object.fromEntries(Object.entries(pairwise).map(([name, loss]) => [name, (out: Tensor, y: Tensor) => of(loss).forward(out, y)])),
    own: (out, y) => out.sub(y).abs().add(1).log().mul(y.add(1)).mean().add(out.pow(2).sum().mul(1e-3)),
    hinge,
  });
  const losses = lossesOf((criterion) => criterion);
  const ofClasses = ['cross entropy', 'nll', 'softmax, log, nll', 'hinge'].includes(p.loss);
  return {
    forward(out, y) {
      const loss = losses[p.loss]!(out, y);
      return loss.numel === 1 ? loss : loss.sum();
    },
    rows: ['own', 'hinge'].includes(p.loss) ? null : lossesOf(unreduced)[p.loss]!,
    criterion: p.loss.endsWith('nll') ? nll : (pairwise[p.loss] ?? crossEntropy),
    ofClasses,
    target(rows) {
      if (!ofClasses) return randn([rows, classes]).softmax(1);
      const labels = Int32Array.from({ length: rows }, (_, i) => (i * 5 + rows) % classes);
      if (p.ignored && rows > 1 && p.loss !== 'hinge') labels[0] = -100;
      return tensor(labels);
    },
  };
}

// The criterion with reduction "none", even if it is set to another one later.
const unreduced = <C extends object>(criterion: C): C => {
  const self = Object.create(criterion, { reduction: { value: 'none' } });
  return { forward: (...args: unknown[]) => forwardOn(criterion as unknown as nn.Module, self, args) } as unknown as C;
};

const hinge = (out: Tensor, y: Tensor): Tensor =>
  out
    .sub(out.gather(1, y.reshape([-1, 1])))
    .add(1)
    .clamp({ min: 0 })
    .mean();

export function makeOptimizer(spec: OptimizerSpec, parameters: nn.Parameter[]): Optimizer {
  const size = Math.ceil(parameters.length / spec.groups);
  const params = Array.from({ length: spec.groups }, (_, g) => ({
    params: parameters.slice(g * size, (g + 1) * size),
    lr: spec.lr / (1 + g),
  })).filter((group) => group.params.length > 0);
  const nesterov = spec.kind === 'SGD' && spec.nesterov && spec.momentum > 0;
  const known: Record<string, unknown> = {
    ...spec,
    nesterov,
    dampening: nesterov ? 0 : spec.dampening,
    alpha: spec.betas[1],
    centered: spec.amsgrad,
    rho: spec.betas[1],
    lrDecay: spec.dampening,
    initialAccumulatorValue: spec.momentum,
    decoupledWeightDecay: spec.amsgrad,
  };
  const { make } = optimizers.find(({ name }) => name === spec.kind)!;
  const names = Object.keys(new make(params).defaults).filter((name) => name !== 'lr' && name in known);
  return new make(params, Object.fromEntries(names.map((name) => [name, known[name]])));
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
      return new lrScheduler.OneCycleLR(o, {
        maxLr: 0.05,
        totalSteps: 1000,
        cycleMomentum: 'momentum' in o.defaults || 'betas' in o.defaults,
      });
    default:
      return null;
  }
}

// These are compiled by themselves. The gradients are passed as tensors, because a compiled function does not read `grad`.
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

/** Clips gradients within the step, if the program does so there. */
export function limit({ step, most }: Program, parameters: readonly Tensor[]): void {
  if (step === 'limit norm') nn.utils.clipGradNorm_(parameters, most);
  if (step === 'limit largest') nn.utils.clipGradNorm_(parameters, most, { normType: Infinity });
  if (step === 'limit value') nn.utils.clipGradValue_(parameters, most);
}

/** How gradients are clipped between backward and update; null if they are not. */
export function makeClip({ step, most }: Program): ((...gradients: Tensor[]) => Tensor[]) | null {
  const [verb, by] = step.split(' ');
  return verb === 'clip' ? (...gradients) => clips[by as keyof typeof clips](most, gradients) : null;
}

/** Handles the events between steps that both kinds of programs have; returns false for others. */
export function happenAlike(
  kind: string,
  of: number,
  { model, optimizer, parameter, notes }: { model: nn.Module; optimizer: Optimizer; parameter: Tensor; notes: Notes },
): boolean {
  const group = optimizer.paramGroups[of % optimizer.paramGroups.length]! as optim.ParamGroup<
    optim.SGDOptions & optim.AdamOptions & optim.RMSpropOptions & optim.RAdamOptions
  >;
  switch (kind as (typeof eventsAlike)[number]) {
    case 'lr':
      group.lr = of / 2000;
      break;
    case 'decay':
      if ('weightDecay' in group) group.weightDecay = of % 2 === 0 ? 0 : of / 1000;
      break;
    case 'momentum':
      if (group.betas !== undefined) group.betas = [of / 200, 0.99];
      else if ('momentum' in group && !group.nesterov) group.momentum = of % 3 === 0 ? 0 : of / 200;
      break;
    case 'amsgrad':
      if ('amsgrad' in group) group.amsgrad = !group.amsgrad;
      if ('centered' in group) group.centered = !group.centered;
      if ('decoupledWeightDecay' in group) group.decoupledWeightDecay = !group.decoupledWeightDecay;
      break;
    case 'maximize':
      group.maximize = !group.maximize;
      break;
    case 'load model':
      model.loadStateDict(Object.fromEntries(Object.entries(model.stateDict()).map(([name, t]) => [name, t.mul(0.9)])));
      break;
    case 'in place':
      parameter.data[of % parameter.numel] = of / 100;
      break;
    case 'init':
      nn.init.uniform_(parameter, -0.5, 0.5);
      break;
    case 'freeze':
      parameter.requiresGrad_(!parameter.requiresGrad);
      break;
    case 'draw':
      notes.tensor('drawn', rand([of]));
      break;
    case 'seed':
      manualSeed(of);
      break;
    default:
      return false;
  }
  return true;
}

/** A copy of an optimizer's state. */
export function snapshot(o: Optimizer): ReturnType<Optimizer['stateDict']> {
  const { state, param_groups } = o.stateDict();
  return { state, param_groups: structuredClone(param_groups) };
}

/** The number of programs and their seed: SIMDNN_PROGRAMS, SIMDNN_SEED, SIMDNN_PATH. They are always the same in `npm test`, and others each night. */
export function runsOf(programs: number): { numRuns: number; seed: number; path: string } {
  const numRuns = Number(process.env['SIMDNN_PROGRAMS'] ?? programs);
  const seed = Number(process.env['SIMDNN_SEED'] ?? 1);
  console.log(`${numRuns} programs, SIMDNN_SEED=${seed}`);
  return { numRuns, seed, path: process.env['SIMDNN_PATH'] ?? '' };
}
