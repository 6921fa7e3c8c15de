// Features brought to zero mean and unit variance.
import { describe, rangeError, SimdnnError, typeError } from '../errors';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';

/** What `StandardScaler` has learned, as plain numbers that JSON keeps exactly. */
export interface StandardScalerState {
  /** The mean of each column. */
  mean: number[];
  /** What each column is divided by. */
  scale: number[];
}

/**
 * Brings each column to mean 0 and standard deviation 1: `(x - mean) / scale`. As `sklearn.preprocessing.StandardScaler`.
 *
 * `fit` learns mean and scale of x `[n, features]`: `scale` is the population's standard deviation (divided by n), and 1 for a column
 * that is constant. Both are float64, and so is the arithmetic. A RangeError for no rows and for values that are not finite, a
 * SimdnnError `SIMDNN_NOT_FITTED` for use before `fit`.
 *
 * @example
 * const scaler = new data.StandardScaler();
 * const x = scaler.fitTransform(tensor([[1, 5], [3, 5]]));
 * x.toArray(); // [[-1, 0], [1, 0]]
 * scaler.transform(tensor([[5, 6]])).toArray(); // [[3, 1]]
 */
export class StandardScaler {
  /** The mean of each column; empty before `fit`. */
  mean: readonly number[] = [];
  /** What each column is divided by; empty before `fit`. */
  scale: readonly number[] = [];

  /** Learns mean and scale of the columns of x. */
  fit(x: Tensor): this {
    const [rows, columns] = matrix('StandardScaler.fit', x);
    if (rows === 0) throw rangeError('StandardScaler.fit', 'x has no rows');
    const mean = new Array<number>(columns);
    const scale = new Array<number>(columns);
    for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let i = c; i < x.numel; i += columns) sum += x.values[i]!;
      if (!Number.isFinite(sum)) throw rangeError('StandardScaler.fit', `column ${c} has a value that is not finite`);
      const m = sum / rows;
      const first = x.values[c]!;
      let squares = 0;
      let constant = true;
      for (let i = c; i < x.numel; i += columns) {
        squares += (x.values[i]! - m) ** 2;
        if (x.values[i] !== first) constant = false;
      }
      mean[c] = constant ? first : m;
      scale[c] = constant ? 1 : Math.sqrt(squares / rows);
    }
    this.mean = mean;
    this.scale = scale;
    return this;
  }

  /** `(x - mean) / scale`, as a fresh tensor. */
  transform(x: Tensor): Tensor {
    return this.map('StandardScaler.transform', x, (value, mean, scale) => (value - mean) / scale);
  }

  /** `fit(x)`, then `transform(x)`. */
  fitTransform(x: Tensor): Tensor {
    return this.fit(x).transform(x);
  }

  /** `x scale + mean`, as a fresh tensor. */
  inverseTransform(x: Tensor): Tensor {
    return this.map('StandardScaler.inverseTransform', x, (value, mean, scale) => value * scale + mean);
  }

  /** What `fit` has learned, for `loadStateDict`. */
  stateDict(): StandardScalerState {
    return { mean: [...this.mean], scale: [...this.scale] };
  }

  /** Takes over what another scaler's `stateDict()` gave. */
  loadStateDict(state: StandardScalerState): void {
    const { mean, scale } = state ?? {};
    if (!isNumbers(mean) || !isNumbers(scale)) {
      throw typeError('StandardScaler.loadStateDict', `expected { mean, scale }, two arrays of finite numbers, got ${describe(state)}`);
    }
    if (mean.length !== scale.length) {
      throw rangeError('StandardScaler.loadStateDict', `mean has ${mean.length} columns, scale ${scale.length}`);
    }
    this.mean = [...mean];
    this.scale = [...scale];
  }

  private map(where: string, x: Tensor, f: (value: number, mean: number, scale: number) => number): Tensor {
    if (this.mean.length === 0)
      throw new SimdnnError('SIMDNN_NOT_FITTED', `[${where}] the scaler has not seen data yet\n  hint: call fit(x) first`);
    const [, columns] = matrix(where, x);
    if (columns !== this.mean.length) {
      throw rangeError(where, `expected x [*, ${this.mean.length}], got ${shapeText(x.shape)}`);
    }
    const out = empty(x.shape.slice());
    for (let i = 0; i < x.numel; i++) {
      const c = i % columns;
      out.values[i] = f(x.values[i]!, this.mean[c]!, this.scale[c]!);
    }
    return out;
  }
}

const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every(Number.isFinite);

function matrix(where: string, x: Tensor): [rows: number, columns: number] {
  recorder?.reading(where);
  checkTensor(where, 'x', x, 'float32');
  if (x.shape.length !== 2 || x.shape[1] === 0) throw rangeError(where, `expected x [n, features], got ${shapeText(x.shape)}`);
  return x.shape as [number, number];
}
