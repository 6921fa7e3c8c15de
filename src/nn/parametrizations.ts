// The available parametrizations, with the names and formulas of torch.nn.utils.parametrizations.
import type { Module } from './module';
import { registerParametrization } from './parametrize';
import { _SpectralNorm, checkSpectralNorm, type SpectralNormOptions } from './spectral-norm';
import { _WeightNorm, checkWeightNorm, type WeightNormOptions } from './weight-norm';

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
