// A copy of a model whose weights are averages of the model's weights during training.
import { noGrad } from '../../autograd';
import { checkBoolean, describe, rangeError, SimdnnError, typeError, withDefaults } from '../../errors';
import { refuseHeld } from '../../holders';
import { Module, type Named } from '../../nn';
import { recorder } from '../../recorder';
import { sameShape, shapeText } from '../../shape';
import { Tensor } from '../../tensor';
import { type AvgFn, getSwaAvgFn, type MultiAvgFn } from './averages';

/** The options of `AveragedModel`. */
export interface AveragedModelOptions {
  /** Computes the next average from the average, the current value and the number of values averaged so far. Default: the mean of all, `getSwaAvgFn()`. */
  avgFn?: AvgFn | null;
  /** The same for all float32 tensors at once, in place; excludes `avgFn`. Default: null. */
  multiAvgFn?: MultiAvgFn | null;
  /** Whether float buffers are averaged too; by default they are copied from the model, as int32 ones always are. */
  useBuffers?: boolean;
}

// The current values, also of a model that a fit is training.
function valuesOf({ values, shape, version }: Tensor): Tensor {
  version.holder?.sync();
  return new Tensor(values, shape.slice());
}

// A tensor of the averaged model and the corresponding tensor of the model.
interface Pair {
  name: string;
  own: Tensor;
  current: Tensor;
}

// Functions rather than private methods, because a copy of a module does not have private fields.
function averageOf(where: string, avgFn: AvgFn, { name, own, current }: Pair, count: number): Tensor {
  const next: unknown = avgFn(own.detach(), current, count);
  if (!(next instanceof Tensor) || next.dtype !== 'float32')
    throw typeError(where, `expected avgFn to return a float32 tensor for ${name}, got ${describe(next)}`);
  if (!sameShape(next.shape, own.shape))
    throw rangeError(where, `expected avgFn to return ${shapeText(own.shape)} for ${name}, got ${shapeText(next.shape)}`);
  return next;
}

// The function gets copies of the averages, so that they do not change if it throws or its result is refused.
function averagesOf(where: string, multiAvgFn: MultiAvgFn, pairs: readonly Pair[], count: number): Tensor[] {
  const copies = pairs.map(({ own }) => own.detach().clone());
  if (pairs.length === 0) return copies;
  const shapes = pairs.map(({ own }) => own.shape);
  const given = copies.slice();
  const result: unknown = multiAvgFn(
    given,
    pairs.map(({ current }) => current),
    count,
  );
  if (result !== undefined && result !== null)
    throw typeError(where, `expected multiAvgFn to change its averages in place and return nothing, got ${describe(result)}`);
  given.forEach((next: unknown, i) => {
    if (next === copies[i] && sameShape(copies[i]!.shape, shapes[i]!)) return;
    throw typeError(where, `expected multiAvgFn to change ${pairs[i]!.name} in place`, 'averaged[i].lerp_(current[i], weight)');
  });
  return copies;
}

function pairsOf(where: string, kind: string, own: Named<Tensor>[], given: Named<Tensor>[]): Pair[] {
  if (own.length !== given.length) throw rangeError(where, `expected a model with ${own.length} ${kind}, got ${given.length}`);
  return own.map(([name, mine], i) => {
    const [, theirs] = given[i]!;
    if (!sameShape(mine.shape, theirs.shape) || mine.dtype !== theirs.dtype) {
      const text = ({ dtype, shape }: Tensor): string => `${dtype} ${shapeText(shape)}`;
      throw rangeError(where, `expected ${name} to be ${text(mine)}, got ${text(theirs)}`);
    }
    refuseHeld(where, mine);
    return { name, own: mine, current: valuesOf(theirs) };
  });
}

