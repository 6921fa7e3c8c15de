// A tensor split along a dimension.
import { record } from '../autograd';
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { normalizeDim, shapeText } from '../shape';
import { Tensor } from '../tensor';
import { giveRange, rangeOf } from './narrow';
import { view } from './views';

/** Elements `start` to `start + length` of dimension d, recorded under the operation's `name`. */
export const piece = (name: string, x: Tensor, d: number, start: number, length: number): Tensor =>
  record(rangeOf(x, d, start, length), name, [x], [], (dy) => giveRange(x, d, start, dy));

/** Element `i` of dimension d, without that dimension. */
export const slab = (name: string, x: Tensor, d: number, i: number): Tensor => view(piece(name, x, d, i, 1), x.shape.toSpliced(d, 1), name);

function dimOf(where: string, x: Tensor, dim: unknown): number {
  const d = normalizeDim(where, dim, x.shape.length);
  if (x.shape.length === 0) throw rangeError(where, 'a scalar has no dimension to divide');
  return d;
}

// The pieces with these lengths, one after the other.
function pieces(name: string, x: Tensor, d: number, lengths: readonly number[]): Tensor[] {
  let start = 0;
  return lengths.map((length) => {
    start += length;
    return piece(name, x, d, start - length, length);
  });
}

// The lengths of pieces of `length` elements that cover `size`, the last one shorter if needed; an empty dimension gives one empty piece.
function even(size: number, length: number): number[] {
  const count = Math.max(1, Math.ceil(size / length));
  return Array.from({ length: count }, (_, i) => Math.min(length, size - i * length));
}

declare module '../tensor' {
  interface Tensor {
    /**
     * At most `chunks` pieces of equal length along `dim` (default 0), the last one shorter if the size is not divisible: `torch.chunk`. Pieces of
     * dimension 0 share memory, others are copies (PyTorch always shares).
     *
     * @example
     * arange(5).chunk(3).map((piece) => piece.toArray()); // [[0, 1], [2, 3], [4]]
     */
    chunk(chunks: number, dim?: number): Tensor[];
    /**
     * Pieces along `dim` (default 0) of `sizes` elements each, the last one shorter if the size is not divisible; or pieces of the lengths in an array, whose
     * sum must be the size: `torch.split`. Pieces of dimension 0 share memory, others are copies (PyTorch always shares).
     *
     * @example
     * arange(5).split(2).map((piece) => piece.toArray()); // [[0, 1], [2, 3], [4]]
     * arange(5).split([1, 4]).map((piece) => piece.shape); // [[1], [4]]
     */
    split(sizes: number | readonly number[], dim?: number): Tensor[];
    /**
     * `sections` pieces along `dim` (default 0), the first ones longer by one if the size is not divisible; or the pieces between the indices in an array, as
     * `slice` has them. Pieces of dimension 0 share memory, others are copies (PyTorch always shares). As `torch.tensor_split`.
     *
     * @example
     * arange(5).tensorSplit(3).map((piece) => piece.toArray()); // [[0, 1], [2, 3], [4]]
     * arange(5).tensorSplit([1, 4]).map((piece) => piece.toArray()); // [[0], [1, 2, 3], [4]]
     */
    tensorSplit(sections: number | readonly number[], dim?: number): Tensor[];
    /**
     * The elements of dimension `dim` (default 0), each without that dimension: `torch.unbind`. Those of dimension 0 share memory, others are copies
     * (PyTorch always shares).
     *
     * @example
     * tensor([[1, 2], [3, 4]]).unbind(1).map((column) => column.toArray()); // [[1, 3], [2, 4]]
     */
    unbind(dim?: number): Tensor[];
    /**
     * Iterates over the first dimension, as `unbind()`: `for (const row of x)`, `[...x]`. A TypeError for a scalar, which is not iterable.
     *
     * @example
     * [...tensor([[1, 2], [3, 4]])].map((row) => row.sum().item()); // [3, 7]
     */
    [Symbol.iterator](): IterableIterator<Tensor>;
  }
}

Tensor.prototype.chunk = function (this: Tensor, chunks, dim = 0) {
  const where = 'Tensor.chunk';
  const d = dimOf(where, this, dim);
  checkInteger(where, 'chunks', chunks, 1);
  const size = this.shape[d]!;
  if (size > 0) return pieces('chunk', this, d, even(size, Math.ceil(size / chunks)));
  // An empty dimension gives as many empty pieces as were asked for.
  const lengths = new Array<number>(checkInteger(where, 'the number of empty chunks', chunks, 1, 2 ** 16)).fill(0);
  return pieces('chunk', this, d, lengths);
};

Tensor.prototype.split = function (this: Tensor, sizes, dim = 0) {
  const where = 'Tensor.split';
  const d = dimOf(where, this, dim);
  const size = this.shape[d]!;
  if (typeof sizes === 'number') return pieces('split', this, d, even(size, checkInteger(where, 'the size', sizes, 1)));
  if (!Array.isArray(sizes)) throw typeError(where, `expected a size or an array of them, got ${describe(sizes)}`);
  const lengths = sizes.map((length) => checkInteger(where, 'every size', length));
  const sum = lengths.reduce((a, b) => a + b, 0);
  if (sum !== size) throw rangeError(where, `expected sizes that add up to ${size}, dim ${d} of ${shapeText(this.shape)}, got ${sum}`);
  return pieces('split', this, d, lengths);
};

Tensor.prototype.tensorSplit = function (this: Tensor, sections, dim = 0) {
  const where = 'Tensor.tensorSplit';
  const d = dimOf(where, this, dim);
  const size = this.shape[d]!;
  if (typeof sections === 'number') {
    const count = checkInteger(where, 'sections', sections, 1, 2 ** 16);
    const length = Math.floor(size / count);
    return pieces(
      'tensorSplit',
      this,
      d,
      Array.from({ length: count }, (_, i) => (i < size % count ? length + 1 : length)),
    );
  }
  if (!Array.isArray(sections)) throw typeError(where, `expected a number of pieces or an array of places, got ${describe(sections)}`);
  const most = Number.MAX_SAFE_INTEGER;
  const places = sections.map((place) => {
    const at = checkInteger(where, 'every place', place, -most, most);
    return Math.min(size, Math.max(0, at < 0 ? at + size : at));
  });
  return [...places, size].map((end, i) => {
    const start = places[i - 1] ?? 0;
    return piece('tensorSplit', this, d, Math.min(start, size), Math.max(0, end - start));
  });
};

Tensor.prototype.unbind = function (this: Tensor, dim = 0) {
  const d = dimOf('Tensor.unbind', this, dim);
  return Array.from({ length: this.shape[d]! }, (_, i) => slab('unbind', this, d, i));
};

function* rows(this: Tensor): IterableIterator<Tensor> {
  for (let i = 0; i < this.shape[0]!; i++) yield slab('unbind', this, 0, i);
}

// A scalar has no iterator at all, so that code that asks for one before it iterates, such as a test's comparison, sees that it is not iterable.
Object.defineProperty(Tensor.prototype, Symbol.iterator, {
  configurable: true,
  get(this: Tensor): typeof rows | undefined {
    return this.shape.length === 0 ? undefined : rows;
  },
});
