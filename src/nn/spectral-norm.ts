// Spectral normalization: weights are divided by their largest singular value, which a power iteration in each forward pass estimates.
import { noGrad } from '../autograd';
import { checkInteger, checkNumber, rangeError, withDefaults } from '../errors';
import { empty, randn } from '../ops/create';
import { normalize } from '../ops/distances';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { Module } from './module';
import { checkPlain, defineNormed, dropNormed, weightOf } from './normed';

/** The options of `spectralNorm`. */
export interface SpectralNormOptions {
  /** The name of the parameter; default `"weight"`. */
  name: string;
  /** The number of steps of the power iteration in a forward pass during training; default 1. */
  nPowerIterations: number;
  /** The lower bound of a vector's length as a divisor; default 1e-12. */
  eps: number;
  /** The dimension that gives the rows of the matrix; all others together are its columns; default 0. */
  dim: number | null;
}

// The weight as a matrix whose rows are dimension `dim`.
function matrixOf(weight: Tensor, dim: number): Tensor {
  const first = dim === 0 ? weight : weight.movedim(dim, 0);
  return first.shape.length === 2 ? first : first.reshape([first.shape[0]!, -1]);
}

const unit = (x: Tensor, eps: number): Tensor => normalize(x, { dim: 0, eps });

const drawn = (n: number, eps: number): Tensor => noGrad(() => unit(n === 0 ? empty([0]) : randn([n]), eps));

// `W^T u`, without transposing W.
const transposed = (matrix: Tensor, u: Tensor): Tensor => u.unsqueeze(0).matmul(matrix).squeeze(0);

/** The weight divided by its largest singular value, which is `u . W v`. u and v are copied, because gradients read them and a later pass changes them. */
function divided(weight: Tensor, matrix: Tensor, u: Tensor, v: Tensor): Tensor {
  return weight.div(u.detach().clone().dot(matrix.mv(v.detach().clone())));
}

// Steps of the power iteration in the order of PyTorch's parametrization: first `u` from `v`.
function iterateFromV(matrix: Tensor, u: Tensor, v: Tensor, steps: number, eps: number): void {
  noGrad(() => {
    for (let i = 0; i < steps; i++) {
      u.copy_(unit(matrix.mv(v), eps));
      v.copy_(unit(transposed(matrix, u), eps));
    }
  });
}

// In the order of PyTorch's older function: first `v` from `u`.
function iterateFromU(matrix: Tensor, u: Tensor, v: Tensor, steps: number, eps: number): void {
  noGrad(() => {
    for (let i = 0; i < steps; i++) {
      v.copy_(unit(transposed(matrix, u), eps));
      u.copy_(unit(matrix.mv(v), eps));
    }
  });
}

/** The options, and the tensor that they are for. */
export function checkSpectralNorm(where: string, module: Module, options: Partial<SpectralNormOptions> | undefined) {
  const defaults = { name: 'weight', nPowerIterations: 1, eps: 1e-12, dim: null };
  const { name, nPowerIterations, eps, dim } = withDefaults<SpectralNormOptions>(where, options, defaults);
  const weight = weightOf(where, module, name);
  const rank = Math.max(weight.shape.length, 1);
  const given = dim === null ? 0 : checkInteger(where, 'dim', dim, -rank, rank - 1);
  return {
    name,
    weight,
    dim: given < 0 ? given + rank : given,
    eps: checkNumber(where, 'eps', eps, 0),
    nPowerIterations: checkInteger(where, 'nPowerIterations', nPowerIterations, 1),
  };
}

/** The parametrization; its class name is the one that PyTorch prints. */
export class _SpectralNorm extends Module {
  declare _u: Tensor;
  declare _v: Tensor;

