// Parts of a tensor by position, which Python writes as x[i, j] and x[a:b:c].
import { checkInteger, rangeError } from '../errors';
import { normalizeDim, shapeText, stridesOf } from '../shape';
import { Tensor } from '../tensor';
import { piece, slab } from './pieces';
import { strided } from './strided';

const all = Number.MAX_SAFE_INTEGER;

/** Position `index` of dimension d, counted from the front; a negative one counts from the end. */
export function positionIn(where: string, x: Tensor, d: number, index: unknown): number {
  const size = x.shape[d]!;
  const i = checkInteger(where, 'the index', index, -all, all);
  if (i < -size || i >= size) throw rangeError(where, `index ${i} is outside dim ${d} of ${shapeText(x.shape)}`);
  return i < 0 ? i + size : i;
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The part of the tensor at these positions of its first dimensions, without these dimensions: `x[i]`, `x[i, j]` in Python. Negative ones count from the end.
     *
     * It shares memory. A RangeError for a position outside, or more positions than dimensions.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).at(1).toArray(); // [3, 4]
     * tensor([[1, 2], [3, 4]]).at(-1, 0).item(); // 3
     */
    at(...indices: number[]): Tensor;
    /**
     * Element `index` of dimension `dim`, without that dimension: on the same memory for dimension 0, else a copy (PyTorch always shares). As
     * `torch.select`.
     *
     * A negative `index` counts from the end. A RangeError when it is outside.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).select(1, -1).toArray(); // [2, 4]
     */
    select(dim: number, index: number): Tensor;
    /**
     * Every `step`-th element of dimension `dim` from `start` (default 0) up to `end` (default: all), which is excluded: `x[start:end:step]` in
     * Python. Negative positions count from the end; positions beyond the ends are limited to them. On the same memory for dimension 0 and step 1, else a copy.
     *
     * A RangeError for a step below 1: `flip` reverses.
     *
     * @example
     * arange(6).slice(0, 1, -1).toArray(); // [1, 2, 3, 4]
     * arange(6).slice(0, 0, 6, 2).toArray(); // [0, 2, 4]
     */
    slice(dim?: number, start?: number, end?: number, step?: number): Tensor;
  }
}

Tensor.prototype.at = function (this: Tensor, ...indices) {
  const where = 'Tensor.at';
  if (indices.length > this.shape.length) {
    throw rangeError(where, `expected at most ${this.shape.length} positions for ${shapeText(this.shape)}, got ${indices.length}`);
  }
  const places = indices.map((index, d) => positionIn(where, this, d, index));
  return places.reduce<Tensor>((x, i) => slab('at', x, 0, i), this);
};

Tensor.prototype.select = function (this: Tensor, dim, index) {
  const where = 'Tensor.select';
  const d = normalizeDim(where, dim, this.shape.length);
  if (this.shape.length === 0) throw rangeError(where, 'a scalar has no dimension to select from');
  return slab('select', this, d, positionIn(where, this, d, index));
};

Tensor.prototype.slice = function (this: Tensor, dim = 0, start = 0, end = all, step = 1) {
  const where = 'Tensor.slice';
  const d = normalizeDim(where, dim, this.shape.length);
  if (this.shape.length === 0) throw rangeError(where, 'a scalar has no dimension to slice');
  const size = this.shape[d]!;
  const place = (name: string, given: unknown): number => {
    const i = checkInteger(where, name, given === Infinity ? all : given, -all, all);
    return Math.min(size, Math.max(0, i < 0 ? i + size : i));
  };
  const [from, to] = [place('start', start), place('end', end)];
  checkInteger(where, 'step', step, 1, all);
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (step === 1 || count === 1) return piece('slice', this, d, from, count);
  const strides = stridesOf(this.shape);
  const inner = strides[d]!;
  return strided(where, this, this.shape.with(d, count), count === 0 ? strides : strides.with(d, inner * step), from * inner);
};
