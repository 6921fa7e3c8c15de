// Reversed, rotated and shifted elements.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { normalizeDim, shapeText } from '../shape';
import { constant, Tensor } from '../tensor';
import { view } from './views';
import './convert';
import './select';

/** The elements along dimension d in another order: place i gets the element at `from(i)`. */
export function reordered(x: Tensor, d: number, from: (i: number) => number): Tensor {
  const index = constant([x.shape[d]!], 'int32');
  for (let i = 0; i < index.numel; i++) index.values[i] = from(i);
  return x.indexSelect(d, index);
}

declare module '../tensor' {
  interface Tensor {
    /**
     * A copy with the elements of the dimensions `dims` (one, or an array) in reverse order: `torch.flip`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).flip([1]).toArray(); // [[2, 1], [4, 3]]
     */
    flip(dims: number | readonly number[]): Tensor;
    /**
     * A copy with the columns in reverse order, of two dimensions or more: `torch.fliplr`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).fliplr().toArray(); // [[2, 1], [4, 3]]
     */
    fliplr(): Tensor;
    /**
     * A copy with the rows in reverse order: `torch.flipud`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).flipud().toArray(); // [[3, 4], [1, 2]]
     */
    flipud(): Tensor;
    /**
     * A copy rotated `k` times (default 1) by 90 degrees in the plane of `dims` ([0, 1] by default), from its first dimension towards its second, or the other way
     * if k is negative. As `torch.rot90`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).rot90().toArray(); // [[2, 4], [1, 3]]
     * tensor([[1, 2], [3, 4]]).rot90(-1).toArray(); // [[3, 1], [4, 2]]
     */
    rot90(k?: number, dims?: readonly [number, number]): Tensor;
    /**
     * A copy with the elements shifted by `shifts` along `dims`; elements shifted out at one end come in at the other. Without `dims` all elements are shifted in
     * row-major order. As `torch.roll`.
     *
     * @example
     * arange(4).roll(1).toArray(); // [3, 0, 1, 2]
     * tensor([[1, 2], [3, 4]]).roll(1, 0).toArray(); // [[3, 4], [1, 2]]
     */
    roll(shifts: number | readonly number[], dims?: number | readonly number[]): Tensor;
  }
}

function reversed(name: 'fliplr' | 'flipud', dim: number) {
  return function (this: Tensor): Tensor {
    if (this.shape.length <= dim)
      throw rangeError(`Tensor.${name}`, `expected ${dim + 1} or more dimensions, got ${shapeText(this.shape)}`);
    return this.flip(dim);
  };
}
Tensor.prototype.fliplr = reversed('fliplr', 1);
Tensor.prototype.flipud = reversed('flipud', 0);

Tensor.prototype.rot90 = function (this: Tensor, k = 1, dims = [0, 1]) {
  const where = 'Tensor.rot90';
  const turns = checkInteger(where, 'k', k, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) & 3;
  if (!Array.isArray(dims) || dims.length !== 2) throw rangeError(where, `expected two dimensions, got ${describe(dims)}`);
  const [from, to] = dims.map((dim: number) => normalizeDim(where, dim, this.shape.length)) as [number, number];
  if (from === to) throw rangeError(where, `expected two dimensions, got ${from} twice`);
  if (turns % 2 === 0) return turns === 0 ? this.clone() : this.flip([from, to]);
  return this.flip(turns === 1 ? to : from).transpose(from, to);
};

Tensor.prototype.flip = function (this: Tensor, dims) {
  const where = 'Tensor.flip';
  const list = (Array.isArray(dims) ? dims : [dims]).map((dim) => normalizeDim(where, dim, this.shape.length));
  if (new Set(list).size < list.length) throw rangeError(where, `a dimension is named twice in ${shapeText(list)}`);
  if (list.length === 0 || this.shape.length === 0) return this.clone();
  return list.reduce<Tensor>((x, d) => reordered(x, d, (i) => x.shape[d]! - 1 - i), this);
};

Tensor.prototype.roll = function (this: Tensor, shifts, dims) {
  const where = 'Tensor.roll';
  const by = (Array.isArray(shifts) ? shifts : [shifts]).map((shift) =>
    checkInteger(where, 'shifts', shift, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  );
  const moved = (x: Tensor, d: number, shift: number): Tensor => {
    const n = x.shape[d]!;
    const back = n === 0 ? 0 : shift % n;
    return reordered(x, d, (i) => (i - back + n) % n);
  };
  if (dims === undefined) {
    if (by.length !== 1) throw rangeError(where, `expected one shift without dims, got ${by.length}`);
    return view(moved(view(this, [this.numel]), 0, by[0]!), this.shape.slice(), 'roll');
  }
  if (typeof dims !== 'number' && !Array.isArray(dims))
    throw typeError(where, `expected dims to be a dimension or an array of them, got ${describe(dims)}`);
  const list = (Array.isArray(dims) ? dims : [dims]).map((dim) => normalizeDim(where, dim, this.shape.length));
  if (list.length !== by.length) throw rangeError(where, `expected as many shifts as dims, got ${by.length} and ${list.length}`);
  if (list.length === 0 || this.shape.length === 0) return this.clone();
  return list.reduce<Tensor>((x, d, i) => moved(x, d, by[i]!), this);
};
