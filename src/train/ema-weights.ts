// Averages of the weights that a training goes through, taken in each step.
import { noGrad } from '../autograd';
import { checkNumber, describe, typeError, withDefaults } from '../errors';
import { Module, type StateDict } from '../nn';
import type { Callback } from './callbacks';

/** The options of `emaWeights`. */
export interface EmaWeightsOptions {
  /** How much of the average stays in a step (0.999). */
  decay?: number;
}

/** Averages that follow a training. */
export interface EmaWeights extends Callback {
  /** A copy of the model with the averages for parameters, and its buffers. */
  readonly model: Module;
  /** The averages, for a checkpoint. */
  stateDict(): StateDict;
  /** Takes over what `stateDict` gave. */
  loadStateDict(state: StateDict): void;
  /** Takes in the weights: after each step of a loop or a compiled step; a fit does so by itself. */
  afterStep(): void;
}

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
    noGrad(() => {
      const parameters = this.of.parameters();
      for (const [i, average] of this.model.parameters().entries()) average.lerp_(parameters[i]!, 1 - this.decay);
      const buffers = this.of.buffers();
      for (const [i, buffer] of this.model.buffers().entries()) buffer.copy_(buffers[i]!);
    });
  }
}

/**
 * Exponential averages of a model's weights, `average = decay * average + (1 - decay) * weight` after each step, from the weights that it has at the call on. As Keras'
 * `use_ema`, and `ModelEmaV2` of timm.
 *
 * In a fit, one of `callbacks`, they are a part of the recorded step: nothing comes back to JavaScript for them. `model` is evaluated and saved like any other.
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
  const where = 'train.emaWeights';
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  const o = withDefaults(where, options, { decay: 0.999 });
  return new Averages(model, checkNumber(where, 'decay', o.decay, 0, 1));
}
