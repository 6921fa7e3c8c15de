// Between two tensors, and between limits.
import { checkNumber, describe, typeError, withDefaults } from '../errors';
import { broadcastShapes } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { type Operand, operand } from './broadcast';
import { choose } from './choose';
import { type ClampLimits, clampLimits, unary } from './unary';
import './arithmetic';
import './compare';

/** PyTorch's formula, which is exact at weights 0 and 1. */
function lerp(x: Tensor, end: Tensor, weight: number): Tensor {
  const way = end.sub(x);
  return Math.abs(weight) < 0.5 ? x.add(way.mul(weight)) : end.sub(way.mul(1 - weight));
}

declare module '../tensor' {
  interface Tensor {
    /**
     * `x + weight * (end - x)`, or `end - (1 - weight) * (end - x)` for weights of at least 0.5; `weight` is a number or a tensor, shapes broadcast. As
     * `torch.lerp`.
     *
     * @example
     * tensor([0, 10]).lerp(tensor([10, 20]), 0.25).toArray(); // [2.5, 12.5]
     */
    lerp(end: Tensor, weight: number | Tensor): Tensor;
    /**
     * `other - alpha * x`, with the rules of `sub`; `alpha` is 1 by default. As `torch.rsub`.
     *
     * @example
     * tensor([1, 2]).rsub(1).toArray(); // [0, -1]
     */
    rsub(other: Tensor | number, options?: { alpha?: number }): Tensor;
    /**
     * `max(x, min)`: `torch.clamp_min`. See `clamp`.
     *
     * @example
     * tensor([-2, 2]).clampMin(0).toArray(); // [0, 2]
     */
    clampMin(min: number): Tensor;
    /**
     * `min(x, max)`: `torch.clamp_max`. See `clamp`.
     *
     * @example
     * tensor([-2, 2]).clampMax(0).toArray(); // [-2, 0]
     */
    clampMax(max: number): Tensor;
    /**
     * `clamp` by another name: `torch.clip`.
     *
     * @example
     * tensor([-2, 0.5, 2]).clip({ min: -1, max: 1 }).toArray(); // [-1, 0.5, 1]
     */
    clip(limits: ClampLimits): Tensor;
    /** x limited to `[min, max]`; see `clamp`. */
    clip(min: number | null, max?: number | null): Tensor;
  }
}

Tensor.prototype.lerp = function (this: Tensor, end, weight) {
  const where = 'Tensor.lerp';
  checkTensor(where, 'x', this, 'float32');
  checkTensor(where, 'end', end, 'float32');
  broadcastShapes(where, this.shape, end.shape);
  if (typeof weight === 'number') return lerp(this, end, weight);
  if (!((weight as unknown) instanceof Tensor))
    throw typeError(where, `expected weight to be a number or a tensor, got ${describe(weight)}`);
  checkTensor(where, 'weight', weight, 'float32');
  broadcastShapes(where, broadcastShapes(where, this.shape, end.shape), weight.shape);
  const way = end.sub(this);
  const fromStart = this.add(way.mul(weight));
  return choose(where, weight.detach().abs().lt(0.5), fromStart, end.sub(way.mul(weight.rsub(1))));
};

Tensor.prototype.rsub = function (this: Tensor, right: Operand, options) {
  const where = 'Tensor.rsub';
  const other = operand(where, this, right);
  const { alpha } = withDefaults(where, options, { alpha: 1 });
  checkNumber(where, 'alpha', alpha);
  broadcastShapes(where, this.shape, other.shape);
  return other.sub(alpha === 1 ? this : this.mul(alpha));
};

function limit(where: string, name: 'min' | 'max', x: Tensor, value: unknown): Tensor {
  if (value instanceof Tensor) throw typeError(where, `expected ${name} to be a number, got a Tensor`);
  const bound = checkNumber(where, name, value);
  return unary('clamp', where, x, name === 'min' ? bound : -Infinity, name === 'max' ? bound : Infinity);
}
Tensor.prototype.clampMin = function (this: Tensor, min) {
  return limit('Tensor.clampMin', 'min', this, min);
};
Tensor.prototype.clampMax = function (this: Tensor, max) {
  return limit('Tensor.clampMax', 'max', this, max);
};
Tensor.prototype.clip = function (this: Tensor, first: ClampLimits | number | null, second?: number | null) {
  const { min, max } = clampLimits('Tensor.clip', first, second);
  return unary('clamp', 'Tensor.clip', this, min, max);
};
