// The losses of pairs of numbers as modules.
import { withDefaults } from '../errors';
import type { Reduction } from '../ops/loss';
import { type HuberLossOptions, huberLoss, l1Loss, mseLoss, type SmoothL1LossOptions, smoothL1Loss } from '../ops/pairwise-losses';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options, oneOf } from './options';

const reduction = oneOf<Reduction>('mean', 'sum', 'none');
const mseOptions = new Options('MSELoss', { reduction });
const l1Options = new Options('L1Loss', { reduction });
const huberOptions = new Options('HuberLoss', { delta: number(Number.MIN_VALUE), reduction });
const smoothL1Options = new Options('SmoothL1Loss', { beta: number(0), reduction });

/**
 * The squared error, its mean by default, with `reduction` `"sum"` or `"none"` its sum or every element: `torch.nn.MSELoss`.
 *
 * Output and target are float32 of the same shape.
 *
 * @example
 * new nn.MSELoss().forward(tensor([1, 2]), tensor([1, 4])).item(); // 2
 */
export class MSELoss extends Module {
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: { reduction?: Reduction }) {
    super();
    this.reduction = mseOptions.checked(withDefaults<{ reduction: Reduction }>('MSELoss', options, { reduction: 'mean' })).reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('MSELoss.forward', arguments.length, 2);
    mseOptions.use(this);
    return mseLoss(output, target, { reduction: this.reduction }, 'MSELoss.forward');
  }
}

/**
 * A squared error that far outliers do not rule: `d^2 / 2` where `|d| < delta`, else `delta (|d| - delta / 2)`: `torch.nn.HuberLoss`.
 *
 * Output and target are float32 of the same shape; `delta` is positive, 1 by default; `reduction` as for `MSELoss`.
 *
 * @example
 * new nn.HuberLoss().forward(tensor([1, 2]), tensor([1, 5])).item(); // 1.25
 */
export class HuberLoss extends Module {
  /** The difference from which on the loss grows along a line. */
  delta: number;
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: HuberLossOptions) {
    super();
    const defaults: Required<HuberLossOptions> = { delta: 1, reduction: 'mean' };
    const { delta, reduction } = huberOptions.checked(withDefaults('HuberLoss', options, defaults));
    this.delta = delta;
    this.reduction = reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('HuberLoss.forward', arguments.length, 2);
    huberOptions.use(this);
    return huberLoss(output, target, { delta: this.delta, reduction: this.reduction }, 'HuberLoss.forward');
  }
}

/**
 * The absolute error, its mean by default, with `reduction` `"sum"` or `"none"` its sum or every element: `torch.nn.L1Loss`.
 *
 * Output and target are float32 of the same shape.
 *
 * @example
 * new nn.L1Loss().forward(tensor([1, 2]), tensor([1, 5])).item(); // 1.5
 */
export class L1Loss extends Module {
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: { reduction?: Reduction }) {
    super();
    this.reduction = l1Options.checked(withDefaults<{ reduction: Reduction }>('L1Loss', options, { reduction: 'mean' })).reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('L1Loss.forward', arguments.length, 2);
    l1Options.use(this);
    return l1Loss(output, target, { reduction: this.reduction }, 'L1Loss.forward');
  }
}

/**
 * The absolute error, rounded off near 0: `d^2 / (2 beta)` where `|d| < beta`, else `|d| - beta / 2`: `torch.nn.SmoothL1Loss`.
 *
 * Output and target are float32 of the same shape; `beta` is at least 0, 1 by default; `reduction` as for `MSELoss`.
 *
 * @example
 * new nn.SmoothL1Loss({ beta: 2 }).forward(tensor([1, 2]), tensor([1, 5])).item(); // 1
 */
export class SmoothL1Loss extends Module {
  /** The difference from which on the loss grows along a line. */
  beta: number;
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: SmoothL1LossOptions) {
    super();
    const defaults: Required<SmoothL1LossOptions> = { beta: 1, reduction: 'mean' };
    const { beta, reduction } = smoothL1Options.checked(withDefaults('SmoothL1Loss', options, defaults));
    this.beta = beta;
    this.reduction = reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('SmoothL1Loss.forward', arguments.length, 2);
    smoothL1Options.use(this);
    return smoothL1Loss(output, target, { beta: this.beta, reduction: this.reduction }, 'SmoothL1Loss.forward');
  }
}
