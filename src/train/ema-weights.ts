// Exponential moving averages of weights during training, updated in each step.
import { noGrad } from '../autograd';
import { checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { Module, type StateDict } from '../nn';
import { sameShape } from '../shape';
import type { Tensor } from '../tensor';
import type { Callback } from './callbacks';

/** The options of `emaWeights`. */
export interface EmaWeightsOptions {
  /** The part of the average that remains in each step (0.999). */
  decay?: number;
}

/** Averages of a model's weights. */
export interface EmaWeights extends Callback {
  /** A copy of the model whose parameters are the averages, with the model's buffers. */
  readonly model: Module;
  /** The averages, for a checkpoint. */
  stateDict(): StateDict;
  /** Loads the state of `stateDict`. */
  loadStateDict(state: StateDict): void;
  /** Updates the averages, after each step of a loop or a compiled step; a fit calls it itself. */
  afterStep(): void;
}

const where = 'train.emaWeights';

class Averages<M extends Module> implements EmaWeights {
  readonly model: M;

  constructor(
    private readonly of: M,
    private readonly decay: number,
  ) {
    this.model = of.clone() as M;
    for (const parameter of this.model.parameters()) parameter.requiresGrad_(false);
    this.model.eval();
    this.afterStep = this.afterStep.bind(this);
  }

  stateDict(): StateDict {
    return this.model.stateDict();
  }

  loadStateDict(state: StateDict): void {
    this.model.loadStateDict(state);
  }

  afterStep(): void {
    const [parameters, buffers] = [this.of.parameters(), this.of.buffers()];
    const [averages, copies] = [this.model.parameters(), this.model.buffers()];
    const isLike = (own: readonly Tensor[], those: readonly Tensor[]): boolean =>
      own.length === those.length && own.every(({ shape }, i) => sameShape(shape, those[i]!.shape));
    if (!isLike(averages, parameters) || !isLike(copies, buffers)) {
      throw rangeError(
        where,
        'the model has other parameters or buffers than when its averages were begun',
        'emaWeights(model) after its parts were changed',
      );
    }
    noGrad(() => {
      for (const [i, average] of averages.entries()) average.lerp_(parameters[i]!, 1 - this.decay);
      for (const [i, copy] of copies.entries()) copy.copy_(buffers[i]!);
    });
  }

  /** Refuses to follow a fit of another model. */
  checkFitted(fit: string, at: string, trained: ReadonlySet<Tensor>): void {
    if (this.of.parameters().every((parameter) => trained.has(parameter))) return;
    throw rangeError(
      fit,
      `${at} averages the weights of another model than the one that is fitted`,
      'train.emaWeights(model), with the model given to fit',
    );
  }
}

/** Throws if callbacks average weights of another model. `trainedBy()` has the parameters of the fitted model, and others that are trained with it. */
export function refuseOtherAverages(fit: string, callbacks: readonly Callback[], trainedBy: () => ReadonlySet<Tensor>): void {
  if (callbacks.length === 0) return;
  const trained = trainedBy();
  for (const [i, callback] of callbacks.entries()) if (callback instanceof Averages) callback.checkFitted(fit, `callbacks[${i}]`, trained);
}

/**
 * Exponential moving averages of a model's weights: `average = decay * average + (1 - decay) * weight` after each step, beginning with the current weights. As
 * Keras' `use_ema`, and `ModelEmaV2` of timm.
 *
 * As one of a fit's `callbacks` they are part of the recorded step, which needs no JavaScript for them. `model` can be evaluated and saved like any other. A
 * fit of another model throws a RangeError.
 *
 * @example
 * const model = new nn.Linear(2, 1);
 * const loader = new data.DataLoader(new data.TensorDataset(randn([8, 2]), zeros([8, 1])), { batchSize: 4 });
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * const ema = train.emaWeights(model, { decay: 0.9 });
 * const criterion = new nn.MSELoss();
 * await train.fit(model, { criterion, optimizer, loader, epochs: 3, progress: false, callbacks: [ema] });
 * (await train.evaluate(ema.model, loader, { criterion })).loss > 0; // true
 */
export function emaWeights<M extends Module>(model: M, options: EmaWeightsOptions = {}): EmaWeights & { readonly model: M } {
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  const o = withDefaults(where, options, { decay: 0.999 });
  return new Averages(model, checkNumber(where, 'decay', o.decay, 0, 1));
}
