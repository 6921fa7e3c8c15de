// The losses over classes as modules.
import { withDefaults } from '../errors';
import { type CrossEntropyOptions, crossEntropy } from '../ops/cross-entropy';
import type { Reduction } from '../ops/loss';
import { type NllLossOptions, nllLoss } from '../ops/nll-loss';
import { checkTensor, type Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { integer, number, Options, oneOf } from './options';

const reduction = oneOf<Reduction>('mean', 'sum', 'none');
const ignoreIndex = integer(-0x80000000, 0x7fffffff);
const crossEntropyOptions = new Options('CrossEntropyLoss', { ignoreIndex, reduction, labelSmoothing: number(0, 1) });
const nllOptions = new Options('NLLLoss', { ignoreIndex, reduction });

// What the losses over classes have in common: class weights, a buffer, and a label that does not count.
abstract class ClassLoss extends Module {
  /** A factor for each class, or null: a buffer. */
  declare weight: Tensor | null;
  /** Rows with this label are ignored. */
  ignoreIndex: number;
  /** How the rows' losses are reduced. */
  reduction: Reduction;

  protected constructor(where: string, { weight, ignoreIndex, reduction }: Required<NllLossOptions>) {
    super();
    this.registerBuffer('weight', weight === null ? null : checkTensor(where, 'weight', weight, 'float32'));
    this.ignoreIndex = ignoreIndex;
    this.reduction = reduction;
  }
}

/**
 * The cross entropy between the softmax of the output and the target: `torch.nn.CrossEntropyLoss`. It takes logits: no Softmax in front of it.
 *
 * Shapes: output `[n, classes]`, `[classes]` or `[n, classes, d1, ...]`; target int32 class labels in that shape without classes, or float32
 * probabilities in the output's shape. `weight`: a factor for each class, a buffer; `ignoreIndex` (default -100): a label whose rows do not
 * count; `reduction`: `"mean"` (default, over the weights of the rows that count), `"sum"` or `"none"`; `labelSmoothing` from 0 (default)
 * to 1. More in `nn.functional.crossEntropy`.
 *
 * @example
 * const criterion = new nn.CrossEntropyLoss();
 * const loss = criterion.forward(zeros([2, 5]), tensor([0, 4], { dtype: "int32" }));
 * loss.item(); // 1.6094379425048828
 */
export class CrossEntropyLoss extends ClassLoss {
  /** How much of the target is spread evenly over all classes. */
  labelSmoothing: number;

  constructor(options?: CrossEntropyOptions) {
    const defaults: Required<CrossEntropyOptions> = { weight: null, ignoreIndex: -100, reduction: 'mean', labelSmoothing: 0 };
    const filled = crossEntropyOptions.checked(withDefaults('CrossEntropyLoss', options, defaults));
    super('CrossEntropyLoss', filled);
    this.labelSmoothing = filled.labelSmoothing;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('CrossEntropyLoss.forward', arguments.length, 2);
    crossEntropyOptions.use(this);
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return crossEntropy(output, target, { weight, ignoreIndex, reduction, labelSmoothing }, 'CrossEntropyLoss.forward');
  }
}

/**
 * The negative log-likelihood of log-probabilities, as `LogSoftmax` makes them: `torch.nn.NLLLoss`.
 *
 * Shapes and options as `CrossEntropyLoss`, without probabilities as target and without `labelSmoothing`.
 *
 * @example
 * new nn.NLLLoss().forward(tensor([[-1, -2]]), tensor([1], { dtype: "int32" })).item(); // 2
 */
export class NLLLoss extends ClassLoss {
  constructor(options?: NllLossOptions) {
    const defaults: Required<NllLossOptions> = { weight: null, ignoreIndex: -100, reduction: 'mean' };
    super('NLLLoss', nllOptions.checked(withDefaults('NLLLoss', options, defaults)));
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('NLLLoss.forward', arguments.length, 2);
    nllOptions.use(this);
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(output, target, { weight, ignoreIndex, reduction }, 'NLLLoss.forward');
  }
}
