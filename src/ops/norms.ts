// Normalisation of the last dimensions: all functions are public, in `nn.functional`.
import { give, holds, open, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkNumber, rangeError, withDefaults } from '../errors';
import { normalizedShapeOf, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';

const EPSILON = 2 ** -23; // torch.finfo(torch.float32).eps

/** The options of `rmsNorm`. */
export interface RMSNormOptions {
  /** A factor for each element of `normalizedShape`, or null (default) for ones. */
  weight?: Tensor | null;
  /** Added to the mean square; null (default) is 2^-23. */
  eps?: number | null;
}

/**
 * `x / sqrt(mean(x^2) + eps) * weight`, the mean over the last dimensions, which are `normalizedShape`: `torch.nn.functional.rms_norm`. Source: Zhang and
 * Sennrich, arXiv 1910.07467.
 *
 * Shapes: x `[*, ...normalizedShape]`, weight `normalizedShape`; the result is like x.
 *
 * @example
 * nn.functional.rmsNorm(tensor([[1, 7]]), [2]).toArray(); // [[0.20000000298023224, 1.399999976158142]]
 */
export function rmsNorm(x: Tensor, normalizedShape: number | readonly number[], options?: RMSNormOptions): Tensor;
/** @internal */
export function rmsNorm(x: Tensor, normalizedShape: number | readonly number[], options: RMSNormOptions | undefined, where: string): Tensor;
export function rmsNorm(x: Tensor, normalizedShape: number | readonly number[], options?: RMSNormOptions, where = 'rmsNorm'): Tensor {
  const { weight, eps } = withDefaults<Required<RMSNormOptions>>(where, options, { weight: null, eps: null });
  const shape = normalizedShapeOf(where, normalizedShape);
  checkTensor(where, 'x', x, 'float32');
  const last = x.shape.slice(x.shape.length - shape.length);
  if (x.shape.length < shape.length || last.some((size, d) => size !== shape[d])) {
    throw rangeError(where, `expected x [*, ${shape.join(', ')}], got ${shapeText(x.shape)}`);
  }
  if (weight !== null && shapeText(checkTensor(where, 'weight', weight, 'float32').shape) !== shapeText(shape)) {
    throw rangeError(where, `expected weight ${shapeText(shape)}, got ${shapeText(weight.shape)}`);
  }
  const columns = shape.reduce((n, size) => n * size, 1);
  const rows = columns === 0 ? 0 : x.numel / columns;
  const y = empty(x.shape.slice());
  const scale = empty([rows]);
  calls.rmsNormForward({
    y: y.floats,
    scale: scale.floats,
    x: x.floats,
    weight: weight?.floats,
    rows,
    columns,
    eps: eps === null ? EPSILON : checkNumber(where, 'eps', eps, 0),
  });
  return record(y, 'rmsNorm', weight === null ? [x] : [x, weight], weight === null ? [x] : [x, weight], (dy) => {
    const accumulateDweight = holds(weight);
    const dx = x.needsGrad ? empty(x.shape.slice()) : null;
    calls.rmsNormBackward({
      dx: dx?.floats,
      dweight: open(weight),
      dy: dy.floats,
      x: x.floats,
      scale: scale.floats,
      weight: weight?.floats,
      rows,
      columns,
      accumulateDweight,
    });
    if (dx !== null) give(x, dx);
  });
}
