// Figures of a regression in the target's own unit, where the network answers in units of its spread.
import { metrics, type Tensor, tensor } from '../index';
import type { Scale } from './target';

/** What a figure is multiplied by to be in the target's own unit. */
export const unitsOf = ({ std }: Scale) => ({ mse: std * std, mae: std, r2: 1 }) as const;

/** A metric of values in units of the spread, told in the target's own unit: the square of a large one is beyond float32, which `exact` is not bound to. */
export class InOwnUnit extends metrics.Metric {
  override readonly higherIsBetter: boolean | null;
  /** What `compute` gave last, as a number of JavaScript. */
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
