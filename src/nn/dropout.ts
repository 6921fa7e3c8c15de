// Dropout layers: random zeros during training.
import { alphaDropout, dropout, dropout1d, featureAlphaDropout } from '../ops/dropout';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options } from './options';

const options = new Options('Dropout', { p: number(0, 1) });

/**
 * Sets each element to 0 with probability `p` in training mode, else to `x / (1 - p)`; returns x in evaluation mode: `torch.nn.Dropout`.
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
 * Dropout for networks with SELU: in training mode it sets each element to -1.7581 with probability `p`, then scales and shifts all elements so that inputs of
 * mean 0 and variance 1 keep both; in evaluation mode it returns x. `torch.nn.AlphaDropout`.
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

const dropout1dOptions = new Options('Dropout1d', { p: number(0, 1) });

/**
 * Sets whole channels to 0 with probability `p` in training mode, the others to `x / (1 - p)`; returns x in evaluation mode: `torch.nn.Dropout1d`.
 *
 * Shapes: x `[n, channels, length]` or `[channels, length]`; the result has the shape of x. `p` is 0.5 by default; a RangeError unless it is from 0 to 1. The random numbers are
 * those of `manualSeed`. Source: Tompson et al., arXiv 1411.4280.
 *
 * @example
 * new nn.Dropout1d(0.2).eval().forward(ones([2, 3, 4])).shape; // [2, 3, 4]
 */
export class Dropout1d extends Module {
  /** The probability that a channel becomes 0. */
  p: number;

  constructor(p = 0.5) {
    super();
    this.p = dropout1dOptions.checked({ p }).p;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Dropout1d.forward', arguments.length);
    dropout1dOptions.use(this);
    return dropout1d(x, this.p, this.training, 'Dropout1d.forward');
  }

  override extraRepr(): string {
    return `${dropout1dOptions.print(this)}, inplace=False`;
  }
}

const featureOptions = new Options('FeatureAlphaDropout', { p: number(0, 1) });

/**
 * `AlphaDropout` of whole channels, for x `[n, channels, ...]`; returns x in evaluation mode: `torch.nn.FeatureAlphaDropout`.
 *
 * `p` is 0.5 by default; a RangeError unless it is from 0 to 1. The random numbers are those of `manualSeed`.
 *
 * @example
 * new nn.FeatureAlphaDropout(0.2).eval().forward(ones([2, 3])).shape; // [2, 3]
 */
export class FeatureAlphaDropout extends Module {
  /** The probability that a channel is replaced. */
  p: number;

  constructor(p = 0.5) {
    super();
    this.p = featureOptions.checked({ p }).p;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('FeatureAlphaDropout.forward', arguments.length);
    featureOptions.use(this);
    return featureAlphaDropout(x, this.p, this.training, 'FeatureAlphaDropout.forward');
  }

  override extraRepr(): string {
    return `${featureOptions.print(this)}, inplace=False`;
  }
}
