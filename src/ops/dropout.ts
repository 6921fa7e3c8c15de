// Random zeros while training.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkNumber } from '../errors';
import { draw } from '../random';
import { live } from '../recorder';
import { checkTensor, empty, type Tensor } from '../tensor';

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
