// The fully connected layer.
import { checkBoolean, checkInteger, withDefaults } from '../errors';
import { linear } from '../ops/linear';
import { recorder } from '../recorder';
import type { Tensor } from '../tensor';
import { makerOf } from './computed';
import { pythonBool } from './format';
import { kaimingUniform_, uniform_ } from './init';
import { checkInputs } from './inputs';
import { Module } from './module';
import { emptyParameter, type Parameter } from './parameter';
import { watchesItself } from './watch';

const fields = ['weight', 'bias', 'inFeatures', 'outFeatures'];

// A computed weight is a new tensor at each read, and is watched where it is computed.
const computes = (layer: Linear): boolean => makerOf(layer, 'weight') !== undefined || makerOf(layer, 'bias') !== undefined;

// A function and not a private method, because a copy of a layer has no private methods.
function guard(layer: Linear): void {
  const { weight, bias } = layer;
  recorder!.guard(() => layer.weight === weight && layer.bias === bias, layer);
  watchesItself(layer, fields);
}

/**
 * `y = x W^T + b` over the last dimension: `torch.nn.Linear`.
 *
 * Shapes: x `[*, inFeatures]`, result `[*, outFeatures]`; `weight` is `[outFeatures, inFeatures]`, `bias` `[outFeatures]`, or null with
 * `bias: false`. Both start uniform in (-1/sqrt(inFeatures), 1/sqrt(inFeatures)).
 *
 * @example
 * const layer = new nn.Linear(13, 30);
 * layer.forward(zeros([32, 13])).shape; // [32, 30]
 */
export class Linear extends Module {
  /** The size of the last dimension of x. */
  readonly inFeatures: number;
  /** The size of the last dimension of the result. */
  readonly outFeatures: number;
  /** W, `[outFeatures, inFeatures]`. */
  weight: Parameter;
  /** b, `[outFeatures]`, or null. */
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options?: { bias?: boolean }) {
    super();
    const { bias } = withDefaults('Linear', options, { bias: true });
    checkBoolean('Linear', 'bias', bias);
    this.inFeatures = checkInteger('Linear', 'inFeatures', inFeatures);
    this.outFeatures = checkInteger('Linear', 'outFeatures', outFeatures);
    this.weight = emptyParameter([outFeatures, inFeatures]);
    this.bias = bias ? emptyParameter([outFeatures]) : null;
    this.resetParameters();
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    if (this.inFeatures === 0) return;
    kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    const bound = 1 / Math.sqrt(this.inFeatures);
    if (this.bias !== null) uniform_(this.bias, -bound, bound);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Linear.forward', arguments.length);
    if (recorder !== null && !computes(this)) guard(this);
    return linear(x, this.weight, this.bias, 'Linear.forward');
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${pythonBool(this.bias !== null)}`;
  }
}
