// Normalisation of columns over the rows of a batch, with running statistics for evaluation.
import { noGrad } from '../autograd';
import { checkBoolean, checkInteger, withDefaults } from '../errors';
import { batchNorm } from '../ops/batch-norm';
import { full, ones, zeros } from '../ops/create';
import type { Tensor } from '../tensor';
import { pythonBool } from './format';
import { ones_, zeros_ } from './init';
import { checkInputs } from './inputs';
import { Module } from './module';
import { number, Options, orNull } from './options';
import { emptyParameter, type Parameter } from './parameter';

/** The options of `BatchNorm1d`. */
export interface BatchNorm1dOptions {
  /** Added to the variance (1e-5). */
  eps?: number;
  /** The weight of a batch in the running statistics (0.1); null: they are the plain mean over all batches. */
  momentum?: number | null;
  /** Whether it has a weight and a bias (true). */
  affine?: boolean;
  /** Whether it has a bias, if it has a weight (true). */
  bias?: boolean;
  /** Whether it keeps running statistics (true); without them evaluation uses the batch's statistics too. */
  trackRunningStats?: boolean;
}

/** The defaults of the options of `BatchNorm1d`. */
export const batchNormDefaults: Required<BatchNorm1dOptions> = {
  eps: 1e-5,
  momentum: 0.1,
  affine: true,
  bias: true,
  trackRunningStats: true,
};

const batchNormOptions = new Options('BatchNorm1d', { eps: number(0), momentum: orNull(number(0, 1)) });

/**
 * `(x - mean) / sqrt(variance + eps) * weight + bias` for each column: `torch.nn.BatchNorm1d`. In training the mean and the variance are the batch's, and the running
 * ones are updated; in evaluation they are the running ones.
 *
 * Shapes: x `[n, numFeatures]` or `[n, numFeatures, length]`; the result has the shape of x; `weight` and `bias` are `[numFeatures]` and start as ones and zeros, both null
 * with `affine: false`, bias alone with `bias: false`. The buffers have PyTorch's names: `running_mean`, `running_var`, `num_batches_tracked` (int32), or null with `trackRunningStats:
 * false`. A RangeError for a batch of one row in training, and for an empty one, which PyTorch accepts. Source: Ioffe and Szegedy, arXiv 1502.03167.
 *
 * @example
 * const norm = new nn.BatchNorm1d(1, { momentum: 0.5 });
 * norm.forward(tensor([[1], [5]]));
 * norm.runningMean.toArray(); // [1.5]
 */
export class BatchNorm1d extends Module {
  /** The size of dimension 1 of x. */
  readonly numFeatures: number;
  /** Added to the variance. */
  eps: number;
  /** The weight of a batch in the running statistics; null: they are the plain mean over all batches. */
  momentum: number | null;
  /** A factor for each column, or null. */
  weight: Parameter | null;
  /** Added to each column, or null. */
  bias: Parameter | null;
  declare private running_mean: Tensor | null;
  declare private running_var: Tensor | null;
  declare private num_batches_tracked: Tensor | null;

  constructor(numFeatures: number, options?: BatchNorm1dOptions) {
    super();
    const filled = batchNormOptions.checked(withDefaults('BatchNorm1d', options, batchNormDefaults));
    const { eps, momentum, affine, bias, trackRunningStats } = filled;
    checkBoolean('BatchNorm1d', 'affine', affine);
    checkBoolean('BatchNorm1d', 'bias', bias);
    const tracks = checkBoolean('BatchNorm1d', 'trackRunningStats', trackRunningStats);
    this.numFeatures = checkInteger('BatchNorm1d', 'numFeatures', numFeatures);
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? emptyParameter([numFeatures]) : null;
    this.bias = affine && bias ? emptyParameter([numFeatures]) : null;
    this.registerBuffer('running_mean', tracks ? zeros([numFeatures]) : null);
    this.registerBuffer('running_var', tracks ? ones([numFeatures]) : null);
    this.registerBuffer('num_batches_tracked', tracks ? full([], 0, { dtype: 'int32' }) : null);
    this.resetParameters();
  }

  /** The running mean of each column, or null: the buffer `running_mean`. */
  get runningMean(): Tensor | null {
    return this.running_mean;
  }
  set runningMean(mean: Tensor | null) {
    this.running_mean = mean;
  }

  /** The running variance of each column, or null: the buffer `running_var`. */
  get runningVar(): Tensor | null {
    return this.running_var;
  }
  set runningVar(variance: Tensor | null) {
    this.running_var = variance;
  }

  /** The number of batches in the running statistics, or null: the buffer `num_batches_tracked`. */
  get numBatchesTracked(): Tensor | null {
    return this.num_batches_tracked;
  }
  set numBatchesTracked(count: Tensor | null) {
    this.num_batches_tracked = count;
  }

  /** Sets the running mean to zeros, the running variance to ones and their count to 0. */
  resetRunningStats(): void {
    noGrad(() => {
      this.running_mean?.zero_();
      this.running_var?.fill_(1);
      this.num_batches_tracked?.zero_();
    });
  }

  /** Sets the weight to ones and the bias to zeros, and resets the running statistics. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('BatchNorm1d.forward', arguments.length);
    batchNormOptions.use(this);
    const { running_mean: mean, running_var: variance, num_batches_tracked: count } = this;
    const training = this.training || mean === null || variance === null;
    let momentum: number | Tensor = this.momentum ?? 0;
    if (this.training && count !== null) {
      noGrad(() => count.add_(1));
      if (this.momentum === null) momentum = count.to('float32').reciprocal();
    }
    const options = { weight: this.weight, bias: this.bias, training, momentum, eps: this.eps };
    return batchNorm(
      x,
      this.training || !training ? mean : null,
      this.training || !training ? variance : null,
      options,
      'BatchNorm1d.forward',
    );
  }

  override extraRepr(): string {
    const has = (t: Tensor | null): string => pythonBool(t !== null);
    const flags = `affine=${has(this.weight)}, bias=${has(this.bias)}, track_running_stats=${has(this.running_mean)}`;
    return `${this.numFeatures}, ${batchNormOptions.print(this)}, ${flags}`;
  }
}
