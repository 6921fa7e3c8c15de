// Differences of neighbouring elements.
import { checkInteger, rangeError } from '../errors';
import { normalizeDim } from '../shape';
import { Tensor } from '../tensor';
import { piece } from './pieces';
import './arithmetic';

declare module '../tensor' {
  interface Tensor {
    /**
     * The differences of neighbouring elements along `dim` (default -1), taken `n` times (default 1): `torch.diff`. Each time leaves one element fewer.
     *
     * @example
     * tensor([1, 4, 9]).diff().toArray(); // [3, 5]
     * tensor([1, 4, 9]).diff(2).toArray(); // [2]
     */
    diff(n?: number, dim?: number): Tensor;
  }
}

Tensor.prototype.diff = function (this: Tensor, n = 1, dim = -1) {
  const where = 'Tensor.diff';
  const d = normalizeDim(where, dim, this.shape.length);
  checkInteger(where, 'n', n);
  if (this.shape.length === 0) throw rangeError(where, 'a scalar has no neighbours');
  const times = Math.min(n, this.shape[d]!);
  let x: Tensor = times === 0 ? this.clone() : this;
  for (let i = 0; i < times; i++) {
    const left = Math.max(0, x.shape[d]! - 1);
    x = piece('diff', x, d, x.shape[d]! - left, left).sub(piece('diff', x, d, 0, left));
  }
  return x;
};
