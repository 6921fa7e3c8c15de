// Operations that move dimensions, or split one into several.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { normalizeDim, numelOf, shapeText } from '../shape';
import { Tensor } from '../tensor';
import { permute, swapped } from './transpose';
import { fullShape, view } from './views';

declare module '../tensor' {
  interface Tensor {
    /** The transposed matrix, as `t()`: `x.matmul(w.T)`. A copy, where PyTorch shares memory. A RangeError for more than two dimensions: use `mT` or `permute`. */
    readonly T: Tensor;
    /** The tensor with its last two dimensions exchanged, a copy where PyTorch shares memory. A RangeError for fewer than two. */
    readonly mT: Tensor;
    /**
     * `transpose` by another name: `torch.swapaxes`.
     *
     * @example
     * zeros([2, 3, 4]).swapaxes(0, 2).shape; // [4, 3, 2]
     */
    swapaxes(axis0: number, axis1: number): Tensor;
    /**
     * A copy with dimension `source` moved to position `destination`, or several of them (arrays); the others keep their order. As `torch.movedim`, but a copy.
     *
     * @example
     * zeros([2, 3, 4]).movedim(0, -1).shape; // [3, 4, 2]
     */
    movedim(source: number | readonly number[], destination: number | readonly number[]): Tensor;
    /**
     * Splits dimension `dim` into several with these sizes, of which one may be -1; on the same memory. As `torch.unflatten`.
     *
     * @example
     * zeros([2, 6]).unflatten(1, [3, -1]).shape; // [2, 3, 2]
     */
    unflatten(dim: number, sizes: readonly number[]): Tensor;
  }
}

for (const name of ['T', 'mT'] as const) {
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    get(this: Tensor): Tensor {
      const rank = this.shape.length;
      if (name === 'T' && rank > 2) {
        throw rangeError(
          'Tensor.T',
          `expected at most two dimensions, got ${shapeText(this.shape)}`,
          'mT exchanges the last two, permute(dims) any',
        );
      }
      if (name === 'mT' && rank < 2) throw rangeError('Tensor.mT', `expected at least two dimensions, got ${shapeText(this.shape)}`);
      return rank < 2 ? view(this, this.shape.slice(), name) : permute(name, this, swapped(rank, rank - 2, rank - 1));
    },
  });
}

Tensor.prototype.swapaxes = function (this: Tensor, axis0, axis1) {
  const rank = this.shape.length;
  const a = normalizeDim('Tensor.swapaxes', axis0, rank);
  const b = normalizeDim('Tensor.swapaxes', axis1, rank);
  return permute('swapaxes', this, rank === 0 ? [] : swapped(rank, a, b));
};

Tensor.prototype.movedim = function (this: Tensor, source, destination) {
  const where = 'Tensor.movedim';
  const rank = this.shape.length;
  const dims = (name: string, given: unknown): number[] => {
    const list = (Array.isArray(given) ? given : [given]).map((dim) => normalizeDim(where, dim, rank));
    if (new Set(list).size < list.length) throw rangeError(where, `a dimension is named twice in ${name} ${shapeText(list)}`);
    return list;
  };
  const [from, to] = [dims('source', source), dims('destination', destination)];
  if (from.length !== to.length) throw rangeError(where, `expected as many destinations as sources, got ${to.length} and ${from.length}`);
  if (rank === 0) return permute('movedim', this, []);
  const order = new Array<number>(rank).fill(-1);
  to.forEach((place, i) => {
    order[place] = from[i]!;
  });
  const rest = order.map((_, d) => d).filter((d) => !from.includes(d));
  return permute(
    'movedim',
    this,
    order.map((d) => (d < 0 ? rest.shift()! : d)),
  );
};

Tensor.prototype.unflatten = function (this: Tensor, dim, sizes) {
  const where = 'Tensor.unflatten';
  if (this.shape.length === 0) throw rangeError(where, 'a scalar has no dimension to unflatten');
  const d = normalizeDim(where, dim, this.shape.length);
  if (!Array.isArray(sizes)) throw typeError(where, `expected an array of sizes, got ${describe(sizes)}`);
  if (sizes.length === 0) throw rangeError(where, 'expected at least one size, got none');
  const size = this.shape[d]!;
  const open = sizes.indexOf(-1);
  const known = sizes.reduce<number>((n, one, i) => (i === open ? n : n * checkInteger(where, 'every size', one)), 1);
  const filled = open >= 0 && known > 0 ? sizes.with(open, size / known) : sizes;
  if (numelOf(filled) !== size || filled.some((one) => !Number.isInteger(one) || one < 0)) {
    throw rangeError(where, `dim ${d} of ${shapeText(this.shape)} does not divide into ${shapeText(sizes)}`);
  }
  return view(this, fullShape(where, this, [...this.shape.slice(0, d), ...filled, ...this.shape.slice(d + 1)]), 'unflatten');
};
