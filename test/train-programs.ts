// The parts of the random programs of train-programs.test.ts, besides those shared with compile-programs.test.ts.
import fc from 'fast-check';
import { metrics, type nn, noGrad, optim, type Tensor, tensor } from '../src';
import * as calls from '../src/calls.generated';
import { Optimizer as Base, type Definition } from '../src/optim/optimizer';
import { eventsAlike, layer, lossFields, makeOptimizer, makeScheduler, type Optimizer, optimizer } from './compile-programs';
import { bitsOf } from './program-notes';

// ---- Programs

const loaderSpec = fc.record({
  kind: fc.constantFrom(
    'rows',
    'rows',
    'subset',
    'own',
    'drawing',
    'collate',
    'arrays',
    'generator',
    'aliases',
    'views',
    'shapes',
    'waited generator',
    'promises',
    'waited items',
    'waited batches',
    'stream',
  ),
  rows: fc.integer({ min: 1, max: 30 }),
  batchSize: fc.integer({ min: 1, max: 12 }),
  shuffle: fc.boolean(),
  seed: fc.constantFrom(undefined, undefined, 3),
  dropLast: fc.boolean(),
  pattern: fc.array(fc.nat({ max: 2 }), { minLength: 3, maxLength: 9 }),
});
export type LoaderSpec = typeof loaderSpec extends fc.Arbitrary<infer T> ? T : never;

export const events = [
  ...eventsAlike,
  'bad option',
  'replace groups',
  'load optimizer',
  'copy',
  'replace',
  'replace layer',
  'dropout',
  'mode',
  'field',
  'plain field',
  'criterion',
  'hook',
  'buffer',
  'loader',
  'series',
  'data',
  'eager step',
  'compiled',
  'evaluate',
  'predict',
  'kept',
  'stop',
  'throw',
  'abort',
] as const;

// What stands before a layer: buffers changed in place in several ways or replaced, a tensor that is left in a field, captured memory
// of which batches may be views, random numbers of its own, a number and a tensor in plain fields.
export const extras = ['lerp', 'copy', 'count', 'kept', 'captured', 'noise', 'softmax', 'plain'] as const;
// What a fit or an evaluation may refuse.
export const refusedExtras = ['assigned', 'field', 'uses', 'captured changed'] as const;

// In addition to those of compiled steps.
const furtherSchedulers = [
  'CyclicLR',
  'CosineAnnealingWarmRestarts',
  'LambdaLR',
  'ReduceLROnPlateau',
  'SequentialLR',
  'ChainedScheduler',
] as const;

/** Schedulers beside the first: one after each step, one after each epoch, one that watches the training loss whatever is validated. */
const besides = ['step', 'epoch', 'plateau'] as const;

