// Element-wise functions as layers.
import { withDefaults } from '../errors';
import {
  celu,
  elu,
  gelu,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logsigmoid,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
  tanh,
} from '../ops/activations';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options, oneOf } from './options';

/**
 * `max(0, x)`: `torch.nn.ReLU`.
 *
 * @example
 * new nn.ReLU().forward(tensor([-1, 2])).toArray(); // [0, 2]
 */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('ReLU.forward', arguments.length);
    return relu(x, 'ReLU.forward');
  }
}

const leakyReluOptions = new Options('LeakyReLU', { negativeSlope: number() });

/**
 * `x` where positive, else `negativeSlope * x`, by default 0.01: `torch.nn.LeakyReLU`.
 *
 * @example
 * new nn.LeakyReLU({ negativeSlope: 0.5 }).forward(tensor([-2, 2])).toArray(); // [-1, 2]
 */
export class LeakyReLU extends Module {
  /** The slope where x is negative. */
  negativeSlope: number;

  constructor(options?: { negativeSlope?: number }) {
    super();
    const { negativeSlope } = leakyReluOptions.checked(withDefaults('LeakyReLU', options, { negativeSlope: 0.01 }));
    this.negativeSlope = negativeSlope;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('LeakyReLU.forward', arguments.length);
    leakyReluOptions.use(this);
    return leakyRelu(x, { negativeSlope: this.negativeSlope });
  }

  override extraRepr(): string {
    return leakyReluOptions.print(this);
  }
}

/**
 * `1 / (1 + exp(-x))`: `torch.nn.Sigmoid`.
 *
 * @example
 * new nn.Sigmoid().forward(tensor([0])).toArray(); // [0.5]
 */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('Sigmoid.forward', arguments.length);
    return sigmoid(x, 'Sigmoid.forward');
  }
}

/**
 * The hyperbolic tangent: `torch.nn.Tanh`.
 *
 * @example
 * new nn.Tanh().forward(tensor([0])).toArray(); // [0]
 */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('Tanh.forward', arguments.length);
    return tanh(x, 'Tanh.forward');
  }
}

const geluOptions = new Options('GELU', { approximate: oneOf('none', 'tanh') });

/**
 * `x Phi(x)`, Phi the normal distribution function: `torch.nn.GELU`. With `approximate: "tanh"` Phi is approximated through tanh.
 *
 * @example
 * new nn.GELU({ approximate: "tanh" }).forward(tensor([0])).toArray(); // [0]
 */
export class GELU extends Module {
  /** How Phi is calculated. */
  approximate: 'none' | 'tanh';

  constructor(options?: { approximate?: 'none' | 'tanh' }) {
    super();
    const { approximate } = geluOptions.checked(withDefaults<{ approximate: 'none' | 'tanh' }>('GELU', options, { approximate: 'none' }));
    this.approximate = approximate;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('GELU.forward', arguments.length);
    geluOptions.use(this);
    return gelu(x, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return geluOptions.print(this);
  }
}

/**
 * `x sigmoid(x)`, also called swish: `torch.nn.SiLU`.
 *
 * @example
 * new nn.SiLU().forward(tensor([0])).toArray(); // [0]
 */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('SiLU.forward', arguments.length);
    return silu(x);
  }
}

const eluOptions = new Options('ELU', { alpha: number() });

/**
 * `x` where positive, else `alpha (exp(x) - 1)`, alpha 1 by default: `torch.nn.ELU`.
 *
 * @example
 * new nn.ELU().forward(tensor([0, 2])).toArray(); // [0, 2]
 */
export class ELU extends Module {
  /** The function tends to `-alpha` as x gets small. */
  alpha: number;

  constructor(options?: { alpha?: number }) {
    super();
    const { alpha } = eluOptions.checked(withDefaults('ELU', options, { alpha: 1 }));
    this.alpha = alpha;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('ELU.forward', arguments.length);
    eluOptions.use(this);
    return elu(x, { alpha: this.alpha });
  }

  override extraRepr(): string {
    return eluOptions.print(this);
  }
}

/**
 * `scale * x` where positive, else `scale * alpha (exp(x) - 1)`, with scale 1.0507 and alpha 1.6733: `torch.nn.SELU`.
 *
 * @example
 * new nn.SELU().forward(tensor([0])).toArray(); // [0]
 */
export class SELU extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('SELU.forward', arguments.length);
    return selu(x);
  }
}

const softplusOptions = new Options('Softplus', { beta: number(), threshold: number() });

