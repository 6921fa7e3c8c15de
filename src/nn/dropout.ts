// Random zeros while training.
import { alphaDropout, dropout } from '../ops/dropout';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options } from './options';

const options = new Options('Dropout', { p: number(0, 1) });

/**
 * In training mode each element becomes 0 with probability `p`, else `x / (1 - p)`; in evaluation mode x passes: `torch.nn.Dropout`.
 *
 * `p` is 0.5 by default; a RangeError unless it is from 0 to 1. The random numbers are those of `manualSeed`. Source: Srivastava et al., 2014.
 *
 * @example
 * const layer = new nn.Dropout(0.2);
 * layer.eval().forward(tensor([1, 2])).toArray(); // [1, 2]
 */
export class Dropout extends Module {
  /** The probability of a zero. */
  p: number;

  constructor(p = 0.5) {
    super();
    this.p = options.checked({ p }).p;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Dropout.forward', arguments.length);
    options.use(this);
    return dropout(x, this.p, this.training, 'Dropout.forward');
  }

  override extraRepr(): string {
    return `${options.print(this)}, inplace=False`;
  }
}

const alphaOptions = new Options('AlphaDropout', { p: number(0, 1) });

/**
 * Dropout for networks of SELU: in training mode each element becomes -1.7581 with probability `p`, and all are then scaled and shifted so that inputs of
 * mean 0 and variance 1 keep both; in evaluation mode x passes: `torch.nn.AlphaDropout`.
 *
 * `p` is 0.5 by default; a RangeError unless it is from 0 to 1. The random numbers are those of `manualSeed`. Source: Klambauer et al., arXiv 1706.02515.
 *
 * @example
 * new nn.AlphaDropout(0.2).eval().forward(tensor([1, 2])).toArray(); // [1, 2]
 */
export class AlphaDropout extends Module {
  /** The probability that an element is replaced. */
  p: number;

  constructor(p = 0.5) {
    super();
    this.p = alphaOptions.checked({ p }).p;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('AlphaDropout.forward', arguments.length);
    alphaOptions.use(this);
    return alphaDropout(x, this.p, this.training);
  }

  override extraRepr(): string {
    return `${alphaOptions.print(this)}, inplace=False`;
  }
}
