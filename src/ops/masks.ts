// Selecting elements by masks (int32 tensors of 0 and 1, as comparisons return them), and the places of elements that are not 0.
import { checkBoolean, describe, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { broadcastShapes, sameShape, shapeText, stridesOf } from '../shape';
import { checkTensor, constant, refuseLost, Tensor } from '../tensor';
import { operand } from './broadcast';
import { choose } from './choose';
import { expanded } from './expand';
import { view } from './views';
import './select';

/** The value that replaces elements of x, a number or a scalar tensor, in x's element type. */
export function valueFor(where: string, x: Tensor, value: unknown): Tensor {
  if (typeof value !== 'number' && !(value instanceof Tensor)) {
    throw typeError(where, `expected value to be a number or a scalar tensor, got ${describe(value)}`);
  }
  const given = operand(where, x, value);
  if (given.shape.length > 0) throw rangeError(where, `expected value to be a number or a scalar tensor, got ${shapeText(given.shape)}`);
  if (given.dtype === x.dtype) return given;
  if (x.dtype === 'int32') throw rangeError(where, `an int32 tensor cannot hold ${value instanceof Tensor ? 'a float32 value' : value}`);
  return given.to('float32');
}

// The positions, in row-major order, of the elements that are not 0.
function positions(where: string, x: Tensor): number[] {
  recorder?.reading(where);
  x.version.holder?.sync();
  refuseLost(where, x);
  const found: number[] = [];
  for (let i = 0; i < x.numel; i++) if (x.values[i] !== 0) found.push(i);
  return found;
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The tensor with `value` (a number or a scalar tensor) where `mask` (int32) is not 0; shapes broadcast. No gradient passes to the replaced elements. As
     * `torch.masked_fill`.
     *
     * @example
     * const scores = tensor([1, 2, 3]);
     * scores.maskedFill(scores.gt(2), -Infinity).toArray(); // [1, 2, -Infinity]
     */
    maskedFill(mask: Tensor, value: number | Tensor): Tensor;
    /**
     * The elements where `mask` (int32) is not 0, as a vector; shapes broadcast. As `torch.masked_select`, and `x[mask]` in Python. Their number depends on
     * values, so this does not work inside `compile`.
     *
     * @example
     * const x = tensor([1, -2, 3]);
     * x.maskedSelect(x.gt(0)).toArray(); // [1, 3]
     */
    maskedSelect(mask: Tensor): Tensor;
    /**
     * The indices of the elements that are not 0, int32 `[count, dimensions]`, in row-major order: `torch.nonzero`. Not inside `compile`.
     *
     * @example
     * tensor([[0, 5], [6, 0]]).nonzero().toArray(); // [[0, 1], [1, 0]]
     */
    nonzero(options?: { asTuple?: false }): Tensor;
    /**
     * The same indices as a list with one vector for each dimension, which `index` takes.
     *
     * @example
     * const x = tensor([[0, 5], [6, 0]]);
     * x.index(x.nonzero({ asTuple: true })).toArray(); // [5, 6]
     */
    nonzero(options: { asTuple: true }): Tensor[];
    /**
     * `nonzero` by another name: `torch.argwhere`.
     *
     * @example
     * tensor([0, 5]).argwhere().toArray(); // [[1]]
     */
    argwhere(): Tensor;
  }
}

Tensor.prototype.maskedFill = function (this: Tensor, mask, value) {
  const where = 'Tensor.maskedFill';
  checkTensor(where, 'mask', mask, 'int32');
  return choose(where, mask, valueFor(where, this, value), this);
};

Tensor.prototype.maskedSelect = function (this: Tensor, mask) {
  const where = 'Tensor.maskedSelect';
  recorder?.reading(where);
  checkTensor(where, 'mask', mask, 'int32');
  const shape = broadcastShapes(where, this.shape, mask.shape);
  const spread = (t: Tensor): Tensor => (sameShape(t.shape, shape) ? t : expanded(where, t, shape));
  const chosen = positions(where, spread(mask));
  const index = constant([chosen.length], 'int32');
  index.values.set(chosen);
  const x = spread(this);
  return view(x, [x.numel]).indexSelect(0, index);
};

function nonzero(where: string, x: Tensor): Tensor {
  const found = positions(where, x);
  const strides = stridesOf(x.shape);
  const out = constant([found.length, strides.length], 'int32');
  let next = 0;
  for (const position of found) {
    strides.forEach((stride, d) => {
      out.values[next++] = Math.floor(position / stride) % x.shape[d]!;
    });
  }
  return out;
}

/** The indices of the elements that are not 0, a vector for each dimension; those of a scalar as of one element. */
export function placesByDimension(where: string, x: Tensor): Tensor[] {
  const places = nonzero(where, x.shape.length === 0 ? view(x, [1]) : x);
  return Array.from({ length: places.shape[1]! }, (_, d) => places.select(1, d));
}

Tensor.prototype.nonzero = function (this: Tensor, options?: { asTuple?: boolean }) {
  const where = 'Tensor.nonzero';
  const { asTuple } = withDefaults(where, options, { asTuple: false });
  return checkBoolean(where, 'asTuple', asTuple) ? placesByDimension(where, this) : nonzero(where, this);
} as Tensor['nonzero'];
Tensor.prototype.argwhere = function (this: Tensor) {
  return nonzero('Tensor.argwhere', this);
};
