// Combinations of elements, the indices of a matrix's triangles, and indices from positions in row-major order.
import { checkBoolean, checkInteger, rangeError, withDefaults } from '../errors';
import { checkShape, shapeText, stridesOf } from '../shape';
import { checkTensor, constant, type Tensor } from '../tensor';
import { view } from './views';
import './narrow';
import './pairs';
import './select';

const tooMany = 2 ** 31 - 1;

// All lists of `r` indices below n in ascending order; with `step` 0 an index may repeat.
function* placesInOrder(n: number, r: number, step: 0 | 1, first = 0): Generator<number[]> {
  if (r === 0) yield [];
  else for (let i = first; i < n; i++) for (const others of placesInOrder(n, r - 1, step, i + step)) yield [i, ...others];
}

/**
 * All combinations of `r` (2) elements of a vector as rows, in the order of their indices; with `withReplacement` an element may be taken more than once.
 * `torch.combinations`.
 *
 * Shapes: x `[n]`, result `[choices, r]`, and `[0]` for r = 0. A RangeError for more than 2^31 - 1 elements in all.
 *
 * @example
 * combinations(tensor([1, 2, 3])).toArray(); // [[1, 2], [1, 3], [2, 3]]
 * combinations(tensor([1, 2]), 2, { withReplacement: true }).toArray(); // [[1, 1], [1, 2], [2, 2]]
 */
export function combinations(x: Tensor, r = 2, options?: { withReplacement?: boolean }): Tensor {
  const where = 'combinations';
  checkTensor(where, 'x', x);
  const { withReplacement } = withDefaults(where, options, { withReplacement: false });
  checkBoolean(where, 'withReplacement', withReplacement);
  checkInteger(where, 'r', r);
  if (x.shape.length !== 1) throw rangeError(where, `expected x [n], got ${shapeText(x.shape)}`);
  if (r === 0) return x.narrow(0, 0, 0);
  const n = x.numel;
  const of = withReplacement && n > 0 ? n + r - 1 : n; // the count is the binomial coefficient (of over r), computed until it is too large
  let count = r > of ? 0 : 1;
  for (let i = 0; i < Math.min(r, of - r) && count * r <= tooMany; i++) count = Math.round((count * (of - i)) / (i + 1));
  if (count * r > tooMany) throw rangeError(where, `${r} of ${n} elements can be chosen in more ways than a tensor holds`);
  const index = constant([count * r], 'int32');
  let at = 0;
  if (count > 0) for (const places of placesInOrder(n, r, withReplacement ? 0 : 1)) for (const place of places) index.values[at++] = place;
  return view(x.indexSelect(0, index), [count, r]);
}

// The columns `span(row)[0]` to `span(row)[1]` (excluded) of each row, limited to the matrix.
function triangle(where: string, rows: number, columns: number, offset: number, span: (row: number) => [number, number]): Tensor {
  checkInteger(where, 'rows', rows);
  checkInteger(where, 'columns', columns);
  checkInteger(where, 'offset', offset, -Number.MAX_SAFE_INTEGER);
  if (2 * rows * columns > tooMany)
    throw rangeError(where, `expected a matrix of at most 2^30 elements, got ${shapeText([rows, columns])}`);
  const within = (column: number): number => Math.min(Math.max(column, 0), columns);
  const spans = Array.from({ length: columns === 0 ? 0 : rows }, (_, row) => span(row).map(within) as [number, number]);
  const count = spans.reduce((n, [start, end]) => n + end - start, 0);
  const out = constant([2, count], 'int32');
  let at = 0;
  spans.forEach(([start, end], row) => {
    for (let column = start; column < end; column++) {
      out.values[at] = row;
      out.values[count + at++] = column;
    }
  });
  return out;
}

/**
 * The row and column indices of the elements on and below diagonal `offset` (0) of a matrix, row by row, int32 `[2, count]`: `torch.tril_indices`.
 *
 * @example
 * trilIndices(2, 3).toArray(); // [[0, 1, 1], [0, 0, 1]]
 */
export function trilIndices(rows: number, columns: number, offset = 0): Tensor {
  return triangle('trilIndices', rows, columns, offset, (row) => [0, row + offset + 1]);
}

/**
 * The row and column indices of the elements on and above diagonal `offset` (0) of a matrix, row by row, int32 `[2, count]`: `torch.triu_indices`.
 *
 * @example
 * triuIndices(2, 3).toArray(); // [[0, 0, 0, 1, 1], [0, 1, 2, 1, 2]]
 */
export function triuIndices(rows: number, columns: number, offset = 0): Tensor {
  return triangle('triuIndices', rows, columns, offset, (row) => [row + offset, columns]);
}

/**
 * Converts positions in row-major order (`indices`, int32) in a tensor of `shape` to indices: a tensor for each dimension, each with the shape of `indices`. As
 * `torch.unravel_index`; as there, a position outside wraps around.
 *
 * @example
 * unravelIndex(tensor([4, 5], { dtype: 'int32' }), [2, 3]).map((t) => t.toArray()); // [[1, 1], [1, 2]]
 */
export function unravelIndex(indices: Tensor, shape: readonly number[]): Tensor[] {
  const where = 'unravelIndex';
  checkTensor(where, 'indices', indices, 'int32');
  const sizes = checkShape(where, shape);
  if (sizes.includes(0) && indices.numel > 0) throw rangeError(where, `${shapeText(sizes)} has no elements`);
  return stridesOf(sizes).map((stride, d) => indices.floorDivide(Math.max(1, stride)).remainder(Math.max(1, sizes[d]!)));
}
