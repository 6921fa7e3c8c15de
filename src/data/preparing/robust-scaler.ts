// Scales features to median 0 and a quantile range of 1.
import { checkBoolean, rangeError } from '../../errors';
import type { Tensor } from '../../tensor';
import type { Features } from './columns';
import { checkRange } from './min-max-scaler';
import { preparingOptions } from './options';
import { median, normalQuantile, percentile } from './quantiles';
import { mapped, numbersToFit, present, withoutZeros } from './scaling';
import { numbersToState, type PreparingState, StateReader } from './state';
import { type Fitted, fittedFromState, fittedState, namesIn } from './transformer';

/** The options of `RobustScaler`. */
export interface RobustScalerOptions {
  /** Whether the median is subtracted (true). */
  withCentering?: boolean;
  /** Whether values are divided by the range between the quantiles (true). */
  withScaling?: boolean;
  /** The quantiles, in percent (`[25, 75]`). */
  quantileRange?: readonly [low: number, high: number];
  /** Whether the range is divided by that of the standard normal distribution, so that a normally distributed column gets variance 1 (false). */
  unitVariance?: boolean;
}

/**
 * Subtracts the median of each column and divides by the range between two quantiles, which are robust to outliers. As
 * `sklearn.preprocessing.RobustScaler`.
 *
 * x is `[n, features]`, of numbers; the result is a float32 tensor, computed in float64. Quantiles are interpolated linearly. A range of 0 is replaced by 1.
 * `fit` ignores NaN, and `transform` keeps it. A RangeError for no rows and for infinite values, a SimdnnError `SIMDNN_NOT_FITTED`
 * if used before `fit`.
 *
 * @example
 * const scaler = new data.RobustScaler();
 * scaler.fitTransform(tensor([[1], [2], [3], [4], [1000]])).toArray(); // [[-1], [-0.5], [0], [0.5], [498.5]]
 */
export class RobustScaler implements Fitted {
  /** Whether the median is subtracted. */
  readonly withCentering: boolean;
  /** Whether values are divided by the range between the quantiles. */
  readonly withScaling: boolean;
  /** The quantiles, in percent. */
  readonly quantileRange: readonly [low: number, high: number];
  /** Whether the range is divided by that of the standard normal distribution. */
  readonly unitVariance: boolean;
  /** The median of each column; empty before `fit`. */
  center: readonly number[] = [];
  /** The divisor of each column; empty before `fit`. */
  scale: readonly number[] = [];
  nFeaturesIn = 0;
  featureNamesIn: readonly string[] | null = null;

  constructor(options?: RobustScalerOptions) {
    const o = preparingOptions<Required<RobustScalerOptions>>('RobustScaler', options, {
      withCentering: true,
      withScaling: true,
      quantileRange: [25, 75],
      unitVariance: false,
    });
    this.withCentering = checkBoolean('RobustScaler', 'withCentering', o.withCentering);
    this.withScaling = checkBoolean('RobustScaler', 'withScaling', o.withScaling);
    this.unitVariance = checkBoolean('RobustScaler', 'unitVariance', o.unitVariance);
    this.quantileRange = checkRange('RobustScaler', 'quantileRange', o.quantileRange, 0, 100);
    const [low, high] = this.quantileRange;
    if (low > high) throw rangeError('RobustScaler', `expected quantileRange to be in ascending order, got [${low}, ${high}]`);
    if (this.unitVariance && !(low > 0 && low < high && high < 100)) {
      throw rangeError('RobustScaler', `unitVariance needs two quantiles above 0 and below 100, got [${low}, ${high}]`);
    }
  }

  /** Learns the median and the range of each column of x. */
  fit(x: Features): this {
    const { list, ...fitted } = numbersToFit('RobustScaler.fit', x);
    const sorted = list.map((column) => present(column).slice().sort());
    const [low, high] = this.quantileRange;
    const unit = this.unitVariance ? normalQuantile(high / 100) - normalQuantile(low / 100) : 1;
    this.center = sorted.map(median);
    this.scale = sorted.map((column) => withoutZeros(percentile(column, high) - percentile(column, low)) / unit);
    Object.assign(this, fitted);
    return this;
  }

  /** `(x - center) / scale`, as a new tensor. */
  transform(x: Features): Tensor {
    const { center, scale } = this.used();
    return mapped('RobustScaler.transform', this, x, (value, c) => (value - center(c)) / scale(c));
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Features): Tensor {
    return this.fit(x).transform(x);
  }

  /** `x scale + center`, as a new tensor. */
  inverseTransform(x: Features): Tensor {
    const { center, scale } = this.used();
    return mapped('RobustScaler.inverseTransform', this, x, (value, c) => value * scale(c) + center(c));
  }

  /** The names of the columns: those of `fit`, those given, or `x0`, `x1`, ... */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    return [...namesIn('RobustScaler.getFeatureNamesOut', this, inputFeatures)];
  }

  /** The options. */
  getParams(): Required<RobustScalerOptions> {
    const { withCentering, withScaling, quantileRange, unitVariance } = this;
    return { withCentering, withScaling, quantileRange: [...quantileRange], unitVariance };
  }

  /** The fitted state, for `loadStateDict`. */
  stateDict(): PreparingState {
    const [center, scale] = [this.center, this.scale].map(numbersToState);
    return { ...fittedState(this), center: center!, scale: scale! };
  }

  /** Loads the `stateDict()` of another scaler. */
  loadStateDict(state: PreparingState): void {
    const where = 'RobustScaler.loadStateDict';
    const reader = new StateReader(where, state);
    const fitted = fittedFromState(where, reader);
    const [center, scale] = [reader.numbers('center', fitted.nFeaturesIn), reader.numbers('scale', fitted.nFeaturesIn)];
    if (scale.some((value) => value <= 0)) throw rangeError(where, 'expected scale to be above 0');
    Object.assign(this, fitted, { center, scale });
  }

  private used(): { center: (c: number) => number; scale: (c: number) => number } {
    const { center, scale, withCentering, withScaling } = this;
    return { center: withCentering ? (c) => center[c]! : () => 0, scale: withScaling ? (c) => scale[c]! : () => 1 };
  }
}
