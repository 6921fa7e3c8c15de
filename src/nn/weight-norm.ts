// Weight normalization, a weight as its length times its direction: the older functions, and the parametrization.
import { checkInteger, withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { Module } from './module';
import { checkPlain, defineNormed, dropNormed, parameterWith, weightOf } from './normed';

/** The options of `weightNorm`. */
export interface WeightNormOptions {
  /** The name of the parameter; default `"weight"`. */
  name: string;
  /** The dimension along which each slice has its own length; default 0. With null, or -1, the whole tensor has one length. */
  dim: number | null;
}

// The dimensions over which a length is computed: all but `dim`.
const others = (rank: number, dim: number): number[] => Array.from({ length: rank }, (_, i) => i).filter((i) => i !== dim);

function lengths(v: Tensor, dim: number): Tensor {
  const rank = v.shape.length;
  if (dim === -1 || rank === 0) return v.norm();
  return rank === 1 ? v.abs() : v.norm(2, others(rank, dim), { keepdim: true });
}

const weightMade = (g: Tensor, v: Tensor, dim: number): Tensor => v.mul(g.div(lengths(v, dim)));

/** The options, and the tensor that they are for. */
export function checkWeightNorm(where: string, module: Module, options: Partial<WeightNormOptions> | undefined) {
  const { name, dim } = withDefaults<WeightNormOptions>(where, options, { name: 'weight', dim: 0 });
  const weight = weightOf(where, module, name);
  return { name, weight, dim: dim === null ? -1 : checkInteger(where, 'dim', dim, -1, Math.max(weight.shape.length - 1, 0)) };
}

/** The parametrization; its class name is the one that PyTorch prints. */
export class _WeightNorm extends Module {
  constructor(readonly dim: number) {
    super();
  }

  override forward(g: Tensor, v: Tensor): Tensor {
    return weightMade(g, v, this.dim);
  }

  rightInverse(weight: Tensor): Tensor[] {
    return [lengths(weight, this.dim), weight];
  }
}

/**
 * Computes a weight as `g * v / |v|` from learned g and v: `torch.nn.utils.weight_norm` (Salimans and Kingma, 2016).
 *
 * `|v|` is the norm of each slice along `dim` (default 0, a row of a Linear), or with null of the whole tensor. The parameter `name`, default `"weight"`, is
 * computed whenever it is read, where PyTorch computes it before each `forward`; instead the module has `weight_g` and `weight_v`, so make the optimizer
 * afterwards. Returns the module. PyTorch recommends `nn.utils.parametrizations.weightNorm`, which has other keys in state dicts.
 *
 * A TypeError or a RangeError if there is no such parameter, or if it is computed already. A SimdnnError `"SIMDNN_NOT_RECORDABLE"` inside a compiled
 * function.
 *
 * @example
 * const layer = nn.utils.weightNorm(new nn.Linear(2, 3));
 * Object.keys(layer.stateDict()); // ["bias", "weight_g", "weight_v"]
 * layer.weight_g.shape; // [3, 1]
 */
export function weightNorm<M extends Module>(module: M, options?: Partial<WeightNormOptions>): M {
  const where = 'utils.weightNorm';
  const { name, weight, dim } = checkWeightNorm(where, module, options);
  const [g, v] = [`${name}_g`, `${name}_v`];
  checkPlain(where, module, name, [g, v]);
  const made = [lengths(weight.detach(), dim), weight].map((one) => parameterWith(one, weight.requiresGrad));
  module.registerParameter(g, made[0]!);
  module.registerParameter(v, made[1]!);
  defineNormed(module, name, `${g} and ${v}`, (self) => weightMade(self[g]!, self[v]!, dim));
  return module;
}

/**
 * Turns a weight that `nn.utils.weightNorm` has normalized into a parameter again, with its current value: `torch.nn.utils.remove_weight_norm`.
 *
 * Returns the module. A RangeError if the weight was not normalized this way.
 *
 * @example
 * const layer = nn.utils.weightNorm(new nn.Linear(2, 3));
 * Object.keys(nn.utils.removeWeightNorm(layer).stateDict()); // ["bias", "weight"]
 */
export function removeWeightNorm<M extends Module>(module: M, name = 'weight'): M {
  dropNormed('utils.removeWeightNorm', module, name, 'weight norm', [`${name}_g`, `${name}_v`]);
  return module;
}
