// Elements written to the places that an index names.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { rangeError, typeError } from '../errors';
import { around, layoutOf, normalizeDim, sameShape, shapeText, stridesOf } from '../shape';
import { checkTensor, constant, empty, Tensor } from '../tensor';
import { flatLayout, type Operand, operand, repeated } from './broadcast';
import { copyOf } from './convert';
import { explainIndex } from './indices';
import './narrow';
import './select';

declare module '../tensor' {
  interface Tensor {
    /**
     * A copy in which `y[i][index[i][j]] = source[i][j]` for `dim` 1, and in the same way for every `dim`: `torch.scatter`. If a place repeats, the last element
     * stays, where PyTorch leaves the choice open.
     *
     * `index` is int32, and no larger than x except along `dim`. `source` is a number, or a tensor of x's type, at least as large as the index, of which the first
     * elements along each dimension are used. A RangeError for an index outside.
     *
     * @example
     * zeros([2, 3]).scatter(1, tensor([[2], [0]], { dtype: 'int32' }), 1).toArray(); // [[0, 0, 1], [1, 0, 0]]
     */
    scatter(dim: number, index: Tensor, source: Tensor | number): Tensor;
    /**
     * A copy with `y[i][index[i][j]] += source[i][j]` for `dim` 1, and in the same way for every `dim`: `torch.scatter_add`. index and source as for `scatter`;
     * int32 sums beyond 32 bits wrap.
     *
     * @example
     * zeros([1, 3]).scatterAdd(1, tensor([[2, 2]], { dtype: 'int32' }), ones([1, 2])).toArray(); // [[0, 0, 2]]
     */
    scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor;
  }
}

interface Places {
  d: number;
  outer: number;
  n: number;
  inner: number;
  count: number;
  /** int32 [outer, count, inner]: the size of the used part of x except along `dim`. */
  index: Tensor;
  source: Tensor;
}

// The kernel needs an index that covers x except along `dim`. A smaller index works on the part of x that it covers.
function placesOf(where: string, x: Tensor, dim: number, index: Tensor, given: Operand): Places {
  const rank = x.shape.length;
  if (rank === 0) throw rangeError(where, 'a scalar has no dimension to scatter along');
  const d = normalizeDim(where, dim, rank);
  checkTensor(where, 'index', index, 'int32');
  if (index.shape.length !== rank || index.shape.some((size, k) => k !== d && size > x.shape[k]!)) {
    const expected = x.shape.map((size, k) => (k === d ? '*' : `<=${size}`));
    throw rangeError(where, `expected index ${shapeText(expected)}, got ${shapeText(index.shape)}`);
  }
  let source =
    typeof given === 'number'
      ? repeated(where, operand(where, x, given).to(x.dtype), index.shape)
      : checkTensor(where, 'source', given, x.dtype);
  if (source.shape.length !== rank || source.shape.some((size, k) => size < index.shape[k]!)) {
    const expected = index.shape.map((size) => `>=${size}`);
    throw rangeError(where, `expected source ${shapeText(expected)}, got ${shapeText(source.shape)}`);
  }
  source = index.shape.reduce<Tensor>((t, size, k) => (size === t.shape[k] ? t : t.narrow(k, 0, size)), source);
  const { outer, n, inner } = around(
    x.shape.map((size, k) => (k === d ? size : index.shape[k]!)),
    d,
  );
  return { d, outer, n, inner, count: index.shape[d] ?? 1, index, source };
}

/** The first `shape` elements of x along each dimension, as a copy without history; x itself if that is all of it. */
function corner(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const y = empty(shape.slice(), x.dtype);
  const layout = layoutOf('Tensor.scatter', shape, { strides: stridesOf(shape) }, { strides: stridesOf(x.shape) });
  calls.copyStrided({ out: y.values, x: x.values, layout });
  return y;
}

