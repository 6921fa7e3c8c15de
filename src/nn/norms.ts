// Normalisation layers.
import { checkBoolean, withDefaults } from '../errors';
import { rmsNorm } from '../ops/norms';
import { normalizedShapeOf } from '../shape';
import type { Tensor } from '../tensor';
import { pythonBool } from './format';
import { ones_ } from './init';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options, orNull } from './options';
import { emptyParameter, type Parameter } from './parameter';

const rmsNormOptions = new Options('RMSNorm', { eps: orNull(number(0)) });

/**
 * `x / sqrt(mean(x^2) + eps) * weight`, the mean over the last dimensions: `torch.nn.RMSNorm`.
 *
 * Shapes: x `[*, ...normalizedShape]`, the result like x; `weight` is `normalizedShape` and starts as ones, or null with `elementwiseAffine: false`. `eps`
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
    const shape = this.normalizedShape.length === 1 ? `(${this.normalizedShape[0]},)` : `(${this.normalizedShape.join(', ')})`;
    return `${shape}, ${rmsNormOptions.print(this)}, elementwise_affine=${pythonBool(this.weight !== null)}`;
  }
}
