// The bilinear layer.
import { checkBoolean, checkInteger, withDefaults } from '../errors';
import { bilinear } from '../ops/bilinear';
import type { Tensor } from '../tensor';
import { pythonBool } from './format';
import { uniform_ } from './init';
import { checkInputs } from './inputs';
import { Module } from './module';
import { emptyParameter, type Parameter } from './parameter';

/**
 * `y_o = x1^T W_o x2 + b_o` over the last dimensions of two inputs: `torch.nn.Bilinear`.
 *
 * Shapes: x1 `[*, in1Features]`, x2 `[*, in2Features]`, the result `[*, outFeatures]`; `weight` is `[outFeatures, in1Features, in2Features]`, `bias` `[outFeatures]`, or
 * null with `bias: false`. Both start uniform in (-1/sqrt(in1Features), 1/sqrt(in1Features)).
 *
 * @example
 * new nn.Bilinear(2, 3, 4).forward(zeros([5, 2]), zeros([5, 3])).shape; // [5, 4]
 */
export class Bilinear extends Module {
  /** The size of the last dimension of x1. */
  readonly in1Features: number;
  /** The size of the last dimension of x2. */
  readonly in2Features: number;
  /** The size of the last dimension of the result. */
  readonly outFeatures: number;
  /** W, `[outFeatures, in1Features, in2Features]`. */
  weight: Parameter;
  /** b, `[outFeatures]`, or null. */
  bias: Parameter | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, options?: { bias?: boolean }) {
    super();
    const { bias } = withDefaults('Bilinear', options, { bias: true });
    checkBoolean('Bilinear', 'bias', bias);
    this.in1Features = checkInteger('Bilinear', 'in1Features', in1Features, 1);
    this.in2Features = checkInteger('Bilinear', 'in2Features', in2Features);
    this.outFeatures = checkInteger('Bilinear', 'outFeatures', outFeatures);
    this.weight = emptyParameter([outFeatures, in1Features, in2Features]);
    this.bias = bias ? emptyParameter([outFeatures]) : null;
    this.resetParameters();
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias !== null) uniform_(this.bias, -bound, bound);
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    checkInputs('Bilinear.forward', arguments.length, 2);
    return bilinear(x1, x2, this.weight, this.bias, 'Bilinear.forward');
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures, bias } = this;
    return `in1_features=${in1Features}, in2_features=${in2Features}, out_features=${outFeatures}, bias=${pythonBool(bias !== null)}`;
  }
}
