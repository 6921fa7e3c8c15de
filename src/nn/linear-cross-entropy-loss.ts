// A linear layer and the cross entropy of its logits as one module.
import { checkBoolean, checkInteger, withDefaults } from '../errors';
import { type LinearCrossEntropyOptions, linearCrossEntropy } from '../ops/linear-cross-entropy';
import type { Reduction } from '../ops/loss';
import { checkTensor, type Tensor } from '../tensor';
import { pythonBool, pythonFloat } from './format';
import { checkInputs } from './inputs';
import { Linear } from './linear';
import { Module } from './module';
import { integer, number, Options, oneOf, orNull } from './options';

/** The options of `LinearCrossEntropyLoss`. */
export interface LinearCrossEntropyLossOptions extends Omit<LinearCrossEntropyOptions, 'bias'> {
  /** Whether the layer adds a bias that is learned; default false. */
  bias?: boolean;
}

const kinds = {
  ignoreIndex: integer(-0x80000000, 0x7fffffff),
  reduction: oneOf<Reduction>('mean', 'sum', 'none'),
  labelSmoothing: number(0, 1),
  chunk: orNull(integer(1)),
};
const lossOptions = new Options('LinearCrossEntropyLoss', kinds);

/**
 * A linear layer and the cross entropy of its logits, which are never all in memory: `torch.nn.LinearCrossEntropyLoss`.
 *
 * Shapes: input float32 `[*, inFeatures]`, target int32 labels `[*]`; the loss is a scalar, or `[*]` with `reduction: "none"`. The layer is `linear`, without a
 * bias unless `bias`. `weight`: a factor for each class, a buffer; `ignoreIndex` -100, `reduction` `"mean"`, `labelSmoothing` 0 and `chunk`, how many
 * rows have their logits in memory at once, as in `nn.functional.linearCrossEntropy`. Probabilities as target and PyTorch's `out_features`, for losses of several
 * dimensions, are not there: `nn.Linear` and `nn.CrossEntropyLoss` do these.
 *
 * @example
 * const criterion = new nn.LinearCrossEntropyLoss(4, 10);
 * criterion.forward(zeros([2, 4]), tensor([3, 9], { dtype: "int32" })).item(); // 2.3025851249694824
 * Object.keys(criterion.stateDict()); // ["linear.weight"]
 */
export class LinearCrossEntropyLoss extends Module {
  /** The layer that makes the logits. */
  linear: Linear;
  /** A factor for each class, or null: a buffer. */
  declare weight: Tensor | null;
  /** Rows with this label are ignored. */
  ignoreIndex: number;
  /** How the rows' losses are reduced. */
  reduction: Reduction;
  /** How much of the target is spread evenly over all classes. */
  labelSmoothing: number;
  /** How many rows have their logits in memory at once; null: 256, or as many as make 2^20 logits. */
  chunk: number | null;

  constructor(inFeatures: number, numClasses: number, options?: LinearCrossEntropyLossOptions) {
    super();
    const where = 'LinearCrossEntropyLoss';
    const defaults: Required<LinearCrossEntropyLossOptions> = {
      bias: false,
      weight: null,
      ignoreIndex: -100,
      reduction: 'mean',
      labelSmoothing: 0,
      chunk: null,
    };
    const filled = lossOptions.checked(withDefaults(where, options, defaults));
    checkInteger(where, 'inFeatures', inFeatures);
    checkInteger(where, 'numClasses', numClasses);
    checkBoolean(where, 'bias', filled.bias);
    this.linear = new Linear(inFeatures, numClasses, { bias: filled.bias });
    this.registerBuffer('weight', filled.weight === null ? null : checkTensor(where, 'weight', filled.weight, 'float32'));
    this.ignoreIndex = filled.ignoreIndex;
    this.reduction = filled.reduction;
    this.labelSmoothing = filled.labelSmoothing;
    this.chunk = filled.chunk;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    checkInputs('LinearCrossEntropyLoss.forward', arguments.length, 2);
    lossOptions.use(this);
    const { linear, weight, ignoreIndex, reduction, labelSmoothing, chunk } = this;
    const options = { bias: linear.bias, weight, ignoreIndex, reduction, labelSmoothing, chunk };
    return linearCrossEntropy(input, linear.weight, target, options, 'LinearCrossEntropyLoss.forward');
  }

  override extraRepr(): string {
    const { inFeatures, outFeatures, bias } = this.linear;
    const ends = `reduction=${this.reduction}, ignore_index=${this.ignoreIndex}, label_smoothing=${pythonFloat(this.labelSmoothing)}`;
    return `in_features=${inFeatures}, num_classes=${outFeatures}, bias=${pythonBool(bias !== null)}, ${ends}`;
  }
}
