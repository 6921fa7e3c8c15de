// Square roots with a finite derivative at 0.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { empty, type Tensor } from '../tensor';
import { binary, scalar } from './broadcast';
import { choose } from './choose';

/** The square root with derivative 0 at 0, as norms and standard deviations have it. */
export function root(name: string, x: Tensor): Tensor {
  const y = empty(x.shape.slice());
  calls.sqrtForward({ y: y.floats, x: x.floats, n: x.numel });
  return record(y, name, [x], [y], (dy) => {
    const dx = empty(x.shape.slice());
    calls.sqrtBackward({ dx: dx.floats, dy: dy.floats, x: y.floats, y: y.floats, n: x.numel });
    give(x, choose(name, binary(name, 'eq', y, scalar(0), 'int32'), scalar(0), dx));
  });
}