const drawn = fc.record({
  /** Whether it is one whose epochs a thread does ahead of JavaScript. */
  ahead: fc.constantFrom(false, true),
  /** The number of steps, or a few more, with which the signal aborts; 0: never. */
  aborts: fc.constantFrom(0, 0, 0, 1, 20, 70),
  seed: fc.integer({ min: 0, max: 1e6 }),
  width: fc.integer({ min: 1, max: 9 }),
  layers: fc.array(layer, { minLength: 1, maxLength: 3 }),
  extras: fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constant('none' as const) },
      { weight: 12, arbitrary: fc.constantFrom(...extras) },
      { weight: 1, arbitrary: fc.constantFrom(...refusedExtras) },
    ),
    { minLength: 3, maxLength: 3 },
  ),
  inputs: fc.constantFrom(1, 1, 2),
  /** The number of tensors that the model returns, and of targets in a batch. */
  outputs: fc.constantFrom(1, 1, 1, 2),
  /** Whether batches have weights of their rows, if the loss supports them. */
  sampled: fc.constantFrom(false, false, true),
  accumulate: fc.constantFrom(1, 1, 1, 2, 3, 50),
  ...lossFields,
  optimizer,
  fading: fc.constantFrom(false, false, false, true),
  frozen: fc.constantFrom(0, 0, 0, 0.3),
  evaluating: fc.constantFrom(false, false, true), // begins in evaluation mode
  loader: loaderSpec,
  validation: fc.oneof(fc.constantFrom('none', 'none', 'same', 'sets'), loaderSpec),
  epochs: fc.integer({ min: 1, max: 5 }),
  /** The number of epochs before, after which those of this fit are numbered. */
  before: fc.constantFrom(0, 0, 7),
  /** The number of steps after which the recording is compared with the step; 0: never. */
  check: fc.constantFrom(0, 0, 1, 5),
  metrics: fc.constantFrom('none', 'none', 'bits', 'accuracy', 'confusion', 'recalls', 'function'),
  /** The metric of the training rows, if there is a validation. */
  trainMetrics: fc.constantFrom('none', 'none', 'bits', 'accuracy'),
  scheduler: fc.oneof(
    { weight: 2, arbitrary: fc.constant('none' as const) },
    { weight: 4, arbitrary: fc.constantFrom('StepLR', 'CosineAnnealingLR', 'ExponentialLR', 'OneCycleLR') },
    { weight: 4, arbitrary: fc.constantFrom(...furtherSchedulers) },
  ),
  everyStep: fc.boolean(),
  besides: fc.subarray([...besides]).chain((all) => fc.constantFrom<readonly (typeof besides)[number][]>([], [], all)),
  /** Whether those stand before the first one. */
  besidesFirst: fc.boolean(),
  stopping: fc.constantFrom(
    null,
    null,
    { patience: 1, restoreBest: true },
    { patience: 2, restoreBest: false },
    { patience: 2, restoreBest: true, minDelta: 0.05 },
    { patience: 2, restoreBest: true, mode: 'max', monitor: 'loss' } as const,
    { patience: 2, restoreBest: true, mode: 'max', monitor: 'metric' } as const, // the loss, if the metric is several numbers
  ),
  clip: fc.constantFrom(
    null,
    null,
    { clipGradNorm: 0.5 },
    { clipGradValue: 0.01 },
    { clipGradNorm: { maxNorm: 0.3, normType: 1 }, clipGradValue: 0.02 },
  ),
  /** Whether averages of the weights are updated in each step. */
  averaged: fc.constantFrom(false, false, true),
  /** Whether a callback bounds the weights after each step. */
  bounded: fc.constantFrom(false, false, false, true),
  /** Whether a callback draws at the beginning and changes a rate there, and looks at the model at the end. */
  followed: fc.constantFrom(false, false, true),
  /** Whether reports are written to a file, and the rates of steps or epochs recorded. */
  logged: fc.constantFrom(null, null, 'step', 'epoch'),
  /** The number of epochs after which a checkpoint is written; 0: never. */
  checkpoint: fc.constantFrom(0, 0, 0, 1, 2),
  /** The epoch after which a callback stops the fit; 0: none. */
  stopsAfter: fc.constantFrom(0, 0, 0, 1, 2),
  /** The time by which the clock advances whenever it is read; it determines how many batches are made at once, and when onBatch is called. */
  tick: fc.constantFrom(0, 1, 4e5, 2e6, 2e6),
  anomaly: fc.constantFrom(false, false, false, true),
  events: fc.array(
    fc.record({
      in: fc.constantFrom('epoch', 'epoch', 'batch'),
      at: fc.nat({ max: 5 }),
      kind: fc.constantFrom(...events),
      of: fc.nat({ max: 99 }),
    }),
    { maxLength: 6 },
  ),
  /** Whether the function that uses the model before, during and after the fit is compiled. */
  compiles: fc.boolean(),
  /** Another fit that begins in the same tick. */
  beside: fc.constantFrom('none', 'none', 'same', 'shares'),
  rowsPredicted: fc.constantFrom(1, 3, 17, 256, 257, 600),
});
export type Program = typeof drawn extends fc.Arbitrary<infer P> ? P : never;

// Schedulers that count steps or call functions, with which no epochs are done ahead.
const unforeseen = new Set<string>(['OneCycleLR', 'CyclicLR', 'LambdaLR', 'none']);

// A program whose loaders are rows, in which no code of the user's runs within epochs. A fit may be aborted before or after the validation that follows its last
// step, so that the validation of one that is aborted draws no random numbers.
const goingAhead = (p: Program): Program => ({
  ...p,
  loader: { ...p.loader, kind: p.loader.kind === 'own' ? 'subset' : 'rows' },
  validation:
    typeof p.validation === 'string' ? 'none' : { ...p.validation, kind: 'rows', shuffle: p.validation.shuffle && p.aborts === 0 },
  epochs: 9 * p.epochs,
  fading: false,
  beside: 'none',
  scheduler: p.seed % 3 > 0 && unforeseen.has(p.scheduler) ? 'ReduceLROnPlateau' : p.scheduler,
  check: 0,
  everyStep: p.everyStep && !unforeseen.has(p.scheduler),
  metrics: p.metrics === 'bits' || p.metrics === 'function' ? 'none' : p.metrics,
  trainMetrics: p.trainMetrics === 'bits' ? 'none' : p.trainMetrics,
  events: p.events.filter((event) => event.in === 'epoch').map((event) => ({ ...event, at: 5 * event.at })),
});

// While a log is opened the model is free, as in every callback, and what is begun beside the fit is not refused.
export const program = drawn.map((given): Program => {
  const p = given.logged === null ? given : { ...given, beside: 'none' as const };
  return p.ahead ? goingAhead(p) : { ...p, aborts: 0 };
});

/** Whether inputs and targets have the same width and may be one tensor. */
export const sameWidth = ({ kind }: LoaderSpec): boolean => kind === 'aliases' || kind === 'views';

// ---- Optimizers

