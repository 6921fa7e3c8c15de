// The adaptive softmax: a softmax over many classes in which rare classes share outputs of the first layer.
import { checkBoolean, checkInteger, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { scalar } from '../ops/broadcast';
import { choose } from '../ops/choose';
import { cat } from '../ops/join';
import { placesIn } from '../ops/places';
import { logSoftmax } from '../ops/softmax';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { ModuleList, Sequential } from './containers';
import { checkInputs } from './inputs';
import { Linear } from './linear';
import { Module } from './module';

/** The options of `AdaptiveLogSoftmaxWithLoss`. */
export interface AdaptiveLogSoftmaxOptions {
  /** The factor by which each cluster has fewer features than the one before (4). */
  divValue?: number;
  /** Whether the first layer has a bias (false). */
  headBias?: boolean;
}

/**
 * The logarithms of a softmax over many classes, numbered from the most frequent to the rarest: `torch.nn.AdaptiveLogSoftmaxWithLoss`. Source: Grave et al., arXiv 1609.04309.
 *
 * The layer `head` scores the classes below the first of the `cutoffs`, and each cluster, which are the classes between two cutoffs. A class in cluster i has the probability of the cluster times
 * its probability within the cluster, which `tail[i]` calculates: a `Linear` to `inFeatures / divValue^(i + 1)` features, rounded down, and one to the classes, both without bias. Every row passes
 * through all clusters, so that a step can be recorded; PyTorch divides the rows by their labels. So there are fewer weights than in a full layer, but no row skips a cluster.
 *
 * Shapes: x float32 `[n, inFeatures]` and target int32 `[n]`, or `[inFeatures]` and a scalar. `forward` returns `output`, the log-probability of each target, and `loss`, the
 * mean of its negative. A RangeError for labels outside `[0, nClasses)`, and for cutoffs that are not positive, ascending and below nClasses.
 *
 * @example
 * const softmax = new nn.AdaptiveLogSoftmaxWithLoss(8, 100, [10, 40]);
 * const { output, loss } = softmax.forward(zeros([2, 8]), tensor([3, 99], { dtype: "int32" }));
 * [output.shape, loss.shape, softmax.logProb(zeros([2, 8])).shape]; // [[2], [], [2, 100]]
 * Object.keys(softmax.stateDict()); // ["head.weight", "tail.0.0.weight", "tail.0.1.weight", "tail.1.0.weight", "tail.1.1.weight"]
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  /** The size of the last dimension of x. */
  readonly inFeatures: number;
  /** The number of classes. */
  readonly nClasses: number;
  /** The first class of each cluster, followed by nClasses. */
  readonly cutoffs: readonly number[];
  /** The factor by which each cluster has fewer features than the one before. */
  readonly divValue: number;
  /** Scores the frequent classes and the clusters. */
  head: Linear;
  /** Two layers for each cluster. */
  tail: ModuleList<Sequential>;

  constructor(inFeatures: number, nClasses: number, cutoffs: readonly number[], options?: AdaptiveLogSoftmaxOptions) {
    super();
    const where = 'AdaptiveLogSoftmaxWithLoss';
    const { divValue, headBias } = withDefaults(where, options, { divValue: 4, headBias: false });
    this.inFeatures = checkInteger(where, 'inFeatures', inFeatures);
    this.nClasses = checkInteger(where, 'nClasses', nClasses);
    this.divValue = checkNumber(where, 'divValue', divValue, Number.MIN_VALUE);
    checkBoolean(where, 'headBias', headBias);
    if (!Array.isArray(cutoffs)) throw typeError(where, `expected cutoffs to be an array of integers, got ${describe(cutoffs)}`);
    if (cutoffs.length === 0) throw rangeError(where, 'expected at least one cutoff, got none');
    cutoffs.forEach((cutoff, i) => {
      checkInteger(where, `cutoffs[${i}]`, cutoff, i === 0 ? 1 : cutoffs[i - 1] + 1, nClasses - 1);
    });
    this.cutoffs = [...cutoffs, nClasses];
    this.head = new Linear(inFeatures, cutoffs[0]! + cutoffs.length, { bias: headBias });
    this.tail = new ModuleList(
      cutoffs.map((cutoff: number, i: number) => {
        const width = Math.floor(inFeatures / divValue ** (i + 1));
        const classes = this.cutoffs[i + 1]! - cutoff;
        return new Sequential(new Linear(inFeatures, width, { bias: false }), new Linear(width, classes, { bias: false }));
      }),
    );
  }

  /** Draws all weights anew. */
  resetParameters(): void {
    this.head.resetParameters();
    for (const part of this.tail) for (const layer of part) (layer as Linear).resetParameters();
  }

  override forward(x: Tensor, target: Tensor): { output: Tensor; loss: Tensor } {
    const where = 'AdaptiveLogSoftmaxWithLoss.forward';
    checkInputs(where, arguments.length, 2);
    const rows = rowsOf(where, x, this.inFeatures, true);
    checkTensor(where, 'target', target, 'int32');
    if (shapeText(target.shape) !== shapeText(x.shape.slice(0, -1))) {
      throw rangeError(where, `expected target ${shapeText(x.shape.slice(0, -1))}, got ${shapeText(target.shape)}`);
    }
    const labels = placesIn(where, 'target', target, this.nClasses, 1, 'front').reshape([rows.shape[0]!, 1]);
    const scores = logSoftmax(this.head.call(rows), 1);
    const [first] = this.cutoffs as [number];
    const none = scalar(0, 'int32');
    let column = labels; // the column of the head's output
    let within = scalar(0); // the log-probability within the cluster
    [...this.tail].forEach((part, i) => {
      const place = labels.sub(this.cutoffs[i]!);
      const isHere = place.ge(0).logicalAnd(labels.lt(this.cutoffs[i + 1]!));
      const found = logSoftmax(part.call(rows), 1).gather(1, choose(where, isHere, place, none));
      column = choose(where, isHere, scalar(first + i, 'int32'), column);
      within = choose(where, isHere, found, within);
    });
    const output = scores.gather(1, column).add(within);
    const shaped = output.reshape(target.shape.slice());
    return { output: shaped, loss: shaped.neg().mean() };
  }

  /**
   * The log-probability of each class, `[n, nClasses]`: `log_prob`.
   *
   * @example
   * new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2]).logProb(zeros([3, 4])).shape; // [3, 6]
   */
  logProb(x: Tensor): Tensor {
    const where = 'AdaptiveLogSoftmaxWithLoss.logProb';
    const scores = logSoftmax(this.head.call(rowsOf(where, x, this.inFeatures, false)), 1);
    const [first] = this.cutoffs as [number];
    const parts = [...this.tail].map((part, i) => logSoftmax(part.call(x), 1).add(scores.narrow(1, first + i, 1)));
    return cat([scores.narrow(1, 0, first), ...parts], 1);
  }

  /**
   * The most probable class of each row, int32 `[n]`: `predict`.
   *
   * @example
   * new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2]).predict(zeros([3, 4])).shape; // [3]
   */
  predict(x: Tensor): Tensor {
    rowsOf('AdaptiveLogSoftmaxWithLoss.predict', x, this.inFeatures, false);
    return this.logProb(x).argmax(1);
  }
}

// The rows of a layer's input; a vector counts as one row.
function rowsOf(where: string, x: Tensor, inFeatures: number, single: boolean): Tensor {
  checkTensor(where, 'x', x, 'float32');
  const rank = x.shape.length;
  if (x.shape.at(-1) !== inFeatures || !(rank === 2 || (single && rank === 1))) {
    throw rangeError(where, `expected x [${single ? '*' : 'n'}, ${inFeatures}], got ${shapeText(x.shape)}`);
  }
  return rank === 2 ? x : x.reshape([1, inFeatures]);
}
