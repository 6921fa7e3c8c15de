// The cross-entropy of labels and of probabilities under one name.
import { isFloat32Array } from '../brands';
import * as calls from '../calls.generated';
import { checkInteger, checkNumber, checkOneOf, withDefaults } from '../errors';
import { type Reduction, reductionValues } from '../kernels.generated';

/** The arrays that `softmaxCrossEntropy` writes. */
export interface CrossEntropyOutputs {
  /** `[1]`, or `[rows]` for the reduction "none". */
  loss: Float32Array;
  /** `[rows, classes]`: the gradient of the loss, or with "none" of each row's loss; optional. */
  dlogits?: Float32Array | null;
}

/** The options of `softmaxCrossEntropy`, as those of `torch.nn.CrossEntropyLoss`. */
export interface CrossEntropyOptions {
  /** `[classes]`: each class's weight (all 1). */
  weight?: Float32Array | null;
  /** Rows with this label are ignored (-100). It has no effect on probabilities. */
  ignoreIndex?: number;
  /** The part of the target, from 0 to 1, that is spread evenly over all classes (0). */
  labelSmoothing?: number;
  /** How the rows' losses are reduced ("mean", over the weights of the labels that are not ignored). */
  reduction?: Reduction;
}

/**
 * The cross-entropy of softmax(logits) and its gradient in one pass: `loss[r] = -weight[l] log(softmax(logits[r])[l])` for `l = labels[r]`.
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
  checkInteger(name, 'ignoreIndex', o.ignoreIndex, -(2 ** 31), 2 ** 31 - 1);
  checkNumber(name, 'labelSmoothing', o.labelSmoothing, 0, 1);
  checkOneOf(name, 'reduction', o.reduction, reductionValues);
  const { weight, ignoreIndex, labelSmoothing, reduction } = o;
  // The kernel's own check refuses a missing loss. The objects are written out because spreading costs microseconds.
  if (isFloat32Array(labels)) {
    calls.softmaxCrossEntropySoft({
      loss: loss!,
      dlogits: dlogits!,
      logits,
      target: labels,
      weight,
      rows,
      classes,
      labelSmoothing,
      reduction,
    });
  } else {
    calls.softmaxCrossEntropy({
      loss: loss!,
      dlogits: dlogits!,
      logits,
      labels,
      weight,
      rows,
      classes,
      ignoreIndex,
      labelSmoothing,
      reduction,
    });
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
