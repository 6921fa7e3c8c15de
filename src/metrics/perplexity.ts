// Perplexity: how uncertain a model is about the next token.
import { checkInteger, rangeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { scalar } from './counts';
import { Metric } from './metric';

/** The options of `Perplexity`. */
export interface PerplexityOptions {
  /** Targets with this value are ignored. */
  ignoreIndex?: number;
}

/**
 * The exponential of the mean of `-log softmax(preds)[target]`: the number of equally probable outcomes between which the model would be as uncertain. As
 * `torchmetrics.text.Perplexity`.
 *
 * `update(preds, target)` takes scores, float32 `[n, length, outcomes]`, and the outcomes that occurred, int32 `[n, length]`; a RangeError for an outcome that
 * does not exist. `compute()` is a scalar of at least 1; NaN before any update.
 *
 * @example
 * const perplexity = new metrics.Perplexity();
 * perplexity.update(zeros([1, 3, 5]), tensor([[0, 4, 2]], { dtype: 'int32' }));
 * perplexity.compute().item(); // 5
 */
export class Perplexity extends Metric {
  override readonly higherIsBetter = false;
  private readonly ignoreIndex: number | undefined;
  private sum = 0;
  private count = 0;

  constructor(options?: PerplexityOptions) {
    super();
    const { ignoreIndex } = withDefaults<{ ignoreIndex: number | undefined }>('Perplexity', options, { ignoreIndex: undefined });
    this.ignoreIndex =
      ignoreIndex === undefined ? undefined : checkInteger('Perplexity', 'ignoreIndex', ignoreIndex, -(2 ** 31), 2 ** 31 - 1);
  }

  update(preds: Tensor, target: Tensor): void {
    const where = 'Perplexity.update';
    recorder?.reading(where);
    checkTensor(where, 'preds', preds, 'float32');
    checkTensor(where, 'target', target, 'int32');
    const outcomes = preds.shape[2];
    if (outcomes === undefined || preds.shape.length !== 3)
      throw rangeError(where, `expected preds [n, length, outcomes], got ${shapeText(preds.shape)}`);
    const expected = preds.shape.slice(0, 2);
    if (!sameShape(target.shape, expected))
      throw rangeError(where, `expected target ${shapeText(expected)}, got ${shapeText(target.shape)}`);
    const { ignoreIndex } = this;
    const [scores, wanted] = [preds.floats, target.ints];
    wanted.forEach((one, i) => {
      if (one !== ignoreIndex && (one < 0 || one >= outcomes))
        throw rangeError(where, `expected target from 0 to ${outcomes - 1}, got ${one} at position ${i}`);
    });
    wanted.forEach((one, i) => {
      if (one === ignoreIndex) return;
      const row = scores.subarray(i * outcomes, (i + 1) * outcomes);
      const highest = row.reduce((most, score) => Math.max(most, score), -Infinity);
      const sum = row.reduce((all, score) => all + Math.exp(score - highest), 0);
      this.sum += highest - row[one]! + Math.log(sum);
      this.count++;
    });
  }

  compute(): Tensor {
    return scalar(Math.exp(this.sum / this.count));
  }

  reset(): void {
    this.sum = 0;
    this.count = 0;
  }
}
