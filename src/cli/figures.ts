// The figures that tell how good outputs are, the same for training, evaluation and reports.
import { metrics, nn, type Tensor, tensor } from '../index';
import { unitsOf } from './own-unit';
import { type Scale, scaled, unscaled } from './target';

/** A network's predictions for some rows. */
export interface Predictions {
  /** The numbers of the predicted classes, or the predicted values. */
  values: number[];
  /** The probabilities `[n, classes]`; null for a regression. */
  probabilities: Tensor | null;
}

/** Converts a network's outputs to classes with probabilities, or to values in the target's unit. */
export function predictionsOf(outputs: Tensor, scale: Scale | null): Predictions {
  if (scale !== null) return { values: unscaled(outputs, scale), probabilities: null };
  const probabilities = outputs.softmax(1);
  return { values: Array.from(outputs.argmax(1).data), probabilities };
}

/** The rows of a matrix as lists. */
export const listsOf = (matrix: Tensor): number[][] => matrix.toArray() as number[][];

/** The loss, followed by accuracy and macro F1 for classes, or by mean errors and R2 for values. */
export function figuresOf(outputs: Tensor, targets: readonly number[], scale: Scale | null): Record<string, number> {
  if (scale !== null) {
    // Calculated in units of the spread, where float32 neither overflows nor rounds to zero.
    const wanted = scaled(targets, scale);
    const units = unitsOf(scale);
    return {
      loss: new nn.MSELoss().forward(outputs, wanted).item(),
      mse: once(new metrics.MeanSquaredError(), outputs, wanted) * units.mse,
      mae: once(new metrics.MeanAbsoluteError(), outputs, wanted) * units.mae,
      r2: targets.length > 1 ? once(new metrics.R2Score(), outputs, wanted) : Number.NaN,
    };
  }
  const wanted = tensor(Int32Array.from(targets));
  const task = { task: 'multiclass', numClasses: outputs.shape[1]! } as const;
  return {
    loss: new nn.CrossEntropyLoss().forward(outputs, wanted).item(),
    accuracy: once(new metrics.Accuracy({ ...task, average: 'micro' }), outputs, wanted),
    f1: once(new metrics.F1Score({ ...task, average: 'macro' }), outputs, wanted),
  };
}

function once(metric: metrics.Metric<Tensor>, found: Tensor, wanted: Tensor): number {
  metric.update(found, wanted);
  return metric.compute().item();
}

/** The confusion matrix: rows are targets, columns predictions. */
export function confusionOf(outputs: Tensor, targets: readonly number[]): number[][] {
  const matrix = new metrics.ConfusionMatrix({ task: 'multiclass', numClasses: outputs.shape[1]! });
  matrix.update(outputs, tensor(Int32Array.from(targets)));
  return listsOf(matrix.compute());
}