/**
 * `log(1 + exp(beta x)) / beta`, and x itself where `beta x > threshold`; by default 1 and 20: `torch.nn.Softplus`.
 *
 * @example
 * new nn.Softplus().forward(tensor([30])).toArray(); // [30]
 */
export class Softplus extends Module {
  /** How sharply the function turns at 0. */
  beta: number;
  /** Above this value of `beta x` the result is x. */
  threshold: number;

  constructor(options?: { beta?: number; threshold?: number }) {
    super();
    const { beta, threshold } = softplusOptions.checked(withDefaults('Softplus', options, { beta: 1, threshold: 20 }));
    this.beta = beta;
    this.threshold = threshold;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Softplus.forward', arguments.length);
    softplusOptions.use(this);
    return softplus(x, { beta: this.beta, threshold: this.threshold });
  }

  override extraRepr(): string {
    return softplusOptions.print(this);
  }
}

/**
 * `x min(max(x + 3, 0), 6) / 6`: `torch.nn.Hardswish`.
 *
 * @example
 * new nn.Hardswish().forward(tensor([0, 3])).toArray(); // [0, 3]
 */
export class Hardswish extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('Hardswish.forward', arguments.length);
    return hardswish(x);
  }
}

/**
 * `x tanh(log(1 + exp(x)))`: `torch.nn.Mish`.
 *
 * @example
 * new nn.Mish().forward(tensor([0])).toArray(); // [0]
 */
export class Mish extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('Mish.forward', arguments.length);
    return mish(x);
  }
}

/**
 * `min(max(x, 0), 6)`: `torch.nn.ReLU6`.
 *
 * @example
 * new nn.ReLU6().forward(tensor([-1, 2, 8])).toArray(); // [0, 2, 6]
 */
export class ReLU6 extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('ReLU6.forward', arguments.length);
    return relu6(x);
  }
}

const hardtanhOptions = new Options('Hardtanh', { minVal: number(), maxVal: number() });

/**
 * `min(max(x, minVal), maxVal)`, by default -1 and 1: `torch.nn.Hardtanh`.
 *
 * @example
 * new nn.Hardtanh({ maxVal: 2 }).forward(tensor([-3, 0.5, 3])).toArray(); // [-1, 0.5, 2]
 */
export class Hardtanh extends Module {
  /** The lower bound. */
  minVal: number;
  /** The upper bound. */
  maxVal: number;

  constructor(options?: { minVal?: number; maxVal?: number }) {
    super();
    const { minVal, maxVal } = hardtanhOptions.checked(withDefaults('Hardtanh', options, { minVal: -1, maxVal: 1 }));
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Hardtanh.forward', arguments.length);
    hardtanhOptions.use(this);
    return hardtanh(x, { minVal: this.minVal, maxVal: this.maxVal });
  }

  override extraRepr(): string {
    return hardtanhOptions.print(this);
  }
}

/**
 * `min(max(x + 3, 0), 6) / 6`: `torch.nn.Hardsigmoid`.
 *
 * @example
 * new nn.Hardsigmoid().forward(tensor([-3, 0, 3])).toArray(); // [0, 0.5, 1]
 */
export class Hardsigmoid extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('Hardsigmoid.forward', arguments.length);
    return hardsigmoid(x);
  }
}

const celuOptions = new Options('CELU', { alpha: number() });

/**
 * `x` where positive, else `alpha (exp(x / alpha) - 1)`, alpha 1 by default and never 0: `torch.nn.CELU`.
 *
 * @example
 * new nn.CELU().forward(tensor([0, 2])).toArray(); // [0, 2]
 */
export class CELU extends Module {
  /** The function tends to `-alpha` as x gets small. */
  alpha: number;

  constructor(options?: { alpha?: number }) {
    super();
    this.alpha = celuOptions.checked(withDefaults('CELU', options, { alpha: 1 })).alpha;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('CELU.forward', arguments.length);
    celuOptions.use(this);
    return celu(x, { alpha: this.alpha });
  }

  override extraRepr(): string {
    return celuOptions.print(this);
  }
}

/**
 * `x / (1 + |x|)`: `torch.nn.Softsign`.
 *
 * @example
 * new nn.Softsign().forward(tensor([-1, 3])).toArray(); // [-0.5, 0.75]
 */
export class Softsign extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('Softsign.forward', arguments.length);
    return softsign(x);
  }
}

/**
 * `log(sigmoid(x))`, without overflow: `torch.nn.LogSigmoid`.
 *
 * @example
 * new nn.LogSigmoid().forward(tensor([0])).toArray(); // [-0.6931471824645996]
 */
export class LogSigmoid extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('LogSigmoid.forward', arguments.length);
    return logsigmoid(x);
  }
}
