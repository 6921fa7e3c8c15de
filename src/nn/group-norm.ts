// Normalisation of groups of channels.
import { checkBoolean, checkInteger, rangeError, withDefaults } from '../errors';
import { groupNorm } from '../ops/group-norm';
import type { Tensor } from '../tensor';
import { pythonBool } from './format';
import { ones_, zeros_ } from './init';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options } from './options';
import { emptyParameter, type Parameter } from './parameter';

const options = new Options('GroupNorm', { eps: number(0) });

/**
 * `(x - mean) / sqrt(variance + eps) * weight + bias`, mean and variance over each of `numGroups` groups of the channels of a row: `torch.nn.GroupNorm`.
 *
 * Shapes: x `[n, numChannels, ...]`; the result has the shape of x; `weight` and `bias` are `[numChannels]` and start as ones and zeros, both null with `affine: false`,
 * bias alone with `bias: false`. `eps` is 1e-5 by default. A RangeError unless the groups divide the channels. Source: Wu and He, arXiv 1803.08494.
 *
 * @example
 * new nn.GroupNorm(2, 4).forward(zeros([3, 4, 5])).shape; // [3, 4, 5]
 */
export class GroupNorm extends Module {
  /** The number of groups. */
  readonly numGroups: number;
  /** The size of dimension 1 of x. */
  readonly numChannels: number;
  /** Added to the variance. */
  eps: number;
  /** A factor for each channel, or null. */
  weight: Parameter | null;
  /** Added to each channel, or null. */
  bias: Parameter | null;

  constructor(numGroups: number, numChannels: number, given?: { eps?: number; affine?: boolean; bias?: boolean }) {
    super();
    const { eps, affine, bias } = options.checked(withDefaults('GroupNorm', given, { eps: 1e-5, affine: true, bias: true }));
    checkBoolean('GroupNorm', 'affine', affine);
    checkBoolean('GroupNorm', 'bias', bias);
    this.numGroups = checkInteger('GroupNorm', 'numGroups', numGroups, 1);
    this.numChannels = checkInteger('GroupNorm', 'numChannels', numChannels);
    if (numChannels % numGroups !== 0) throw rangeError('GroupNorm', `${numGroups} groups do not divide ${numChannels} channels`);
    this.eps = eps;
    this.weight = affine ? emptyParameter([numChannels]) : null;
    this.bias = affine && bias ? emptyParameter([numChannels]) : null;
    this.resetParameters();
  }

  /** Sets the weight to ones and the bias to zeros. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('GroupNorm.forward', arguments.length);
    options.use(this);
    const { weight, bias, eps } = this;
    return groupNorm(x, this.numGroups, { weight, bias, eps }, 'GroupNorm.forward');
  }

  override extraRepr(): string {
    const has = (t: Parameter | null): string => pythonBool(t !== null);
    return `${this.numGroups}, ${this.numChannels}, ${options.print(this)}, affine=${has(this.weight)}, bias=${has(this.bias)}`;
  }
}
