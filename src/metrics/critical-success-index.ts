// The critical success index: of the events that were predicted or happened, the fraction that were both.
import { checkInteger, checkNumber, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import { ratio, scalar } from './counts';
import { Growing } from './growing';
import { Metric } from './metric';
import { pairsOf } from './outputs';

/** The options of `CriticalSuccessIndex`. */
export interface CriticalSuccessIndexOptions {
  /** Numbers from this threshold on are events. */
  threshold: number;
  /** The dimension along which each position has its own figure; null, the default: none. */
  keepSequenceDim?: number | null;
}

interface Settings {
  threshold: number | undefined;
  keepSequenceDim: number | null;
}

/**
 * The share of hits among hits, misses and false alarms, where numbers of `threshold` or more are events. As `torchmetrics.CriticalSuccessIndex`.
 *
 * `update(preds, target)` takes tensors of one shape, float32 or int32. `compute()` is a scalar, 0 where there are no events and before any update. With
 * `keepSequenceDim` it has a figure for each place along that dimension, those of each batch behind those before.
 *
 * @example
 * const index = new metrics.CriticalSuccessIndex({ threshold: 0.5 });
 * index.update(tensor([0.6, 0.7, 0.1, 0.9]), tensor([1, 0, 1, 1]));
 * index.compute().item(); // 0.5
 */
export class CriticalSuccessIndex extends Metric {
  override readonly higherIsBetter = true;
  private readonly threshold: number;
  private readonly keepSequenceDim: number | null;
  private readonly shares = new Growing(Float64Array);
  private hits = 0;
  private events = 0;

  constructor(options: CriticalSuccessIndexOptions) {
    super();
    const name = 'CriticalSuccessIndex';
    const o = withDefaults<Settings>(name, options, { threshold: undefined, keepSequenceDim: null });
    this.threshold = Math.fround(checkNumber(name, 'threshold', o.threshold));
    this.keepSequenceDim = o.keepSequenceDim === null ? null : checkInteger(name, 'keepSequenceDim', o.keepSequenceDim);
  }

  update(preds: Tensor, target: Tensor): void {
    const where = 'CriticalSuccessIndex.update';
    const pairs = pairsOf(where, preds, target);
    const { threshold, keepSequenceDim: dim } = this;
    const { shape } = target;
    if (dim !== null && dim >= shape.length)
      throw rangeError(where, `expected tensors of more than ${dim} dimensions for keepSequenceDim ${dim}, got ${shapeText(shape)}`);
    const places = dim === null ? 1 : shape[dim]!;
    const inner = dim === null ? pairs.target.length : shape.slice(dim + 1).reduce((n, size) => n * size, 1);
    const [hits, events] = [new Float64Array(places), new Float64Array(places)];
    for (let i = 0; i < pairs.target.length; i++) {
      const [told, came] = [pairs.preds[i]! >= threshold, pairs.target[i]! >= threshold];
      const place = dim === null ? 0 : Math.floor(i / inner) % places;
      if (told && came) hits[place]!++;
      if (told || came) events[place]!++;
    }
    if (dim !== null) {
      this.shares.append(hits.map((count, place) => ratio(count, events[place]!)));
      return;
    }
    this.hits += hits[0]!;
    this.events += events[0]!;
  }

  compute(): Tensor {
    if (this.keepSequenceDim === null) return scalar(ratio(this.hits, this.events));
    const { values } = this.shares;
    return new Tensor(Float32Array.from(values), [values.length]);
  }

  reset(): void {
    this.shares.clear();
    this.hits = 0;
    this.events = 0;
  }
}
