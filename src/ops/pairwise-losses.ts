// Element-wise losses of an output and its target; all are public in `nn.functional`.
import { give, isGradEnabled, isUnit, record, share } from '../autograd';
import * as calls from '../calls.generated';
import { checkNumber, rangeError, withDefaults } from '../errors';
import { sameShape, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { checkReduction, type Reduction, scaled } from './loss';

// The arrays and the reduction of a kernel's call.
type Call = { loss: Float32Array; dx?: Float32Array; x: Float32Array; target: Float32Array; n: number; reduction: Reduction };

function pairwise(name: string, where: string, x: Tensor, target: Tensor, reduction: Reduction, kernel: (call: Call) => void): Tensor {
  checkReduction(where, reduction);
  checkTensor(where, 'x', x, 'float32');
  checkTensor(where, 'target', target, 'float32');
  if (!sameShape(x.shape, target.shape)) {
    throw rangeError(
      where,
      `expected target ${shapeText(x.shape)}, the shape of x, got ${shapeText(target.shape)}`,
      'reshape() one of them',
    );
  }
  const loss = empty(reduction === 'none' ? x.shape.slice() : []);
  const wanted = (x.needsGrad || target.needsGrad) && isGradEnabled();
  const dx = wanted ? empty(x.shape.slice()) : null;
  kernel({ loss: loss.floats, dx: dx?.floats, x: x.floats, target: target.floats, n: x.numel, reduction });
  return record(loss, name, [x, target], [], (dy) => {
    const gradient = isUnit(dy) ? dx! : scaled(dx!, dy);
    if (target.needsGrad) {
      const dtarget = empty(x.shape.slice());
      calls.negForward({ y: dtarget.floats, x: gradient.floats, n: x.numel });
      give(target, dtarget);
    }
    share(x, gradient);
  });
}

/**
 * `(x - target)^2`, reduced to the mean (default), the sum, or "none": `torch.nn.functional.mse_loss`.
 *
 * x and target are float32 of the same shape; unlike PyTorch, which warns, this does not broadcast: `[n, 1]` with `[n]` is a RangeError.
 * The mean of nothing is NaN.
 *
 * @example
 * nn.functional.mseLoss(tensor([1, 2]), tensor([1, 4])).item(); // 2
 */
export function mseLoss(x: Tensor, target: Tensor, options?: { reduction?: Reduction }): Tensor;
/** @internal */
export function mseLoss(x: Tensor, target: Tensor, options: { reduction?: Reduction } | undefined, where: string): Tensor;
export function mseLoss(x: Tensor, target: Tensor, options?: { reduction?: Reduction }, where = 'mseLoss'): Tensor {
  const { reduction } = withDefaults<{ reduction: Reduction }>(where, options, { reduction: 'mean' });
  return pairwise('mseLoss', where, x, target, reduction, calls.mseLoss);
}

/** The options of `huberLoss`. */
export interface HuberLossOptions {
  /** The difference from which on the loss is linear (1). */
  delta?: number;
  /** How the elements' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

/**
 * With `d = x - target` `d^2 / 2` where `|d| < delta`, else `delta (|d| - delta / 2)`, reduced to the mean (default), the sum, or "none":
 * `torch.nn.functional.huber_loss`. Source: Huber, 1964.
 *
 * Shapes as for `mseLoss`. delta is positive, 1 by default.
 *
 * @example
 * nn.functional.huberLoss(tensor([1, 2]), tensor([1, 5])).item(); // 1.25
 */
export function huberLoss(x: Tensor, target: Tensor, options?: HuberLossOptions): Tensor;
/** @internal */
export function huberLoss(x: Tensor, target: Tensor, options: HuberLossOptions | undefined, where: string): Tensor;
export function huberLoss(x: Tensor, target: Tensor, options?: HuberLossOptions, where = 'huberLoss'): Tensor {
  const { delta, reduction } = withDefaults<Required<HuberLossOptions>>(where, options, { delta: 1, reduction: 'mean' });
  if (!(checkNumber(where, 'delta', delta) > 0)) throw rangeError(where, `expected delta to be positive, got ${delta}`);
  return pairwise('huberLoss', where, x, target, reduction, ({ loss, dx, x, target, n, reduction }) =>
    calls.huberLoss({ loss, dx, x, target, n, delta, reduction }),
  );
}

/**
 * `|x - target|`, reduced to the mean (default), the sum, or "none": `torch.nn.functional.l1_loss`. Where they are equal the derivative is 0.
 *
 * Shapes as for `mseLoss`.
 *
 * @example
 * nn.functional.l1Loss(tensor([1, 2]), tensor([1, 5])).item(); // 1.5
 */
export function l1Loss(x: Tensor, target: Tensor, options?: { reduction?: Reduction }): Tensor;
/** @internal */
export function l1Loss(x: Tensor, target: Tensor, options: { reduction?: Reduction } | undefined, where: string): Tensor;
export function l1Loss(x: Tensor, target: Tensor, options?: { reduction?: Reduction }, where = 'l1Loss'): Tensor {
  const { reduction } = withDefaults<{ reduction: Reduction }>(where, options, { reduction: 'mean' });
  return pairwise('l1Loss', where, x, target, reduction, calls.l1Loss);
}

/** The options of `smoothL1Loss`. */
export interface SmoothL1LossOptions {
  /** The difference from which on the loss is linear (1); 0 is `l1Loss`. */
  beta?: number;
  /** How the elements' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

/**
 * With `d = x - target` `d^2 / (2 beta)` where `|d| < beta`, else `|d| - beta / 2`, reduced to the mean (default), the sum, or "none":
 * `torch.nn.functional.smooth_l1_loss`. Source: Girshick, arXiv 1504.08083.
 *
 * Shapes as for `mseLoss`. beta is at least 0, 1 by default.
 *
 * @example
 * nn.functional.smoothL1Loss(tensor([1, 2]), tensor([1, 5]), { beta: 2 }).item(); // 1
 */
export function smoothL1Loss(x: Tensor, target: Tensor, options?: SmoothL1LossOptions): Tensor;
/** @internal */
export function smoothL1Loss(x: Tensor, target: Tensor, options: SmoothL1LossOptions | undefined, where: string): Tensor;
export function smoothL1Loss(x: Tensor, target: Tensor, options?: SmoothL1LossOptions, where = 'smoothL1Loss'): Tensor {
  const { beta, reduction } = withDefaults<Required<SmoothL1LossOptions>>(where, options, { beta: 1, reduction: 'mean' });
  checkNumber(where, 'beta', beta, 0);
  return pairwise('smoothL1Loss', where, x, target, reduction, ({ loss, dx, x, target, n, reduction }) =>
    calls.smoothL1Loss({ loss, dx, x, target, n, beta, reduction }),
  );
}
