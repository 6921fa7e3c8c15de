// The confusion matrix: how many samples of each class were predicted as each class.
import { checkOneOf } from '../errors';
import { Tensor } from '../tensor';
import { Confusion } from './confusion';
import { ratio } from './counts';
import { marginsOf } from './margins';
import type { ThresholdOptions } from './task';

/** How the counts are normalized. */
export type Normalize = 'true' | 'pred' | 'all' | 'none';

/** The options of `ConfusionMatrix`. */
export interface ConfusionMatrixOptions extends ThresholdOptions {
  /** The counts are divided by those of their target class, "true", of their predicted class, "pred", by all counts, "all", or not at all, "none" (default). */
  normalize?: Normalize;
}

/**
 * The number of samples of each class (rows) that were predicted as each class (columns). As `torchmetrics.ConfusionMatrix`.
 *
 * For `update(preds, target)` see `Task`. `compute()` is int32 `[classes, classes]`, `[2, 2]` for a "binary" task, `[labels, 2, 2]` for a
 * "multilabel" one; with `normalize` it is float32, and 0 if the divisor is 0.
 *
 * @example
 * const confusion = new metrics.ConfusionMatrix({ task: 'multiclass', numClasses: 3 });
 * confusion.update(tensor(Int32Array.of(0, 1, 1, 2)), tensor(Int32Array.of(0, 0, 1, 2)));
 * confusion.compute().toArray(); // [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
 */
export class ConfusionMatrix extends Confusion<Required<Pick<ConfusionMatrixOptions, 'normalize'>>> {
  constructor(options: ConfusionMatrixOptions) {
    super('ConfusionMatrix', options, { normalize: 'none' });
    checkOneOf('ConfusionMatrix', 'normalize', this.own.normalize, ['true', 'pred', 'all', 'none']);
  }

  compute(): Tensor {
    const { counts, classes } = this;
    const { task, width } = this.problem;
    const { normalize } = this.own;
    const shape = task === 'multilabel' ? [width, 2, 2] : [classes, classes];
    if (normalize === 'none') return new Tensor(Int32Array.from(counts), shape);
    const out = new Float32Array(counts.length);
    const size = classes * classes;
    for (let begin = 0; begin < counts.length; begin += size) {
      const matrix = counts.subarray(begin, begin + size);
      const { targets, predictions, total } = marginsOf(matrix, classes);
      matrix.forEach((count, i) => {
        const divisor = { true: targets[Math.floor(i / classes)]!, pred: predictions[i % classes]!, all: total }[normalize];
        out[begin + i] = ratio(count, divisor);
      });
    }
    return new Tensor(out, shape);
  }
}
