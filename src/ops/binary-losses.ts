// Losses of probabilities: binary cross-entropy, also of logits, and the Kullback-Leibler divergence.
import { give, isGradEnabled, isUnit, record, share } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkOneOf, rangeError, withDefaults } from '../errors';
import type { Reduction } from '../kernels.generated';
import { sameShape, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { softplus } from './activations';
import { binary, scalar } from './broadcast';
import { checkReduction, scaled } from './loss';
import './arithmetic';
import './reduce';
import './unary';

type Kernel = (call: {
  loss: Float32Array;
  dx: Float32Array | null | undefined;
  x: Float32Array;
  target: Float32Array;
  n: number;
  reduction: Reduction;
}) => void;

function checkPair(where: string, x: Tensor, target: Tensor): void {
  checkTensor(where, 'x', x, 'float32');
  checkTensor(where, 'target', target, 'float32');
  if (!sameShape(x.shape, target.shape)) {
    throw rangeError(
      where,
      `expected target ${shapeText(x.shape)}, the shape of x, got ${shapeText(target.shape)}`,
      'reshape() one of them',
    );
  }
}

// An element-wise loss by its kernel; `slopeOfTarget` gives the derivatives with respect to the target, if they are needed.
function pairs(name: string, x: Tensor, target: Tensor, reduction: Reduction, kernel: Kernel, slopeOfTarget: () => Tensor): Tensor {
  const loss = empty(reduction === 'none' ? x.shape.slice() : []);
  const dx = x.needsGrad && isGradEnabled() ? empty(x.shape.slice()) : null;
  kernel({ loss: loss.floats, dx: dx?.floats, x: x.floats, target: target.floats, n: x.numel, reduction });
  return record(loss, name, [x, target], target.needsGrad ? [x, target] : [], (dy) => {
    if (dx !== null) share(x, isUnit(dy) ? dx : scaled(dx, dy));
    if (!target.needsGrad) return;
    const share_ = reduction === 'mean' ? binary(name, 'mul', dy, scalar(1 / x.numel), 'float32') : dy;
    give(target, scaled(slopeOfTarget(), share_));
  });
}

// The terms of a loss, weighted and reduced.
function reduced(terms: Tensor, weight: Tensor | null, reduction: Reduction): Tensor {
  const weighed = weight === null ? terms : terms.mul(weight);
  return reduction === 'none' ? weighed : reduction === 'sum' ? weighed.sum() : weighed.mean();
}

/** The options of `binaryCrossEntropy`. */
export interface BinaryCrossEntropyOptions {
  /** A factor for each element, of a shape that broadcasts to that of x, or null (default). */
  weight?: Tensor | null;
  /** How the elements' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

/**
 * `-(target log x + (1 - target) log(1 - x))` of probabilities x, each logarithm at least -100, reduced to the mean (default), the sum, or "none":
 * `torch.nn.functional.binary_cross_entropy`.
 *
 * x and target are float32 of the same shape, target from 0 to 1. x outside [0, 1] gives NaN, where PyTorch throws.
 *
 * @example
 * nn.functional.binaryCrossEntropy(tensor([0.5, 0.5]), tensor([1, 0])).item(); // 0.6931471824645996
 */
export function binaryCrossEntropy(x: Tensor, target: Tensor, options?: BinaryCrossEntropyOptions): Tensor;
/** @internal */
export function binaryCrossEntropy(x: Tensor, target: Tensor, options: BinaryCrossEntropyOptions | undefined, where: string): Tensor;
export function binaryCrossEntropy(x: Tensor, target: Tensor, options?: BinaryCrossEntropyOptions, where = 'binaryCrossEntropy'): Tensor {
  const { weight, reduction } = withDefaults<Required<BinaryCrossEntropyOptions>>(where, options, { weight: null, reduction: 'mean' });
  checkReduction(where, reduction);
  checkPair(where, x, target);
  if (weight !== null) checkWeights(where, 'weight', weight, x);
  const terms = pairs('binaryCrossEntropy', x, target, weight === null ? reduction : 'none', calls.binaryCrossEntropy, () => {
    const limited = (p: Tensor): Tensor => p.log().clamp({ min: -100 });
    const own = x.detach();
    return limited(own.neg().add(1)).sub(limited(own));
  });
  return weight === null ? terms : reduced(terms, weight, reduction);
}

/** The options of `binaryCrossEntropyWithLogits`. */
export interface BinaryCrossEntropyWithLogitsOptions {
  /** A factor for each element, of a shape that broadcasts to that of x, or null (default). */
  weight?: Tensor | null;
  /** A factor for the term of the loss with target 1, of a shape that broadcasts to that of x, or null (default). */
  posWeight?: Tensor | null;
  /** How the elements' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

/**
 * `binaryCrossEntropy` of the probabilities sigmoid(x), accurate for small ones too: `max(x, 0) - x target + log(1 + exp(-|x|))`. With `posWeight` p it is
 * `(1 - target) x + (1 + (p - 1) target) log(1 + exp(-x))`. Reduced to the mean (default), the sum, or "none":
 * `torch.nn.functional.binary_cross_entropy_with_logits`.
 *
 * x and target are float32 of the same shape, target from 0 to 1.
 *
 * @example
 * nn.functional.binaryCrossEntropyWithLogits(tensor([0, 0]), tensor([1, 0])).item(); // 0.6931471824645996
 */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor, options?: BinaryCrossEntropyWithLogitsOptions): Tensor;
/** @internal */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyWithLogitsOptions | undefined,
  where: string,
): Tensor;
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: Tensor,
  options?: BinaryCrossEntropyWithLogitsOptions,
  where = 'binaryCrossEntropyWithLogits',
): Tensor {
  const defaults: Required<BinaryCrossEntropyWithLogitsOptions> = { weight: null, posWeight: null, reduction: 'mean' };
  const { weight, posWeight, reduction } = withDefaults(where, options, defaults);
  checkReduction(where, reduction);
  checkPair(where, x, target);
  if (weight !== null) checkWeights(where, 'weight', weight, x);
  if (posWeight !== null) {
    checkWeights(where, 'posWeight', posWeight, x);
    const factor = target.mul(posWeight.sub(1)).add(1);
    const terms = target
      .neg()
      .add(1)
      .mul(x)
      .add(factor.mul(softplus(x.neg())));
    return reduced(terms, weight, reduction);
  }
  const kernel = calls.binaryCrossEntropyWithLogits;
  const terms = pairs('binaryCrossEntropyWithLogits', x, target, weight === null ? reduction : 'none', kernel, () => x.detach().neg());
  return weight === null ? terms : reduced(terms, weight, reduction);
}

