// Scales features to a range.
import { checkBoolean, checkNumber, describe, rangeError, typeError } from '../../errors';
import type { Tensor } from '../../tensor';
import type { Features } from './columns';
import { preparingOptions } from './options';
import { mapped, numbersToFit, present, withoutZeros } from './scaling';
import { numbersToState, type PreparingState, StateReader } from './state';
import { type Fitted, fittedFromState, fittedState, namesIn } from './transformer';

/** The options of `MinMaxScaler`. */
export interface MinMaxScalerOptions {
  /** The smallest and largest value of the result (`[0, 1]`). */
  featureRange?: readonly [low: number, high: number];
  /** Whether values outside the range seen by `fit` are clipped (false). */
  clip?: boolean;
}

/** Throws unless the value is a pair of ascending numbers. */
export function checkRange(where: string, name: string, value: unknown, low?: number, high?: number): readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2) {
    throw typeError(where, `expected ${name} to be a pair of numbers, got ${describe(value)}`);
  }
  for (const end of value) {
    checkNumber(where, name, end, low, high);
    if (!Number.isFinite(end)) throw rangeError(where, `expected ${name} to be finite, got ${end}`);
  }
  return [value[0], value[1]];
}

/**
 * Scales each column to a range: `(x - dataMin) / (dataMax - dataMin) (high - low) + low`. As `sklearn.preprocessing.MinMaxScaler`.
 *
 * x is `[n, features]`, of numbers; the result is a float32 tensor, computed in float64. A constant column becomes `low`. `fit` ignores NaN,
 * and `transform` keeps it. A RangeError for no rows and for infinite values, a SimdnnError `SIMDNN_NOT_FITTED` if used before `fit`.
 *
 * @example
 * const scaler = new data.MinMaxScaler({ clip: true });
 * scaler.fitTransform(tensor([[1], [2], [5]])).toArray(); // [[0], [0.25], [1]]
 * scaler.transform(tensor([[7]])).toArray(); // [[1]]
 */
export class MinMaxScaler implements Fitted {
  /** The smallest and largest value of the result. */
  readonly featureRange: readonly [low: number, high: number];
  /** Whether values outside the range seen by `fit` are clipped. */
  readonly clip: boolean;
  /** The smallest value of each column; empty before `fit`. */
  dataMin: readonly number[] = [];
  /** The largest value of each column; empty before `fit`. */
  dataMax: readonly number[] = [];
  /** `dataMax - dataMin`. */
  dataRange: readonly number[] = [];
  /** The factor of each column. */
  scale: readonly number[] = [];
  /** The offset of each column, added after the multiplication. */
  min: readonly number[] = [];
  /** The number of rows of `fit`. */
  nSamplesSeen = 0;
  nFeaturesIn = 0;
  featureNamesIn: readonly string[] | null = null;

  constructor(options?: MinMaxScalerOptions) {
    const o = preparingOptions<Required<MinMaxScalerOptions>>('MinMaxScaler', options, { featureRange: [0, 1], clip: false });
    this.featureRange = checkRange('MinMaxScaler', 'featureRange', o.featureRange);
    if (!(this.featureRange[0] < this.featureRange[1])) {
      throw rangeError('MinMaxScaler', `expected featureRange to be in ascending order, got [${this.featureRange.join(', ')}]`);
    }
    this.clip = checkBoolean('MinMaxScaler', 'clip', o.clip);
  }

  /** Learns the smallest and largest value of each column of x. */
  fit(x: Features): this {
    const { list, ...fitted } = numbersToFit('MinMaxScaler.fit', x);
    const values = list.map(present);
    const extreme = (column: Float64Array, f: (a: number, b: number) => number): number =>
      column.length === 0 ? Number.NaN : column.reduce((a, b) => f(a, b));
    this.learn(
      values.map((column) => extreme(column, Math.min)),
      values.map((column) => extreme(column, Math.max)),
    );
    Object.assign(this, fitted, { nSamplesSeen: list[0]!.length });
    return this;
  }

  /** `x scale + min`, as a new tensor. */
  transform(x: Features): Tensor {
    const { scale, min, clip } = this;
    const [low, high] = this.featureRange;
    const clipped = (value: number): number => (clip ? Math.min(Math.max(value, low), high) : value);
    return mapped('MinMaxScaler.transform', this, x, (value, c) => clipped(value * scale[c]! + min[c]!));
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Features): Tensor {
    return this.fit(x).transform(x);
  }

  /** `(x - min) / scale`, as a new tensor. */
  inverseTransform(x: Features): Tensor {
    return mapped('MinMaxScaler.inverseTransform', this, x, (value, c) => (value - this.min[c]!) / this.scale[c]!);
  }

  /** The names of the columns: those of `fit`, those given, or `x0`, `x1`, ... */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    return [...namesIn('MinMaxScaler.getFeatureNamesOut', this, inputFeatures)];
  }

  /** The options. */
  getParams(): Required<MinMaxScalerOptions> {
    return { featureRange: [...this.featureRange], clip: this.clip };
  }

  /** The fitted state, for `loadStateDict`. */
  stateDict(): PreparingState {
    const [dataMin, dataMax] = [this.dataMin, this.dataMax].map(numbersToState);
    return { ...fittedState(this), dataMin: dataMin!, dataMax: dataMax!, nSamplesSeen: this.nSamplesSeen };
  }

  /** Loads the `stateDict()` of another scaler. */
  loadStateDict(state: PreparingState): void {
    const where = 'MinMaxScaler.loadStateDict';
    const reader = new StateReader(where, state);
    const fitted = fittedFromState(where, reader);
    const [dataMin, dataMax] = [reader.numbers('dataMin', fitted.nFeaturesIn), reader.numbers('dataMax', fitted.nFeaturesIn)];
    const odd = dataMin.findIndex((low, c) => low > dataMax[c]! || Number.isNaN(low) !== Number.isNaN(dataMax[c]));
    if (odd >= 0) throw rangeError(where, `column ${odd} has a dataMin of ${dataMin[odd]} and a dataMax of ${dataMax[odd]}`);
    const nSamplesSeen = reader.integer('nSamplesSeen');
    this.learn(dataMin, dataMax);
    Object.assign(this, fitted, { nSamplesSeen });
  }

  private learn(dataMin: readonly number[], dataMax: readonly number[]): void {
    const [low, high] = this.featureRange;
    this.dataMin = dataMin;
    this.dataMax = dataMax;
    this.dataRange = dataMax.map((max, c) => max - dataMin[c]!);
    this.scale = this.dataRange.map((range) => (high - low) / withoutZeros(range));
    this.min = dataMin.map((min, c) => low - min * this.scale[c]!);
  }
}
