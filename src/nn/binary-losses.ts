// The losses of probabilities as modules.
import { withDefaults } from '../errors';
import {
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyWithLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type KlDivOptions,
  type KlDivReduction,
  klDiv,
} from '../ops/binary-losses';
import type { Reduction } from '../ops/loss';
import { checkTensor, type Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { boolean, Options, oneOf } from './options';

const reduction = oneOf<Reduction>('mean', 'sum', 'none');
const bceOptions = new Options('BCELoss', { reduction });
const logitsOptions = new Options('BCEWithLogitsLoss', { reduction });
const klDivOptions = new Options('KLDivLoss', { reduction: oneOf<KlDivReduction>('mean', 'batchmean', 'sum', 'none'), logTarget: boolean });

const buffer = (where: string, name: string, t: Tensor | null): Tensor | null =>
  t === null ? null : checkTensor(where, name, t, 'float32');

/**
 * The cross-entropy between probabilities and targets from 0 to 1: `torch.nn.BCELoss`. More in `nn.functional.binaryCrossEntropy`.
 *
 * Output and target are float32 of the same shape. `weight`: a factor for each element, of a shape that broadcasts, a buffer; `reduction`: `"mean"` (default),
 * `"sum"` or `"none"`.
 *
 * @example
 * new nn.BCELoss().forward(tensor([0.5, 0.5]), tensor([1, 0])).item(); // 0.6931471824645996
 */
export class BCELoss extends Module {
  /** A factor for each element, or null: a buffer. */
  declare weight: Tensor | null;
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: BinaryCrossEntropyOptions) {
    super();
    const defaults: Required<BinaryCrossEntropyOptions> = { weight: null, reduction: 'mean' };
    const { weight, reduction } = bceOptions.checked(withDefaults('BCELoss', options, defaults));
    this.registerBuffer('weight', buffer('BCELoss', 'weight', weight));
    this.reduction = reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('BCELoss.forward', arguments.length, 2);
    bceOptions.use(this);
    return binaryCrossEntropy(output, target, { weight: this.weight, reduction: this.reduction }, 'BCELoss.forward');
  }
}

/**
 * The cross-entropy between the sigmoid of the output and targets from 0 to 1, accurate for small probabilities too: `torch.nn.BCEWithLogitsLoss`. It takes
 * logits, so use no Sigmoid in front of it. More in `nn.functional.binaryCrossEntropyWithLogits`.
 *
 * Shapes and options as `BCELoss`; `posWeight`: a factor for the term with target 1, a buffer with PyTorch's name `pos_weight`.
 *
 * @example
 * new nn.BCEWithLogitsLoss().forward(tensor([0, 0]), tensor([1, 0])).item(); // 0.6931471824645996
 */
export class BCEWithLogitsLoss extends Module {
  /** A factor for each element, or null: a buffer. */
  declare weight: Tensor | null;
  declare private pos_weight: Tensor | null;
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: BinaryCrossEntropyWithLogitsOptions) {
    super();
    const defaults: Required<BinaryCrossEntropyWithLogitsOptions> = { weight: null, posWeight: null, reduction: 'mean' };
    const { weight, posWeight, reduction } = logitsOptions.checked(withDefaults('BCEWithLogitsLoss', options, defaults));
    this.registerBuffer('weight', buffer('BCEWithLogitsLoss', 'weight', weight));
    this.registerBuffer('pos_weight', buffer('BCEWithLogitsLoss', 'posWeight', posWeight));
    this.reduction = reduction;
  }

  /** A factor for the term with target 1, or null: the buffer `pos_weight`. */
  get posWeight(): Tensor | null {
    return this.pos_weight;
  }
  set posWeight(weight: Tensor | null) {
    this.pos_weight = weight;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('BCEWithLogitsLoss.forward', arguments.length, 2);
    logitsOptions.use(this);
    const options = { weight: this.weight, posWeight: this.pos_weight, reduction: this.reduction };
    return binaryCrossEntropyWithLogits(output, target, options, 'BCEWithLogitsLoss.forward');
  }
}

/**
 * The Kullback-Leibler divergence of the target from log-probabilities, as `LogSoftmax` makes them: `torch.nn.KLDivLoss`. More in `nn.functional.klDiv`.
 *
 * Output and target are float32 of the same shape. `reduction`: `"mean"` over all elements (default), `"batchmean"`, which is the divergence itself, `"sum"` or
 * `"none"`; `logTarget` (false): the target is given by its logarithm.
 *
 * @example
 * new nn.KLDivLoss({ reduction: 'batchmean' }).forward(tensor([[0.5, 0.5]]).log(), tensor([[1, 0]])).item(); // 0.6931471824645996
 */
export class KLDivLoss extends Module {
  /** How the elements' losses are reduced. */
  reduction: KlDivReduction;
  /** Whether the target is given by its logarithm. */
  logTarget: boolean;

  constructor(options?: KlDivOptions) {
    super();
    const defaults: Required<KlDivOptions> = { reduction: 'mean', logTarget: false };
    const { reduction, logTarget } = klDivOptions.checked(withDefaults('KLDivLoss', options, defaults));
    this.reduction = reduction;
    this.logTarget = logTarget;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('KLDivLoss.forward', arguments.length, 2);
    klDivOptions.use(this);
    return klDiv(output, target, { reduction: this.reduction, logTarget: this.logTarget }, 'KLDivLoss.forward');
  }
}
