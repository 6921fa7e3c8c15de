// Dimensions made one.
import '../ops/views';
import { checkInteger } from '../errors';
import { checkTensor, type Tensor } from '../tensor';
import { Module } from './module';

/**
 * Makes dimensions `startDim` (default 1: all but the batch) to `endDim` (default -1, the last) one: `torch.nn.Flatten`.
 *
 * @example
 * new nn.Flatten().forward(zeros([32, 8, 8])).shape; // [32, 64]
 */
export class Flatten extends Module {
  /** The first of the dimensions that become one. */
  startDim: number;
  /** The last of them. */
  endDim: number;

  constructor(startDim = 1, endDim = -1) {
    super();
    this.startDim = checkInteger('Flatten', 'startDim', startDim, -Infinity);
    this.endDim = checkInteger('Flatten', 'endDim', endDim, -Infinity);
  }

  override forward(x: Tensor): Tensor {
    return checkTensor('Flatten.forward', 'x', x).flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}
