// The losses with a margin over classes, as modules, and those of signs and of several labels.
import { withDefaults } from '../errors';
import type { Reduction } from '../ops/loss';
import { checkPower, type MultiMarginLossOptions, multiMarginLoss } from '../ops/multi-margin-loss';
import { multilabelMarginLoss } from '../ops/multilabel-margin-loss';
import { type MultiLabelSoftMarginLossOptions, multilabelSoftMarginLoss, softMarginLoss } from '../ops/soft-margin-losses';
import { checkTensor, type Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options, type OptionType, oneOf } from './options';

const reduction = oneOf<Reduction>('mean', 'sum', 'none');
const power: OptionType<number> = { check: checkPower, print: String };
const multiMarginOptions = new Options('MultiMarginLoss', { p: power, margin: number(), reduction });
const multiLabelMarginOptions = new Options('MultiLabelMarginLoss', { reduction });
const softMarginOptions = new Options('SoftMarginLoss', { reduction });
const multiLabelSoftMarginOptions = new Options('MultiLabelSoftMarginLoss', { reduction });

/**
 * The hinge loss of classes: `sum over j != y of max(0, margin - x[y] + x[j])^p / classes`, times `weight[y]` where given: `torch.nn.MultiMarginLoss`.
 *
 * Shapes: output float32 `[n, classes]` or `[classes]`, target int32 labels `[n]` or `[]`. `p` is 1 (default) or 2, `margin` 1 by default, `weight` a factor
 * for each class, a buffer; `reduction`: `"mean"` (default, over the rows), `"sum"` or `"none"`. More in `nn.functional.multiMarginLoss`.
 *
 * @example
 * new nn.MultiMarginLoss().forward(tensor([[0, 0.5]]), tensor([1], { dtype: "int32" })).item(); // 0.25
 */
export class MultiMarginLoss extends Module {
  /** The exponent, 1 or 2. */
  p: number;
  /** By how much the right score should be larger. */
  margin: number;
  /** A factor for each class, or null: a buffer. */
  declare weight: Tensor | null;
  /** How the rows' losses are reduced. */
  reduction: Reduction;

  constructor(options?: MultiMarginLossOptions) {
    super();
    const defaults: Required<MultiMarginLossOptions> = { p: 1, margin: 1, weight: null, reduction: 'mean' };
    const { p, margin, weight, reduction } = multiMarginOptions.checked(withDefaults('MultiMarginLoss', options, defaults));
    this.p = p;
    this.margin = margin;
    this.registerBuffer('weight', weight === null ? null : checkTensor('MultiMarginLoss', 'weight', weight, 'float32'));
    this.reduction = reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('MultiMarginLoss.forward', arguments.length, 2);
    multiMarginOptions.use(this);
    const { p, margin, weight, reduction } = this;
    return multiMarginLoss(output, target, { p, margin, weight, reduction }, 'MultiMarginLoss.forward');
  }
}

/**
 * The hinge loss of rows with several labels: the sum of `max(0, 1 - x[y] + x[j])` over each label y and each class j that is none, divided by the number of
 * classes: `torch.nn.MultiLabelMarginLoss`.
 *
 * Shapes: output float32 `[n, classes]` or `[classes]`; target int32 in its shape: in each row its labels, then -1. `reduction` as for `MultiMarginLoss`. More in
 * `nn.functional.multilabelMarginLoss`.
 *
 * @example
 * const target = tensor([[1, -1]], { dtype: "int32" });
 * new nn.MultiLabelMarginLoss().forward(tensor([[0, 0.5]]), target).item(); // 0.25
 */
export class MultiLabelMarginLoss extends Module {
  /** How the rows' losses are reduced. */
  reduction: Reduction;

  constructor(options?: { reduction?: Reduction }) {
    super();
    const filled = withDefaults<{ reduction: Reduction }>('MultiLabelMarginLoss', options, { reduction: 'mean' });
    this.reduction = multiLabelMarginOptions.checked(filled).reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('MultiLabelMarginLoss.forward', arguments.length, 2);
    multiLabelMarginOptions.use(this);
    return multilabelMarginLoss(output, target, { reduction: this.reduction }, 'MultiLabelMarginLoss.forward');
  }
}

/**
 * The logistic loss of signs, `log(1 + exp(-target x))` with targets 1 and -1: `torch.nn.SoftMarginLoss`.
 *
 * Output is float32, target float32 or int32 of the same shape; `reduction`: `"mean"` (default), `"sum"` or `"none"`.
 *
 * @example
 * new nn.SoftMarginLoss().forward(tensor([0]), tensor([-1])).item(); // 0.6931471824645996
 */
export class SoftMarginLoss extends Module {
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: { reduction?: Reduction }) {
    super();
    const filled = withDefaults<{ reduction: Reduction }>('SoftMarginLoss', options, { reduction: 'mean' });
    this.reduction = softMarginOptions.checked(filled).reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('SoftMarginLoss.forward', arguments.length, 2);
    softMarginOptions.use(this);
    return softMarginLoss(output, target, { reduction: this.reduction }, 'SoftMarginLoss.forward');
  }
}

/**
 * The mean over the classes of the logistic losses of several labels at once, times `weight` where given: `torch.nn.MultiLabelSoftMarginLoss`.
 *
 * Shapes: output, the logits, float32 `[*, classes]`; target in its shape, 1 or 0 for each class, float32 or int32. `weight`: a factor for each class, a buffer;
 * `reduction`: `"mean"` (default, over the rows), `"sum"` or `"none"`. More in `nn.functional.multilabelSoftMarginLoss`.
 *
 * @example
 * new nn.MultiLabelSoftMarginLoss().forward(tensor([[0, 0]]), tensor([[1, 1]])).item(); // 0.6931471824645996
 */
export class MultiLabelSoftMarginLoss extends Module {
  /** A factor for each class, or null: a buffer. */
  declare weight: Tensor | null;
  /** How the rows' losses are reduced. */
  reduction: Reduction;

  constructor(options?: MultiLabelSoftMarginLossOptions) {
    super();
    const where = 'MultiLabelSoftMarginLoss';
    const defaults: Required<MultiLabelSoftMarginLossOptions> = { weight: null, reduction: 'mean' };
    const { weight, reduction } = multiLabelSoftMarginOptions.checked(withDefaults(where, options, defaults));
    this.registerBuffer('weight', weight === null ? null : checkTensor(where, 'weight', weight, 'float32'));
    this.reduction = reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('MultiLabelSoftMarginLoss.forward', arguments.length, 2);
    multiLabelSoftMarginOptions.use(this);
    const { weight, reduction } = this;
    return multilabelSoftMarginLoss(output, target, { weight, reduction }, 'MultiLabelSoftMarginLoss.forward');
  }
}
