// Elements at regular strides: copies through which gradients pass.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { layoutOf, stridesOf } from '../shape';
import { empty, type Tensor } from '../tensor';

/** A copy with these sizes of the elements of x at `offset + i0 * strides[0] + ...`, through which gradients pass. No element may occur twice. */
export function strided(where: string, x: Tensor, sizes: readonly number[], strides: readonly number[], offset: number): Tensor {
  const y = empty(sizes.slice(), x.dtype);
  const own = { strides: stridesOf(sizes) };
  const there = { strides, offset };
  if (y.numel > 0) calls.copyStrided({ out: y.values, x: x.values, layout: layoutOf(where, sizes, own, there) });
  return record(y, where.slice(where.indexOf('.') + 1), [x], [], (dy) => {
    const dx = empty(x.shape.slice());
    calls.fill({ out: dx.floats, n: dx.numel, value: 0 });
    if (dy.numel > 0) calls.copyStrided({ out: dx.floats, x: dy.floats, layout: layoutOf(where, sizes, there, own) });
    give(x, dx);
  });
}
