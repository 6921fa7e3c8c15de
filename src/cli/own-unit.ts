// Figures of a regression in the target's own unit, where the network answers in units of its spread.
import { metrics, type Tensor, tensor } from '../index';
import { type Scale, unscaled } from './target';

/** A metric of values as they stand in the file. */
export class InOwnUnit extends metrics.Metric {
  override readonly higherIsBetter: boolean | null;

  constructor(
    private readonly inner: metrics.Metric<Tensor>,
    private readonly scale: Scale,
  ) {
    super();
    this.higherIsBetter = inner.higherIsBetter;
  }

  update(preds: Tensor, target: Tensor): void {
    this.inner.update(tensor(unscaled(preds, this.scale)), tensor(unscaled(target, this.scale)));
  }

  compute(): Tensor {
    return this.inner.compute();
  }

  reset(): void {
    this.inner.reset();
  }
}
