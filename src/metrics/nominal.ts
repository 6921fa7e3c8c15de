// Association between two series of categories.
import { checkBoolean, checkInteger, checkNumber, checkOneOf, rangeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { scalar } from './counts';
import { marginsOf } from './margins';
import { Metric } from './metric';
import { highestOf } from './order';

/** The options of `TheilsU` and `PearsonsContingencyCoefficient`. */
export interface NominalOptions {
  /** The number of categories of both series. */
  numClasses: number;
  /** Whether NaN is replaced by the category `nanReplaceValue`, or pairs with NaN are omitted ("replace"). */
  nanStrategy?: 'replace' | 'drop';
  /** The category that replaces NaN (0). */
  nanReplaceValue?: number;
}

/** The options of `CramersV` and `TschuprowsT`. */
export interface BiasCorrectedOptions extends NominalOptions {
  /** Whether Bergsma's correction for the bias of few samples is applied (true). */
  biasCorrection?: boolean;
}

interface Settings {
  numClasses: number | undefined;
  nanStrategy: 'replace' | 'drop';
  nanReplaceValue: number;
  biasCorrection: boolean;
}

// The contingency table, with targets as rows and predictions as columns, without empty rows and columns.
interface Table {
  counts: Float64Array[];
  rows: Float64Array;
  columns: Float64Array;
  total: number;
}

// The categories of a series: the numbers, or the first of the highest scores in each row.
function categoriesOf(where: string, name: string, series: Tensor): ArrayLike<number> {
  checkTensor(where, name, series);
  const { shape, values } = series;
  if (shape.length === 1) return values;
  if (shape.length !== 2 || shape[1] === 0) throw rangeError(where, `expected ${name} [n] or [n, classes], got ${shapeText(shape)}`);
  const [n, width] = shape as [number, number];
  return Float64Array.from({ length: n }, (_, row) => highestOf(width, (c) => values[row * width + c]!));
}

/** A figure of a contingency table. */
abstract class Nominal extends Metric {
  override readonly higherIsBetter = true;
  /** @internal */
  protected readonly biasCorrection: boolean;
  private readonly numClasses: number;
  private readonly drops: boolean;
  private readonly nanReplaceValue: number;
  private readonly counts: Float64Array;

  /** @internal `biasCorrection` is null if the metric has no such option. */
  constructor(name: string, options: NominalOptions, biasCorrection: true | null) {
    super();
    const defaults = { numClasses: undefined, nanStrategy: 'replace', nanReplaceValue: 0 } as const;
    const o = withDefaults<Partial<Settings>>(
      name,
      options,
      biasCorrection === null ? defaults : { ...defaults, biasCorrection },
    ) as Settings;
    this.numClasses = checkInteger(name, 'numClasses', o.numClasses, 1);
    if (this.numClasses > 2 ** 15) throw rangeError(name, `expected numClasses up to ${2 ** 15}, got ${o.numClasses}`);
    this.drops = checkOneOf(name, 'nanStrategy', o.nanStrategy, ['replace', 'drop']) === 'drop';
    this.nanReplaceValue = checkNumber(name, 'nanReplaceValue', o.nanReplaceValue);
    this.biasCorrection = biasCorrection === null ? false : checkBoolean(name, 'biasCorrection', o.biasCorrection);
    this.counts = new Float64Array(this.numClasses ** 2);
  }

  /** @internal */
  protected abstract figure(table: Table): number;

  /** @internal */
  protected take(name: string, preds: Tensor, target: Tensor): void {
    const where = `${name}.update`;
    recorder?.reading(where);
    const [given, wanted] = [categoriesOf(where, 'preds', preds), categoriesOf(where, 'target', target)];
    if (given.length !== wanted.length)
      throw rangeError(where, `expected as many predictions as targets, got ${given.length} and ${wanted.length}`);
    const { numClasses, nanReplaceValue } = this;
    const checked = (what: string, value: number, i: number): number => {
      const category = Number.isNaN(value) ? nanReplaceValue : value;
      if (Number.isInteger(category) && category >= 0 && category < numClasses) return category;
      throw rangeError(where, `expected ${what} to be a category from 0 to ${numClasses - 1}, got ${category} at position ${i}`);
    };
    const places: number[] = [];
    for (let i = 0; i < given.length; i++) {
      const [guess, truth] = [given[i]!, wanted[i]!];
      if (this.drops && (Number.isNaN(guess) || Number.isNaN(truth))) continue;
      places.push(checked('target', truth, i) * numClasses + checked('preds', guess, i));
    }
    for (const place of places) this.counts[place]!++;
  }

  compute(): Tensor {
    const { numClasses } = this;
    const { targets, predictions, total } = marginsOf(this.counts, numClasses);
    const counts = Array.from(targets, (_, row) => this.counts.subarray(row * numClasses, (row + 1) * numClasses))
      .filter((_, row) => targets[row] !== 0)
      .map((row) => row.filter((_, column) => predictions[column] !== 0));
    const some = (margin: Float64Array): Float64Array => margin.filter((count) => count !== 0);
    return scalar(this.figure({ counts, rows: some(targets), columns: some(predictions), total }));
  }

  reset(): void {
    this.counts.fill(0);
  }
}

// Pearson's chi squared over the number of pairs. For a table of two by two, Yates's correction moves each count by up to a half towards the expected count.
function phiSquared({ counts, rows, columns, total }: Table, corrects: boolean): number {
  const freedom = (rows.length - 1) * (columns.length - 1);
  if (freedom === 0) return 0 / total;
  let sum = 0;
  counts.forEach((row, i) => {
    row.forEach((count, j) => {
      const expected = (rows[i]! * columns[j]!) / total;
      const distance = Math.abs(count - expected);
      sum += (corrects && freedom === 1 ? distance - Math.min(0.5, Number(distance > 0)) : distance) ** 2 / expected;
    });
  });
  return sum / total;
}

const clamped = (value: number): number => Math.min(1, Math.max(0, value));

/**
 * The square root of phi squared over a mean of the numbers of rows and columns less 1. Source: Bergsma, Journal of the Korean Statistical Society 42 (2013).
 */
abstract class Associated extends Nominal {
  /** @internal */
  protected abstract mean(rows: number, columns: number): number;

  /** @internal */
  protected override figure(table: Table): number {
    const phi = phiSquared(table, this.biasCorrection);
    const [rows, columns] = [table.rows.length - 1, table.columns.length - 1];
    if (!this.biasCorrection) return clamped(Math.sqrt(phi / this.mean(rows, columns)));
    const others = table.total - 1;
    const corrected = (count: number): number => count - count ** 2 / others;
    if (Math.min(corrected(rows), corrected(columns)) === 0) return Number.NaN;
    const excess = Math.max(0, phi - (rows * columns) / others);
    return clamped(Math.sqrt(excess / this.mean(corrected(rows), corrected(columns))));
  }
}

/**
 * Cramér's V, the square root of `chi^2 / (n min(r - 1, c - 1))`, where chi^2 is Pearson's statistic of the contingency table with r categories of targets and
 * c of predictions. As `torchmetrics.CramersV`.
 *
 * `update(preds, target)` takes categories from 0 to `numClasses - 1`, float32 or int32 `[n]`, or scores `[n, classes]`, whose highest is the category.
 * `compute()` is a scalar from 0 (no association) to 1; NaN if either side has only one category, and before any update.
 *
 * @example
 * const v = new metrics.CramersV({ numClasses: 2, biasCorrection: false });
 * v.update(tensor([0, 0, 1, 1]), tensor([1, 1, 0, 0]));
 * v.compute().item(); // 1
 */
export class CramersV extends Associated {
  constructor(options: BiasCorrectedOptions) {
    super('CramersV', options, true);
  }

  update(preds: Tensor, target: Tensor): void {
    this.take('CramersV', preds, target);
  }

  /** @internal */
  protected override mean(rows: number, columns: number): number {
    return Math.min(rows, columns);
  }
}

/**
 * Tschuprow's T, the square root of `chi^2 / (n sqrt((r - 1) (c - 1)))`. As `torchmetrics.TschuprowsT`; for `update`, names and special cases see `CramersV`.
 *
 * @example
 * const t = new metrics.TschuprowsT({ numClasses: 2, biasCorrection: false });
 * t.update(tensor([0, 0, 1, 1]), tensor([1, 1, 0, 0]));
 * t.compute().item(); // 1
 */
export class TschuprowsT extends Associated {
  constructor(options: BiasCorrectedOptions) {
    super('TschuprowsT', options, true);
  }

  update(preds: Tensor, target: Tensor): void {
    this.take('TschuprowsT', preds, target);
  }

  /** @internal */
  protected override mean(rows: number, columns: number): number {
    return Math.sqrt(rows * columns);
  }
}

/**
 * Pearson's contingency coefficient, the square root of `f / (1 + f)` with `f = chi^2 / n`. As `torchmetrics.PearsonsContingencyCoefficient`.
 *
 * `update` as in `CramersV`. `compute()` is a scalar from 0 to less than 1; NaN before any update.
 *
 * @example
 * const coefficient = new metrics.PearsonsContingencyCoefficient({ numClasses: 2 });
 * coefficient.update(tensor([0, 0, 1, 1]), tensor([1, 1, 0, 0]));
 * coefficient.compute().item().toFixed(4); // '0.7071'
 */
export class PearsonsContingencyCoefficient extends Nominal {
  constructor(options: NominalOptions) {
    super('PearsonsContingencyCoefficient', options, null);
  }

  update(preds: Tensor, target: Tensor): void {
    this.take('PearsonsContingencyCoefficient', preds, target);
  }

  /** @internal */
  protected override figure(table: Table): number {
    const phi = phiSquared(table, false);
    return clamped(Math.sqrt(phi / (1 + phi)));
  }
}

const entropyOf = (counts: Float64Array, total: number): number =>
  counts.reduce((sum, count) => (count === 0 ? sum : sum - (count / total) * Math.log(count / total)), 0);

/**
 * Theil's U: the fraction of the predictions' entropy that the targets explain, `(H(preds) - H(preds | target)) / H(preds)`. As `torchmetrics.TheilsU`.
 *
 * `update` as in `CramersV`. `compute()` is a scalar from 0 to 1; 0 if the predictions have only one category, and before any update.
 *
 * @example
 * const u = new metrics.TheilsU({ numClasses: 2 });
 * u.update(tensor([0, 0, 1, 1]), tensor([1, 1, 0, 0]));
 * u.compute().item(); // 1
 */
export class TheilsU extends Nominal {
  constructor(options: NominalOptions) {
    super('TheilsU', options, null);
  }

  update(preds: Tensor, target: Tensor): void {
    this.take('TheilsU', preds, target);
  }

  /** @internal */
  protected override figure({ counts, rows, columns, total }: Table): number {
    const entropy = entropyOf(columns, total);
    const conditional = counts.reduce((sum, row, i) => sum + (rows[i]! / total) * entropyOf(row, rows[i]!), 0);
    return entropy === 0 ? 0 : (entropy - conditional) / entropy;
  }
}
