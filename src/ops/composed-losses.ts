// What the losses share that are composed of other operations.
import { isGradEnabled } from '../autograd';
import { rangeError, typeError } from '../errors';
import { sameShape, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import type { Reduction } from './loss';
import './convert';
import './reduce';

/** Reduces the terms of a loss to their mean or their sum, or returns them. */
export function reduced(terms: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return terms;
  return reduction === 'sum' ? terms.sum() : terms.mean();
}

/** Throws unless `value` is a float32 tensor of x's shape. */
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

/** A target with a number for each element, as float32; int32 is converted. Throws if its shape is not `shape`, which the error calls that of `of`. */
export function numbersLike(where: string, shape: readonly number[], target: unknown, of = 'x'): Tensor {
  const t = checkTensor(where, 'target', target);
  if (!sameShape(t.shape, shape)) {
    throw rangeError(where, `expected target ${shapeText(shape)}, the shape of ${of}, got ${shapeText(t.shape)}`, 'reshape() one of them');
  }
  return t.to('float32');
}

/** The factors of the classes, or null, for a loss that has no gradient with respect to them. */
export function classFactors(where: string, weight: unknown, classes: number): Tensor | null {
  if (weight === null) return null;
  const t = checkTensor(where, 'weight', weight, 'float32');
  if (t.shape.length !== 1 || t.numel !== classes) throw rangeError(where, `expected weight [${classes}], got ${shapeText(t.shape)}`);
  if (t.needsGrad && isGradEnabled()) throw typeError(where, 'gradients of the weight are not supported', 'weight.detach()');
  return t;
}