// Adam whose rate decays with the square root of the step, which is not linear in it.
const names = ['exp_avg', 'exp_avg_sq'];
const fading: Definition<optim.AdamWOptions> = {
  name: 'Fading',
  defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false },
  check: (_, { lr }) => {
    if (!(lr >= 0)) throw new RangeError('lr');
  },
  allKeys: names,
  stateKeys: () => names,
  countsSteps: true,
  step({ values, state, gradient, n }, o, count) {
    const [m, v] = state as [Float32Array, Float32Array];
    const rate = o.lr / Math.sqrt(count);
    const [beta1, beta2] = o.betas;
    const options = { step: count, lr: rate, beta1, beta2, eps: o.eps, weightDecay: o.weightDecay, maximize: o.maximize };
    calls.adamStep({ param: values, m, v, grad: gradient, n, ...options });
  },
};
class Fading extends Base<optim.AdamWOptions> {}

export function optimizerOf(p: Program, parameters: nn.Parameter[]): Optimizer {
  if (!p.fading) return makeOptimizer(p.optimizer, parameters);
  const make = Fading as unknown as new (...args: unknown[]) => Optimizer;
  return new make(fading, parameters, { lr: p.optimizer.lr });
}

export function schedulerOf(p: Program, o: Optimizer): optim.lrScheduler.LRScheduler | null {
  const { lrScheduler } = optim;
  const warmUp = () => new lrScheduler.LinearLR(o, { startFactor: 0.5, totalIters: 3 });
  switch (p.scheduler) {
    case 'CyclicLR':
      return new lrScheduler.CyclicLR(o, { baseLr: 0.001, maxLr: 0.02, stepSizeUp: 3, cycleMomentum: false });
    case 'CosineAnnealingWarmRestarts':
      return new lrScheduler.CosineAnnealingWarmRestarts(o, { t0: 2, tMult: 2 });
    case 'LambdaLR':
      return new lrScheduler.LambdaLR(o, { lrLambda: (step) => 1 / (1 + step) });
    case 'ReduceLROnPlateau':
      return new lrScheduler.ReduceLROnPlateau(o, { patience: 0, factor: 0.5, threshold: 0.1 });
    case 'SequentialLR':
      return new lrScheduler.SequentialLR(o, { schedulers: [warmUp(), new lrScheduler.ExponentialLR(o, { gamma: 0.9 })], milestones: [2] });
    case 'ChainedScheduler':
      return new lrScheduler.ChainedScheduler([warmUp(), new lrScheduler.PolynomialLR(o, { totalIters: 9, power: 2 })]);
    default:
      return makeScheduler(p.scheduler, o) as optim.lrScheduler.LRScheduler | null;
  }
}

/** The schedulers of `besides`. */
export const schedulersBeside = (p: Program, o: Optimizer): Scheduled[] =>
  p.besides.map((kind) => {
    const { lrScheduler } = optim;
    if (kind === 'step') return { scheduler: new lrScheduler.ExponentialLR(o, { gamma: 0.999 }), interval: 'step' };
    if (kind === 'epoch') return { scheduler: new lrScheduler.StepLR(o, { stepSize: 2, gamma: 0.8 }) };
    return { scheduler: new lrScheduler.ReduceLROnPlateau(o, { patience: 0, factor: 0.7, threshold: 0.05 }), monitor: 'loss' };
  });

/** A scheduler as it is given to a fit. */
export interface Scheduled {
  scheduler: optim.lrScheduler.LRScheduler;
  interval?: 'step';
  monitor?: 'loss';
}

/** Whether the scheduler is stepped after each step: as the program says, except if it needs an epoch's figure. */
export const stepsEveryStep = (p: Program): boolean => p.everyStep && p.scheduler !== 'ReduceLROnPlateau';

// ---- Metrics

/** A plain function of a batch, and its mean over the rows. */
export class OfFunction extends metrics.Metric {
  private sum = 0;
  private rows = 0;
  readonly fn = (preds: Tensor, target: Tensor): number => preds.abs().mean().item() + target.shape[0]!;

  update(preds: Tensor, target: Tensor): void {
    this.sum += noGrad(() => this.fn(preds, target)) * target.shape[0]!;
    this.rows += target.shape[0]!;
  }
  compute(): Tensor {
    return tensor(this.mean);
  }
  reset(): void {
    [this.sum, this.rows] = [0, 0];
  }
  get mean(): number {
    return this.sum / this.rows;
  }
}

/** Its arguments, bit for bit. */
export class Bits extends metrics.Metric {
  private hash = 0;

  update(preds: Tensor, target: Tensor): void {
    for (const t of [preds, target]) this.hash = (Math.imul(this.hash, 31) + bitsOf(t.data) + t.shape.length) | 0;
  }
  compute(): Tensor {
    return tensor(this.hash & 0xfffff);
  }
  reset(): void {
    this.hash = 0;
  }
}
