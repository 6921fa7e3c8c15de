// Extremes over several dimensions. Elements that are equal to the extreme share its gradient.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { empty, Tensor } from '../tensor';
import { binary, sumOver } from './broadcast';
import { copyOf } from './convert';
import { extremes, ties } from './extremum';
import { keepdimOf, reducedDims } from './reduce';

type Dim = number | readonly number[];

type Equals = (x: Tensor, extreme: Tensor) => Tensor;

/**
 * The extremes over the dimensions that `dim` names; `where` is the operation that errors name. The gradient is divided among elements that `equals` finds;
 * without any it is NaN.
 */
export function extremesOver(
  name: 'max' | 'min',
  where: string,
  x: Tensor,
  dim: Dim | undefined,
  keepdim: boolean,
  equals: Equals = ties,
): Tensor {
  const reduced = reducedDims(where, dim, x.shape.length);
  if (x.shape.some((size, d) => reduced[d] && size === 0))
    throw rangeError(where, `${shapeText(x.shape)} is empty where an extreme is asked for`);
  const kept = x.shape.map((size, d) => (reduced[d] ? 1 : size));
  let over = x;
  for (let d = x.shape.length - 1; d >= 0; d--) {
    if (reduced[d] && x.shape[d] !== 1) over = extremes(name, where, over, d, over.shape.with(d, 1)).values;
  }
  const extreme = over === x ? copyOf(x) : over;
  // Only y is returned to the user, so a change of the memory is counted by y.
  const shape = x.shape.filter((_, d) => !reduced[d]);
  const y = keepdim ? extreme : new Tensor(extreme.values, shape);
  return record(y, where.slice(7), [x], [x, y], (dy) => {
    const mask = empty(x.shape.slice());
    calls.intToFloat({ out: mask.floats, x: equals(x, extreme).ints, n: x.numel });
    const count = sumOver(mask, reduced);
    const part = binary(where, 'div', new Tensor(dy.values, kept), count, 'float32');
    give(x, binary(where, 'mul', mask, part, 'float32'));
  });
}

// NaN equals nothing, so that a NaN has the gradient of PyTorch: NaN for every element.
const same: Equals = (x, extreme) => binary('amax', 'eq', x, extreme, 'int32');

declare module '../tensor' {
  interface Tensor {
    /**
     * The largest elements along `dim`: one dimension, several (an array), or all by default. NaN counts as largest. The gradient is divided evenly among elements
     * that are equal to the result, unlike with `max(dim)`; it is NaN for all elements where the result is NaN. As `torch.amax`.
     *
     * A RangeError if there are no elements.
     *
     * @example
     * tensor([[1, 5], [7, 2]]).amax(1).toArray(); // [5, 7]
     * tensor([[1, 5], [7, 2]]).amax([0, 1]).item(); // 7
     */
    amax(dim?: number | readonly number[], options?: { keepdim?: boolean }): Tensor;
    /**
     * The smallest elements along `dim`; NaN counts as smallest. See `amax`. As `torch.amin`.
     *
     * @example
     * tensor([[1, 5], [7, 2]]).amin(1).toArray(); // [1, 2]
     */
    amin(dim?: number | readonly number[], options?: { keepdim?: boolean }): Tensor;
    /**
     * `{ min, max }` along `dim`, or of all elements, with the gradients of `amin` and `amax`: `torch.aminmax`.
     *
     * @example
     * const { min, max } = tensor([3, 1, 2]).aminmax();
     * [min.item(), max.item()]; // [1, 3]
     */
    aminmax(options?: { dim?: number; keepdim?: boolean }): { min: Tensor; max: Tensor };
  }
}

Tensor.prototype.amax = function (this: Tensor, dim, options) {
  return extremesOver('max', 'Tensor.amax', this, dim, keepdimOf('Tensor.amax', options), same);
};
Tensor.prototype.amin = function (this: Tensor, dim, options) {
  return extremesOver('min', 'Tensor.amin', this, dim, keepdimOf('Tensor.amin', options), same);
};
Tensor.prototype.aminmax = function (this: Tensor, options) {
  const where = 'Tensor.aminmax';
  const { dim, keepdim } = withDefaults<{ dim: number | undefined; keepdim: boolean }>(where, options, { dim: undefined, keepdim: false });
  const kept = keepdimOf(where, { keepdim });
  return { min: extremesOver('min', where, this, dim, kept, same), max: extremesOver('max', where, this, dim, kept, same) };
};
