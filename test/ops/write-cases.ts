// Cases of what writes to places, reduces there, counts and divides; `dense.py` has the same ones, in the same order, in PyTorch.
import * as ops from '../../src/ops';
import type { Tensor } from '../../src/tensor';
import { float, floats, int, mask34, of, on, positive, x34, y34 } from './case-inputs';
import type { Case } from './case-makers';

const index34 = () => int([0, 2, 2, 1, 1, 0, 2, 2, 0, 2, 2, 1], [3, 4]);
const small = () => int([3, 0, 3, 3], [2, 2]);
const rows = () => int([2, 0, 2]);
const both = ({ values, indices }: { values: Tensor; indices: Tensor }): Tensor[] => [values, indices];
const ties = () => floats([1, 5, 2, 5, 5, 0]);
const into = () => int([0, 1, 2, 1, 1, 2]);

export const writeCases: Record<string, Case[]> = {
  'Tensor.scatterReduce': [
    ...(['sum', 'prod', 'mean', 'amax', 'amin'] as const).flatMap((how) => [
      on((x, i, s) => x!.scatterReduce(0, i!, s!, how), x34, index34, y34),
      on((x, i, s) => x!.scatterReduce(-1, i!, s!, how, { includeSelf: false }), x34, small, y34),
    ]),
    on(
      (x, i, s) => x!.scatterReduce(0, i!, s!, 'amax'),
      () => floats([1, 5, 4]),
      into,
      ties,
    ),
    on(
      (x, i, s) => x!.scatterReduce(0, i!, s!, 'prod'),
      () => floats([1, 5, 4]),
      into,
      ties,
    ),
    on(
      (x, i, s) => x!.scatterReduce(0, i!, s!, 'amin', { includeSelf: false }),
      () => int([7, 8, 9]),
      into,
      () => int([4, -3, 2, 8, 9, 1]),
    ),
  ],
  'Tensor.indexReduce': (['prod', 'mean', 'amax', 'amin'] as const).flatMap((how) => [
    on((x, i, s) => x!.indexReduce(0, i!, s!, how), x34, rows, y34),
    on(
      (x, i, s) => x!.indexReduce(1, i!, s!, how, { includeSelf: false }),
      x34,
      rows,
      () => positive([3, 3]),
    ),
  ]),
  'Tensor.indexCopy': [
    on(
      (x, i, s) => x!.indexCopy(0, i!, s!),
      x34,
      () => int([2, 0]),
      () => positive([2, 4]),
    ),
    on(
      (x, i, s) => x!.indexCopy(-1, i!, s!),
      x34,
      () => int([3]),
      () => positive([3, 1]),
    ),
  ],
  'Tensor.indexPut': [
    on(
      (x, s) => x!.indexPut([[2, 0]], s!),
      x34,
      () => positive([4]),
    ),
    on(
      (x, s) => x!.indexPut([[0, -1, 0], [1, 1, 1]], s!, { accumulate: true }), // biome-ignore format: lists
      x34,
      () => positive([3]),
    ),
    on(
      (x, s) => x!.indexPut([[1, 0], null, [0, -2]], s!), // biome-ignore format: lists
      () => float([2, 3, 4]),
      () => positive([2, 3]),
    ),
    on(
      (x, s) => x!.indexPut([null, [1, 1]], s!, { accumulate: true }),
      () => float([2, 3, 4]),
      () => positive([1, 2, 4]),
    ),
  ],
  'Tensor.maskedScatter': [
    on((x, m, s) => x!.maskedScatter(m!, s!), x34, mask34, y34),
    on(
      (x, m, s) => x!.maskedScatter(m!, s!),
      () => float([4]),
      mask34,
      y34,
    ),
  ],
  'Tensor.mode': [
    of((x) => both(x.mode())),
    on(
      (x) => both(x!.mode(1)),
      () => floats([1, 2, 2, -1, 3, 3, 3, 0.5], [2, 4]),
    ),
    on(
      (x) => both(x!.mode(0, { keepdim: true })),
      () => floats([1, 2, 1, 2, 0, 0], [6, 1]),
    ),
    on(
      (x) => both(x!.mode()),
      () => int([4, 4, 1, 1, 9]),
    ),
  ],
  'Tensor.selectScatter': [
    on(
      (x, s) => x!.selectScatter(s!, 1, -2),
      x34,
      () => positive([3]),
    ),
    on(
      (x, s) => x!.selectScatter(s!, 0, 1),
      () => float([2, 3, 4]),
      y34,
    ),
  ],
  'Tensor.sliceScatter': [
    on(
      (x, s) => x!.sliceScatter(s!, 1, -3, 4, 2),
      x34,
      () => positive([3, 2]),
    ),
    on(
      (x, s) => x!.sliceScatter(s!, 0, 1),
      x34,
      () => positive([2, 4]),
    ),
  ],
  'Tensor.diagonalScatter': [
    on(
      (x, s) => x!.diagonalScatter(s!, { offset: 1 }),
      x34,
      () => positive([3]),
    ),
    on(
      (x, s) => x!.diagonalScatter(s!, { dim1: 2, dim2: 0, offset: -1 }),
      () => float([2, 3, 4]),
      () => positive([3, 2]),
    ),
  ],
  'Tensor.addbmm': [
    on(
      (x, a, b) => x!.addbmm(a!, b!, { beta: 0.5, alpha: -2 }),
      () => float([3, 2]),
      () => float([2, 3, 4]),
      () => positive([2, 4, 2]),
    ),
  ],
  'Tensor.addr': [
    on(
      (x, a, b) => x!.addr(a!, b!, { beta: 0.5, alpha: 3 }),
      x34,
      () => float([3]),
      () => positive([4]),
    ),
  ],
  'ops.atleast1d': [
    on(
      (x, y) => ops.atleast1d(x!, y!),
      () => float([]),
      x34,
    ),
  ],
  'ops.atleast2d': [
    on(
      (x, y) => ops.atleast2d(x!, y!),
      () => float([3]),
      x34,
    ),
  ],
  'ops.atleast3d': [
    on(
      (x, y) => ops.atleast3d(x!, y!),
      () => float([3]),
      x34,
    ),
    of((x) => ops.atleast3d(x), 2, 1, 3),
  ],
  'ops.blockDiag': [
    on(
      (x, y, z) => ops.blockDiag(x!, y!, z!),
      x34,
      () => float([2]),
      () => float([]),
    ),
  ],
  'Tensor.tensorSplit': [of((x) => x.tensorSplit(2)), of((x) => x.tensorSplit(3, 1)), of((x) => x.tensorSplit([1, -1, 2], 1))],
};