// A copy of x after `change` of the part that the index covers.
function withChanged(x: Tensor, { d, index }: Places, change: (part: Tensor) => void): Tensor {
  const y = copyOf(x);
  const part = corner(y, index.shape.with(d, x.shape[d]!));
  change(part);
  if (part !== y) {
    const layout = layoutOf('Tensor.scatter', part.shape, { strides: stridesOf(y.shape) }, { strides: stridesOf(part.shape) });
    calls.copyStrided({ out: y.values, x: part.values, layout });
  }
  return y;
}

// The elements of dy at the places of the index.
function gathered(dy: Tensor, { d, outer, n, inner, count, index }: Places): Tensor {
  const from = corner(dy, index.shape.with(d, dy.shape[d]!));
  const part = empty(index.shape.slice());
  calls.gather({ out: part.floats, x: from.floats, index: index.ints, outer, n, inner, count });
  return part;
}

Tensor.prototype.scatter = function (this: Tensor, dim, index, source, ...more: unknown[]) {
  const where = 'Tensor.scatter';
  if (more.length > 0) throw typeError(where, 'there are no options', 'scatterReduce(dim, index, source, "sum") adds, "prod" multiplies');
  const places = placesOf(where, this, dim, index, source);
  const { outer, n, inner, count } = places;
  const change = (part: Tensor, from: Tensor): void => {
    try {
      calls.scatter({ out: part.values, x: from.values, index: index.ints, outer, n, inner, count });
    } catch (error) {
      throw explainIndex(error, where, 'index', index);
    }
  };
  const y = withChanged(this, places, (part) => change(part, places.source));
  return record(y, 'scatter', [this, places.source], [index], (dy) => {
    if (this.needsGrad) {
      const zeros = empty(index.shape.slice());
      calls.fill({ out: zeros.floats, n: zeros.numel, value: 0 });
      give(
        this,
        withChanged(dy, places, (part) => change(part, zeros)),
      );
    }
    if (places.source.needsGrad) give(places.source, ofThoseThatStayed(gathered(dy, places), places));
  });
};

// 0 for elements that a later one with the same place has replaced, else 1: each element writes its number to its place and then checks whose number is there.
function ofThoseThatStayed(part: Tensor, { outer, n, inner, count, index }: Places): Tensor {
  const own = constant(index.shape.slice(), 'int32');
  for (let i = 0; i < own.numel; i++) own.ints[i] = i;
  const winners = empty([outer * n * inner], 'int32');
  const there = empty(index.shape.slice(), 'int32');
  calls.scatter({ out: winners.ints, x: own.ints, index: index.ints, outer, n, inner, count });
  calls.gather({ out: there.ints, x: winners.ints, index: index.ints, outer, n, inner, count });
  calls.eqInt({ out: there.ints, a: there.ints, b: own.ints, layout: flatLayout(own.numel) });
  const stayed = empty(index.shape.slice());
  calls.intToFloat({ out: stayed.floats, x: there.ints, n: there.numel });
  calls.mul({ out: part.floats, a: part.floats, b: stayed.floats, layout: flatLayout(part.numel) });
  return part;
}

Tensor.prototype.scatterAdd = function (this: Tensor, dim, index, source) {
  const where = 'Tensor.scatterAdd';
  const places = placesOf(where, this, dim, index, checkTensor(where, 'source', source));
  const { outer, n, inner, count } = places;
  const y = withChanged(this, places, (part) => {
    const from = places.source;
    try {
      if (part.dtype === 'int32') calls.scatterAddInt({ dx: part.ints, dy: from.ints, index: index.ints, outer, n, inner, count });
      else calls.scatterAdd({ dx: part.floats, dy: from.floats, index: index.ints, outer, n, inner, count });
    } catch (error) {
      throw explainIndex(error, where, 'index', index);
    }
  });
  return record(y, 'scatterAdd', [this, places.source], [index], (dy) => {
    if (this.needsGrad) give(this, copyOf(dy));
    if (places.source.needsGrad) give(places.source, gathered(dy, places));
  });
};
