// The available parametrizations, with the names and formulas of torch.nn.utils.parametrizations.
import type { Module } from './module';
import { _Orthogonal, checkOrthogonal, type OrthogonalOptions } from './orthogonal';
import { registerParametrization } from './parametrize';
import { _SpectralNorm, checkSpectralNorm, type SpectralNormOptions } from './spectral-norm';
import { _WeightNorm, checkWeightNorm, type WeightNormOptions } from './weight-norm';

export type { OrthogonalMap, OrthogonalOptions } from './orthogonal';
export type { SpectralNormOptions } from './spectral-norm';
export type { WeightNormOptions } from './weight-norm';

/**
 * Has a weight be `g * v / |v|`, and g and v be learned instead: `torch.nn.utils.parametrizations.weight_norm` (Salimans and Kingma, 2016).
 *
 * `|v|` is the norm of each slice along `dim` (default 0, a row of a Linear), of the whole tensor with null. The parameter is `name`, default `"weight"`; the
 * module has `parametrizations.weight.original0`, which is g, and `original1`, which is v, in its place. Rules and errors are those of
 * `nn.utils.parametrize.registerParametrization`. Returns the module.
 *
 * @example
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3));
 * Object.keys(layer.stateDict()); // ["bias", "parametrizations.weight.original0", "parametrizations.weight.original1"]
 * layer.forward(zeros([4, 2])).shape; // [4, 3]
 */
export function weightNorm<M extends Module>(module: M, options?: Partial<WeightNormOptions>): M {
  const { name, dim } = checkWeightNorm('parametrizations.weightNorm', module, options);
  return registerParametrization(module, name, new _WeightNorm(dim), { unsafe: true });
}

/**
 * Divides a weight by its largest singular value: `torch.nn.utils.parametrizations.spectral_norm` (Miyato et al., 2018).
 *
 * `W / (u . W v)`, where each reading of the weight while training does `nPowerIterations` times (default 1) `u = W v / |W v|` and
 * `v = W^T u / |W^T u|`, with no length below `eps`, 1e-12; before the first there are 15. The matrix has dimension `dim` (default 0) as its rows, all others as
 * its columns; a vector is divided by its length. The parameter is `name`, default `"weight"`; u and v are the buffers `parametrizations.weight.0._u` and `_v`.
 * Rules and errors are those of `nn.utils.parametrize.registerParametrization`. Returns the module.
 *
 * @example
 * const layer = nn.utils.parametrizations.spectralNorm(new nn.Linear(2, 2));
 * layer.weight = tensor([[3, 0], [0, 1]]);
 * for (let i = 0; i < 30; i++) layer.forward(zeros([1, 2]));
 * layer.weight.toArray()[0][0].toFixed(4); // "1.0000"
 */
export function spectralNorm<M extends Module>(module: M, options?: Partial<SpectralNormOptions>): M {
  const { name, weight, nPowerIterations, dim, eps } = checkSpectralNorm('parametrizations.spectralNorm', module, options);
  return registerParametrization(module, name, new _SpectralNorm(weight, nPowerIterations, dim, eps));
}

/**
 * Has a weight be orthogonal, whatever is learned: `torch.nn.utils.parametrizations.orthogonal` (Lezcano-Casado, 2019).
 *
 * Its columns, or where these are more its rows, stay at right angles and of length 1; of further dimensions it is a batch of matrices `[..., n, k]`. `orthogonalMap`: `"matrix_exp"`,
 * `exp(A)` of the skew-symmetric A of the lower triangle; `"cayley"`, `(1 + A / 2) (1 - A / 2)^-1`; `"householder"`, a product of k reflections; by default `"matrix_exp"` for square
 * matrices and `"householder"` for others. With `useTrivialization` (default) a fixed matrix stands before that, the buffer `parametrizations.weight.0.base`, so that the
 * weight begins as it is where it is orthogonal, else as Q of its QR decomposition; without it only `"householder"` begins so, and the other maps are applied to the weight as it is, and to
 * what is assigned, where PyTorch throws. The parameter is `name`, default `"weight"`. Rules and errors are those of `nn.utils.parametrize.registerParametrization`, and a RangeError for
 * fewer than 2 dimensions. Returns the module.
 *
 * @example
 * const layer = nn.utils.parametrizations.orthogonal(new nn.Linear(2, 3));
 * const { weight } = layer;
 * weight.t().matmul(weight).toArray().flat().map((v) => Math.round(v)); // [1, 0, 0, 1]
 */
export function orthogonal<M extends Module>(module: M, options?: Partial<OrthogonalOptions>): M {
  const { name, weight, map, useTrivialization } = checkOrthogonal('parametrizations.orthogonal', module, options);
  return registerParametrization(module, name, new _Orthogonal(weight, map, useTrivialization), { unsafe: true });
}
