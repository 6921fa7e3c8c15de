// Random zeros while training.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber } from '../errors';
import { draw } from '../random';
import { live } from '../recorder';
import { checkTensor, empty, type Tensor } from '../tensor';
import './arithmetic';
import './compare';
import './convert';
import { rand } from './create';

/**
 * Each element becomes 0 with probability `p` (default 0.5), else `x / (1 - p)`; x itself unless `training` (default true): `torch.nn.functional.dropout`.
 *
 * The random numbers are those of `manualSeed`. A RangeError unless p is from 0 to 1.
 *
 * @example
 * nn.functional.dropout(tensor([1, 2]), 0.5, false).toArray(); // [1, 2]
 */
export function dropout(x: Tensor, p?: number, training?: boolean): Tensor;
/** @internal */
export function dropout(x: Tensor, p: number, training: boolean, where: string): Tensor;
export function dropout(x: Tensor, p = 0.5, training = true, where = 'dropout'): Tensor {
  checkTensor(where, 'x', x, 'float32');
  checkNumber(where, 'p', p, 0, 1);
  if (!training || p === 0) return x;
  const drawn = draw(x.numel);
  const y = empty(x.shape.slice());
  live(() => calls.dropout({ y: y.floats, x: x.floats, n: x.numel, p, seed: drawn.seed, offset: drawn.offset }));
  return record(y, 'dropout', [x], [], (dy) => {
    const dx = empty(x.shape.slice());
    live(() => calls.dropout({ y: dx.floats, x: dy.floats, n: x.numel, p, seed: drawn.seed, offset: drawn.offset })); // the same numbers, so the same elements
    give(x, dx);
  });
}

const saturation = 1.7580993408473766; // SELU's scale * alpha: what SELU tends to as x gets small, with the other sign

/**
 * Dropout for networks of SELU: each element becomes -1.7581 with probability `p` (default 0.5), and all are then scaled and shifted so that inputs of mean 0 and
 * variance 1 keep both; x itself unless `training` (default false, as in PyTorch): `torch.nn.functional.alpha_dropout`.
 *
 * The random numbers are those of `manualSeed`. A RangeError unless p is from 0 to 1. Source: Klambauer et al., arXiv 1706.02515.
 *
 * @example
 * nn.functional.alphaDropout(tensor([1, 2]), 0.5, false).toArray(); // [1, 2]
 */
export function alphaDropout(x: Tensor, p = 0.5, training = false): Tensor {
  const where = 'alphaDropout';
  checkTensor(where, 'x', x, 'float32');
  checkNumber(where, 'p', p, 0, 1);
  checkBoolean(where, 'training', training);
  if (!training || p === 0) return x;
  if (p === 1) return x.mul(0);
  const kept = rand(x.shape.slice()).ge(p).to('float32');
  const scale = 1 / Math.sqrt((saturation * saturation * p + 1) * (1 - p));
  const shift = kept
    .sub(1)
    .mul(saturation * scale)
    .add(saturation * scale * p);
  return x.mul(kept.mul(scale)).add(shift);
}
