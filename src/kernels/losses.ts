// Softmax and losses.
import { checkInteger, checkNumber, checkOneOf, withDefaults } from '../errors';
import { kernels } from '../native';

/**
 * `y[r, c] = exp(x[r, c]) / sum over c of exp(x[r, c])`, without overflow.
 *
 * Shapes: y, x `[rows, classes]`.
 *
 * @example
 * const y = new Float32Array(2);
 * softmax(y, Float32Array.of(0, 0), 1, 2);
 * y; // [0.5, 0.5]
 */
export const softmax = kernels.softmax;

/**
 * The gradient of `softmax`: `dx = y (dy - sum over classes of dy y)`, from its result y. Shapes: all `[rows, classes]`.
 *
 * @example
 * const dx = new Float32Array(2);
 * softmaxBackward(dx, Float32Array.of(1, 0), Float32Array.of(0.5, 0.5), 1, 2);
 * dx; // [0.25, -0.25]
 */
export const softmaxBackward = kernels.softmaxBackward;

/**
 * `y = log(softmax(x))`, without overflow or loss of small values. Shapes: y, x `[rows, classes]`.
 *
 * @example
 * const y = new Float32Array(2);
 * logSoftmax(y, Float32Array.of(0, 0), 1, 2);
 * y; // [-0.6931472, -0.6931472]
 */
export const logSoftmax = kernels.logSoftmax;

/**
 * The gradient of `logSoftmax`: `dx = dy - exp(y) sum over classes of dy`, from its result y. Shapes: all `[rows, classes]`.
 *
 * @example
 * const [y, dx] = [new Float32Array(2), new Float32Array(2)];
 * logSoftmax(y, Float32Array.of(0, 0), 1, 2);
 * logSoftmaxBackward(dx, Float32Array.of(1, 0), y, 1, 2);
 * dx; // [0.5, -0.5]
 */
export const logSoftmaxBackward = kernels.logSoftmaxBackward;

/** What a loss does with the terms of its rows. */
export type Reduction = 'none' | 'mean' | 'sum';

const reductions: readonly Reduction[] = ['none', 'mean', 'sum']; // in the order of enum Reduction in native/kernels/table.h

const reductionNumber = (where: string, reduction: Reduction): number =>
  reductions.indexOf(checkOneOf(where, 'reduction', reduction, reductions));

const checkIgnoreIndex = (where: string, index: number): number => checkInteger(where, 'ignoreIndex', index, -(2 ** 31), 2 ** 31 - 1);

/** Where `softmaxCrossEntropy` writes. */
export interface CrossEntropyOutputs {
  /** `[1]`, or `[rows]` for the reduction "none". */
  loss: Float32Array;
  /** `[rows, classes]`: the gradient of the loss, of each row's own for "none"; may be left out. */
  dlogits?: Float32Array | null;
}

/** The options of `softmaxCrossEntropy`, as those of `torch.nn.CrossEntropyLoss`. */
export interface CrossEntropyOptions {
  /** `[classes]`: each class's weight (all 1). */
  weight?: Float32Array | null;
  /** Rows of this label count for nothing (-100). Without effect on probabilities. */
  ignoreIndex?: number;
  /** How much of the target is spread over all classes, from 0 to 1 (0). */
  labelSmoothing?: number;
  /** What becomes of the rows' losses ("mean", over the weights of the labels that count). */
  reduction?: Reduction;
}

/**
 * The cross entropy of softmax(logits) and its gradient in one pass: `loss[r] = -weight[l] log(softmax(logits[r])[l])` for `l = labels[r]`.
 *
 * Shapes: logits `[rows, classes]`; labels are classes, int32 `[rows]`, or probabilities, float32 `[rows, classes]`. The outputs must overlap
 * nothing. A mean over no rows is NaN. A RangeError for a label outside `[0, classes)` that is not `ignoreIndex`.
 *
 * @example
 * const loss = new Float32Array(1);
 * const dlogits = new Float32Array(2);
 * softmaxCrossEntropy({ loss, dlogits }, Float32Array.of(0, 0), Int32Array.of(1), 1, 2);
 * dlogits; // [0.5, -0.5]
 */
