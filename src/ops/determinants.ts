// Determinants.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { empty, Tensor } from '../tensor';
import { squaresOf } from './matrices';
import './arithmetic';
import './unary';

/** A determinant, given by its sign and the logarithm of its magnitude. */
export interface SignedLogarithm {
  /** 1, -1, or 0 for a singular matrix. */
  sign: Tensor;
  /** The natural logarithm of its magnitude, -Infinity for a singular matrix. */
  logabsdet: Tensor;
}

// The determinants of A, or the logarithms of their magnitudes, and their signs.
function determinants(where: string, A: Tensor, logarithm: boolean): { value: Tensor; sign: Tensor } {
  const { lead, batch, n } = squaresOf(where, 'A', A);
  const [det, sign, logabsdet] = [empty(lead), empty(lead.slice()), empty(lead.slice())];
  calls.determinant({ det: det.floats, sign: sign.floats, logabsdet: logabsdet.floats, a: A.floats, batch, n });
  const value = record(logarithm ? logabsdet : det, logarithm ? 'slogdet' : 'det', [A], [A], (dy) => {
    const da = empty(A.shape.slice());
    calls.determinantBackward({ da: da.floats, dy: dy.floats, a: A.floats, batch, n, logarithm });
    give(A, da);
  });
  return { value, sign };
}

function slogdetOf(where: string, A: Tensor): SignedLogarithm {
  const { value, sign } = determinants(where, A, true);
  return { sign, logabsdet: value };
}

/**
 * The determinant of each matrix A `[..., n, n]`, `[...]`: `torch.linalg.det`.
 *
 * Computed in float64 and rounded. The gradient is calculated from the cofactors, so it is right for a singular matrix too, where PyTorch's is 0. A RangeError
 * for an A that is not square.
 *
 * @example
 * linalg.det(tensor([[1, 2], [3, 4]])).item(); // -2
 */
export function det(A: Tensor): Tensor {
  return determinants('linalg.det', A, false).value;
}

/**
 * `{ sign, logabsdet }` of the determinant of each matrix A `[..., n, n]`, each `[...]`: `torch.linalg.slogdet`. It neither overflows nor underflows where `det` would.
 *
 * The gradient is that of `logabsdet`, `A^-T`. A singular A has sign 0 and logarithm -Infinity. A RangeError for an A that is not square.
 *
 * @example
 * const { sign, logabsdet } = linalg.slogdet(tensor([[0, 1], [1, 0]]));
 * [sign.item(), logabsdet.item()]; // [-1, 0]
 */
export function slogdet(A: Tensor): SignedLogarithm {
  return slogdetOf('linalg.slogdet', A);
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The determinant of each matrix `[..., n, n]`, as `linalg.det`: `torch.Tensor.det`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).det().item(); // -2
     */
    det(): Tensor;
    /**
     * `{ sign, logabsdet }` of the determinant of each matrix, as `linalg.slogdet`: `torch.Tensor.slogdet`.
     *
     * @example
     * tensor([[-1]]).slogdet().sign.item(); // -1
     */
    slogdet(): SignedLogarithm;
    /**
     * The logarithm of the determinant of each matrix `[..., n, n]`: NaN where that is negative, -Infinity where it is 0. As `torch.Tensor.logdet`.
     *
     * @example
     * tensor([[1, 0], [0, 1]]).logdet().item(); // 0
     */
    logdet(): Tensor;
  }
}

Tensor.prototype.det = function (this: Tensor) {
  return determinants('Tensor.det', this, false).value;
};

Tensor.prototype.slogdet = function (this: Tensor) {
  return slogdetOf('Tensor.slogdet', this);
};

// The logarithm of the sign is 0, NaN or -Infinity.
Tensor.prototype.logdet = function (this: Tensor) {
  const { sign, logabsdet } = slogdetOf('Tensor.logdet', this);
  return logabsdet.add(sign.log());
};
