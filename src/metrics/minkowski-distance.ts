// The Minkowski distance of predictions and targets.
import { checkNumber, rangeError, withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { scalar } from './counts';
import { Metric } from './metric';
import { pairsOf } from './outputs';

/** The options of `MinkowskiDistance`. */
export interface MinkowskiDistanceOptions {
  /** The exponent, a finite number of at least 1. */
  p: number;
}

/**
 * The distance `(sum |pred - target|^p)^(1 / p)` between all predictions and all targets: with `p: 1` the Manhattan distance, with `p: 2` the Euclidean one. As
 * `torchmetrics.MinkowskiDistance`.
 *
 * `update(preds, target)` takes tensors of the same shape, float32 or int32. `compute()` is a scalar; 0 before any update. Being a sum, it grows with the
 * number of samples.
 *
 * @example
 * const distance = new metrics.MinkowskiDistance({ p: 2 });
 * distance.update(tensor([1, 2]), tensor([4, 6]));
 * distance.compute().item(); // 5
 */
export class MinkowskiDistance extends Metric {
  override readonly higherIsBetter = false;
  private readonly p: number;

  // The sum of the powers of the errors, in units of the largest error, whose own power might overflow.
  private largest = 0;
  private sum = 0;

  constructor(options: MinkowskiDistanceOptions) {
    super();
    const { p } = withDefaults<{ p: number | undefined }>('MinkowskiDistance', options, { p: undefined });
    this.p = checkNumber('MinkowskiDistance', 'p', p, 1);
    if (this.p === Infinity) throw rangeError('MinkowskiDistance', 'expected p to be finite, got Infinity');
  }

  update(preds: Tensor, target: Tensor): void {
    const pairs = pairsOf('MinkowskiDistance.update', preds, target);
    const { p } = this;
    let { largest, sum } = this;
    for (let i = 0; i < pairs.target.length; i++) {
      const size = Math.abs(pairs.preds[i]! - pairs.target[i]!);
      if (size === 0) continue;
      if (size > largest) {
        sum = size === Infinity ? sum : sum * (largest / size) ** p;
        largest = size;
      }
      sum += size === largest ? 1 : (size / largest) ** p;
    }
    this.largest = largest;
    this.sum = sum;
  }

  compute(): Tensor {
    return scalar(this.sum === 0 ? 0 : this.largest * this.sum ** (1 / this.p));
  }

  reset(): void {
    this.largest = 0;
    this.sum = 0;
  }
}
