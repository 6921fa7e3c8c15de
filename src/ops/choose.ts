// Elements of one tensor or of another, as a mask says: what multiplying by the mask cannot do, since 0 times NaN or Infinity is NaN.
import { record } from '../autograd';
import * as calls from '../calls.generated';
import { broadcastShapes, layoutOf, numelOf, sameShape, stridesOf } from '../shape';
import { empty, type Tensor } from '../tensor';
import { binary, flatLayout, giveSummed, repeatStrides, scalar } from './broadcast';

// Writes x, repeated over `shape`, to `out`.
function spread(where: string, out: Float32Array | Int32Array, x: Tensor, shape: readonly number[]): void {
  const layout = sameShape(x.shape, shape)
    ? flatLayout(x.numel)
    : layoutOf(where, shape, { strides: stridesOf(shape) }, { strides: repeatStrides(x.shape, shape) });
  calls.copyStrided({ out, x: x.values, layout });
}

/**
 * `a` where `mask` (int32) is not 0, else `b`, over the broadcast of their shapes; a and b have one element type. The gradient of an element goes where
 * the element came from, and nowhere else. Both lie one behind the other in memory, and the mask is the place of each element among the two.
 */
export function choose(where: string, mask: Tensor, a: Tensor, b: Tensor, name = where.slice(where.indexOf('.') + 1)): Tensor {
  const shape = broadcastShapes(where, broadcastShapes(where, mask.shape, a.shape), b.shape);
  const n = numelOf(shape);
  const both = empty([2, n], a.dtype);
  spread(where, both.values.subarray(0, n), b, shape);
  spread(where, both.values.subarray(n), a, shape);
  const chosen = binary(where, 'neInt', mask, scalar(0, 'int32'), 'int32');
  const index = sameShape(chosen.shape, shape) ? chosen : empty(shape.slice(), 'int32');
  if (index !== chosen) spread(where, index.values, chosen, shape);
  const y = empty(shape, a.dtype);
  calls.gather({ out: y.values, x: both.values, index: index.ints, outer: 1, n: 2, inner: n, count: 1 });
  return record(y, name, [a, b], [], (dy) => {
    const parts = empty([2, n]);
    calls.fill({ out: parts.floats, n: 2 * n, value: 0 });
    calls.scatterAdd({ dx: parts.floats, dy: dy.floats, index: index.ints, outer: 1, n: 2, inner: n, count: 1 });
    const part = (from: number): Tensor => {
      const half = empty(shape.slice());
      calls.copyStrided({ out: half.floats, x: parts.floats.subarray(from, from + n), layout: flatLayout(n) });
      return half;
    };
    if (b.needsGrad) giveSummed(b, part(0), true);
    if (a.needsGrad) giveSummed(a, part(n), true);
  });
}
