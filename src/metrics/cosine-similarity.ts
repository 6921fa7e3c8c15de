// The cosine similarity of predicted and target vectors.
import { withDefaults } from '../errors';
import type { TensorData } from '../memory';
import type { Tensor } from '../tensor';
import { RowFigures, type RowReduction } from './row-figures';

/** The options of `CosineSimilarity`. */
export interface CosineSimilarityOptions {
  /** How the rows' figures are reduced: to their mean, to their sum, or not at all ("sum"). */
  reduction?: RowReduction;
}

/**
 * The cosine of the angle between predicted and true vectors, `p . t / (|p| |t|)`. As `torchmetrics.CosineSimilarity`.
 *
 * `update(preds, target)` takes tensors of the same shape `[n, d]`, float32 or int32, with a vector in each row. `compute()` is a scalar, by default the sum
 * over all rows, or `[n]` for `reduction: "none"`; NaN if a vector has length 0. Before any update `"sum"` is 0, `"mean"` is NaN, and `"none"` has no elements.
 *
 * @example
 * const similarity = new metrics.CosineSimilarity({ reduction: 'none' });
 * similarity.update(tensor([[3, 4], [1, 0]]), tensor([[3, 4], [-2, 0]]));
 * similarity.compute().toArray(); // [1, -1]
 */
export class CosineSimilarity extends RowFigures {
  override readonly higherIsBetter = true;

  constructor(options?: CosineSimilarityOptions) {
    super('CosineSimilarity', withDefaults<Required<CosineSimilarityOptions>>('CosineSimilarity', options, { reduction: 'sum' }).reduction);
  }

  update(preds: Tensor, target: Tensor): void {
    this.take('CosineSimilarity.update', ['preds', preds], ['target', target], 'd');
  }

  /** @internal */
  protected override figure(a: TensorData, b: TensorData, begin: number, width: number): number {
    let [dot, squaresA, squaresB] = [0, 0, 0];
    for (let i = begin; i < begin + width; i++) {
      dot += a[i]! * b[i]!;
      squaresA += a[i]! * a[i]!;
      squaresB += b[i]! * b[i]!;
    }
    return dot / (Math.sqrt(squaresA) * Math.sqrt(squaresB));
  }
}
