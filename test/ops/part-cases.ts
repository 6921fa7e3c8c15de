// Cases of views, parts and masks.
import { float, int, mask34, of, on, positive, x34, y34 } from './case-inputs';
import type { Case } from './case-makers';

export const partCases: Record<string, Case[]> = {
  'Tensor.view': [of((x) => x.view([2, -1]))],
  'Tensor.viewAs': [
    on(
      (x, y) => x.viewAs(y!.detach()),
      x34,
      () => positive([2, 6]),
    ),
  ],
  'Tensor.reshapeAs': [
    on(
      (x, y) => x.reshapeAs(y!.detach()),
      x34,
      () => positive([12]),
    ),
  ],
  'Tensor.ravel': [of((x) => x.ravel())],
  'Tensor.contiguous': [of((x) => x.mul(2).contiguous())],
  'Tensor.expand': [of((x) => x.expand([2, 3, 4])), of((x) => x.expand([-1, 5]), 3, 1)],
  'Tensor.expandAs': [
    on(
      (x, y) => x.expandAs(y!.detach()),
      () => float([4]),
      y34,
    ),
  ],
  'Tensor.repeat': [of((x) => x.repeat([2, 1, 3])), of((x) => x.repeat([2]), 4)],
  'Tensor.tile': [of((x) => x.tile([2])), of((x) => x.tile([2, 1, 2]))],
  'Tensor.swapaxes': [of((x) => x.swapaxes(0, 1)), of((x) => x.swapaxes(0, -1), 2, 3, 2)],
  'Tensor.movedim': [of((x) => x.movedim(0, -1), 2, 3, 4), of((x) => x.movedim([0, 1], [2, 0]), 2, 3, 4)],
  'Tensor.unflatten': [of((x) => x.unflatten(1, [2, -1]))],
  'Tensor.chunk': [of((x) => x.chunk(2)), of((x) => x.chunk(3, 1))],
  'Tensor.split': [of((x) => x.split(2)), of((x) => x.split([1, 3], 1))],
  'Tensor.unbind': [of((x) => x.unbind()), of((x) => x.unbind(1))],
  'Tensor.flip': [of((x) => x.flip([0])), of((x) => x.flip([0, -1]))],
  'Tensor.roll': [of((x) => x.roll(5)), of((x) => x.roll(-1, 1)), of((x) => x.roll([1, 2], [0, 1]))],

  'Tensor.at': [of((x) => x.at(-1)), of((x) => x.at(1, 2))],
  'Tensor.select': [of((x) => x.select(0, 1)), of((x) => x.select(1, -2))],
  'Tensor.slice': [
    of((x) => x.slice(0, 1)),
    of((x) => x.slice(1, 0, 99, 2)),
    of((x) => x.slice(1, -3, -1)),
    of((x) => x.slice(0, 0, 3, 2)),
  ],
  'Tensor.index': [
    of((x) => x.index([[2, 0, 2]])),
    of((x) =>
      x.index([
        [0, -1],
        [1, 1],
      ]),
    ),
    of((x) => x.index([null, [3, 0]])),
    on(
      (x, i) => x.index([i!, null, [0, -2]]),
      () => float([2, 3, 4]),
      () => int([1, -1]),
    ),
    on(
      (x, i) => x.index([null, i!, [[0], [1]].flat()]),
      () => float([2, 3, 4]),
      () => int([0, 2, 1, -1], [2, 2]),
    ),
  ],
  'Tensor.take': [
    of((x) => x.take([0, -1, 5, 5])),
    on(
      (x, i) => x.take(i!),
      x34,
      () => int([1, -2, 3, 0], [2, 2]),
    ),
  ],
  'Tensor.takeAlongDim': [
    on(
      (x, i) => x.takeAlongDim(i!, 1),
      x34,
      () => int([0, -1], [1, 2]),
    ),
    on(
      (x, i) => x.takeAlongDim(i!),
      x34,
      () => int([0, 5]),
    ),
  ],
  'Tensor.indexAdd': [
    on(
      (x, i, s) => x.indexAdd(0, i!, s!),
      x34,
      () => int([2, 0, 2]),
      y34,
    ),
    on(
      (x, i, s) => x.indexAdd(1, i!, s!, { alpha: -0.5 }),
      x34,
      () => int([3, 1]),
      () => positive([3, 2]),
    ),
  ],
  'Tensor.indexFill': [
    on(
      (x, i) => x.indexFill(1, i!, 2.5),
      x34,
      () => int([3, 0]),
    ),
    on(
      (x, i, v) => x.indexFill(0, i!, v!),
      x34,
      () => int([1]),
      () => float([]),
    ),
  ],
  'Tensor.diagonal': [
    of((x) => x.diagonal()),
    of((x) => x.diagonal({ offset: 1, dim1: 2, dim2: 0 }), 2, 3, 4),
    of((x) => x.diagonal({ offset: -1 })),
  ],
  'Tensor.diag': [of((x) => x.diag(), 3), of((x) => x.diag(2), 3), of((x) => x.diag(-1), 3), of((x) => x.diag(1))],
  'Tensor.triu': [of((x) => x.triu()), of((x) => x.triu(1), 2, 3, 3)],
  'Tensor.tril': [of((x) => x.tril()), of((x) => x.tril(-1), 2, 3, 3)],
  'Tensor.trace': [of((x) => x.trace())],
  'Tensor.maskedFill': [
    on((x, mask) => x.maskedFill(mask!, -7), x34, mask34),
    on(
      (x, mask, v) => x.maskedFill(mask!, v!),
      x34,
      () => int([1, 0, 0, 1]),
      () => float([]),
    ),
  ],
  'Tensor.maskedSelect': [
    on((x, mask) => x.maskedSelect(mask!), x34, mask34),
    on(
      (x, mask) => x.maskedSelect(mask!),
      () => float([4]),
      mask34,
    ),
  ],
  'Tensor.nonzero': [on((mask) => mask!.nonzero(), mask34)],
  'Tensor.argwhere': [on((mask) => mask!.argwhere(), mask34)],
};
