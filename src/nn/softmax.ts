// Softmax and its logarithm as layers.
import { typeError, withDefaults } from '../errors';
import { logSoftmax, softmax, softmin } from '../ops/softmax';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { integer, Options } from './options';

function dimOf(where: string, options: { dim: number }): number {
  const { dim } = withDefaults<{ dim: number | null }>(where, options, { dim: null });
  if (dim === null) throw typeError(where, 'expected the dimension along which to sum to 1', `new nn.${where}({ dim: 1 })`);
  return dim;
}

const softmaxOptions = new Options('Softmax', { dim: integer() });

/**
 * `exp(x_i) / sum_j exp(x_j)` along `dim`, which must be given, unlike in PyTorch, where leaving it out is deprecated: `torch.nn.Softmax`.
 *
 * `CrossEntropyLoss` applies it by itself: in front of that loss it only slows the training down.
 *
 * @example
 * new nn.Softmax({ dim: 1 }).forward(tensor([[0, 0]])).toArray(); // [[0.5, 0.5]]
 */
export class Softmax extends Module {
  /** The dimension along which the results sum to 1. */
  dim: number;

  constructor(options: { dim: number }) {
    super();
    this.dim = softmaxOptions.checked({ dim: dimOf('Softmax', options) }).dim;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Softmax.forward', arguments.length);
    softmaxOptions.use(this);
    return softmax(x, this.dim);
  }

  override extraRepr(): string {
    return softmaxOptions.print(this);
  }
}

const logSoftmaxOptions = new Options('LogSoftmax', { dim: integer() });

/**
 * `x_i - log(sum_j exp(x_j))` along `dim`, which must be given, unlike in PyTorch, where leaving it out is deprecated: `torch.nn.LogSoftmax`.
 *
 * @example
 * new nn.LogSoftmax({ dim: 1 }).forward(tensor([[3]])).toArray(); // [[0]]
 */
export class LogSoftmax extends Module {
  /** The dimension along which the exponentials of the results sum to 1. */
  dim: number;

  constructor(options: { dim: number }) {
    super();
    this.dim = logSoftmaxOptions.checked({ dim: dimOf('LogSoftmax', options) }).dim;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('LogSoftmax.forward', arguments.length);
    logSoftmaxOptions.use(this);
    return logSoftmax(x, this.dim);
  }

  override extraRepr(): string {
    return logSoftmaxOptions.print(this);
  }
}

const softminOptions = new Options('Softmin', { dim: integer() });

/**
 * `exp(-x_i) / sum_j exp(-x_j)` along `dim`, which must be given, unlike in PyTorch, where leaving it out is deprecated: `torch.nn.Softmin`.
 *
 * @example
 * new nn.Softmin({ dim: 1 }).forward(tensor([[0, 0]])).toArray(); // [[0.5, 0.5]]
 */
export class Softmin extends Module {
  /** The dimension along which the results sum to 1. */
  dim: number;

  constructor(options: { dim: number }) {
    super();
    this.dim = softminOptions.checked({ dim: dimOf('Softmin', options) }).dim;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Softmin.forward', arguments.length);
    softminOptions.use(this);
    return softmin(x, this.dim);
  }

  override extraRepr(): string {
    return softminOptions.print(this);
  }
}
