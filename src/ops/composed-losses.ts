// What losses that are made of other operations have in common.
import { isGradEnabled } from '../autograd';
import { rangeError, typeError } from '../errors';
import { sameShape, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import type { Reduction } from './loss';
import './convert';
import './reduce';

/** A loss of its terms: their mean, their sum, or each of them. */
export function reduced(terms: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return terms;
  return reduction === 'sum' ? terms.sum() : terms.mean();
}

/** Refuses what is not float32, in the shape of x. */
export function checkLike(where: string, x: Tensor, name: string, value: unknown, of = 'x'): Tensor {
  const t = checkTensor(where, name, value, 'float32');
  if (!sameShape(t.shape, x.shape)) {
    throw rangeError(
      where,
      `expected ${name} ${shapeText(x.shape)}, the shape of ${of}, got ${shapeText(t.shape)}`,
      'reshape() one of them',
    );
  }
  return t;
}

/** A target that is a number for each element, as float32: int32 is converted. Refuses another shape than `shape`, which is said to be that of `of`. */
export function numbersLike(where: string, shape: readonly number[], target: unknown, of = 'x'): Tensor {
  const t = checkTensor(where, 'target', target);
  if (!sameShape(t.shape, shape)) {
    throw rangeError(where, `expected target ${shapeText(shape)}, the shape of ${of}, got ${shapeText(t.shape)}`, 'reshape() one of them');
  }
  return t.to('float32');
}

/** A factor for each class of a loss that knows no gradient of it, or null. */
export function classFactors(where: string, weight: unknown, classes: number): Tensor | null {
  if (weight === null) return null;
  const t = checkTensor(where, 'weight', weight, 'float32');
  if (t.shape.length !== 1 || t.numel !== classes) throw rangeError(where, `expected weight [${classes}], got ${shapeText(t.shape)}`);
  if (t.needsGrad && isGradEnabled()) throw typeError(where, 'gradients of the weight are not supported', 'weight.detach()');
  return t;
}
