// Initialisers of parameters: each function fills a tensor in place, without a record for the backward pass, and
// returns it. Names, formulas and defaults are those of torch.nn.init.
import { checkNumber, checkOneOf, rangeError, withDefaults } from '../errors';
import { numelOf, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { fillAtStart } from './starting';

export { eye_, orthogonal_, sparse_, truncNormal_ } from './init-matrices';

/** The nonlinearity behind a layer, in camelCase or as PyTorch spells it; it determines the gain. */
export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'leaky_relu' | 'selu';

/** Options of `kaimingUniform_` and `kaimingNormal_`. */
export interface KaimingOptions {
  /** The negative slope of the leaky ReLU behind the layer; default 0. */
  a: number;
  /** Which variance is preserved: that of the values in the forward pass, `"fanIn"` (default), or of the gradients in the backward pass, `"fanOut"`. */
  mode: 'fanIn' | 'fanOut' | 'fan_in' | 'fan_out';
  /** The nonlinearity behind the layer; default `"leakyRelu"`. */
  nonlinearity: Nonlinearity;
}

const camelCase = (name: unknown): unknown =>
  typeof name === 'string' ? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : name;

function fans(where: string, t: Tensor): { fanIn: number; fanOut: number } {
  checkTensor(where, 'the tensor', t, 'float32');
  if (t.shape.length < 2) {
    throw rangeError(where, `expected a tensor of 2 or more dimensions, got ${shapeText(t.shape)}`, 'for a bias: uniform_ or zeros_');
  }
  const field = numelOf(t.shape.slice(2));
  return { fanIn: t.shape[1]! * field, fanOut: t.shape[0]! * field };
}

function gainOf(where: string, nonlinearity: Nonlinearity, slope: number): number {
  const known = ['linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu'] as const;
  switch (checkOneOf(where, 'nonlinearity', camelCase(nonlinearity), known)) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + checkNumber(where, 'the slope', slope) ** 2));
    case 'selu':
      return 3 / 4;
    default:
      return 1;
  }
}

/**
 * The factor by which a nonlinearity shrinks the spread of what passes: `torch.nn.init.calculate_gain`.
 *
 * `slope` (default 0.01) is that of `"leakyRelu"`.
 *
 * @example
 * nn.init.calculateGain("tanh"); // 1.6666666666666667
 */
export const calculateGain = (nonlinearity: Nonlinearity, slope = 0.01): number => gainOf('init.calculateGain', nonlinearity, slope);

function kaimingDeviation(where: string, t: Tensor, options: Partial<KaimingOptions> | undefined): number {
  const { a, mode, nonlinearity } = withDefaults<KaimingOptions>(where, options, { a: 0, mode: 'fanIn', nonlinearity: 'leakyRelu' });
  const fan = fans(where, t)[checkOneOf(where, 'mode', camelCase(mode), ['fanIn', 'fanOut'] as const)];
  const gain = gainOf(where, nonlinearity, a);
  return fan === 0 ? 0 : gain / Math.sqrt(fan);
}

function xavierDeviation(where: string, t: Tensor, options: { gain?: number } | undefined): number {
  const { gain } = withDefaults(where, options, { gain: 1 });
  const { fanIn, fanOut } = fans(where, t);
  checkNumber(where, 'gain', gain, 0);
  return fanIn + fanOut === 0 ? 0 : gain * Math.sqrt(2 / (fanIn + fanOut));
}

/**
 * Uniform in (-b, b) with `b = gain * sqrt(3 / fan)`: `torch.nn.init.kaiming_uniform_` (He et al., 2015).
 *
 * @example
 * nn.init.kaimingUniform_(zeros([30, 13]), { nonlinearity: "relu" }).shape; // [30, 13]
 */
export function kaimingUniform_<T extends Tensor>(t: T, options?: Partial<KaimingOptions>): T {
  const bound = Math.sqrt(3) * kaimingDeviation('init.kaimingUniform_', t, options);
  return fillAtStart(t, () => t.uniform_(-bound, bound));
}

/**
 * Normal around 0 with deviation `gain / sqrt(fan)`: `torch.nn.init.kaiming_normal_` (He et al., 2015).
 *
 * @example
 * nn.init.kaimingNormal_(zeros([30, 13]), { mode: "fanOut" }).shape; // [30, 13]
 */
