// The shrinkage and threshold activations, as layers.
import { withDefaults } from '../errors';
import { hardshrink, softshrink, tanhshrink, threshold } from '../ops/activations';
import type { Tensor } from '../tensor';
import { pythonFloat } from './format';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options } from './options';

/**
 * `x - tanh(x)`: `torch.nn.Tanhshrink`.
 *
 * @example
 * new nn.Tanhshrink().forward(tensor([0])).toArray(); // [0]
 */
export class Tanhshrink extends Module {
  override forward(x: Tensor): Tensor {
    checkInputs('Tanhshrink.forward', arguments.length);
    return tanhshrink(x);
  }
}

const softshrinkOptions = new Options('Softshrink', { lambd: number(0) });

/**
 * `x` nearer to 0 by `lambd`, 0.5 by default, and 0 where it would pass it: `torch.nn.Softshrink`.
 *
 * @example
 * new nn.Softshrink().forward(tensor([-2, 0.25, 2])).toArray(); // [-1.5, 0, 1.5]
 */
export class Softshrink extends Module {
  /** How much nearer. */
  lambd: number;

  constructor(options?: { lambd?: number }) {
    super();
    this.lambd = softshrinkOptions.checked(withDefaults('Softshrink', options, { lambd: 0.5 })).lambd;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Softshrink.forward', arguments.length);
    softshrinkOptions.use(this);
    return softshrink(x, { lambd: this.lambd });
  }

  override extraRepr(): string {
    return pythonFloat(this.lambd);
  }
}

const hardshrinkOptions = new Options('Hardshrink', { lambd: number() });

/**
 * `x`, and 0 where `|x| <= lambd`, 0.5 by default: `torch.nn.Hardshrink`.
 *
 * @example
 * new nn.Hardshrink().forward(tensor([-2, 0.25, 2])).toArray(); // [-2, 0, 2]
 */
export class Hardshrink extends Module {
  /** The bound. */
  lambd: number;

  constructor(options?: { lambd?: number }) {
    super();
    this.lambd = hardshrinkOptions.checked(withDefaults('Hardshrink', options, { lambd: 0.5 })).lambd;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Hardshrink.forward', arguments.length);
    hardshrinkOptions.use(this);
    return hardshrink(x, { lambd: this.lambd });
  }

  override extraRepr(): string {
    return pythonFloat(this.lambd);
  }
}

const thresholdOptions = new Options('Threshold', { threshold: number(), value: number() });

/**
 * `x` where `x > threshold`, else `value`: `torch.nn.Threshold`.
 *
 * @example
 * new nn.Threshold(1, 20).forward(tensor([-2, 3])).toArray(); // [20, 3]
 */
export class Threshold extends Module {
  /** The bound. */
  threshold: number;
  /** What stands for x up to the bound. */
  value: number;

  constructor(threshold: number, value: number) {
    super();
    const checked = thresholdOptions.checked({ threshold, value });
    this.threshold = checked.threshold;
    this.value = checked.value;
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Threshold.forward', arguments.length);
    thresholdOptions.use(this);
    return threshold(x, this.threshold, this.value);
  }

  override extraRepr(): string {
    return `threshold=${this.threshold}, value=${this.value}`;
  }
}
