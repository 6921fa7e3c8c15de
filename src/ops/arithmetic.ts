// add, sub, mul, div and pow of two tensors, or of a tensor and a number.
import { otherFactors, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkNumber, checkOneOf, withDefaults } from '../errors';
import { empty, Tensor } from '../tensor';
import { type BinaryKernel, binary, giveSummed, type Operand, operand, scalar } from './broadcast';
import { powScalar } from './unary';

type Name = 'add' | 'sub' | 'mul' | 'div' | 'pow';

const intKernels: Partial<Record<Name, BinaryKernel>> = { add: 'addInt', sub: 'subInt', mul: 'mulInt' };

const product = (a: Tensor, b: Tensor): Tensor => binary('mul', 'mul', a, b, 'float32');

function negated(x: Tensor): Tensor {
  const y = empty(x.shape.slice());
  calls.negForward({ y: y.floats, x: x.floats, n: x.numel });
  return y;
}

// An int32 mask of 0 and 1 as float32.
function asFloat(mask: Tensor): Tensor {
  const y = empty(mask.shape.slice());
  calls.intToFloat({ out: y.floats, x: mask.ints, n: mask.numel });
  return y;
}

// d(a^b)/da = b a^(b-1), and 0 where b is 0, even for a = 0: there the exponent b - 1 is replaced by 0.
function powerToBase(dy: Tensor, a: Tensor, b: Tensor): Tensor {
  const zero = scalar(0);
  const notZero = asFloat(binary('pow', 'ne', b, zero, 'int32'));
  const exponent = product(binary('pow', 'sub', b, scalar(1), 'float32'), notZero);
  return product(dy, product(b, binary('pow', 'pow', a, exponent, 'float32')));
}

// d(a^b)/db = a^b log a, and 0 where a = 0 and b >= 0: there log a is replaced by log 1.
function powerToExponent(dy: Tensor, a: Tensor, b: Tensor, y: Tensor): Tensor {
  const zero = scalar(0);
  const flat = product(asFloat(binary('pow', 'eq', a, zero, 'int32')), asFloat(binary('pow', 'ge', b, zero, 'int32')));
  const log = binary('pow', 'add', a, flat, 'float32');
  calls.logForward({ y: log.floats, x: log.floats, n: log.numel });
  return product(dy, product(y, log));
}

/** The options of `add` and `sub`. */
export interface AlphaOptions {
  /** The factor of `other` (1). */
  alpha?: number;
}

/** The options of `div`. */
export interface DivOptions {
  /** Whether the quotient is rounded: not at all (null), towards 0, or down. */
  roundingMode?: 'trunc' | 'floor' | null;
}

/** `alpha * other` of `add` and `sub`: `other` itself without options. */
export function multiplied(where: string, x: Tensor, other: Operand, options: AlphaOptions | undefined): Operand {
  if (options === undefined) return other;
  const { alpha } = withDefaults(where, options, { alpha: 1 });
  checkNumber(where, 'alpha', alpha);
  if (alpha === 1) return other;
  if (typeof other === 'number') return alpha * other;
  const factor = operand(where, x, other);
  return (x.dtype === 'float32' ? factor.to('float32') : factor).mul(alpha);
}

/** The rounding that `div` is asked for. */
export const roundingOf = (where: string, options: DivOptions): 'trunc' | 'floor' | null => {
  const { roundingMode } = withDefaults<Required<DivOptions>>(where, options, { roundingMode: null });
  return roundingMode === null ? null : checkOneOf(where, 'roundingMode', roundingMode, ['trunc', 'floor'] as const);
};

// An integer quotient rounded towards 0 is one above the one rounded down, if that is negative and something remains.
function truncated(x: Tensor, other: Tensor): Tensor {
  if (x.dtype !== 'int32' || other.dtype !== 'int32') return arithmetic('div', x, other).trunc();
  const down = x.floorDivide(other);
  return down.add(down.lt(0).mul(x.remainder(other).ne(0)));
}

