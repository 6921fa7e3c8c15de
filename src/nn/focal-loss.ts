// The focal loss as a module.
import { withDefaults } from '../errors';
import { checkAlpha, type SigmoidFocalLossOptions, sigmoidFocalLoss } from '../ops/focal-loss';
import type { Reduction } from '../ops/loss';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options, type OptionType, oneOf } from './options';

const alpha: OptionType<number> = { ...number(), check: checkAlpha };
const focalOptions = new Options('FocalLoss', { alpha, gamma: number(0), reduction: oneOf<Reduction>('mean', 'sum', 'none') });

/**
 * The focal loss of logits, `alpha_t (1 - q)^gamma (-log q)`, where q is the probability of the target: as `torchvision.ops.sigmoid_focal_loss`; PyTorch has no
 * class for it.
 *
 * Output is float32, target float32 or int32 of the same shape, 0 or 1 or between. `alpha`, the weight of the targets 1, is 0.25 by default and -1 for no weights,
 * `gamma` 2; `reduction`: `"mean"` (default, as for every loss that is a class), `"sum"` or `"none"`. More in `nn.functional.sigmoidFocalLoss`.
 *
 * @example
 * new nn.FocalLoss({ alpha: -1 }).forward(tensor([0]), tensor([1])).item(); // 0.1732867956161499
 */
export class FocalLoss extends Module {
  /** The weight of the targets 1, or -1. */
  alpha: number;
  /** The exponent that reduces the weight of well-classified elements. */
  gamma: number;
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: SigmoidFocalLossOptions) {
    super();
    const defaults: Required<SigmoidFocalLossOptions> = { alpha: 0.25, gamma: 2, reduction: 'mean' };
    const { alpha, gamma, reduction } = focalOptions.checked(withDefaults('FocalLoss', options, defaults));
    this.alpha = alpha;
    this.gamma = gamma;
    this.reduction = reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('FocalLoss.forward', arguments.length, 2);
    focalOptions.use(this);
    const { alpha, gamma, reduction } = this;
    return sigmoidFocalLoss(output, target, { alpha, gamma, reduction }, 'FocalLoss.forward');
  }
}
