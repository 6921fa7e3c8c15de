// The diagonal of a tensor, filled in place.
import { checkBoolean, checkNumber, rangeError } from '../errors';
import { shapeText, stridesOf } from '../shape';
import { checkTensor, constant, Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import { become, former, isRecorded } from './in-place';

declare module '../tensor' {
  interface Tensor {
    /**
     * Sets the elements `x[i][i]` to `value`; see `copy_`. Of a tensor with more than two dimensions, which must have equal sizes, the elements `x[i][i][i]` and so on.
     * With `wrap` the diagonal of a matrix with more rows than columns starts again below one row.
     *
     * @example
     * zeros([2, 3]).fillDiagonal_(1).toArray(); // [[1, 0, 0], [0, 1, 0]]
     */
    fillDiagonal_(value: number, wrap?: boolean): this;
  }
}

Tensor.prototype.fillDiagonal_ = function (this: Tensor, value, wrap = false) {
  const where = 'Tensor.fillDiagonal_';
  checkTensor(where, 'x', this);
  checkBoolean(where, 'wrap', wrap);
  const { shape, dtype, numel } = this;
  if (typeof value !== 'number') checkNumber(where, 'value', value);
  if (dtype === 'int32' && (value | 0) !== value) throw rangeError(where, `an int32 tensor cannot hold ${value}`);
  if (shape.length < 2) throw rangeError(where, `expected two dimensions or more, got ${shapeText(shape)}`);
  if (shape.length > 2 && shape.some((size) => size !== shape[0])) {
    throw rangeError(where, `expected equal sizes of more than two dimensions, got ${shapeText(shape)}`);
  }
  const before = isRecorded(where, this, null) ? former(this, false) : this;
  const step = stridesOf(shape).reduce((sum, stride) => sum + stride, 0);
  const end = wrap || shape.length > 2 ? numel : Math.min(...shape.slice(0, 2)) * shape[1]!;
  const mask = constant(shape.slice(), 'int32');
  for (let i = 0; i < end; i += step) mask.ints[i] = 1;
  return become(this, 'fillDiagonal_', choose(where, mask, scalar(value, dtype), before), before);
};
