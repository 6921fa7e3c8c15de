// Joining dimensions, as a layer.
import '../ops/views';
import { checkTensor, type Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { integer, Options } from './options';

const options = new Options('Flatten', { startDim: integer(), endDim: integer() });

/**
 * Joins dimensions `startDim` (default 1: all but the batch) to `endDim` (default -1, the last) to one: `torch.nn.Flatten`.
 *
 * @example
 * new nn.Flatten().forward(zeros([32, 8, 8])).shape; // [32, 64]
 */
export class Flatten extends Module {
  /** The first of the dimensions that are joined. */
  startDim: number;
  /** The last of them. */
  endDim: number;

  constructor(startDim = 1, endDim = -1) {
    super();
    options.checked({ startDim, endDim });
    this.startDim = startDim;
    this.endDim = endDim;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Flatten.forward', arguments.length);
    options.use(this);
    return checkTensor('Flatten.forward', 'x', x).flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return options.print(this);
  }
}