/**
 * A copy of a model whose weights are averages of the model's weights during training: `torch.optim.swa_utils.AveragedModel`.
 *
 * `updateParameters(model)` adds the current weights to the averages: the first call copies them, later ones compute `averaged = avgFn(averaged, current, n)`,
 * where n is the number of earlier calls. The default is the mean (stochastic weight averaging: Izmailov et al., 2018); `getEmaAvgFn` gives an exponential
 * moving average. `multiAvgFn` does the same for all tensors at once. `module` is the copy, `model.clone()`, `forward` calls it, and the state dict has
 * PyTorch's keys: `n_averaged`, `module.weight`, ... The running statistics of batch normalization in the copy do not belong to the averaged weights;
 * `updateBn` computes those that do. Buffers of integers are copied also with `useBuffers`, where PyTorch averages and rounds them.
 *
 * In a fit, `onEpoch: () => averaged.updateParameters(model)` averages over epochs, and `scheduler: { scheduler: { step: () => averaged.updateParameters(model)
 * }, interval: "step" }` over steps. A TypeError for an argument that is not a module or a function.
 *
 * @example
 * const model = new nn.Linear(1, 1, { bias: false });
 * const averaged = new optim.swaUtils.AveragedModel(model);
 * for (const weight of [1, 3, 8]) {
 *   nn.init.constant_(model.weight, weight);
 *   averaged.updateParameters(model);
 * }
 * averaged.module.weight.item(); // 4
 * averaged.forward(ones([1, 1])).item(); // 4
 */
export class AveragedModel<M extends Module = Module> extends Module {
  /** The model with the averaged weights. */
  readonly module: M;
  /** Computes the next average. */
  readonly avgFn: AvgFn;
  /** Computes the next average of all tensors at once; null if `avgFn` is used. */
  readonly multiAvgFn: MultiAvgFn | null;
  /** Whether float buffers are averaged too. */
  readonly useBuffers: boolean;
  /** @internal The number of weights averaged so far. It has PyTorch's name because it is a key of the state dict. */
  declare n_averaged: Tensor;

  constructor(model: M, options?: AveragedModelOptions) {
    super();
    const where = 'AveragedModel';
    const { avgFn, multiAvgFn, useBuffers } = withDefaults(where, options, {
      avgFn: null as AvgFn | null,
      multiAvgFn: null as MultiAvgFn | null,
      useBuffers: false,
    });
    if (!((model as unknown) instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
    if (avgFn !== null && typeof avgFn !== 'function') throw typeError(where, `expected avgFn to be a function, got ${describe(avgFn)}`);
    if (multiAvgFn !== null && typeof multiAvgFn !== 'function')
      throw typeError(where, `expected multiAvgFn to be a function, got ${describe(multiAvgFn)}`);
    if (avgFn !== null && multiAvgFn !== null) throw typeError(where, 'expected avgFn or multiAvgFn, got both');
    this.avgFn = avgFn ?? getSwaAvgFn();
    this.multiAvgFn = multiAvgFn;
    this.useBuffers = checkBoolean(where, 'useBuffers', useBuffers);
    this.module = model.clone();
    this.registerBuffer('n_averaged', new Tensor(new Int32Array(1), []));
  }

  /** The number of weights averaged so far. */
  get numAveraged(): number {
    return this.n_averaged.item();
  }

  override forward(...args: Parameters<M['forward']>): ReturnType<M['forward']> {
    return this.module.call(...args);
  }

  /**
   * Adds the current weights of a model to the averages. Int32 buffers are copied.
   *
   * A RangeError for a model with other parameters or buffers than the original one, and for a result of `avgFn` with another shape; nothing is changed then.
   * An error inside a compiled function, which would average only the weights of its first call.
   */
  updateParameters(model: Module): void {
    const where = 'AveragedModel.updateParameters';
    if (recorder !== null) {
      throw new SimdnnError(
        'SIMDNN_NOT_RECORDABLE',
        `[${where}] weights cannot be averaged inside a compiled function: the count of them would be frozen\n  hint: call it after the step`,
      );
    }
    if (!((model as unknown) instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
    const count = this.numAveraged;
    const parameters = pairsOf(where, 'parameters', this.module.namedParameters(), model.namedParameters());
    const buffers = pairsOf(where, 'buffers', this.module.namedBuffers(), model.namedBuffers());
    const averaged = [...parameters, ...(this.useBuffers ? buffers : [])].filter(({ own }) => count > 0 && own.dtype === 'float32');
    noGrad(() => {
      const { avgFn, multiAvgFn } = this;
      const values =
        multiAvgFn === null ? averaged.map((pair) => averageOf(where, avgFn, pair, count)) : averagesOf(where, multiAvgFn, averaged, count);
      const next = new Map(averaged.map(({ own }, i) => [own, values[i]!]));
      for (const { own, current } of [...parameters, ...buffers]) own.copy_(next.get(own) ?? current);
      this.n_averaged.add_(1);
    });
  }
}
