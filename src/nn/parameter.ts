// Parameters and buffers.
import { allocateParameter, claimGradient } from '../blocks';
import { checkBoolean, rangeError, withDefaults } from '../errors';
import { checkShape, numelOf } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';

/**
 * A tensor that a module lists among its parameters: `torch.nn.Parameter`.
 *
 * It shares the memory of `data` and has no history. `requiresGrad` is true by default; a TypeError for int32 unless it is false.
 *
 * @example
 * const scale = new nn.Parameter(ones([3]));
 * scale.requiresGrad; // true
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, options?: { requiresGrad?: boolean }) {
    checkTensor('Parameter', 'data', data);
    super(data.values, data.shape.slice(), data.version);
    const { requiresGrad } = withDefaults('Parameter', options, { requiresGrad: true });
    this.requiresGrad_(requiresGrad);
  }

  /** @internal Where the gradient is kept: beside those of its neighbours, or in memory of its own if the user has seen that memory. */
  override freshGradient(): Tensor {
    const place = claimGradient(this.floats);
    return place === null ? empty(this.shape) : new Tensor(place, this.shape);
  }
}

/**
 * A tensor that a module lists among its buffers when a field holds it: `torch.nn.Buffer`, another way to write `registerBuffer`.
 *
 * It shares the memory of `data` and has no history. With `persistent: false` the state dict leaves it out; true by default. The field is a buffer from when the module is first
 * looked through, by `parameters()`, `eval()`, `stateDict()`, a recording and the like, where PyTorch's is one at once; any tensor may take its place then.
 *
 * @example
 * class Centre extends nn.Module {
 *   mean = new nn.Buffer(zeros([2]));
 *   forward(x: Tensor) {
 *     return x.sub(this.mean);
 *   }
 * }
 * Object.keys(new Centre().stateDict()); // ["mean"]
 */
export class Buffer extends Tensor {
  /** Whether a state dict includes it. */
  readonly persistent: boolean;

  constructor(data: Tensor, options?: { persistent?: boolean }) {
    checkTensor('Buffer', 'data', data);
    super(data.values, data.shape.slice(), data.version);
    const { persistent } = withDefaults('Buffer', options, { persistent: true });
    this.persistent = checkBoolean('Buffer', 'persistent', persistent);
  }
}

/** A parameter of zeros in the block that parameters share. */
export function emptyParameter(shape: number[]): Parameter {
  const sizes = checkShape('Parameter', shape);
  return new Parameter(new Tensor(allocateParameter(numelOf(sizes)), sizes));
}

/** Throws for a tensor of a lazy module that has no elements yet. */
export function refuseUninitialized(where: string, name: string, tensor: unknown): void {
  if (isUninitialized(tensor)) throw rangeError(where, `${name} is not initialized yet`, 'call model.forward(x) on a batch before');
}

/** A parameter of a lazy module, which has no elements until the first input determines its size. `sizes` has the known sizes, and names for the others. */
export class UninitializedParameter extends Parameter {
  constructor(readonly sizes: readonly (number | string)[]) {
    super(new Tensor(new Float32Array(0), [0]));
  }

  /** @internal */
  override detach(): Tensor {
    return this;
  }
}

/** A buffer of a lazy module, which has no elements until the first input. */
export class UninitializedBuffer extends Tensor {
  constructor(readonly sizes: readonly (number | string)[]) {
    super(new Float32Array(0), [0]);
  }

  /** @internal */
  override detach(): Tensor {
    return this;
  }
}

/** Whether a tensor is still to be made by its lazy module. */
export const isUninitialized = (t: unknown): t is UninitializedParameter | UninitializedBuffer =>
  t instanceof UninitializedParameter || t instanceof UninitializedBuffer;
