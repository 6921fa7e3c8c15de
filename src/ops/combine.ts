// Tensors put together as tables and grids.
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
 * The tensors side by side: along dimension 1, vectors and scalars along dimension 0. As `torch.hstack`.
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
 * The tensors one below the other, along dimension 0; vectors are rows. As `torch.vstack`.
 *
 * @example
 * vstack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 2], [3, 4]]
 */
export function vstack(tensors: readonly Tensor[]): Tensor {
  const list = checkList('vstack', tensors).map((t) => (t.shape.length < 2 ? view(t, [1, t.numel]) : t));
  return cat(list, 0, 'vstack');
}

/**
 * The tensors side by side, along dimension 1; vectors are columns. As `torch.column_stack`.
 *
 * @example
 * columnStack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 3], [2, 4]]
 */
export function columnStack(tensors: readonly Tensor[]): Tensor {
  const list = checkList('columnStack', tensors).map((t) => (t.shape.length < 2 ? view(t, [t.numel, 1]) : t));
  return cat(list, 1, 'columnStack');
}

/**
 * The tensors behind one another, along dimension 2; vectors are rows, and matrices get a third dimension. As `torch.dstack`.
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
 * The tensor itself, where it is a scalar with one dimension; of several tensors an array. As `torch.atleast_1d`.
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
 * The tensor itself, where it has less than two dimensions a row; of several tensors an array. As `torch.atleast_2d`.
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
 * The tensor itself, where it has less than three dimensions with further ones: a vector is `[1, n, 1]`, a matrix `[rows, columns, 1]`; of several tensors an array. As
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
 * A matrix with the tensors, matrices, or vectors as rows, or scalars, one after the other along its diagonal, and zeros elsewhere: `torch.block_diag`. They are of one type.
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
 * The tensors expanded to the shape that they have together: `torch.broadcast_tensors`, but copies.
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

// Each vector over the grid of all of them.
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
 * For each vector its elements over the grid of all of them: `meshgrid(x, y)` gives two tensors `[x.length, y.length]`; options may follow. With
 * `indexing: "xy"` (default `"ij"`) the first two dimensions change places. As `torch.meshgrid`.
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
 * All combinations of one element of each vector, as rows in order; of one vector itself. As `torch.cartesian_prod`.
 *
 * @example
 * cartesianProd(tensor([1, 2]), tensor([3, 4])).toArray(); // [[1, 3], [1, 4], [2, 3], [2, 4]]
 */
export function cartesianProd(...tensors: Tensor[]): Tensor {
  const all = grids('cartesianProd', tensors).map((grid) => view(grid, [grid.numel]));
  return all.length === 1 ? all[0]! : stack(all, 1);
}
