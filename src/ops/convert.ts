// Copies, and conversions between the element types.
import { record, share } from '../autograd';
import * as calls from '../calls.generated';
import { checkOneOf } from '../errors';
import type { DType } from '../memory';
import { empty, Tensor } from '../tensor';
import { flatLayout } from './broadcast';

/** A copy without history. */
export function copyOf(x: Tensor, shape: number[] = x.shape.slice()): Tensor {
  const y = empty(shape, x.dtype);
  calls.copyStrided({ out: y.values, x: x.values, layout: flatLayout(x.numel) });
  return y;
}

declare module '../tensor' {
  interface Tensor {
    /**
     * A copy on memory of its own, through which gradients pass; `detach().clone()` is a copy without history.
     *
     * @example
     * tensor([1, 2]).clone().toArray(); // [1, 2]
     */
    clone(): Tensor;
    /**
     * The tensor with the given element type: itself if it has that type already, else a converted copy.
     *
     * float32 to int32 cuts off the fraction, and no gradient passes; NaN and numbers outside int32 become -2^31.
     *
     * @example
     * tensor([1.7, -1.7]).to("int32").toArray(); // [1, -1]
     */
    to(dtype: DType): Tensor;
  }
}

Tensor.prototype.clone = function (this: Tensor) {
  return record(copyOf(this), 'clone', [this], [], (dy) => share(this, dy));
};

Tensor.prototype.to = function (this: Tensor, dtype: DType) {
  if (dtype === this.dtype) return this;
  checkOneOf('Tensor.to', 'dtype', dtype, ['float32', 'int32']);
  const y = empty(this.shape.slice(), dtype);
  if (dtype === 'int32') calls.floatToInt({ out: y.ints, x: this.floats, n: this.numel });
  else calls.intToFloat({ out: y.floats, x: this.ints, n: this.numel });
  return y;
};
