// Cases of linear algebra; `dense.py` has the same ones, in the same order, in PyTorch.
import * as linalg from '../../src/linalg';
import type { Tensor } from '../../src/tensor';
import { float, floats, of, on, positive, x34 } from './case-inputs';
import type { Case } from './case-makers';

const definite = () => floats([4, 1, -0.5, 1, 3, 0.75, -0.5, 0.75, 2.5], [3, 3]);
const definites = () => floats([4, 1, 1, 3, 2, -1, -1, 0.75], [2, 2, 2]);
const square = () => floats([0, 2, -1, 1.5, 0.25, 3, -2, 1, 0.5], [3, 3]);
const squares = () => floats([0, 2, -1, 3, 1.5, -0.5, 0.25, 2], [2, 2, 2]);
const both = ({ Q, R }: linalg.OrthogonalFactors): Tensor[] => [Q, R];

const alone = (call: (x: Tensor) => Tensor | Tensor[]): Case[] => [square, squares].map((input) => on(call, input));

export const linearAlgebraCases: Record<string, Case[]> = {
  'linalg.solve': [
    on(
      (a, b) => linalg.solve(a!, b!),
      square,
      () => float([3]),
    ),
    on((a, b) => linalg.solve(a!, b!), square, x34),
    on(
      (a, b) => linalg.solve(a!, b!),
      squares,
      () => float([2, 2]),
    ),
    on(
      (a, b) => linalg.solve(a!, b!),
      squares,
      () => float([3, 1, 2, 3]),
    ),
    on(
      (a, b) => linalg.solve(a!, b!, { left: false }),
      squares,
      () => positive([4, 2]),
    ),
  ],
  'linalg.inv': alone((a) => linalg.inv(a)),
  'Tensor.inverse': alone((a) => a.inverse()),
  'linalg.det': alone((a) => linalg.det(a)),
  'Tensor.det': alone((a) => a.det()),
  'linalg.slogdet': alone((a) => linalg.slogdet(a).logabsdet),
  'Tensor.slogdet': alone((a) => a.slogdet().logabsdet),
  'Tensor.logdet': [on((a) => a!.logdet(), definites)],
  'linalg.cholesky': [definite, definites].flatMap((input) => [
    on((a) => linalg.cholesky(a!), input),
    on((a) => linalg.cholesky(a!, { upper: true }), input),
  ]),
  'Tensor.cholesky': [on((a) => a!.cholesky(), definite)],
  'linalg.qr': [
    ...alone((a) => both(linalg.qr(a))),
    of((a) => both(linalg.qr(a)), 2, 4, 3),
    of((a) => both(linalg.qr(a)), 3, 4),
    of((a) => both(linalg.qr(a, { mode: 'complete' })), 2, 5),
  ],
  'Tensor.qr': [on((a) => both(a!.qr()), square)],
  'linalg.matrixExp': alone((a) => linalg.matrixExp(a)),
  'Tensor.matrixExp': alone((a) => a.matrixExp()),
  'linalg.matrixPower': [3, 1, -2].map((n) => on((a) => linalg.matrixPower(a!, n), squares)),
  'Tensor.matrixPower': [on((a) => a!.matrixPower(5), square)],
  'linalg.vectorNorm': [
    of((x) => linalg.vectorNorm(x)),
    of((x) => linalg.vectorNorm(x, 3, { dim: 1, keepdim: true })),
    of((x) => linalg.vectorNorm(x, Infinity, { dim: 0 })),
  ],
  'linalg.matrixNorm': [
    ...([1, -1, Infinity, -Infinity, 'fro'] as const).map((ord) => of((x) => linalg.matrixNorm(x, ord), 2, 3, 4)),
    of((x) => linalg.matrixNorm(x, 1, { dim: [2, 0], keepdim: true }), 2, 3, 4),
    of((x) => linalg.matrixNorm(x, Infinity, { dim: [0, 1] }), 2, 3, 4),
  ],
  'linalg.norm': [
    of((x) => linalg.norm(x), 2, 3, 4),
    of((x) => linalg.norm(x, 1)),
    of((x) => linalg.norm(x, 1, { dim: 1 })),
    of((x) => linalg.norm(x, Infinity, { dim: [2, 0] }), 2, 3, 4),
    of((x) => linalg.norm(x, 3), 5),
  ],
};
