// The tasks of classification metrics, and the options that specify them.
import { checkInteger, checkNumber, checkOneOf, rangeError } from '../errors';

/**
 * The kind of problem: a sample belongs to one of two classes, to one of several classes, or has any of several labels.
 *
 * - `"binary"`: preds and targets of one shape, `[n]` or `[n, ...]`. preds are probabilities or logits, float32, or int32 0 and 1. Targets are 0
 *   and 1, int32 or float32. If a score of a batch is outside `[0, 1]`, all its scores are logits, and are converted by the sigmoid.
 * - `"multiclass"`: preds are scores, float32 `[n, classes, ...]`, or int32 classes `[n, ...]`; targets are int32 `[n, ...]`. The class with the highest score is
 *   predicted, the first of several. Curves and calibration apply the softmax to a batch with a score outside `[0, 1]`.
 * - `"multilabel"`: as `"binary"`, with preds and targets `[n, labels, ...]`.
 */
export type Task = 'binary' | 'multiclass' | 'multilabel';

/**
 * How the figures of classes or labels are averaged: `"micro"`: the figure of the summed counts; `"macro"`: their mean; `"weighted"`: their mean
 * weighted by the number of targets; `"none"`: not at all.
 */
export type Average = 'micro' | 'macro' | 'weighted' | 'none';

/** The options of all metrics of classes. */
export interface TaskOptions {
  /** The kind of problem. */
  task: Task;
  /** The number of classes of a "multiclass" task, at least 2: up to 2^24, for matrices 2^15, for curves 2^16. */
  numClasses?: number;
  /** The number of labels of a "multilabel" task, with the same limits. */
  numLabels?: number;
  /** Targets with this value are ignored. */
  ignoreIndex?: number;
}

/** The options of metrics that turn probabilities into classes. */
export interface ThresholdOptions extends TaskOptions {
  /** Probabilities above it are predictions of 1, in "binary" and "multilabel" tasks (0.5). */
  threshold?: number;
}

/** A task with its size. */
export interface Problem {
  task: Task;
  /** The number of classes or labels; 1 for a binary task. */
  width: number;
  ignoreIndex: number | undefined;
}

/** The defaults of `TaskOptions`. */
export interface TaskSettings {
  task: Task | undefined;
  numClasses: number | undefined;
  numLabels: number | undefined;
  ignoreIndex: number | undefined;
}

export const taskDefaults: TaskSettings = { task: undefined, numClasses: undefined, numLabels: undefined, ignoreIndex: undefined };

const allTasks: readonly Task[] = ['binary', 'multiclass', 'multilabel'];

/** Throws for an invalid task or size; `most` is the largest size for which the metric has memory. */
export function checkTask(where: string, o: TaskSettings, most: number, tasks: readonly Task[] = allTasks): Problem {
  const task = checkOneOf(where, 'task', o.task, tasks);
  const size = (name: 'numClasses' | 'numLabels', needed: boolean): number => {
    const given = needed || o[name] !== undefined ? checkInteger(where, name, o[name], 2) : 1;
    if (given > most) throw rangeError(where, `expected ${name} up to ${most}, got ${given}`);
    return given;
  };
  const sizes = { binary: 1, multiclass: size('numClasses', task === 'multiclass'), multilabel: size('numLabels', task === 'multilabel') };
  const ignoreIndex = o.ignoreIndex === undefined ? undefined : checkInteger(where, 'ignoreIndex', o.ignoreIndex, -(2 ** 31), 2 ** 31 - 1);
  return { task, width: sizes[task], ignoreIndex };
}

/** Throws for a threshold outside `[0, 1]`; it is compared with probabilities in float32. */
export const checkThreshold = (where: string, threshold: unknown): number => Math.fround(checkNumber(where, 'threshold', threshold, 0, 1));

/** Whether the counts of all classes can be used; not if a class is ignored, whose rows must not be counted. */
export const countsServe = ({ ignoreIndex, width }: Problem): boolean =>
  ignoreIndex === undefined || ignoreIndex < 0 || ignoreIndex >= width;
