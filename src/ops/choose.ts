// Chooses elements of one tensor or another by a mask. Multiplying by the mask cannot do that, since 0 times NaN or Infinity is NaN.
import { record } from '../autograd';
import * as calls from '../calls.generated';
import { broadcastShapes } from '../shape';
import { empty, type Tensor } from '../tensor';
import { giveSummed, repeated } from './broadcast';

// dy where the mask is not 0 (`chosen`), or where it is 0 (not `chosen`); 0 elsewhere.
function part(dy: Tensor, mask: Tensor, chosen: boolean): Tensor {
  const zeros = empty(dy.shape.slice());
  calls.fill({ out: zeros.floats, n: dy.numel, value: 0 });
  const [a, b] = chosen ? [dy, zeros] : [zeros, dy];
  const y = empty(dy.shape.slice());
  calls.where({ out: y.floats, condition: mask.ints, a: a.floats, b: b.floats, n: dy.numel });
  return y;
}

/**
 * `a` where `mask` (int32) is not 0, else `b`; shapes broadcast, and a and b have the same element type. The gradient of an element goes only to the tensor it was
 * taken from.
 */
export function choose(where: string, mask: Tensor, a: Tensor, b: Tensor, name = where.slice(where.indexOf('.') + 1)): Tensor {
  const shape = broadcastShapes(where, mask.shape, broadcastShapes(where, a.shape, b.shape));
  const full = repeated(where, mask, shape);
  const y = empty(shape, a.dtype);
  calls.where({
    out: y.values,
    condition: full.ints,
    a: repeated(where, a, shape).values,
    b: repeated(where, b, shape).values,
    n: y.numel,
  });
  return record(y, name, [a, b], [full], (dy) => {
    if (a.needsGrad) giveSummed(a, part(dy, full, true), true);
    if (b.needsGrad) giveSummed(b, part(dy, full, false), true);
  });
}
