// Activations whose negative slope is learned, or random.
import { checkInteger, checkNumber, withDefaults } from '../errors';
import { prelu, rrelu } from '../ops/prelu';
import type { Tensor } from '../tensor';
import { constant_ } from './init';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options } from './options';
import { emptyParameter, type Parameter } from './parameter';

/**
 * `x` where positive, else `weight * x`, the weight learned: `torch.nn.PReLU`. Source: He et al., arXiv 1502.01852.
 *
 * Shapes: x `[n, channels, ...]` with `numParameters` channels, or any with one (the default); the result has the shape of x. `weight` is `[numParameters]` and starts as `init`, by
 * default 0.25. PyTorch's manual advises against weight decay here.
 *
 * @example
 * new nn.PReLU({ init: 0.5 }).forward(tensor([-4, 2])).toArray(); // [-2, 2]
 */
export class PReLU extends Module {
  /** The number of slopes. */
  readonly numParameters: number;
  /** The initial value of the slopes. */
  readonly init: number;
  /** The slopes, `[numParameters]`. */
  weight: Parameter;

  constructor(options?: { numParameters?: number; init?: number }) {
    super();
    const { numParameters, init } = withDefaults('PReLU', options, { numParameters: 1, init: 0.25 });
    this.numParameters = checkInteger('PReLU', 'numParameters', numParameters, 1);
    this.init = checkNumber('PReLU', 'init', init);
    this.weight = emptyParameter([numParameters]);
    this.resetParameters();
  }

  /** Sets the slopes to `init`. */
  resetParameters(): void {
    constant_(this.weight, this.init);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('PReLU.forward', arguments.length);
    return prelu(x, this.weight, 'PReLU.forward');
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

const options = new Options('RReLU', { lower: number(), upper: number() });

/**
 * `x` where positive, else `a x`: in training mode `a` is drawn for each element evenly from [lower, upper), in evaluation mode it is their mean:
 * `torch.nn.RReLU`. Source: Xu et al., arXiv 1505.00853.
 *
 * `lower` and `upper` are 1/8 and 1/3 by default; a RangeError when upper is less. The random numbers are those of `manualSeed`.
 *
 * @example
 * new nn.RReLU({ lower: 0.25, upper: 0.75 }).eval().forward(tensor([-2, 3])).toArray(); // [-1, 3]
 */
export class RReLU extends Module {
  /** The least slope. */
  lower: number;
  /** The largest slope. */
  upper: number;

  constructor(given?: { lower?: number; upper?: number }) {
    super();
    const { lower, upper } = options.checked(withDefaults('RReLU', given, { lower: 1 / 8, upper: 1 / 3 }));
    this.lower = lower;
    this.upper = checkNumber('RReLU', 'upper', upper, lower);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('RReLU.forward', arguments.length);
    options.use(this);
    const { lower, upper, training } = this;
    return rrelu(x, { lower, upper, training }, 'RReLU.forward');
  }

  override extraRepr(): string {
    return options.print(this);
  }
}
