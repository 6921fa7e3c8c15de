// Triangular and orthogonal factors of matrices.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkOneOf, withDefaults } from '../errors';
import { empty, Tensor } from '../tensor';
import { cat } from './join';
import { matricesOf, squaresOf } from './matrices';
import { solution } from './solve';
import './diagonal';
import './matmul';
import './narrow';
import './transpose';

// The symmetric matrix with x's lower triangle.
const mirrored = (x: Tensor): Tensor => x.tril().add(x.tril(-1).mT);

// a^-T x
const behind = (a: Tensor, x: Tensor): Tensor => solution(a, x, true);

function lowerFactor(where: string, A: Tensor): Tensor {
  const { batch, n } = squaresOf(where, 'A', A);
  const l = empty(A.shape.slice());
  calls.cholesky({ l: l.floats, a: A.floats, batch, n });
  // dA = L^-T (S / 2) L^-1, where S is the symmetric matrix with the lower triangle of L^T dL. Source: Murray, "Differentiation of the Cholesky decomposition" (2016).
  return record(l, 'cholesky', [A], [l], (dl) => {
    const own = l.detach();
    const inner = mirrored(own.mT.matmul(dl.tril())).mul(0.5);
    give(A, behind(own, behind(own, inner).mT));
  });
}

function choleskyOf(where: string, A: Tensor, upper: unknown): Tensor {
  if (!checkBoolean(where, 'upper', upper)) return lowerFactor(where, A);
  squaresOf(where, 'A', A);
  return lowerFactor(where, A.mT).mT;
}

/**
 * The lower triangular L with `L L^T = A` of each symmetric positive definite matrix A `[..., n, n]`: `torch.linalg.cholesky`. With `upper: true` its transpose.
 *
 * Only the lower triangle of A is read, with `upper` the upper one; the gradient is symmetric. Computed in float64 and rounded. A RangeError for an A that is
 * not square or not positive definite.
 *
 * @example
 * linalg.cholesky(tensor([[4, 2], [2, 10]])).toArray(); // [[2, 0], [1, 3]]
 */
export function cholesky(A: Tensor, options?: { upper?: boolean }): Tensor {
  const where = 'linalg.cholesky';
  return choleskyOf(where, A, withDefaults(where, options, { upper: false }).upper);
}

/** Orthogonal columns Q and an upper triangular R. */
export interface OrthogonalFactors {
  /** Orthogonal columns of length 1. */
  Q: Tensor;
  /** Upper triangular. */
  R: Tensor;
}

// The gradient of A = Q R, given those of Q and R. If A has more columns than rows, the additional columns are A2 = Q R2. Source: Walter, Lehmann and Lamour,
// "On evaluating higher-order derivatives of the QR decomposition of tall matrices with full column rank" (2012); Roberts and Roberts, "QR and LQ decomposition
// matrix backpropagation" (2020).
function qrGradient(Q: Tensor, R: Tensor, dQ: Tensor | null, dR: Tensor | null): Tensor {
  const k = Q.shape.at(-1)!;
  const further = R.shape.at(-1)! - k;
  if (further > 0) {
    const [square, rest] = [R.narrow(-1, 0, k), R.narrow(-1, k, further)];
    if (dR === null) return cat([qrGradient(Q, square, dQ, null), Q.matmul(rest).mul(0)], -1);
    const dRest = dR.narrow(-1, k, further);
    const own = qrGradient(Q, square, Q.matmul(rest).matmul(dRest.mT), dR.narrow(-1, 0, k));
    return cat([own, Q.matmul(dRest)], -1);
  }
  let inner = dR === null ? null : R.matmul(dR.mT);
  if (dQ !== null) inner = inner === null ? dQ.mT.matmul(Q).neg() : inner.sub(dQ.mT.matmul(Q));
  const along = Q.matmul(mirrored(inner!));
  const outer = dQ === null ? along : along.add(dQ);
  return solution(R, outer.mT).mT;
}

const modes = ['reduced', 'complete', 'r'] as const;

function qrOf(where: string, A: Tensor, mode: (typeof modes)[number]): OrthogonalFactors {
  const { lead, batch, rows: m, columns: n } = matricesOf(where, 'A', A);
  const k = mode === 'complete' ? m : Math.min(m, n);
  const Q = empty(mode === 'r' ? [0] : [...lead, m, k]);
  const R = empty([...lead, k, n]);
  calls.qr({ q: mode === 'r' ? null : Q.floats, r: R.floats, a: A.floats, batch, m, n, k });
  const gradient = (dQ: Tensor | null, dR: Tensor | null): void => {
    if (mode === 'r') throw new Error(`[${where}] mode "r" has no gradient, which needs Q: use mode "reduced"`);
    if (k > n) throw new Error(`[${where}] mode "complete" of more rows than columns has no gradient: use mode "reduced"`);
    give(A, qrGradient(Q.detach(), R.detach(), dQ, dR));
  };
  record(R, 'qr', [A], [Q, R], (dR) => gradient(null, dR));
  return { Q: mode === 'r' ? Q : record(Q, 'qr', [A], [Q, R], (dQ) => gradient(dQ, null)), R };
}

/**
 * Orthogonal columns Q and an upper triangular R with `Q R = A` of each matrix A `[..., m, n]`: `torch.linalg.qr`.
 *
 * `mode`: `"reduced"` (default), Q `[..., m, k]` and R `[..., k, n]` with k = min(m, n); `"complete"`, k = m; `"r"`, R alone, Q being empty. Signs are LAPACK's: the
 * diagonal of R may be negative. Computed in float64 and rounded. The gradient requires that the first k columns of A are independent (a RangeError if they are
 * not), and does not exist for `"r"`, nor for `"complete"` with m > n.
 *
 * @example
 * const { Q, R } = linalg.qr(tensor([[3], [4]]));
 * [R.item(), Q.matmul(R).toArray().map(([v]) => Math.round(v))]; // [-5, [3, 4]]
 */
export function qr(A: Tensor, options?: { mode?: 'reduced' | 'complete' | 'r' }): OrthogonalFactors {
  const where = 'linalg.qr';
  const { mode } = withDefaults<{ mode: (typeof modes)[number] }>(where, options, { mode: 'reduced' });
  return qrOf(where, A, checkOneOf(where, 'mode', mode, modes));
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The lower triangular factor of each positive definite matrix, the upper one with `upper: true`, as `linalg.cholesky`: `torch.Tensor.cholesky`.
     *
     * @example
     * tensor([[4, 2], [2, 10]]).cholesky({ upper: true }).toArray(); // [[2, 1], [0, 3]]
     */
    cholesky(options?: { upper?: boolean }): Tensor;
    /**
     * `{ Q, R }` of each matrix, as `linalg.qr`, with `some: false` in its mode `"complete"`: `torch.Tensor.qr`.
     *
     * @example
     * ones([3, 2]).qr({ some: false }).Q.shape; // [3, 3]
     */
    qr(options?: { some?: boolean }): OrthogonalFactors;
  }
}

Tensor.prototype.cholesky = function (this: Tensor, options) {
  const where = 'Tensor.cholesky';
  return choleskyOf(where, this, withDefaults(where, options, { upper: false }).upper);
};

Tensor.prototype.qr = function (this: Tensor, options) {
  const where = 'Tensor.qr';
  const { some } = withDefaults(where, options, { some: true });
  return qrOf(where, this, checkBoolean(where, 'some', some) ? 'reduced' : 'complete');
};
