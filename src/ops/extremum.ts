// Largest and smallest elements, and their indices.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { rangeError } from '../errors';
import { kernels } from '../native';
import { around, normalizeDim, shapeText } from '../shape';
import { empty, Tensor } from '../tensor';
import { binary, flatLayout } from './broadcast';
import { keepdimOf } from './reduce';

type Name = 'max' | 'min';

/** The extreme values and their indices along one dimension, in `shape`, which omits or keeps the dimension; x has no history here. */
export function extremes(name: Name, where: string, x: Tensor, dim: number, shape: number[]): Extremes {
  const { outer, n, inner } = around(x.shape, dim);
  if (n === 0) throw rangeError(where, `dim ${dim} of ${shapeText(x.shape)} is empty`);
  const values = empty(shape, x.dtype);
  const indices = empty(shape.slice(), 'int32');
  if (x.dtype === 'int32') kernels[`${name}Int`](values.ints, indices.ints, x.ints, outer, n, inner);
  else kernels[name](values.floats, indices.ints, x.floats, outer, n, inner);
  return { values, indices };
}

function resultShape(where: string, x: Tensor, dim: number, options: { keepdim?: boolean } | undefined): number[] {
  const keepdim = keepdimOf(where, options);
  return keepdim ? x.shape.map((size, d) => (d === dim ? 1 : size)) : x.shape.filter((_, d) => d !== dim);
}

function flattened(where: string, x: Tensor): Tensor {
  if (x.numel === 0) throw rangeError(where, `the tensor ${shapeText(x.shape)} is empty`);
  return new Tensor(x.values, [x.numel]);
}

// Along one dimension the gradient goes to the element that was returned.
function alongDim(name: Name, x: Tensor, dim: unknown, options?: { keepdim?: boolean }): Extremes {
  const where = `Tensor.${name}`;
  const d = normalizeDim(where, dim, x.shape.length);
  const { values, indices } = extremes(name, where, x, d, resultShape(where, x, d, options));
  record(values, name, [x], [indices], (dy) => {
    const { outer, n, inner } = around(x.shape, d);
    const dx = empty(x.shape.slice());
    calls.fill({ out: dx.floats, n: x.numel, value: 0 });
    calls.scatterAdd({ dx: dx.floats, dy: dy.floats, index: indices.ints, outer, n, inner, count: 1 });
    give(x, dx);
  });
  return { values, indices };
}

/** 1 where x equals the extreme, or both are NaN. */
export function ties(x: Tensor, extreme: Tensor): Tensor {
  const same = binary('max', 'eq', x, extreme, 'int32');
  const notANumber = binary('max', 'ne', x, x, 'int32');
  calls.addInt({ out: same.ints, a: same.ints, b: notANumber.ints, layout: flatLayout(x.numel) });
  return same;
}

// Over all elements the gradient is divided evenly among those equal to the result.
function overAll(name: Name, x: Tensor): Tensor {
  const where = `Tensor.${name}`;
  const { values } = extremes(name, where, flattened(where, x), 0, []);
  return record(values, name, [x], [x, values], (dy) => {
    const mask = empty(x.shape.slice());
    calls.intToFloat({ out: mask.floats, x: ties(x, values).ints, n: x.numel });
    const count = empty([]);
    calls.sum({ out: count.floats, x: mask.floats, outer: 1, n: x.numel, inner: 1 });
    give(x, binary(where, 'mul', mask, binary(where, 'div', dy, count, 'float32'), 'float32'));
  });
}

function position(name: Name, x: Tensor, dim: number | undefined, options?: { keepdim?: boolean }): Tensor {
  const where = `Tensor.arg${name}`;
  if (dim !== undefined && dim !== null) {
    const d = normalizeDim(where, dim, x.shape.length);
    return extremes(name, where, x, d, resultShape(where, x, d, options)).indices;
  }
  const keepdim = keepdimOf(where, options);
  return extremes(name, where, flattened(where, x), 0, keepdim ? x.shape.map(() => 1) : []).indices;
}

/** The result of `max(dim)` and `min(dim)`. */
export interface Extremes {
  /** The extreme elements. */
  values: Tensor;
  /** Their indices along the dimension, int32. */
  indices: Tensor;
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The largest elements along `dim` and their indices (int32), of equal elements the first; NaN counts as largest. `keepdim` keeps the dimension with size 1.
     *
     * The gradient goes to the elements returned. A RangeError if the dimension is empty.
     *
     * @example
     * const { values, indices } = tensor([[1, 5], [7, 2]]).max(1);
     * values.toArray(); // [5, 7]
     * indices.toArray(); // [1, 0]
     */
    max(dim: number, options?: { keepdim?: boolean }): Extremes;
    /** The largest element as a scalar tensor; the gradient is divided evenly among equal ones. */
    max(): Tensor;
    /** The smallest elements along `dim` and their indices (int32), of equal elements the first; NaN counts as smallest. See `max`. */
    min(dim: number, options?: { keepdim?: boolean }): Extremes;
    /** The smallest element as a scalar tensor; the gradient is divided evenly among equal ones. */
    min(): Tensor;
    /**
     * The index (int32) of the largest element along `dim`, or without it in the flattened tensor; of equal elements the first.
     *
     * @example
     * tensor([[1, 5], [7, 2]]).argmax(1).toArray(); // [1, 0]
     * tensor([[1, 5], [7, 2]]).argmax().item(); // 2
     */
    argmax(dim?: number, options?: { keepdim?: boolean }): Tensor;
    /** The index (int32) of the smallest element; see `argmax`. */
    argmin(dim?: number, options?: { keepdim?: boolean }): Tensor;
  }
}

function install(name: Name) {
  return function (this: Tensor, dim?: number, options?: { keepdim?: boolean }) {
    return dim === undefined ? overAll(name, this) : alongDim(name, this, dim, options);
  } as Tensor['max'];
}

Tensor.prototype.max = install('max');
Tensor.prototype.min = install('min');
Tensor.prototype.argmax = function (this: Tensor, dim, options) {
  return position('max', this, dim, options);
};
Tensor.prototype.argmin = function (this: Tensor, dim, options) {
  return position('min', this, dim, options);
};
