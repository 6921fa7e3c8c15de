// Tensors combined to tables and grids.
import { isPlainObject } from '../brands';
import { checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import { broadcastShapes, shapeText } from '../shape';
import { checkTensor, constant, type Tensor } from '../tensor';
import { expanded } from './expand';
import { cat, stack } from './join';
import { permute, swapped } from './transpose';
import { view } from './views';

function checkList(where: string, tensors: unknown): readonly Tensor[] {
  if (!Array.isArray(tensors)) throw typeError(where, `expected an array of tensors, got ${describe(tensors)}`);
  tensors.forEach((t, i) => {
    checkTensor(where, `tensors[${i}]`, t);
  });
  return tensors;
}

/**
 * Joins tensors along dimension 1, or vectors and scalars along dimension 0. As `torch.hstack`.
 *
 * @example
 * hstack([tensor([1, 2]), tensor([3])]).toArray(); // [1, 2, 3]
 * hstack([tensor([[1], [2]]), tensor([[3], [4]])]).toArray(); // [[1, 3], [2, 4]]
 */
export function hstack(tensors: readonly Tensor[]): Tensor {
  const list = checkList('hstack', tensors).map((t) => (t.shape.length === 0 ? view(t, [1]) : t));
  return cat(list, (list[0]?.shape.length ?? 1) > 1 ? 1 : 0, 'hstack');
}

/**
 * Joins tensors along dimension 0; vectors count as rows. As `torch.vstack`.
 *
 * @example
 * vstack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 2], [3, 4]]
 */
export function vstack(tensors: readonly Tensor[]): Tensor {
  const list = checkList('vstack', tensors).map((t) => (t.shape.length < 2 ? view(t, [1, t.numel]) : t));
  return cat(list, 0, 'vstack');
}

/**
 * Joins tensors along dimension 1; vectors count as columns. As `torch.column_stack`.
 *
 * @example
 * columnStack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 3], [2, 4]]
 */
export function columnStack(tensors: readonly Tensor[]): Tensor {
  const list = checkList('columnStack', tensors).map((t) => (t.shape.length < 2 ? view(t, [t.numel, 1]) : t));
  return cat(list, 1, 'columnStack');
}

/**
 * Joins tensors along dimension 2; vectors count as rows, and matrices get a third dimension. As `torch.dstack`.
 *
 * @example
 * dstack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[[1, 3], [2, 4]]]
 */
export function dstack(tensors: readonly Tensor[]): Tensor {
  const deep = ({ shape, numel }: Tensor): number[] => (shape.length < 2 ? [1, numel, 1] : [...shape, 1]);
  const list = checkList('dstack', tensors).map((t) => (t.shape.length < 3 ? view(t, deep(t)) : t));
  return cat(list, 2, 'dstack');
}

/**
 * The tensor with at least one dimension: a scalar becomes `[1]`. Several tensors give an array. As `torch.atleast_1d`.
 *
 * @example
 * atleast1d(tensor(3)).shape; // [1]
 */
export function atleast1d(tensor: Tensor): Tensor;
/** Each of the tensors with at least one dimension; see `atleast1d`. */
export function atleast1d(...tensors: Tensor[]): Tensor | Tensor[];
export function atleast1d(...tensors: Tensor[]): Tensor | Tensor[] {
  return withRank('atleast1d', tensors, 1, (n) => [n]);
}

/**
 * The tensor with at least two dimensions: a vector becomes a row. Several tensors give an array. As `torch.atleast_2d`.
 *
 * @example
 * atleast2d(tensor([1, 2])).shape; // [1, 2]
 */
export function atleast2d(tensor: Tensor): Tensor;
/** Each of the tensors with at least two dimensions; see `atleast2d`. */
export function atleast2d(...tensors: Tensor[]): Tensor | Tensor[];
export function atleast2d(...tensors: Tensor[]): Tensor | Tensor[] {
  return withRank('atleast2d', tensors, 2, (n) => [1, n]);
}

/**
 * The tensor with at least three dimensions: a vector becomes `[1, n, 1]`, a matrix `[rows, columns, 1]`. Several tensors give an array. As
 * `torch.atleast_3d`.
 *
 * @example
 * atleast3d(tensor([1, 2])).shape; // [1, 2, 1]
 */
export function atleast3d(tensor: Tensor): Tensor;
/** Each of the tensors with at least three dimensions; see `atleast3d`. */
export function atleast3d(...tensors: Tensor[]): Tensor | Tensor[];
export function atleast3d(...tensors: Tensor[]): Tensor | Tensor[] {
  return withRank('atleast3d', tensors, 3, (n, shape) => (shape.length < 2 ? [1, n, 1] : [...shape, 1]));
}

function withRank(
  where: string,
  tensors: readonly Tensor[],
  rank: number,
  shapeOf: (n: number, shape: readonly number[]) => number[],
): Tensor | Tensor[] {
  const all = checkList(where, tensors).map((t) => (t.shape.length < rank ? view(t, shapeOf(t.numel, t.shape), where) : t));
  return all.length === 1 ? all[0]! : all;
}

/**
 * A matrix with the tensors as blocks along its diagonal and zeros elsewhere: `torch.block_diag`. A vector counts as a row. The tensors have one element type.
 *
 * @example
 * blockDiag(tensor([[1, 2]]), tensor(3)).toArray(); // [[1, 2, 0], [0, 0, 3]]
 */
export function blockDiag(...tensors: Tensor[]): Tensor {
  const where = 'blockDiag';
  const list = checkList(where, tensors).map((t, i) => {
    if (t.shape.length > 2) throw rangeError(where, `expected tensors[${i}] to have at most two dimensions, got ${shapeText(t.shape)}`);
    return t.shape.length < 2 ? view(t, [1, t.numel]) : t;
  });
  if (list.length === 0) throw rangeError(where, 'expected at least one tensor, got none');
  const width = list.reduce((sum, t) => sum + t.shape[1]!, 0);
  let before = 0;
  const rows = list.map((t) => {
    const [height, columns] = t.shape as [number, number];
    const zeros = (n: number): Tensor => constant([height, n], t.dtype);
    before += columns;
    return cat([zeros(before - columns), t, zeros(width - before)], 1, where);
  });
  return cat(rows, 0, where);
}

/**
 * Copies of the tensors, each expanded to the shape to which they all broadcast: `torch.broadcast_tensors`, but copies.
 *
 * @example
 * broadcastTensors(tensor([1, 2]), tensor([[3], [4]])).map((t) => t.toArray()); // [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
 */
export function broadcastTensors(...tensors: Tensor[]): Tensor[] {
  const where = 'broadcastTensors';
  const list = checkList(where, tensors);
  const shape = list.reduce<readonly number[]>((common, t) => broadcastShapes(where, common, t.shape), []);
  return list.map((t) => expanded(where, t, shape));
}

// Each vector repeated over the grid that all of them span.
function grids(where: string, tensors: readonly Tensor[]): Tensor[] {
  if (tensors.length === 0) throw rangeError(where, 'expected at least one tensor, got none');
  for (const [i, t] of tensors.entries()) {
    checkTensor(where, `tensors[${i}]`, t);
    if (t.shape.length > 1) throw rangeError(where, `expected tensors[${i}] to be a vector, got ${shapeText(t.shape)}`);
  }
  const shape = tensors.map((t) => t.numel);
  return tensors.map((t, d) =>
    expanded(
      where,
      view(
        t,
        shape.map((size, k) => (k === d ? size : 1)),
      ),
      shape,
    ),
  );
}

/**
 * Each vector repeated over the grid that all of them span: `meshgrid(x, y)` gives two tensors `[x.length, y.length]`. Options may follow: with
 * `indexing: "xy"` (default `"ij"`) the first two dimensions are exchanged. As `torch.meshgrid`.
 *
 * @example
 * const [x, y] = meshgrid(tensor([1, 2]), tensor([3, 4]));
 * x.toArray(); // [[1, 1], [2, 2]]
 * y.toArray(); // [[3, 4], [3, 4]]
 */
export function meshgrid(...args: (Tensor | { indexing?: 'ij' | 'xy' } | undefined)[]): Tensor[] {
  const where = 'meshgrid';
  const last = args.at(-1);
  const isOptions = args.length > 0 && (last === undefined || isPlainObject(last));
  const { indexing } = withDefaults<{ indexing: 'ij' | 'xy' }>(where, isOptions ? (last as object | undefined) : undefined, {
    indexing: 'ij',
  });
  checkOneOf(where, 'indexing', indexing, ['ij', 'xy']);
  const all = grids(where, (isOptions ? args.slice(0, -1) : args) as Tensor[]);
  const rank = all.length;
  return indexing === 'ij' || rank < 2 ? all : all.map((grid) => permute('meshgrid', grid, swapped(rank, 0, 1)));
}

/**
 * All combinations of one element of each vector, as rows in order; a single vector is returned itself. As `torch.cartesian_prod`.
 *
 * @example
 * cartesianProd(tensor([1, 2]), tensor([3, 4])).toArray(); // [[1, 3], [1, 4], [2, 3], [2, 4]]
 */
export function cartesianProd(...tensors: Tensor[]): Tensor {
  const all = grids('cartesianProd', tensors).map((grid) => view(grid, [grid.numel]));
  return all.length === 1 ? all[0]! : stack(all, 1);
}
