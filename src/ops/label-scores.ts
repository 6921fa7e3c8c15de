// The scores of the classes that labels name.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { empty, type Tensor } from '../tensor';

/**
 * The elements of each row of x `[rows, n]` at `places`, int32 `[rows, count]` in memory: `[rows, count]`. Of a place outside the row `explain` makes the
 * error of what the kernel says.
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
