// Metrics that compute a figure for each row of two matrices.
import { checkOneOf, rangeError } from '../errors';
import type { TensorData } from '../memory';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { scalar } from './counts';
import { Growing } from './growing';
import { Metric } from './metric';

/** How the rows' figures are reduced: to their mean, to their sum, or not at all. */
export type RowReduction = 'mean' | 'sum' | 'none';

/** The figures of rows, summed in float64 or stored. */
export abstract class RowFigures extends Metric {
  private readonly reduction: RowReduction;
  private readonly figures = new Growing(Float64Array);
  private sum = 0;
  private count = 0;

  /** @internal */
  constructor(name: string, reduction: unknown) {
    super();
    this.reduction = checkOneOf<RowReduction>(name, 'reduction', reduction, ['mean', 'sum', 'none']);
  }

  /** @internal The figure of the row that begins at an index. */
  protected abstract figure(a: TensorData, b: TensorData, begin: number, width: number): number;

  /** @internal Adds two matrices; errors call them and their columns by these names. */
  protected take(where: string, [nameA, a]: [string, Tensor], [nameB, b]: [string, Tensor], columns: string): void {
    recorder?.reading(where);
    checkTensor(where, nameA, a);
    checkTensor(where, nameB, b);
    if (b.shape.length !== 2) throw rangeError(where, `expected ${nameB} [n, ${columns}], got ${shapeText(b.shape)}`);
    if (!sameShape(a.shape, b.shape)) throw rangeError(where, `expected ${nameA} ${shapeText(b.shape)}, got ${shapeText(a.shape)}`);
    const [rows, width] = b.shape as [number, number];
    const [own, other] = [a.values, b.values];
    const figures = Float64Array.from({ length: rows }, (_, row) => this.figure(own, other, row * width, width));
    if (this.reduction === 'none') this.figures.append(figures);
    else this.sum += figures.reduce((sum, figure) => sum + figure, 0);
    this.count += rows;
  }

  compute(): Tensor {
    const { reduction, sum, count } = this;
    if (reduction === 'none') return new Tensor(Float32Array.from(this.figures.values), [count]);
    return scalar(reduction === 'sum' ? sum : sum / count);
  }

  reset(): void {
    this.figures.clear();
    this.sum = 0;
    this.count = 0;
  }
}
