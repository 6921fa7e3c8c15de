// Normalisation over the last dimensions; all functions are public in `nn.functional`.
import { give, hasGradient, open, record, target } from '../autograd';
import * as calls from '../calls.generated';
import { checkNumber, rangeError, withDefaults } from '../errors';
import { normalizedShapeOf, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { distinct } from './views';

const EPSILON = 2 ** -23; // torch.finfo(torch.float32).eps

// x as rows; a row is the dimensions that are normalised over.
function rowsOf(where: string, x: Tensor, normalizedShape: number | readonly number[]): { rows: number; columns: number; shape: number[] } {
  const shape = normalizedShapeOf(where, normalizedShape);
  checkTensor(where, 'x', x, 'float32');
  const last = x.shape.slice(x.shape.length - shape.length);
  if (x.shape.length < shape.length || last.some((size, d) => size !== shape[d])) {
    throw rangeError(where, `expected x [*, ${shape.join(', ')}], got ${shapeText(x.shape)}`);
  }
  const columns = shape.reduce((n, size) => n * size, 1);
  return { rows: columns === 0 ? 0 : x.numel / columns, columns, shape };
}

// Throws unless a weight or a bias has the shape of the dimensions that are normalised over.
function checkFactor(where: string, name: string, factor: Tensor | null, shape: number[]): void {
  if (factor === null) return;
  checkTensor(where, name, factor, 'float32');
  if (shapeText(factor.shape) !== shapeText(shape)) {
    throw rangeError(where, `expected ${name} ${shapeText(shape)}, got ${shapeText(factor.shape)}`);
  }
}

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
 * Shapes: x `[*, ...normalizedShape]`, weight `normalizedShape`; the result has the shape of x.
 *
 * @example
 * nn.functional.rmsNorm(tensor([[1, 7]]), [2]).toArray(); // [[0.20000000298023224, 1.399999976158142]]
 */
export function rmsNorm(x: Tensor, normalizedShape: number | readonly number[], options?: RMSNormOptions): Tensor;
/** @internal */
export function rmsNorm(x: Tensor, normalizedShape: number | readonly number[], options: RMSNormOptions | undefined, where: string): Tensor;
export function rmsNorm(x: Tensor, normalizedShape: number | readonly number[], options?: RMSNormOptions, where = 'rmsNorm'): Tensor {
  const { weight: given, eps } = withDefaults<Required<RMSNormOptions>>(where, options, { weight: null, eps: null });
  const { rows, columns, shape } = rowsOf(where, x, normalizedShape);
  checkFactor(where, 'weight', given, shape);
  const weight = distinct(given, x);
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
    const accumulateDweight = hasGradient(weight);
    const dx = x.needsGrad ? target(x) : null;
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

/** The options of `layerNorm`. */
export interface LayerNormOptions {
  /** A factor for each element of `normalizedShape`, or null (default) for ones. */
  weight?: Tensor | null;
  /** Added to each, or null (default) for zeros. */
  bias?: Tensor | null;
  /** Added to the variance; default 1e-5. */
  eps?: number;
}

/**
 * `(x - mean) / sqrt(variance + eps) * weight + bias`, mean and variance (divided by n) over the last dimensions, which are `normalizedShape`:
 * `torch.nn.functional.layer_norm`. Source: Ba et al., arXiv 1607.06450.
 *
 * Shapes: x `[*, ...normalizedShape]`, weight and bias `normalizedShape`; the result has the shape of x.
 *
 * @example
 * nn.functional.layerNorm(tensor([[1, 5]]), [2], { eps: 0 }).toArray(); // [[-1, 1]]
 */
export function layerNorm(x: Tensor, normalizedShape: number | readonly number[], options?: LayerNormOptions): Tensor;
/** @internal */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | readonly number[],
  options: LayerNormOptions | undefined,
  where: string,
): Tensor;
export function layerNorm(x: Tensor, normalizedShape: number | readonly number[], options?: LayerNormOptions, where = 'layerNorm'): Tensor {
  const given = withDefaults<Required<LayerNormOptions>>(where, options, { weight: null, bias: null, eps: 1e-5 });
  const { rows, columns, shape } = rowsOf(where, x, normalizedShape);
  checkFactor(where, 'weight', given.weight, shape);
  checkFactor(where, 'bias', given.bias, shape);
  const weight = distinct(given.weight, x);
  const bias = distinct(given.bias, x, given.weight);
  const y = empty(x.shape.slice());
  const mean = empty([rows]);
  const scale = empty([rows]);
  calls.layerNormForward({
    y: y.floats,
    mean: mean.floats,
    scale: scale.floats,
    x: x.floats,
    weight: weight?.floats,
    bias: bias?.floats,
    rows,
    columns,
    eps: checkNumber(where, 'eps', given.eps, 0),
  });
  const inputs = [x, weight, bias].filter((t): t is Tensor => t !== null);
  return record(y, 'layerNorm', inputs, weight === null ? [x] : [x, weight], (dy) => {
    const accumulateDweight = hasGradient(weight);
    const accumulateDbias = hasGradient(bias);
    const dx = x.needsGrad ? target(x) : null;
    calls.layerNormBackward({
      dx: dx?.floats,
      dweight: open(weight),
      dbias: open(bias),
      dy: dy.floats,
      x: x.floats,
      mean: mean.floats,
      scale: scale.floats,
      weight: weight?.floats,
      rows,
      columns,
      accumulateDweight,
      accumulateDbias,
    });
    if (dx !== null) give(x, dx);
  });
}
