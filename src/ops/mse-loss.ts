// The squared error.
import { give, isGradEnabled, isUnit, record, share } from '../autograd';
import { rangeError, withDefaults } from '../errors';
import { kernels } from '../native';
import { sameShape, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { type Reduction, reductionCode, scaled } from './loss';

const defaults: { reduction: Reduction } = { reduction: 'mean' };

/**
 * `(x - target)^2`, its mean (default), sum, or every element: `torch.nn.functional.mse_loss`.
 *
 * x and target are float32 of one shape; unlike PyTorch, which warns, this does not broadcast: `[n, 1]` with `[n]` is a RangeError.
 * The mean of nothing is NaN.
 *
 * @example
 * nn.functional.mseLoss(tensor([1, 2]), tensor([1, 4])).item(); // 2
 */
export function mseLoss(x: Tensor, target: Tensor, options?: { reduction?: Reduction }): Tensor;
/** @internal */
export function mseLoss(x: Tensor, target: Tensor, options: { reduction?: Reduction } | undefined, where: string): Tensor;
export function mseLoss(x: Tensor, target: Tensor, options?: { reduction?: Reduction }, where = 'mseLoss'): Tensor {
  const { reduction } = withDefaults(where, options, defaults);
  const code = reductionCode(where, reduction);
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
  kernels.mseLoss(loss.floats, dx === null ? null : dx.floats, x.floats, target.floats, x.numel, code);
  return record(loss, 'mseLoss', [x, target], [], (dy) => {
    const gradient = isUnit(dy) ? dx! : scaled(dx!, dy);
    if (target.needsGrad) {
      const dtarget = empty(x.shape.slice());
      kernels.negForward(dtarget.floats, gradient.floats, x.numel, 0, 0);
      give(target, dtarget);
    }
    share(x, gradient);
  });
}
