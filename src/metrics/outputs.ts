// Batches of predicted and target numbers, for one output or several.
import { checkInteger, rangeError } from '../errors';
import type { TensorData } from '../memory';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';

/** Numbers in rows of `outputs` numbers. */
export interface Pairs {
  preds: TensorData;
  target: TensorData;
}

/** Predictions and targets of the same shape. */
export function pairsOf(where: string, preds: Tensor, target: Tensor): Pairs {
  recorder?.reading(where);
  checkTensor(where, 'preds', preds);
  checkTensor(where, 'target', target);
  if (!sameShape(preds.shape, target.shape)) {
    const hint = preds.numel === target.numel ? 'reshape gives one the shape of the other' : undefined;
    throw rangeError(where, `expected preds ${shapeText(target.shape)}, got ${shapeText(preds.shape)}`, hint);
  }
  return { preds: preds.values, target: target.values };
}

/** As `pairsOf`; several outputs have the shape `[n, outputs]`. */
export function rowsOf(where: string, preds: Tensor, target: Tensor, outputs: number): Pairs {
  const pairs = pairsOf(where, preds, target);
  if (outputs > 1 && (target.shape.length !== 2 || target.shape[1] !== outputs)) {
    throw rangeError(where, `expected target [n, ${outputs}], got ${shapeText(target.shape)}`);
  }
  return pairs;
}

/** As `rowsOf`; a single output has the shape `[n]` or `[n, 1]`. */
export function columnsOf(where: string, preds: Tensor, target: Tensor, outputs: number): Pairs {
  const pairs = rowsOf(where, preds, target, outputs);
  const { shape } = target;
  if (outputs === 1 && shape.length !== 1 && !(shape.length === 2 && shape[1] === 1)) {
    throw rangeError(
      where,
      `expected target [n] or [n, 1], got ${shapeText(shape)}`,
      shape.length === 2 ? `numOutputs: ${shape[1]}` : undefined,
    );
  }
  return pairs;
}

/** Throws unless the value is a number of outputs. */
export const checkOutputs = (where: string, numOutputs: unknown): number => checkInteger(where, 'numOutputs', numOutputs, 1, 2 ** 20);

/** The outputs' figures: a scalar for one output, else `[outputs]`. */
export const figuresOf = (figures: ArrayLike<number>): Tensor =>
  new Tensor(Float32Array.from(figures), figures.length === 1 ? [] : [figures.length]);
