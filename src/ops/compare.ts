// Comparisons: int32 tensors of 0 and 1.
import { Tensor } from '../tensor';
import { binary, type Operand, operand } from './broadcast';

type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

function compare(name: Comparison, x: Tensor, right: unknown): Tensor {
  const where = `Tensor.${name}`;
  const other = operand(where, x, right);
  if (x.dtype === 'int32' && other.dtype === 'int32') return binary(where, `${name}Int`, x, other, 'int32');
  return binary(where, name, x.to('float32'), other.to('float32'), 'int32');
}

declare module '../tensor' {
  interface Tensor {
    /**
     * 1 where `x == other`, else 0: int32, where PyTorch gives booleans. `other` is a tensor or a number; shapes broadcast, int32 beside float32 is compared as
     * float32.
     *
     * @example
     * tensor([1, 2, 3]).eq(2).toArray(); // [0, 1, 0]
     */
    eq(other: Tensor | number): Tensor;
    /** 1 where `x != other`, else 0; see `eq`. */
    ne(other: Tensor | number): Tensor;
    /** 1 where `x < other`, else 0; see `eq`. */
    lt(other: Tensor | number): Tensor;
    /** 1 where `x <= other`, else 0; see `eq`. */
    le(other: Tensor | number): Tensor;
    /** 1 where `x > other`, else 0; see `eq`. */
    gt(other: Tensor | number): Tensor;
    /** 1 where `x >= other`, else 0; see `eq`. */
    ge(other: Tensor | number): Tensor;
  }
}

Tensor.prototype.eq = function (this: Tensor, other: Operand) {
  return compare('eq', this, other);
};
Tensor.prototype.ne = function (this: Tensor, other: Operand) {
  return compare('ne', this, other);
};
Tensor.prototype.lt = function (this: Tensor, other: Operand) {
  return compare('lt', this, other);
};
Tensor.prototype.le = function (this: Tensor, other: Operand) {
  return compare('le', this, other);
};
Tensor.prototype.gt = function (this: Tensor, other: Operand) {
  return compare('gt', this, other);
};
Tensor.prototype.ge = function (this: Tensor, other: Operand) {
  return compare('ge', this, other);
};
