// Random zeros while training.
import { checkNumber } from '../errors';
import { dropout } from '../ops/dropout';
import { recorder } from '../recorder';
import type { Tensor } from '../tensor';
import { pythonFloat } from './format';
import { Module } from './module';

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
    this.p = checkNumber('Dropout', 'p', p, 0, 1);
  }

  override forward(x: Tensor): Tensor {
    const { p, training } = this;
    recorder?.guard(() => this.p === p);
    return dropout(x, p, training, 'Dropout.forward');
  }

  override extraRepr(): string {
    return `p=${pythonFloat(this.p)}, inplace=False`;
  }
}
