// Functions composed of others: signs, the step function, the hypotenuse, powers, and the logarithm of a sum of powers of two.
import { give, record } from '../autograd';
import { broadcastShapes } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { giveSummed, type Operand, operand, scalar } from './broadcast';
import { choose } from './choose';
import { giveShare } from './composed-forms';
import { onesLike } from './likes';
import './arithmetic';
import './compare';
import './pairs';
import './truth';
import './unary';

declare module '../tensor' {
  interface Tensor {
    /**
     * `sqrt(x^2 + other^2)`, without overflow of the squares; float32, shapes broadcast. As `torch.hypot`. Infinity if one of the two is
     * infinite. The gradient at 0 is 0, where PyTorch's is NaN.
     *
     * @example
     * tensor([3, 5]).hypot(tensor([4, 12])).toArray(); // [5, 13]
     */
    hypot(other: Tensor): Tensor;
    /**
     * |x| with the sign of `other`; -0 counts as negative. float32, shapes broadcast. As `torch.copysign`. No gradient goes to `other`, where PyTorch
     * gives zeros.
     *
     * @example
     * tensor([1, -2]).copysign(tensor([-0, 3])).toArray(); // [-1, 2]
     */
    copysign(other: Tensor | number): Tensor;
    /**
     * 1 where x is negative, -0 included, else 0: `torch.signbit`. NaN counts as positive, where PyTorch reads its sign.
     *
     * @example
     * tensor([-1, -0, 0, 2]).signbit().toArray(); // [1, 1, 0, 0]
     */
    signbit(): Tensor;
    /**
     * 0 where x is negative, `values` where it is 0, 1 where it is positive, and 0 for NaN; shapes broadcast. As `torch.heaviside`. It has no gradient.
     *
     * `values` is a tensor of x's type.
     *
     * @example
     * tensor([-2, 0, 3]).heaviside(tensor([0.5])).toArray(); // [0, 0.5, 1]
     */
    heaviside(values: Tensor): Tensor;
    /**
     * `sin(pi x) / (pi x)`, and 1 where x is 0; float32. As `torch.sinc`.
     *
     * @example
     * tensor([0, 0.5]).sinc().toArray().map((v) => v.toFixed(4)); // ["1.0000", "0.6366"]
     */
    sinc(): Tensor;
    /**
     * `log2(2^x + 2^other)` without overflow; float32, shapes broadcast. As `torch.logaddexp2`.
     *
     * @example
     * tensor([1000, 2]).logaddexp2(tensor([1000, -Infinity])).toArray(); // [1001, 2]
     */
    logaddexp2(other: Tensor): Tensor;
    /**
     * `pow` in float32, also of int32 tensors. As `torch.float_power`, which gives float64.
     *
     * @example
     * tensor([2, 3], { dtype: 'int32' }).floatPower(-1).toArray().map((v) => v.toFixed(3)); // ["0.500", "0.333"]
     */
    floatPower(exponent: Tensor | number): Tensor;
  }
}

// Checks that both are float32 and broadcast.
function checkPair(where: string, x: Tensor, other: Tensor): void {
  checkTensor(where, 'x', x, 'float32');
  checkTensor(where, 'other', other, 'float32');
  broadcastShapes(where, x.shape, other.shape);
}

Tensor.prototype.hypot = function (this: Tensor, other) {
  const where = 'Tensor.hypot';
  checkPair(where, this, other);
  const [a, b] = [this.detach().abs(), other.detach().abs()];
  const longer = a.maximum(b);
  // Multiply by powers of two, which round nothing, so that the squares of large numbers do not overflow and those of small ones do not vanish.
  const down = choose(where, longer.gt(2 ** 60), scalar(2 ** -100), scalar(1));
  const scale = choose(where, longer.lt(2 ** -40), scalar(2 ** 100), down);
  const sides = [this.detach().mul(scale), other.detach().mul(scale)] as const;
  const length = sides[0].square().add(sides[1].square()).sqrt();
  const y = choose(where, a.eq(Infinity).logicalOr(b.eq(Infinity)), scalar(Infinity), length.div(scale));
  return record(y, 'hypot', [this, other], [], (dy) => {
    [this, other].forEach((x, i) => {
      if (x.needsGrad) giveSummed(x, dy.mul(choose(where, length.eq(0), scalar(0), sides[i]!.div(length))), true);
    });
  });
};

// Tells -0 from 0: 1 / -0 is negative.
const negative = (x: Tensor): Tensor => x.lt(0).logicalOr(x.eq(0).logicalAnd(scalar(1).div(x).lt(0)));

Tensor.prototype.signbit = function (this: Tensor) {
  return this.dtype === 'int32' ? this.lt(0) : negative(this.detach());
};

Tensor.prototype.copysign = function (this: Tensor, right: Operand) {
  const where = 'Tensor.copysign';
  const other = typeof right === 'number' ? scalar(right) : operand(where, this, right).detach().to('float32'); // int32 has no -0
  broadcastShapes(where, this.shape, other.shape);
  return this.to('float32')
    .abs()
    .mul(choose(where, negative(other), scalar(-1), scalar(1)));
};

Tensor.prototype.heaviside = function (this: Tensor, values) {
  const where = 'Tensor.heaviside';
  checkTensor(where, 'values', values, this.dtype);
  broadcastShapes(where, this.shape, values.shape);
  const x = this.detach();
  return choose(where, x.eq(0), values.detach(), x.gt(0).to(this.dtype));
};

Tensor.prototype.sinc = function (this: Tensor) {
  const where = 'Tensor.sinc';
  const x = this.to('float32');
  const angle = x.detach().mul(Math.PI);
  const isZero = angle.eq(0);
  const safe = choose(where, isZero, scalar(1), angle);
  const y = choose(where, isZero, scalar(1), safe.sin().div(safe));
  return record(y, 'sinc', [x], [angle], (dy) => give(x, dy.mul(sincSlope(where, angle).mul(Math.PI))));
};

// The derivative of sin z / z, (z cos z - sin z) / z^2; near 0, where its two terms cancel, by its power series.
function sincSlope(where: string, z: Tensor): Tensor {
  const near = z.abs().lt(1);
  const square = z.mul(z);
  const series = [88, 54, 28, 10]
    .reduce<Tensor>((sum, by) => sum.mul(square).div(-by).add(1), onesLike(z))
    .mul(z)
    .div(-3);
  const far = choose(where, near, scalar(1), z);
  return choose(where, near, series, far.mul(far.cos()).sub(far.sin()).div(far).div(far));
}

Tensor.prototype.logaddexp2 = function (this: Tensor, other) {
  const where = 'Tensor.logaddexp2';
  checkPair(where, this, other);
  const larger = this.detach().maximum(other.detach());
  const shift = choose(where, larger.isinf(), scalar(0), larger); // Infinity - Infinity would be NaN
  const [a, b] = [this.detach().sub(shift), other.detach().sub(shift)];
  return record(a.exp2().add(b.exp2()).log2().add(shift), 'logaddexp2', [this, other], [this, other], (dy) => {
    giveShare(this, dy, other, (distance) => distance.exp2());
    giveShare(other, dy, this, (distance) => distance.exp2());
  });
};

Tensor.prototype.floatPower = function (this: Tensor, exponent: Operand) {
  const where = 'Tensor.floatPower';
  const other = operand(where, this, exponent);
  broadcastShapes(where, this.shape, other.shape);
  return this.to('float32').pow(other);
};
