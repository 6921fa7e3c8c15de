// Dropout: random zeros during training.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, rangeError } from '../errors';
import { draw } from '../random';
import { live } from '../recorder';
import { shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import './arithmetic';
import './compare';
import './convert';
import { ones, rand } from './create';

/**
 * Sets each element to 0 with probability `p` (default 0.5), else to `x / (1 - p)`; x itself unless `training` (default true): `torch.nn.functional.dropout`.
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

const saturation = 1.7580993408473766; // SELU's scale * alpha: SELU tends to minus this as x decreases

/**
 * Dropout for networks with SELU: sets each element to -1.7581 with probability `p` (default 0.5), then scales and shifts all elements so that inputs of mean 0 and
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
  return saturated(x, x.shape, p, training);
}

// Draws the numbers in `shape`, which broadcasts to x's shape.
function saturated(x: Tensor, shape: readonly number[], p: number, training: boolean): Tensor {
  if (!training || p === 0) return x;
  if (p === 1) return x.mul(0);
  const kept = rand([...shape])
    .ge(p)
    .to('float32');
  const scale = 1 / Math.sqrt((saturation * saturation * p + 1) * (1 - p));
  const shift = kept
    .sub(1)
    .mul(saturation * scale)
    .add(saturation * scale * p);
  return x.mul(kept.mul(scale)).add(shift);
}

function channelsOf(where: string, x: Tensor, p: number, training: boolean, channels: (rank: number) => number): number[] {
  checkTensor(where, 'x', x, 'float32');
  checkNumber(where, 'p', p, 0, 1);
  checkBoolean(where, 'training', training);
  const leading = channels(x.shape.length);
  return x.shape.map((size, d) => (d < leading ? size : 1));
}

/**
 * Sets whole channels to 0 with probability `p` (default 0.5), the others to `x / (1 - p)`; x itself unless `training` (default true): `torch.nn.functional.dropout1d`.
 *
 * Shapes: x `[n, channels, length]` or `[channels, length]`; the result has x's shape. The random numbers are those of `manualSeed`. A RangeError unless p is
 * from 0 to 1.
 *
 * @example
 * nn.functional.dropout1d(ones([2, 3, 4]), 0.5, false).shape; // [2, 3, 4]
 */
export function dropout1d(x: Tensor, p?: number, training?: boolean): Tensor;
/** @internal */
export function dropout1d(x: Tensor, p: number, training: boolean, where: string): Tensor;
export function dropout1d(x: Tensor, p = 0.5, training = true, where = 'dropout1d'): Tensor {
  const channels = channelsOf(where, x, p, training, (rank) => rank - 1);
  if (channels.length < 2 || channels.length > 3) {
    throw rangeError(where, `expected x [n, channels, length] or [channels, length], got ${shapeText(x.shape)}`);
  }
  return !training || p === 0 ? x : x.mul(dropout(ones(channels), p));
}

/**
 * `alphaDropout` of whole channels, x `[n, channels, ...]`: `torch.nn.functional.feature_alpha_dropout`. By default p is 0.5 and `training` false, as in PyTorch.
 *
 * The random numbers are those of `manualSeed`. A RangeError unless p is from 0 to 1 and x has two dimensions or more.
 *
 * @example
 * nn.functional.featureAlphaDropout(ones([2, 3, 4]), 0.5).shape; // [2, 3, 4]
 */
export function featureAlphaDropout(x: Tensor, p?: number, training?: boolean): Tensor;
/** @internal */
export function featureAlphaDropout(x: Tensor, p: number, training: boolean, where: string): Tensor;
export function featureAlphaDropout(x: Tensor, p = 0.5, training = false, where = 'featureAlphaDropout'): Tensor {
  const channels = channelsOf(where, x, p, training, () => 2);
  if (channels.length < 2) throw rangeError(where, `expected x [n, channels, ...], got ${shapeText(x.shape)}`);
  return saturated(x, channels, p, training);
}
