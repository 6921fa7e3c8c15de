// Comparisons and logical operations in place: the tensor gets the 1 and 0 in its own element type.
import { checkTensor, Tensor } from '../tensor';
import { become, former, isRecorded } from './in-place';
import { checkKeepsShape, inNameOf } from './in-place-forms';
import './compare';
import './convert';
import './truth';

declare module '../tensor' {
  interface Tensor {
    /**
     * `eq` in place: 1 where the elements are equal, else 0, in this tensor's element type; see `copy_`.
     *
     * @example
     * tensor([1, 2]).eq_(2).toArray(); // [0, 1]
     */
    eq_(other: Tensor | number): this;
    /** `ne` in place; see `eq_`. */
    ne_(other: Tensor | number): this;
    /** `lt` in place; see `eq_`. */
    lt_(other: Tensor | number): this;
    /** `le` in place; see `eq_`. */
    le_(other: Tensor | number): this;
    /** `gt` in place; see `eq_`. */
    gt_(other: Tensor | number): this;
    /** `ge` in place; see `eq_`. */
    ge_(other: Tensor | number): this;
    /** `logicalAnd` in place; see `eq_`. */
    logicalAnd_(other: Tensor | number): this;
    /** `logicalOr` in place; see `eq_`. */
    logicalOr_(other: Tensor | number): this;
    /** `logicalXor` in place; see `eq_`. */
    logicalXor_(other: Tensor | number): this;
    /** `logicalNot` in place; see `eq_`. */
    logicalNot_(): this;
  }
}

for (const name of ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logicalAnd', 'logicalOr', 'logicalXor', 'logicalNot'] as const) {
  const where = `Tensor.${name}_`;
  Tensor.prototype[`${name}_`] = function (this: Tensor, ...others: [Tensor]) {
    checkTensor(where, 'x', this);
    const before = isRecorded(where, this, null) ? former(this, false) : this;
    const result = inNameOf(`Tensor.${name}`, () => this[name](...others));
    checkKeepsShape(where, this, result);
    return become(this, `${name}_`, result.to(this.dtype), before);
  } as () => never;
}
