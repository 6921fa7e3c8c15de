// Normalisation layers.
import { checkBoolean, withDefaults } from '../errors';
import { layerNorm, rmsNorm } from '../ops/norms';
import { normalizedShapeOf } from '../shape';
import type { Tensor } from '../tensor';
import { pythonBool, pythonShape } from './format';
import { ones_, zeros_ } from './init';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options, orNull } from './options';
import { emptyParameter, type Parameter } from './parameter';

const rmsNormOptions = new Options('RMSNorm', { eps: orNull(number(0)) });

/**
 * `x / sqrt(mean(x^2) + eps) * weight`, the mean over the last dimensions: `torch.nn.RMSNorm`.
 *
 * Shapes: x `[*, ...normalizedShape]`; the result has the shape of x; `weight` is `normalizedShape` and starts as ones, or null with `elementwiseAffine: false`. `eps`
 * null (default) is 2^-23. Source: Zhang and Sennrich, arXiv 1910.07467.
 *
 * @example
 * new nn.RMSNorm(2).forward(tensor([[1, 7]])).toArray(); // [[0.20000000298023224, 1.399999976158142]]
 */
export class RMSNorm extends Module {
  /** The last dimensions of x. */
  readonly normalizedShape: readonly number[];
  /** Added to the mean square; null is 2^-23. */
  eps: number | null;
  /** A factor for each element, or null. */
  weight: Parameter | null;

  constructor(normalizedShape: number | readonly number[], options?: { eps?: number | null; elementwiseAffine?: boolean }) {
    super();
    const defaults: { eps: number | null; elementwiseAffine: boolean } = { eps: null, elementwiseAffine: true };
    const { eps, elementwiseAffine } = rmsNormOptions.checked(withDefaults('RMSNorm', options, defaults));
    checkBoolean('RMSNorm', 'elementwiseAffine', elementwiseAffine);
    this.normalizedShape = normalizedShapeOf('RMSNorm', normalizedShape);
    this.eps = eps;
    this.weight = elementwiseAffine ? emptyParameter(this.normalizedShape.slice()) : null;
    this.resetParameters();
  }

  /** Sets the weight to ones. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('RMSNorm.forward', arguments.length);
    rmsNormOptions.use(this);
    return rmsNorm(x, this.normalizedShape, { weight: this.weight, eps: this.eps }, 'RMSNorm.forward');
  }

  override extraRepr(): string {
    return `${pythonShape(this.normalizedShape)}, ${rmsNormOptions.print(this)}, elementwise_affine=${pythonBool(this.weight !== null)}`;
  }
}

const layerNormOptions = new Options('LayerNorm', { eps: number(0) });

/**
 * `(x - mean) / sqrt(variance + eps) * weight + bias`, mean and variance over the last dimensions: `torch.nn.LayerNorm`.
 *
 * Shapes: x `[*, ...normalizedShape]`; the result has the shape of x; `weight` and `bias` are `normalizedShape` and start as ones and zeros, both null with
 * `elementwiseAffine: false`, bias alone with `bias: false`. `eps` is 1e-5 by default. Source: Ba et al., arXiv 1607.06450.
 *
 * @example
 * new nn.LayerNorm(2).forward(tensor([[1, 5]])).shape; // [1, 2]
 */
export class LayerNorm extends Module {
  /** The last dimensions of x. */
  readonly normalizedShape: readonly number[];
  /** Added to the variance. */
  eps: number;
  /** A factor for each element, or null. */
  weight: Parameter | null;
  /** Added to each element, or null. */
  bias: Parameter | null;

  constructor(normalizedShape: number | readonly number[], options?: { eps?: number; elementwiseAffine?: boolean; bias?: boolean }) {
    super();
    const filled = layerNormOptions.checked(withDefaults('LayerNorm', options, { eps: 1e-5, elementwiseAffine: true, bias: true }));
    const { eps, elementwiseAffine, bias } = filled;
    checkBoolean('LayerNorm', 'elementwiseAffine', elementwiseAffine);
    checkBoolean('LayerNorm', 'bias', bias);
    this.normalizedShape = normalizedShapeOf('LayerNorm', normalizedShape);
    this.eps = eps;
    this.weight = elementwiseAffine ? emptyParameter(this.normalizedShape.slice()) : null;
    this.bias = elementwiseAffine && bias ? emptyParameter(this.normalizedShape.slice()) : null;
    this.resetParameters();
  }

  /** Sets the weight to ones and the bias to zeros. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('LayerNorm.forward', arguments.length);
    layerNormOptions.use(this);
    return layerNorm(x, this.normalizedShape, { weight: this.weight, bias: this.bias, eps: this.eps }, 'LayerNorm.forward');
  }

  override extraRepr(): string {
    const has = (t: Parameter | null): string => pythonBool(t !== null);
    const affine = `elementwise_affine=${has(this.weight)}, bias=${has(this.bias)}`;
    return `${pythonShape(this.normalizedShape)}, ${layerNormOptions.print(this)}, ${affine}`;
  }
}
