// The gated linear unit.
import { withDefaults } from '../errors';
import { glu } from '../ops/glu';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { integer, Options } from './options';

const options = new Options('GLU', { dim: integer() });

/**
 * `a * sigmoid(b)`, a and b the halves of x along `dim`, by default -1: `torch.nn.GLU`. Source: Dauphin et al., arXiv 1612.08083.
 *
 * @example
 * new nn.GLU().forward(tensor([6, 0])).toArray(); // [3]
 */
export class GLU extends Module {
  /** The dimension that is halved. */
  dim: number;

  constructor(given?: { dim?: number }) {
    super();
    this.dim = options.checked(withDefaults('GLU', given, { dim: -1 })).dim;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('GLU.forward', arguments.length);
    options.use(this);
    return glu(x, this.dim);
  }

  override extraRepr(): string {
    return options.print(this);
  }
}
