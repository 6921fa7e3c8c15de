// The scores of the classes that the labels name.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { empty, type Tensor } from '../tensor';

/**
 * The elements of each row of x `[rows, n]` at `places`, int32 `[rows, count]` in memory: `[rows, count]`. If a place is outside the row, `explain` turns the kernel's
 * error into the one to throw.
 */
export function scoresAt(x: Tensor, places: Tensor, count: number, explain: (error: unknown) => unknown): Tensor {
  const [rows, n] = x.shape as [number, number];
  const y = empty([rows, count]);
  try {
    calls.gather({ out: y.floats, x: x.floats, index: places.ints, outer: rows, n, inner: 1, count });
  } catch (error) {
    throw explain(error);
  }
  return record(y, 'gather', [x], [places], (dy) => {
    const dx = empty(x.shape.slice());
    calls.fill({ out: dx.floats, n: dx.numel, value: 0 });
    calls.scatterAdd({ dx: dx.floats, dy: dy.floats, index: places.ints, outer: rows, n, inner: 1, count });
    give(x, dx);
  });
}
