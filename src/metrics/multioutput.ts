// A separate metric for each output.

import { noGrad } from '../autograd';
import { checkBoolean, checkInteger, rangeError, withDefaults } from '../errors';
import { stack } from '../ops';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { Metric } from './metric';
import { remember } from './remember';
import { checkMetric, copyOf } from './wrapper';

/** The options of `MultioutputWrapper`. */
export interface MultioutputWrapperOptions {
  /** The dimension of the outputs, counted from the end if negative (-1). */
  outputDim?: number;
  /** Whether an output's metric omits rows in which its prediction or target is NaN (true). */
  removeNans?: boolean;
  /** Whether an output's metric gets tensors without the dimension of the outputs (true). */
  squeezeOutputs?: boolean;
}

/**
 * A copy of a metric for each output: `torchmetrics.MultioutputWrapper`.
 *
 * `update(preds, target)` takes tensors `[n, ..., numOutputs]` with the outputs along `outputDim`. `compute()` is `[numOutputs, ...]`, the figure of each
 * output. JavaScript's private fields of a metric, `#name`, are not copied.
 *
 * @example
 * const r2 = new metrics.MultioutputWrapper(new metrics.R2Score(), 2);
 * r2.update(tensor([[0, 2], [-1, 2], [8, -5]]), tensor([[0.5, 1], [-1, 1], [7, -6]]));
 * r2.compute().toArray().map((figure) => figure.toFixed(4)); // ['0.9654', '0.9082']
 */
export class MultioutputWrapper extends Metric {
  override readonly higherIsBetter: boolean | null;
  /** The metric of each output. */
  readonly metrics: readonly Metric[];
  private readonly settings: Required<MultioutputWrapperOptions>;

  constructor(baseMetric: Metric, numOutputs: number, options?: MultioutputWrapperOptions) {
    super();
    const where = 'MultioutputWrapper';
    this.higherIsBetter = checkMetric(where, 'baseMetric', baseMetric).higherIsBetter;
    const count = checkInteger(where, 'numOutputs', numOutputs, 1, 2 ** 16);
    const o = withDefaults<Required<MultioutputWrapperOptions>>(where, options, { outputDim: -1, removeNans: true, squeezeOutputs: true });
    checkInteger(where, 'outputDim', o.outputDim, -(2 ** 10), 2 ** 10);
    checkBoolean(where, 'removeNans', o.removeNans);
    checkBoolean(where, 'squeezeOutputs', o.squeezeOutputs);
    this.settings = o;
    this.metrics = Array.from({ length: count }, () => copyOf(baseMetric));
  }

  override update(preds: Tensor, target: Tensor): void {
    const where = 'MultioutputWrapper.update';
    recorder?.reading(where);
    const dims = [checkTensor(where, 'preds', preds), checkTensor(where, 'target', target)].map((one) => this.dimOf(where, one));
    const back = this.metrics.map((metric) => metric[remember]());
    try {
      this.metrics.forEach((metric, output) => {
        const [p, t] = noGrad(() => this.ofOutput([preds, target], dims, output));
        metric.update(p!, t!);
      });
    } catch (error) {
      for (const undo of back) undo();
      throw error;
    }
  }

  compute(): Tensor {
    return stack(this.metrics.map((metric) => metric.compute()));
  }

  reset(): void {
    for (const metric of this.metrics) metric.reset();
  }

  private dimOf(where: string, { shape }: Tensor): number {
    const { outputDim } = this.settings;
    const dim = outputDim < 0 ? shape.length + outputDim : outputDim;
    if (shape[dim] !== this.metrics.length || dim === 0)
      throw rangeError(where, `expected ${this.metrics.length} outputs along dimension ${outputDim}, got ${shapeText(shape)}`);
    return dim;
  }

  private ofOutput(batch: readonly Tensor[], dims: readonly number[], output: number): Tensor[] {
    const { removeNans, squeezeOutputs } = this.settings;
    let own = batch.map((one, i) => one.narrow(dims[i]!, output, 1));
    if (removeNans) {
      const bad = new Set(own.flatMap(rowsWithNaN));
      const rows = Array.from({ length: own[0]!.shape[0]! }, (_, i) => i).filter((i) => !bad.has(i));
      if (bad.size > 0) own = own.map((one) => one.indexSelect(0, new Tensor(Int32Array.from(rows), [rows.length])));
    }
    return squeezeOutputs ? own.map((one, i) => one.squeeze(dims[i]!)) : own;
  }
}

function rowsWithNaN({ values, shape }: Tensor): number[] {
  const width = values.length / shape[0]!;
  const rows: number[] = [];
  values.forEach((value: number, i: number) => {
    if (Number.isNaN(value)) rows.push(Math.floor(i / width));
  });
  return rows;
}