function checkWeights(where: string, name: string, weight: Tensor, x: Tensor): void {
  checkTensor(where, name, weight, 'float32');
  const { shape } = weight;
  const from = x.shape.length - shape.length;
  if (from < 0 || shape.some((size, d) => size !== 1 && size !== x.shape[from + d])) {
    throw rangeError(where, `expected ${name} of a shape that broadcasts to ${shapeText(x.shape)}, got ${shapeText(shape)}`);
  }
}

/** How the terms of `klDiv` are reduced; "batchmean" divides their sum by the size of the first dimension. */
export type KlDivReduction = Reduction | 'batchmean';

/** The options of `klDiv`. */
export interface KlDivOptions {
  /** The reduction ("mean"); "batchmean" gives the Kullback-Leibler divergence itself. */
  reduction?: KlDivReduction;
  /** Whether the target is given as its logarithm (false). */
  logTarget?: boolean;
}

/**
 * `target (log target - x)` for log-probabilities x, 0 where target is 0; with `logTarget` `exp(target) (target - x)`. Reduced to the mean over all elements
 * (default), "batchmean", the sum, or "none": `torch.nn.functional.kl_div`.
 *
 * x and target are float32 of the same shape.
 *
 * @example
 * const x = tensor([[0.5, 0.5]]).log();
 * nn.functional.klDiv(x, tensor([[1, 0]]), { reduction: 'batchmean' }).item(); // 0.6931471824645996
 */
export function klDiv(x: Tensor, target: Tensor, options?: KlDivOptions): Tensor;
/** @internal */
export function klDiv(x: Tensor, target: Tensor, options: KlDivOptions | undefined, where: string): Tensor;
export function klDiv(x: Tensor, target: Tensor, options?: KlDivOptions, where = 'klDiv'): Tensor {
  const { reduction, logTarget } = withDefaults<Required<KlDivOptions>>(where, options, { reduction: 'mean', logTarget: false });
  checkOneOf(where, 'reduction', reduction, ['none', 'mean', 'sum', 'batchmean']);
  checkBoolean(where, 'logTarget', logTarget);
  checkPair(where, x, target);
  const kernel: Kernel = ({ loss, dx, x, target, n, reduction }) => calls.klDiv({ loss, dx, x, target, n, reduction, logTarget });
  const own = target.detach();
  const slope = (): Tensor => {
    if (logTarget) return own.exp().mul(own.sub(x.detach()).add(1));
    const isZero = own.eq(0).to('float32'); // log 1 is taken there, and the whole is 0
    return own.add(isZero).log().sub(x.detach()).add(1).mul(isZero.neg().add(1));
  };
  const batch = x.shape[0] ?? 1;
  const loss = pairs('klDiv', x, target, reduction === 'batchmean' ? 'sum' : reduction, kernel, slope);
  return reduction === 'batchmean' ? loss.div(batch) : loss;
}