export function softmaxCrossEntropy(
  outputs: CrossEntropyOutputs,
  logits: Float32Array,
  labels: Int32Array | Float32Array,
  rows: number,
  classes: number,
  options?: CrossEntropyOptions,
): void {
  const name = 'softmaxCrossEntropy';
  const { loss, dlogits } = withDefaults<Partial<CrossEntropyOutputs>>(name, outputs, { loss: undefined, dlogits: null });
  const o = withDefaults(name, options, {
    weight: null as Float32Array | null,
    ignoreIndex: -100,
    labelSmoothing: 0,
    reduction: 'mean' as Reduction,
  });
  checkIgnoreIndex(name, o.ignoreIndex);
  checkNumber(name, 'labelSmoothing', o.labelSmoothing, 0, 1);
  const reduction = reductionNumber(name, o.reduction);
  // A loss that is missing is refused by the kernel's own check.
  if (labels instanceof Float32Array) {
    kernels.softmaxCrossEntropySoft(loss!, dlogits!, logits, labels, o.weight, rows, classes, o.labelSmoothing, reduction);
  } else {
    kernels.softmaxCrossEntropy(loss!, dlogits!, logits, labels, o.weight, rows, classes, o.ignoreIndex, o.labelSmoothing, reduction);
  }
}

/**
 * `softmaxCrossEntropy` for probabilities, under the kernel's own name.
 *
 * @example
 * const loss = new Float32Array(1);
 * softmaxCrossEntropySoft({ loss }, Float32Array.of(0, 0), Float32Array.of(0.25, 0.75), 1, 2);
 * loss; // [0.6931472]
 */
export const softmaxCrossEntropySoft: (
  outputs: CrossEntropyOutputs,
  logits: Float32Array,
  probabilities: Float32Array,
  rows: number,
  classes: number,
  options?: CrossEntropyOptions,
) => void = softmaxCrossEntropy;

/** Where `nllLoss` and `mseLoss` write. */
export interface LossOutputs {
  /** `[1]`, or one a term for the reduction "none". */
  loss: Float32Array;
  /** The gradient, of the input's shape; may be left out. */
  dx?: Float32Array | null;
}

/**
 * The negative log likelihood and its gradient: `loss[r] = -weight[l] logProbs[r, l]` for `l = labels[r]`.
 *
 * Shapes: logProbs and dx `[rows, classes]`, labels int32 `[rows]`. Options, reductions and errors as for `softmaxCrossEntropy`.
 *
 * @example
 * const [loss, dx] = [new Float32Array(1), new Float32Array(2)];
 * nllLoss({ loss, dx }, Float32Array.of(-1, -2), Int32Array.of(1), 1, 2);
 * loss; // [2]
 * dx; // [0, -1]
 */
export function nllLoss(
  outputs: LossOutputs,
  logProbs: Float32Array,
  labels: Int32Array,
  rows: number,
  classes: number,
  options?: Omit<CrossEntropyOptions, 'labelSmoothing'>,
): void {
  const { loss, dx } = withDefaults<Partial<LossOutputs>>('nllLoss', outputs, { loss: undefined, dx: null });
  const o = withDefaults('nllLoss', options, { weight: null as Float32Array | null, ignoreIndex: -100, reduction: 'mean' as Reduction });
  checkIgnoreIndex('nllLoss', o.ignoreIndex);
  kernels.nllLoss(loss!, dx!, logProbs, labels, o.weight, rows, classes, o.ignoreIndex, reductionNumber('nllLoss', o.reduction));
}

/**
 * The squared error and its gradient: `loss[i] = (x[i] - target[i])^2`, `dx[i] = 2 (x[i] - target[i])`, for "mean" divided by n. Shapes: x, target, dx `[n]`.
 *
 * @example
 * const [loss, dx] = [new Float32Array(1), new Float32Array(2)];
 * mseLoss({ loss, dx }, Float32Array.of(1, 2), Float32Array.of(1, 4), 2);
 * loss; // [2]
 * dx; // [0, -2]
 */
export function mseLoss(outputs: LossOutputs, x: Float32Array, target: Float32Array, n: number, options?: { reduction?: Reduction }): void {
  const { loss, dx } = withDefaults<Partial<LossOutputs>>('mseLoss', outputs, { loss: undefined, dx: null });
  const { reduction } = withDefaults('mseLoss', options, { reduction: 'mean' as Reduction });
  kernels.mseLoss(loss!, dx!, x, target, n, reductionNumber('mseLoss', reduction));
}