  constructor(
    weight: Tensor,
    readonly nPowerIterations: number,
    readonly dim: number,
    readonly eps: number,
  ) {
    super();
    if (weight.shape.length < 2) return;
    const matrix = noGrad(() => matrixOf(weight, dim));
    const [rows, columns] = matrix.shape as [number, number];
    this.registerBuffer('_u', drawn(rows, eps));
    this.registerBuffer('_v', drawn(columns, eps));
    iterateFromV(matrix, this._u, this._v, 15, eps);
  }

  override forward(weight: Tensor): Tensor {
    if (weight.shape.length < 2) return unit(weight, this.eps);
    const matrix = matrixOf(weight, this.dim);
    if (this.training) iterateFromV(matrix, this._u, this._v, this.nPowerIterations, this.eps);
    return divided(weight, matrix, this._u, this._v);
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/**
 * Divides a weight by its largest singular value: `torch.nn.utils.spectral_norm` (Miyato et al., 2018).
 *
 * `W / (u . W v)`, where each forward pass in training mode does `nPowerIterations` times (default 1) `v = W^T u / |W^T u|` and `u = W v / |W v|`, with no
 * length below `eps`, 1e-12. The rows of the matrix are dimension `dim` (default 0), its columns all others. The parameter `name`, default `"weight"`, is
 * computed whenever it is read, where PyTorch computes it before each `forward`; instead the module has the parameter `weight_orig` and the buffers `weight_u`
 * and `weight_v`. Returns the module. PyTorch recommends `nn.utils.parametrizations.spectralNorm`, which has other keys in state dicts.
 *
 * A TypeError or a RangeError if there is no such parameter with at least 2 dimensions, if it is computed already, and for options out of range. A
 * SimdnnError `"SIMDNN_NOT_RECORDABLE"` inside a compiled function.
 *
 * @example
 * const layer = nn.utils.spectralNorm(new nn.Linear(2, 3), { nPowerIterations: 30 });
 * Object.keys(layer.stateDict()); // ["bias", "weight_orig", "weight_u", "weight_v"]
 */
export function spectralNorm<M extends Module>(module: M, options?: Partial<SpectralNormOptions>): M {
  const where = 'utils.spectralNorm';
  const { name, weight, nPowerIterations, eps, dim } = checkSpectralNorm(where, module, options);
  const [orig, u, v] = [`${name}_orig`, `${name}_u`, `${name}_v`];
  const parameter = checkPlain(where, module, name, [orig, u, v]);
  if (weight.shape.length < 2) {
    throw rangeError(
      where,
      `expected ${name} to have 2 dimensions or more, got ${shapeText(weight.shape)}`,
      'a vector: normalize(v, { dim: 0 })',
    );
  }
  const [rows, columns] = noGrad(() => matrixOf(weight, dim)).shape as [number, number];
  module.registerParameter(orig, parameter);
  module.registerBuffer(u, drawn(rows, eps));
  module.registerBuffer(v, drawn(columns, eps));
  defineNormed(module, name, orig, (self) => {
    const matrix = matrixOf(self[orig]!, dim);
    if ((self as unknown as Module).training) iterateFromU(matrix, self[u]!, self[v]!, nPowerIterations, eps);
    return divided(self[orig]!, matrix, self[u]!, self[v]!);
  });
  return module;
}

/**
 * Turns a weight that `nn.utils.spectralNorm` has normalized into a parameter again, divided by its largest singular value:
 * `torch.nn.utils.remove_spectral_norm`.
 *
 * It does no step of the power iteration. Returns the module. A RangeError if the weight was not normalized this way.
 *
 * @example
 * const layer = nn.utils.spectralNorm(new nn.Linear(2, 3));
 * Object.keys(nn.utils.removeSpectralNorm(layer).stateDict()); // ["bias", "weight"]
 */
export function removeSpectralNorm<M extends Module>(module: M, name = 'weight'): M {
  const where = 'utils.removeSpectralNorm';
  dropNormed(where, module, name, 'spectral norm', [`${name}_orig`, `${name}_u`, `${name}_v`]);
  return module;
}
