// Scales features to zero mean and unit variance.
import { checkBoolean, typeError } from '../../errors';
import type { Tensor } from '../../tensor';
import type { Features } from './columns';
import { preparingOptions } from './options';
import { mapped, numbersToFit, present } from './scaling';
import { numbersToState, StateReader } from './state';
import { type Fitted, fittedFromState, fittedState, namesIn } from './transformer';

/** The options of `StandardScaler`. */
export interface StandardScalerOptions {
  /** Whether the mean is subtracted (true). */
  withMean?: boolean;
  /** Whether values are divided by the standard deviation (true). */
  withStd?: boolean;
}

/** The state of a `StandardScaler`, as plain numbers that JSON represents exactly; null stands for NaN. */
export interface StandardScalerState {
  /** The mean of each column. */
  mean: (number | null)[];
  /** The divisor of each column. */
  scale: (number | null)[];
  /** The variance of each column; states of earlier versions do not have it, and it is the square of `scale` then. */
  var?: (number | null)[];
  /** The number of values of each column. */
  nSamplesSeen?: number[];
  /** The number of columns. */
  nFeaturesIn?: number;
  /** The names of the columns. */
  featureNamesIn?: string[] | null;
}

interface Moments {
  mean: number;
  variance: number;
  scale: number;
}

// Two passes. The sum of the deviations from the mean, which would be 0 without rounding, corrects the variance.
function momentsOf(values: Float64Array): Moments {
  const n = values.length;
  const first = values[0];
  if (first === undefined) return { mean: Number.NaN, variance: Number.NaN, scale: Number.NaN };
  if (values.every((value) => value === first)) return { mean: first, variance: 0, scale: 1 };
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value - mean;
    squares += (value - mean) ** 2;
  }
  const variance = (squares - sum ** 2 / n) / n;
  // The variance that rounding alone can give a constant column, by the bound of Chan, Golub and LeVeque that scikit-learn uses.
  const bound = n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2;
  return { mean, variance, scale: variance <= bound ? 1 : Math.sqrt(variance) };
}

/**
 * Scales each column to mean 0 and standard deviation 1: `(x - mean) / scale`. As `sklearn.preprocessing.StandardScaler`.
 *
 * x is `[n, features]`, of numbers: a tensor, a table, columns by name, or rows; the result is a float32 tensor. `scale` is the population's
 * standard deviation (divided by n), or 1 for a constant column. Statistics and arithmetic are float64. `fit` ignores NaN, and `transform`
 * keeps it. A RangeError for no rows and for infinite values, a SimdnnError `SIMDNN_NOT_FITTED` if used before `fit`.
 *
 * @example
 * const scaler = new data.StandardScaler();
 * const x = scaler.fitTransform(tensor([[1, 5], [3, 5]]));
 * x.toArray(); // [[-1, 0], [1, 0]]
 * scaler.transform(tensor([[5, 6]])).toArray(); // [[3, 1]]
 */
export class StandardScaler implements Fitted {
  /** Whether the mean is subtracted. */
  readonly withMean: boolean;
  /** Whether values are divided by the standard deviation. */
  readonly withStd: boolean;
  /** The mean of each column; empty before `fit`. */
  mean: readonly number[] = [];
  /** The variance of each column; empty before `fit`. */
  var: readonly number[] = [];
  /** The divisor of each column; empty before `fit`. */
  scale: readonly number[] = [];
  /** The number of values of each column that are not NaN. */
  nSamplesSeen: readonly number[] = [];
  nFeaturesIn = 0;
  featureNamesIn: readonly string[] | null = null;

  constructor(options?: StandardScalerOptions) {
    const o = preparingOptions<Required<StandardScalerOptions>>('StandardScaler', options, { withMean: true, withStd: true });
    this.withMean = checkBoolean('StandardScaler', 'withMean', o.withMean);
    this.withStd = checkBoolean('StandardScaler', 'withStd', o.withStd);
  }

  /** Learns the mean and scale of each column of x. */
  fit(x: Features): this {
    const { list, ...fitted } = numbersToFit('StandardScaler.fit', x);
    const values = list.map(present);
    const moments = values.map(momentsOf);
    this.mean = moments.map(({ mean }) => mean);
    this.var = moments.map(({ variance }) => variance);
    this.scale = moments.map(({ scale }) => scale);
    this.nSamplesSeen = values.map(({ length }) => length);
    Object.assign(this, fitted);
    return this;
  }

  /** `(x - mean) / scale`, as a new tensor. */
  transform(x: Features): Tensor {
    const { mean, scale } = this.used();
    return mapped('StandardScaler.transform', this, x, (value, c) => (value - mean(c)) / scale(c));
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Features): Tensor {
    return this.fit(x).transform(x);
  }

  /** `x scale + mean`, as a new tensor. */
  inverseTransform(x: Features): Tensor {
    const { mean, scale } = this.used();
    return mapped('StandardScaler.inverseTransform', this, x, (value, c) => value * scale(c) + mean(c));
  }

  /** The names of the columns: those of `fit`, those given, or `x0`, `x1`, ... */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    return [...namesIn('StandardScaler.getFeatureNamesOut', this, inputFeatures)];
  }

  /** The options. */
  getParams(): Required<StandardScalerOptions> {
    return { withMean: this.withMean, withStd: this.withStd };
  }

  /** The fitted state, for `loadStateDict`. */
  stateDict(): StandardScalerState {
    const [mean, variance, scale] = [this.mean, this.var, this.scale].map(numbersToState);
    return { ...fittedState(this), mean: mean!, var: variance!, scale: scale!, nSamplesSeen: [...this.nSamplesSeen] };
  }

  /** Loads the `stateDict()` of another scaler. */
  loadStateDict(state: StandardScalerState): void {
    const where = 'StandardScaler.loadStateDict';
    const reader = new StateReader(where, state);
    const mean = reader.numbers('mean');
    const fitted = fittedFromState(where, reader, mean.length);
    if (mean.length !== fitted.nFeaturesIn) reader.list('mean', fitted.nFeaturesIn);
    const scale = reader.numbers('scale', mean.length);
    const variance = reader.has('var') ? reader.numbers('var', mean.length) : scale.map((value) => value ** 2);
    if (scale.some((value) => value <= 0) || variance.some((value) => value < 0)) {
      throw typeError(where, 'expected scale to be above 0, and var at least 0');
    }
    const seen = reader.has('nSamplesSeen') ? reader.numbers('nSamplesSeen', mean.length) : [];
    Object.assign(this, fitted, { mean, scale, var: variance, nSamplesSeen: seen });
  }

  private used(): { mean: (c: number) => number; scale: (c: number) => number } {
    const { mean, scale, withMean, withStd } = this;
    return { mean: withMean ? (c) => mean[c]! : () => 0, scale: withStd ? (c) => scale[c]! : () => 1 };
  }
}