export function kaimingNormal_<T extends Tensor>(t: T, options?: Partial<KaimingOptions>): T {
  const deviation = kaimingDeviation('init.kaimingNormal_', t, options);
  return fillAtStart(t, () => t.normal_(0, deviation));
}

/**
 * Uniform in (-b, b) with `b = gain * sqrt(6 / (fanIn + fanOut))`, gain 1 by default: `torch.nn.init.xavier_uniform_` (Glorot, Bengio, 2010).
 *
 * @example
 * const w = nn.init.xavierUniform_(zeros([2, 4]));
 * w.abs().max().item() < 1; // true
 */
export function xavierUniform_<T extends Tensor>(t: T, options?: { gain?: number }): T {
  const bound = Math.sqrt(3) * xavierDeviation('init.xavierUniform_', t, options);
  return fillAtStart(t, () => t.uniform_(-bound, bound));
}

/**
 * Normal around 0 with deviation `gain * sqrt(2 / (fanIn + fanOut))`, gain 1 by default: `torch.nn.init.xavier_normal_` (Glorot, Bengio, 2010).
 *
 * @example
 * nn.init.xavierNormal_(zeros([30, 13]), { gain: 2 }).shape; // [30, 13]
 */
export function xavierNormal_<T extends Tensor>(t: T, options?: { gain?: number }): T {
  const deviation = xavierDeviation('init.xavierNormal_', t, options);
  return fillAtStart(t, () => t.normal_(0, deviation));
}

/**
 * Uniform in [a, b), by default [0, 1): `torch.nn.init.uniform_`. The bounds are given one by one or as `{ a, b }`.
 *
 * @example
 * const w = nn.init.uniform_(zeros([3]), -0.1, 0.1);
 * w.toArray().every((v) => v >= -0.1 && v < 0.1); // true
 */
export function uniform_<T extends Tensor>(t: T, a: number | { a?: number; b?: number } = 0, b = 1): T {
  const where = 'init.uniform_';
  checkTensor(where, 'the tensor', t, 'float32');
  const bounds = typeof a === 'object' ? withDefaults(where, a, { a: 0, b: 1 }) : { a, b };
  checkNumber(where, 'b', bounds.b, checkNumber(where, 'a', bounds.a));
  return fillAtStart(t, () => t.uniform_(bounds.a, bounds.b));
}

/**
 * Normal with the given mean and deviation, by default 0 and 1: `torch.nn.init.normal_`. They are given one by one or as `{ mean, std }`.
 *
 * @example
 * nn.init.normal_(zeros([30, 13]), { std: 0.02 }).shape; // [30, 13]
 */
export function normal_<T extends Tensor>(t: T, mean: number | { mean?: number; std?: number } = 0, std = 1): T {
  const where = 'init.normal_';
  checkTensor(where, 'the tensor', t, 'float32');
  const normal = typeof mean === 'object' ? withDefaults(where, mean, { mean: 0, std: 1 }) : { mean, std };
  checkNumber(where, 'mean', normal.mean);
  checkNumber(where, 'std', normal.std, 0);
  return fillAtStart(t, () => t.normal_(normal.mean, normal.std));
}

/**
 * Every element `value`: `torch.nn.init.constant_`.
 *
 * @example
 * nn.init.constant_(zeros([2]), 3).toArray(); // [3, 3]
 */
export function constant_<T extends Tensor>(t: T, value: number): T {
  return fillWith('init.constant_', t, value);
}

/**
 * Every element 0: `torch.nn.init.zeros_`.
 *
 * @example
 * nn.init.zeros_(ones([2])).toArray(); // [0, 0]
 */
export const zeros_ = <T extends Tensor>(t: T): T => fillWith('init.zeros_', t, 0);

/**
 * Every element 1: `torch.nn.init.ones_`.
 *
 * @example
 * nn.init.ones_(zeros([2])).toArray(); // [1, 1]
 */
export const ones_ = <T extends Tensor>(t: T): T => fillWith('init.ones_', t, 1);

function fillWith<T extends Tensor>(where: string, t: T, value: number): T {
  checkTensor(where, 'the tensor', t, 'float32');
  if (typeof value !== 'number') checkNumber(where, 'the value', value);
  return fillAtStart(t, () => t.fill_(value));
}
