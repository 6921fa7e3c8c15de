// The layer that does nothing.
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';

/**
 * Returns its argument: `torch.nn.Identity`. Stands in where a layer is taken out.
 *
 * @example
 * new nn.Identity().forward(tensor([1, 2])).toArray(); // [1, 2]
 */
export class Identity extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('Identity.forward', arguments.length);
    return x;
  }
}
