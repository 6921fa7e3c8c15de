// The same memory under another shape.
import { record, share } from '../autograd';
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { normalizeDim, numelOf, shapeText } from '../shape';
import { Tensor } from '../tensor';

/** x with another shape of the same number of elements, on the same memory; gradients pass. */
export function view(x: Tensor, shape: number[], name = 'reshape'): Tensor {
  const y = new Tensor(x.values, shape, x.version);
  return record(y, name, [x], [], (dy) => share(x, new Tensor(dy.values, x.shape.slice())));
}

/**
 * t, or a view of it if it is also `first` or `second`. A kernel writes the gradients of all operands at once, so a tensor that is used twice as an operand
 * would get two gradients in one memory. For a view and its tensor autograd adds them up.
 */
export const distinct = <T extends Tensor | null>(t: T, first: Tensor, second: Tensor | null = null): T =>
  t?.needsGrad && (t === first || t === second) ? (view(t, t.shape.slice()) as T) : t;

/** The sizes of a shape for x, with -1 replaced by the size that fits. */
export function fullShape(where: string, x: Tensor, shape: unknown): number[] {
  if (!Array.isArray(shape)) throw typeError(where, `expected a shape, an array of sizes, got ${describe(shape)}`);
  const open = shape.indexOf(-1);
  if (open >= 0 && shape.indexOf(-1, open + 1) >= 0) throw rangeError(where, `only one size can be -1, got ${shapeText(shape)}`);
  const sizes = shape.map((size, d) => (d === open ? 1 : checkInteger(where, 'every size', size)));
  const known = numelOf(sizes);
  if (open >= 0 && known > 0 && x.numel % known === 0) sizes[open] = x.numel / known;
  if (numelOf(sizes) !== x.numel || (open >= 0 && known === 0)) {
    throw rangeError(where, `${shapeText(x.shape)} with ${x.numel} elements does not fit into ${shapeText(shape)}`);
  }
  return sizes;
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The same elements in row-major order under another shape, on the same memory; one size may be -1.
     *
     * A RangeError if the number of elements differs.
     *
     * @example
     * tensor([1, 2, 3, 4, 5, 6]).reshape([2, -1]).toArray(); // [[1, 2, 3], [4, 5, 6]]
     */
    reshape(shape: readonly number[]): Tensor;
    /**
     * The tensor with dimensions `startDim` (default 0) to `endDim` (default -1, the last) joined to one, on the same memory. A scalar becomes `[1]`.
     *
     * @example
     * zeros([2, 3, 4]).flatten(1).shape; // [2, 12]
     */
    flatten(startDim?: number, endDim?: number): Tensor;
    /**
     * The tensor without dimension `dim` if its size is 1, or by default without all dimensions of size 1; on the same memory.
     *
     * @example
     * zeros([1, 3, 1]).squeeze().shape; // [3]
     */
    squeeze(dim?: number | readonly number[]): Tensor;
    /**
     * The tensor with a new dimension of size 1 at `dim` (negative: counted from the end of the result); on the same memory.
     *
     * @example
     * tensor([1, 2]).unsqueeze(1).toArray(); // [[1], [2]]
     */
    unsqueeze(dim: number): Tensor;
  }
}

Tensor.prototype.reshape = function (this: Tensor, shape) {
  return view(this, fullShape('Tensor.reshape', this, shape));
};

Tensor.prototype.flatten = function (this: Tensor, startDim = 0, endDim = -1) {
  const { shape } = this;
  const start = normalizeDim('Tensor.flatten', startDim, shape.length);
  const end = normalizeDim('Tensor.flatten', endDim, shape.length);
  if (start > end) throw rangeError('Tensor.flatten', `startDim ${startDim} comes after endDim ${endDim}`);
  return view(this, [...shape.slice(0, start), numelOf(shape.slice(start, end + 1)), ...shape.slice(end + 1)], 'flatten');
};

Tensor.prototype.squeeze = function (this: Tensor, dim) {
  const rank = this.shape.length;
  const only = dim === undefined ? null : [dim].flat().map((d) => normalizeDim('Tensor.squeeze', d, rank));
  if (only !== null && new Set(only).size < only.length) throw rangeError('Tensor.squeeze', 'a dimension is given twice');
  return view(
    this,
    this.shape.filter((size, d) => size !== 1 || (only !== null && !only.includes(d))),
    'squeeze',
  );
};

Tensor.prototype.unsqueeze = function (this: Tensor, dim) {
  const at = normalizeDim('Tensor.unsqueeze', dim, this.shape.length + 1);
  return view(this, this.shape.toSpliced(at, 0, 1), 'unsqueeze');
};
