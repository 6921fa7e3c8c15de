// Tests of elements, as int32 tensors of 0 and 1; tests of whole tensors give true or false.
import { checkBoolean, checkNumber, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { broadcastShapes, sameShape } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { type Operand, operand } from './broadcast';
import './compare';
import './reduce';
import './unary';

type Dim = number | readonly number[];
type Keepdim = { keepdim?: boolean };

declare module '../tensor' {
  interface Tensor {
    /**
     * 1 where any element along `dim` (one, several, or all by default) is not 0, else 0, int32; NaN is not 0. As `torch.any`.
     *
     * @example
     * tensor([[0, 2], [0, 0]]).any(1).toArray(); // [1, 0]
     */
    any(dim?: number | readonly number[], options?: { keepdim?: boolean }): Tensor;
    /**
     * 1 where no element along `dim` (one, several, or all by default) is 0, else 0, int32; NaN is not 0. As `torch.all`.
     *
     * @example
     * tensor([[1, 2], [0, 3]]).all(1).toArray(); // [1, 0]
     */
    all(dim?: number | readonly number[], options?: { keepdim?: boolean }): Tensor;
    /**
     * How many elements along `dim` (one, several, or all by default) are not 0, int32: `torch.count_nonzero`.
     *
     * @example
     * tensor([[0, 2], [3, 4]]).countNonzero(1).toArray(); // [1, 2]
     */
    countNonzero(dim?: number | readonly number[]): Tensor;
    /**
     * 1 where neither is 0, else 0; shapes broadcast. As `torch.logical_and`.
     *
     * @example
     * tensor([0, 1, 2]).logicalAnd(tensor([1, 0, 3])).toArray(); // [0, 0, 1]
     */
    logicalAnd(other: Tensor | number): Tensor;
    /**
     * 1 where one of both is not 0, else 0; shapes broadcast. As `torch.logical_or`.
     *
     * @example
     * tensor([0, 1, 0]).logicalOr(tensor([1, 0, 0])).toArray(); // [1, 1, 0]
     */
    logicalOr(other: Tensor | number): Tensor;
    /**
     * 1 where just one of both is not 0, else 0; shapes broadcast. As `torch.logical_xor`.
     *
     * @example
     * tensor([0, 1, 2]).logicalXor(tensor([1, 0, 3])).toArray(); // [1, 1, 0]
     */
    logicalXor(other: Tensor | number): Tensor;
    /**
     * 1 where x is 0, else 0: `torch.logical_not`. It inverts a mask.
     *
     * @example
     * tensor([0, 3]).logicalNot().toArray(); // [1, 0]
     */
    logicalNot(): Tensor;
    /**
     * 1 where x is NaN, else 0: `torch.isnan`.
     *
     * @example
     * tensor([1, NaN]).isnan().toArray(); // [0, 1]
     */
    isnan(): Tensor;
    /**
     * 1 where x is Infinity or -Infinity, else 0: `torch.isinf`.
     *
     * @example
     * tensor([1, -Infinity]).isinf().toArray(); // [0, 1]
     */
    isinf(): Tensor;
    /**
     * 1 where x is Infinity, else 0: `torch.isposinf`.
     *
     * @example
     * tensor([Infinity, -Infinity]).isposinf().toArray(); // [1, 0]
     */
    isposinf(): Tensor;
    /**
     * 1 where x is -Infinity, else 0: `torch.isneginf`.
     *
     * @example
     * tensor([Infinity, -Infinity]).isneginf().toArray(); // [0, 1]
     */
    isneginf(): Tensor;
    /**
     * 1 where x is neither NaN nor infinite, else 0: `torch.isfinite`.
     *
     * @example
     * tensor([1, NaN, Infinity]).isfinite().toArray(); // [1, 0, 0]
     */
    isfinite(): Tensor;
    /**
     * 1 where `|x - other| <= atol + rtol |other|` or both are equal, else 0, as float32; shapes broadcast. By default `rtol` is 1e-5 and `atol` 1e-8;
     * with `equalNan` NaN is close to NaN. As `torch.isclose`.
     *
     * @example
     * tensor([1, 2]).isclose(tensor([1.000001, 2.1])).toArray(); // [1, 0]
     */
    isclose(other: Tensor, options?: { rtol?: number; atol?: number; equalNan?: boolean }): Tensor;
    /**
     * Whether all elements are close to those of `other`, true or false; see `isclose`. As `torch.allclose`. It reads values: not inside `compile`.
     *
     * @example
     * tensor([1, 2]).allclose(tensor([1, 2.00001])); // true
     */
    allclose(other: Tensor, options?: { rtol?: number; atol?: number; equalNan?: boolean }): boolean;
    /**
     * Whether `other` has the same shape and elements, true or false; NaN equals nothing. As `torch.equal`. It reads values: not inside `compile`.
     *
     * @example
     * tensor([1, 2]).equal(tensor([1, 2])); // true
     * tensor([1, 2]).equal(tensor([[1, 2]])); // false
     */
    equal(other: Tensor): boolean;
  }
}

Tensor.prototype.any = function (this: Tensor, dim?: Dim, options?: Keepdim) {
  return this.ne(0).sum(dim, options).ne(0);
};
Tensor.prototype.all = function (this: Tensor, dim?: Dim, options?: Keepdim) {
  return this.eq(0).sum(dim, options).eq(0);
};
Tensor.prototype.countNonzero = function (this: Tensor, dim?: Dim) {
  return this.ne(0).sum(dim);
};

function logical(name: string, combine: (x: Tensor, other: Tensor) => Tensor) {
  return function (this: Tensor, other: Operand): Tensor {
    const where = `Tensor.${name}`;
    const right = operand(where, this, other);
    broadcastShapes(where, this.shape, right.shape);
    return combine(this.ne(0), right.ne(0));
  };
}
Tensor.prototype.logicalAnd = logical('logicalAnd', (x, other) => x.mul(other));
Tensor.prototype.logicalOr = logical('logicalOr', (x, other) => x.add(other).ne(0));
Tensor.prototype.logicalXor = logical('logicalXor', (x, other) => x.ne(other));
Tensor.prototype.logicalNot = function (this: Tensor) {
  return this.eq(0);
};

const size = (x: Tensor): Tensor => x.detach().to('float32').abs();

Tensor.prototype.isnan = function (this: Tensor) {
  return this.ne(this);
};
Tensor.prototype.isinf = function (this: Tensor) {
  return size(this).eq(Infinity);
};
Tensor.prototype.isposinf = function (this: Tensor) {
  return this.eq(Infinity);
};
Tensor.prototype.isneginf = function (this: Tensor) {
  return this.eq(-Infinity);
};
Tensor.prototype.isfinite = function (this: Tensor) {
  return size(this).lt(Infinity);
};

function isclose(where: string, x: Tensor, right: unknown, options?: { rtol?: number; atol?: number; equalNan?: boolean }): Tensor {
  const other = checkTensor(where, 'other', right);
  const { rtol, atol, equalNan } = withDefaults(where, options, { rtol: 1e-5, atol: 1e-8, equalNan: false });
  checkNumber(where, 'rtol', rtol, 0);
  checkNumber(where, 'atol', atol, 0);
  checkBoolean(where, 'equalNan', equalNan);
  broadcastShapes(where, x.shape, other.shape);
  const [a, b] = [x.detach().to('float32'), other.detach().to('float32')];
  const distance = a.sub(b).abs();
  // An infinite distance is beyond any bound, even where the bound is infinite.
  const near = distance.le(b.abs().mul(rtol).add(atol)).mul(distance.lt(Infinity));
  const close = near.add(a.eq(b));
  return (equalNan ? close.add(a.isnan().mul(b.isnan())) : close).ne(0);
}

Tensor.prototype.isclose = function (this: Tensor, other, options) {
  return isclose('Tensor.isclose', this, other, options);
};
Tensor.prototype.allclose = function (this: Tensor, other, options) {
  recorder?.reading('Tensor.allclose');
  return isclose('Tensor.allclose', this, other, options).all().item() === 1;
};
Tensor.prototype.equal = function (this: Tensor, other) {
  recorder?.reading('Tensor.equal');
  checkTensor('Tensor.equal', 'other', other);
  return sameShape(this.shape, other.shape) && this.eq(other).all().item() === 1;
};
