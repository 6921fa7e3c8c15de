// Converts a regression's figures to the target's own unit; the network's outputs are in units of its spread.
import { metrics, type Tensor, tensor } from '../index';
import type { Scale } from './target';

/** The factor that converts a figure to the target's own unit. */
export const unitsOf = ({ std }: Scale) => ({ mse: std * std, mae: std, r2: 1 }) as const;

/**
 * A metric of values in units of the spread, converted to the target's own unit. The square of a large value exceeds float32, so `exact` has the figure as a
 * double.
 */
export class InOwnUnit extends metrics.Metric {
  override readonly higherIsBetter: boolean | null;
  /** The last result of `compute`, as a JavaScript number. */
  exact = Number.NaN;

  constructor(
    private readonly inner: metrics.Metric<Tensor>,
    private readonly unit: number,
  ) {
    super();
    this.higherIsBetter = inner.higherIsBetter;
  }

  update(preds: Tensor, target: Tensor): void {
    this.inner.update(preds, target);
  }

  compute(): Tensor {
    this.exact = this.inner.compute().item() * this.unit;
    return tensor(this.exact);
  }

  reset(): void {
    this.inner.reset();
  }
}
