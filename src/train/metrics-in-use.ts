// Ensures that a metric counts the rows of one run at a time. Two runs would each reset what the other has counted, and both would report wrong figures.
import { SimdnnError } from '../errors';
import type { Metric } from '../metrics';

const users = new WeakMap<Metric, MetricsInUse>();

/** The metrics of a run, which are its own while it holds them. */
export class MetricsInUse {
  constructor(
    /** The name of the run in messages: `train.fit`. */
    private readonly name: string,
    private readonly metrics: readonly Metric[],
  ) {}

  /** Holds the metrics. Throws if another run holds any of them, and holds none then. */
  hold(): void {
    for (const metric of this.metrics) {
      const user = users.get(metric);
      if (user === undefined || user === this) continue;
      throw new SimdnnError(
        'SIMDNN_IN_USE',
        `[${this.name}] a metric is in use by ${user.name === this.name ? 'another ' : ''}${user.name}\n  hint: make one for each, or await the other first`,
      );
    }
    for (const metric of this.metrics) users.set(metric, this);
  }

  /** Releases the metrics that this run holds. */
  release(): void {
    for (const metric of this.metrics) if (users.get(metric) === this) users.delete(metric);
  }
}
