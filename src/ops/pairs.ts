// The larger or smaller of two operands, and divisions with a remainder: for two tensors, or a tensor and a number.
import { record } from '../autograd';
import * as calls from '../calls.generated';
import { Tensor } from '../tensor';
import { type BinaryKernel, binary, giveSummed, type Operand, operand, scalar } from './broadcast';
import { choose } from './choose';

type Name = 'maximum' | 'minimum' | 'remainder' | 'fmod' | 'floorDivide' | 'atan2';

const intKernels: Partial<Record<Name, BinaryKernel>> = {
  maximum: 'maximumInt',
  minimum: 'minimumInt',
  remainder: 'remainderInt',
  floorDivide: 'floorDivideInt',
};

const times = (a: Tensor, b: Tensor): Tensor => binary('mul', 'mul', a, b, 'float32');

// The part of dy that goes to a: none where `beaten` says that b was taken, half where both are equal; all at NaN.
function shareOf(where: string, dy: Tensor, beaten: 'gt' | 'lt', a: Tensor, b: Tensor): Tensor {
  const half = choose(where, binary(where, 'eq', a, b, 'int32'), times(dy, scalar(0.5)), dy);
  return choose(where, binary(where, beaten, a, b, 'int32'), scalar(0), half);
}

// Minus the integer multiple of b that was subtracted from a: the derivative with respect to b.
function negatedQuotient(name: 'remainder' | 'fmod', a: Tensor, b: Tensor): Tensor {
  const quotient = binary(name, name === 'remainder' ? 'floorDivide' : 'div', a, b, 'float32');
  if (name === 'fmod') calls.truncForward({ y: quotient.floats, x: quotient.floats, n: quotient.numel });
  calls.negForward({ y: quotient.floats, x: quotient.floats, n: quotient.numel });
  return quotient;
}

// dy b / (a^2 + b^2), or dy a / (a^2 + b^2) negated; 0 where both are 0.
function anglePart(dy: Tensor, factor: Tensor, a: Tensor, b: Tensor, negated: boolean): Tensor {
  const square = binary('add', 'add', times(a, a), times(b, b), 'float32');
  const none = binary('eq', 'eq', square, scalar(0), 'int32');
  const part = times(dy, choose('atan2', none, scalar(0), binary('div', 'div', factor, square, 'float32')));
  if (negated) calls.negForward({ y: part.floats, x: part.floats, n: part.numel });
  return part;
}

// The remainder with the sign of a: where the one with the sign of b has another, b is subtracted from it.
function integerRest(a: Tensor, b: Tensor): Tensor {
  const rest = binary('fmod', 'remainderInt', a, b, 'int32');
  return rest.sub(
    rest
      .ne(0)
      .mul(rest.lt(0).ne(a.lt(0)))
      .mul(b),
  );
}

function pair(name: Name, x: Tensor, right: unknown): Tensor {
  const where = `Tensor.${name}`;
  const other = operand(where, x, right);
  const intKernel = intKernels[name];
  if (x.dtype === 'int32' && other.dtype === 'int32') {
    if (intKernel !== undefined) return binary(where, intKernel, x, other, 'int32');
    if (name === 'fmod') return integerRest(x, other);
  }
  const a = x.to('float32');
  const b = other.to('float32');
  const y = binary(where, name, a, b, 'float32');
  if (name === 'floorDivide') return y;
  return record(y, name, [a, b], [a, b], (dy) => {
    if (name === 'maximum' || name === 'minimum') {
      const beaten = name === 'maximum' ? 'lt' : 'gt';
      if (a.needsGrad) giveSummed(a, shareOf(where, dy, beaten, a, b), true);
      if (b.needsGrad) giveSummed(b, shareOf(where, dy, beaten, b, a), true);
    } else if (name === 'atan2') {
      if (a.needsGrad) giveSummed(a, anglePart(dy, b, a, b, false), true);
      if (b.needsGrad) giveSummed(b, anglePart(dy, a, a, b, true), true);
    } else {
      giveSummed(a, dy, false);
      if (b.needsGrad) giveSummed(b, times(dy, negatedQuotient(name, a, b)), true);
    }
  });
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The larger of x and `other`, element by element. Where they are equal each gets half of the gradient. NaN where either is NaN; then both get
     * the whole gradient.
     *
     * int32 and int32 give int32, everything else float32; `other` is a tensor or a number, shapes broadcast. As `torch.maximum`.
     *
     * @example
     * tensor([1, 5]).maximum(tensor([3, 4])).toArray(); // [3, 5]
     */
    maximum(other: Tensor | number): Tensor;
    /**
     * The smaller of x and `other`, with the rules of `maximum`.
     *
     * @example
     * tensor([1, 5]).minimum(4).toArray(); // [1, 4]
     */
    minimum(other: Tensor | number): Tensor;
    /**
     * `x - other * floor(x / other)`, the remainder with the sign of `other`: `torch.remainder`. Types and shapes as for `maximum`; int32 by 0 is 0,
     * where PyTorch throws.
     *
     * @example
     * tensor([-3, 5]).remainder(2).toArray(); // [1, 1]
     */
    remainder(other: Tensor | number): Tensor;
    /**
     * `x - other * trunc(x / other)`, the remainder with the sign of x: `torch.fmod`. Types and shapes as for `maximum`; int32 by 0 is 0,
     * where PyTorch throws.
     *
     * @example
     * tensor([-3, 5]).fmod(2).toArray(); // [-1, 1]
     */
    fmod(other: Tensor | number): Tensor;
    /**
     * `floor(x / other)`, exact where the rounded quotient is not: `torch.floor_divide`. Types and shapes as for `maximum`; no gradient; int32 by 0 is 0,
     * where PyTorch throws.
     *
     * @example
     * tensor([-3, 5]).floorDivide(2).toArray(); // [-2, 2]
     */
    floorDivide(other: Tensor | number): Tensor;
    /**
     * The angle of the point with ordinate x and abscissa `other`, from -pi to pi: `torch.atan2`. float32; shapes broadcast.
     *
     * @example
     * tensor([1]).atan2(tensor([-1])).item(); // 2.356194496154785
     */
    atan2(other: Tensor | number): Tensor;
  }
}

for (const name of ['maximum', 'minimum', 'remainder', 'fmod', 'floorDivide', 'atan2'] as const) {
  Tensor.prototype[name] = function (this: Tensor, other: Operand) {
    return pair(name, this, other);
  };
}
