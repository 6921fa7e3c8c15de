// Elements at lists of indices, along one dimension or several.
import { describe, rangeError, typeError } from '../errors';
import { broadcastShapes, normalizeDim, numelOf, sameShape, shapeText, stridesOf } from '../shape';
import { checkTensor, constant, Tensor } from '../tensor';
import { expanded } from './expand';
import { checkFlat, type Places, placesIn } from './places';
import { permute } from './transpose';
import { view } from './views';
import './arithmetic';
import './select';

declare module '../tensor' {
  interface Tensor {
    /**
     * The elements that lists of indices select: `x[rows]`, `x[rows, columns]`, `x[:, columns]` in Python. Entry d of `indices` is for dimension d: an
     * array of integers, an int32 tensor, or null for all of the dimension; missing entries at the end are null.
     *
     * Several lists are used together (`out[i] = x[rows[i]][columns[i]]`), and broadcast. In the result their dimensions are where the first of the lists'
     * dimensions was, or in front if a null lies between two lists, as in NumPy. Negative indices count from the end; one outside is a RangeError. An int32 tensor
     * is always a list of indices here: for masks use `maskedSelect(mask)`, and for rows by a mask `index([mask.nonzero().squeeze(1)])`.
     *
     * @example
     * const x = tensor([[1, 2], [3, 4], [5, 6]]);
     * x.index([[2, 0]]).toArray(); // [[5, 6], [1, 2]]
     * x.index([[0, -1], [1, 0]]).toArray(); // [2, 5]
     * x.index([null, [1]]).toArray(); // [[2], [4], [6]]
     */
    index(indices: readonly (Tensor | readonly number[] | Int32Array | null)[]): Tensor;
    /**
     * The elements at these indices of the flattened tensor, in the shape of `index` (an int32 tensor or an array of integers): `torch.take`.
     *
     * Negative indices count from the end. A RangeError for one outside.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).take([0, -1]).toArray(); // [1, 4]
     */
    take(index: Tensor | readonly number[] | Int32Array): Tensor;
    /**
     * One element for each index along `dim`, as `gather`, but the other dimensions broadcast and negative indices count from the end; without `dim` of the flattened
     * tensor. As `torch.take_along_dim`: it gets what `argmax` found.
     *
     * @example
     * const x = tensor([[1, 5], [7, 2]]);
     * x.takeAlongDim(x.argmax(1, { keepdim: true }), 1).toArray(); // [[5], [7]]
     */
    takeAlongDim(indices: Tensor, dim?: number): Tensor;
  }
}

Tensor.prototype.take = function (this: Tensor, index) {
  const places = placesIn('Tensor.take', 'index', index, this.numel);
  const chosen = view(this, [this.numel]).indexSelect(0, view(places, [places.numel]));
  return view(chosen, places.shape.slice(), 'take');
};

Tensor.prototype.takeAlongDim = function (this: Tensor, indices, dim) {
  const where = 'Tensor.takeAlongDim';
  checkTensor(where, 'indices', indices, 'int32');
  if (dim === undefined) {
    const places = placesIn(where, 'indices', view(indices, [indices.numel]), this.numel);
    return view(this, [this.numel]).indexSelect(0, places);
  }
  const d = normalizeDim(where, dim, this.shape.length);
  if (indices.shape.length !== this.shape.length || this.shape.length === 0) {
    throw rangeError(where, `expected indices with the dimensions of ${shapeText(this.shape)}, got ${shapeText(indices.shape)}`);
  }
  const places = placesIn(where, 'indices', indices, this.shape[d]!);
  const around = broadcastShapes(where, this.shape.with(d, 1), places.shape.with(d, 1));
  const spread = (t: Tensor): Tensor => {
    const shape = around.with(d, t.shape[d]!);
    return sameShape(t.shape, shape) ? t : expanded(where, t, shape);
  };
  return spread(this).gather(d, spread(places));
};

/** The meaning of `indices` for x: x with the indexed dimensions joined to one, dimension `before`; the indices into that; and the shape of the elements there. */
export interface Indexed {
  /** The dimensions of x in the order in which `joined` has them. */
  order: number[];
  joined: Tensor;
  before: number;
  places: Tensor;
  shape: number[];
}

/** Checks `indices` and follows them; see `Tensor.index`. */
export function indexed(where: string, of: Tensor, indices: readonly (Places | null)[]): Indexed {
  if (!Array.isArray(indices)) {
    const hint = `${where.slice(7)}([list]) for the first dimension, ${where.slice(7)}([null, list]) for the second`;
    throw typeError(where, `expected an array with an entry for each dimension, got ${describe(indices)}`, hint);
  }
  const rank = of.shape.length;
  if (indices.length > rank) {
    throw rangeError(where, `expected at most ${rank} entries for ${shapeText(of.shape)}, got ${indices.length}`);
  }
  const dims = indices.flatMap((entry, d) => (entry === null || entry === undefined ? [] : [d]));
  if (dims.length === 0) {
    const all = constant([1], 'int32');
    return {
      order: of.shape.map((_, d) => d),
      joined: view(of, [1, ...of.shape]),
      before: 0,
      places: view(all, []),
      shape: of.shape.slice(),
    };
  }
  const together = dims.every((d, i) => i === 0 || d === dims[i - 1]! + 1);
  const rest = of.shape.flatMap((_, d) => (dims.includes(d) ? [] : [d]));
  const before = together ? dims[0]! : 0;
  const order = [...rest.slice(0, before), ...dims, ...rest.slice(before)];
  const x = together ? of : permute(where.slice(7), of, order);
  const sizes = dims.map((d) => of.shape[d]!);
  const strides = stridesOf(sizes);
  const places = dims
    .map((d, i) => placesIn(where, `indices[${d}]`, indices[d], sizes[i]!, strides[i]!))
    .reduce((sum, one) => {
      broadcastShapes(where, sum.shape, one.shape);
      return sum.add(one);
    });
  const [front, back] = [x.shape.slice(0, before), x.shape.slice(before + dims.length)];
  const joined = view(x, [...front, numelOf(sizes), ...back]);
  return { order, joined, before, places, shape: [...front, ...places.shape, ...back] };
}

Tensor.prototype.index = function (this: Tensor, indices: readonly (Places | null)[]) {
  const where = 'Tensor.index';
  const { joined, before, places, shape } = indexed(where, this, indices);
  if (sameShape(joined.shape, [1, ...shape])) return view(joined, shape, 'index'); // there is no list
  return view(joined.indexSelect(before, checkFlat(where, view(places, [places.numel]))), shape, 'index');
};