function arithmetic(name: Name, x: Tensor, right: unknown): Tensor {
  const where = `Tensor.${name}`;
  const other = operand(where, x, right);
  const intKernel = intKernels[name];
  if (intKernel !== undefined && x.dtype === 'int32' && other.dtype === 'int32') return binary(where, intKernel, x, other, 'int32');
  const a = x.to('float32');
  const b = other.to('float32');
  const y = binary(where, name, a, b, 'float32');
  switch (name) {
    case 'add':
      return record(y, name, [a, b], [], (dy) => {
        giveSummed(a, dy, false);
        giveSummed(b, dy, false);
      });
    case 'sub':
      return record(y, name, [a, b], [], (dy) => {
        giveSummed(a, dy, false);
        if (b.needsGrad) giveSummed(b, negated(dy), true);
      });
    case 'mul':
      return record(y, name, [a, b], otherFactors(a, b), (dy) => {
        if (a.needsGrad) giveSummed(a, product(dy, b), true);
        if (b.needsGrad) giveSummed(b, product(dy, a), true);
      });
    case 'div':
      return record(y, name, [a, b], b.needsGrad ? [y, b] : [b], (dy) => {
        if (a.needsGrad) giveSummed(a, binary(where, 'div', dy, b, 'float32'), true);
        if (b.needsGrad) giveSummed(b, negated(binary(where, 'div', product(dy, y), b, 'float32')), true);
      });
    case 'pow':
      return record(y, name, [a, b], b.needsGrad ? [a, b, y] : [a, b], (dy) => {
        if (a.needsGrad) giveSummed(a, powerToBase(dy, a, b), true);
        if (b.needsGrad) giveSummed(b, powerToExponent(dy, a, b, y), true);
      });
  }
}

declare module '../tensor' {
  interface Tensor {
    /**
     * `x + other`, element by element; `other` is a tensor or a number, shapes broadcast as in NumPy.
     *
     * int32 and int32 (or an integer) give int32, which wraps; everything else is float32. With the option `alpha` it is `x + alpha * other`. A RangeError when
     * shapes do not broadcast.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).add(tensor([10, 20])).toArray(); // [[11, 22], [13, 24]]
     * tensor([1, 2]).add(tensor([10, 20]), { alpha: 2 }).toArray(); // [21, 42]
     */
    add(other: Tensor | number, options?: AlphaOptions): Tensor;
    /**
     * `x - other`, element by element, with the rules of `add`.
     *
     * @example
     * tensor([1, 2]).sub(1).toArray(); // [0, 1]
     */
    sub(other: Tensor | number, options?: AlphaOptions): Tensor;
    /**
     * `x * other`, element by element, with the rules of `add`.
     *
     * @example
     * tensor([[1], [2]]).mul(tensor([3, 4])).toArray(); // [[3, 4], [6, 8]]
     */
    mul(other: Tensor | number): Tensor;
    /**
     * `x / other`, element by element: float32, also for two int32 tensors; shapes broadcast.
     *
     * With the option `roundingMode: "trunc"` it is rounded towards 0, with `"floor"` down, as by `floorDivide`; then two int32 give int32, and `"floor"` has no
     * gradient.
     *
     * @example
     * tensor([1, 3]).div(2).toArray(); // [0.5, 1.5]
     * tensor([-3, 3]).div(2, { roundingMode: 'floor' }).toArray(); // [-2, 1]
     */
    div(other: Tensor | number, options?: DivOptions): Tensor;
    /**
     * `x` to the power of `other`, element by element: float32, also for int32 tensors (where PyTorch stays with integers); shapes broadcast.
     *
     * A negative base with a fractional exponent gives NaN.
     *
     * @example
     * tensor([1, 2, 3]).pow(2).toArray(); // [1, 4, 9]
     */
    pow(other: Tensor | number): Tensor;
  }
}

Tensor.prototype.add = function (this: Tensor, other: Operand, options?: AlphaOptions) {
  return arithmetic('add', this, multiplied('Tensor.add', this, other, options));
};
Tensor.prototype.sub = function (this: Tensor, other: Operand, options?: AlphaOptions) {
  return arithmetic('sub', this, multiplied('Tensor.sub', this, other, options));
};
Tensor.prototype.mul = function (this: Tensor, other: Operand) {
  return arithmetic('mul', this, other);
};
Tensor.prototype.div = function (this: Tensor, other: Operand, options?: DivOptions) {
  const rounding = options === undefined ? null : roundingOf('Tensor.div', options);
  if (rounding === 'trunc') return truncated(this, operand('Tensor.div', this, other));
  return rounding === 'floor' ? this.floorDivide(other) : arithmetic('div', this, other);
};
Tensor.prototype.pow = function (this: Tensor, other: Operand) {
  return typeof other === 'number' ? powScalar(this.to('float32'), other) : arithmetic('pow', this, other);
};
