// Between two tensors.
import { checkNumber, describe, typeError, withDefaults } from '../errors';
import { broadcastShapes } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { type Operand, operand } from './broadcast';
import { choose } from './choose';
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
