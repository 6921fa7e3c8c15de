// Tasks: what training, evaluation and prediction do with a batch.

import { noGrad } from '../autograd';
import { isPromise, isTypeError } from '../brands';
import { describe, rangeError, typeError } from '../errors';
import { Module } from '../nn';
import { forwardOn } from '../nn/forwards';
import { withoutPadding } from '../optim/flat-parameters';
import { atPrecision } from '../precision';
import { recorder } from '../recorder';
import type { Results } from '../recording';
import { Tensor } from '../tensor';
import { type Batch, divideBatch, type Group, type Layout, rowsOf } from './batch';
import { checkInputs, checkPredicted } from './inputs';
import { flattenOutput, type OutputStructure } from './output-structure';
import { ignoreRejection } from './promises';
import { withoutGradientSync } from './ranks';
import type { Task } from './task';

/** A task whose losses are reduced to one figure for an epoch. */
export interface LossTask extends Task {
  sumsLosses: boolean;
}

/** What any model may return. */
// biome-ignore lint/suspicious/noExplicitAny: losses are written for one kind of result
export type AnyOutput = any;

/**
 * A loss: an object whose `forward` is called with the result of the model's `forward` and the batch's targets. `Output` is the type of that result, a tensor, or
 * several in a list or an object.
 */
export interface Criterion<Output = AnyOutput> {
  /** The loss, one number. A method, so that a loss may be written for a part of the results that the model's type allows. */
  forward(output: Output, ...targets: Tensor[]): Tensor;
}

/** A loss as a plain function of what the model's `forward` returns and the batch's targets. */
export type CriterionFunction<Output = AnyOutput> = Criterion<Output>['forward'];

/** The result of a model's `forward`, for its loss; any type, if the model's class does not say. */
export type OutputOf<M extends Module> = unknown extends ReturnType<M['forward']> ? AnyOutput : ReturnType<M['forward']>;

/** The criterion, given as an object or as a function. */
export function criterionOf(where: string, given: unknown): Criterion {
  if (typeof given === 'function') {
    if (given.prototype instanceof Module) {
      throw typeError(where, `expected criterion to be a module or a function, got the class ${given.name}`, `new nn.${given.name}()`);
    }
    return { forward: given as CriterionFunction };
  }
  if (typeof (given as Partial<Criterion> | null | undefined)?.forward !== 'function') {
    throw typeError(where, `expected criterion with a method forward, got ${describe(given)}`, 'new nn.MSELoss()');
  }
  return given as Criterion;
}

/** What updates the parameters: an optimizer. */
export interface Stepper {
  zeroGrad(): void;
  step(): void;
}

/** Selects the tensors of a batch that metrics need from the model's output and the targets. The number of tensors is the same for each batch. */
export type OutputSelector = (output: unknown, targets: readonly Tensor[]) => readonly Tensor[];

/** The options that training and evaluation share. */
export interface LossTaskOptions {
  model: Module;
  /** The criterion, or null if no loss is calculated. */
  criterion: Criterion | null;
  layout: Layout;
  selectOutputs: OutputSelector;
  /** The number of classes if `selectOutputs` returns predicted classes and targets, which the thread only counts; 0 if JavaScript gets its tensors. */
  classes: number;
  precision?: Task['precision'];
}

function tensorOf(where: string, what: string, value: unknown): Tensor {
  ignoreRejection(value);
  if (!(value instanceof Tensor)) throw typeError(where, `expected ${what} to give a tensor, got ${describe(value)}`);
  return value;
}

// Calls the model. Its result may be a tensor, a list or an object of tensors.
function forward(where: string, model: Module, inputs: readonly Tensor[]): unknown {
  const output = (model.call as (...args: Tensor[]) => unknown).call(model, ...inputs);
  ignoreRejection(output);
  if (typeof output === 'object' && output !== null && !isPromise(output)) return output;
  throw typeError(where, `expected the model to give a tensor, or several in a list or an object, got ${describe(output)}`);
}

// A criterion's reduction, if it has one; a criterion without one gives a single loss, or one for each row.
const reductionOf = (criterion: Criterion): unknown => (criterion as { reduction?: unknown }).reduction;

// The criterion with reduction "none" and everything else as in the original, also after later changes. It is a derived object, because recordings would notice
// a change of the original's field.
function unreduced(where: string, criterion: Criterion): Criterion {
  if (reductionOf(criterion) === undefined) return criterion;
  const shadow: Criterion = Object.create(criterion, { reduction: { value: 'none' } });
  return {
    forward: (...args) => {
      try {
        return criterion instanceof Module ? (forwardOn(criterion, shadow, args) as Tensor) : shadow.forward(...args);
      } catch (error) {
        if (!isTypeError(error) || !/private|Receiver must be/.test(error.message)) throw error;
        throw typeError(
          where,
          'sampleWeights cannot ask a criterion with private fields for the losses of rows',
          'a function that returns them',
        );
      }
    },
  };
}

// The mean, or with reduction "sum" the sum, of the rows' losses times their weights. As in Keras the mean divides by the number of losses.
function weighedLoss(where: string, criterion: Criterion, output: unknown, targets: readonly Tensor[], weights: Tensor): Tensor {
  const reduction = reductionOf(criterion);
  recorder?.guard(() => reductionOf(criterion) === reduction);
  const losses = tensorOf(where, 'the criterion', unreduced(where, criterion).forward(output, ...targets));
  if (losses.shape.length === 0 || losses.shape[0] !== weights.numel) {
    throw rangeError(
      where,
      `sampleWeights need a loss for each of ${weights.numel} rows, and the criterion gives shape [${losses.shape.join(', ')}]`,
      'a module with a reduction, or a function that returns the losses of the rows',
    );
  }
  const weighed = losses.mul(weights.float().reshape([weights.numel, ...losses.shape.slice(1).map(() => 1)]));
  if (reduction === 'batchmean') return weighed.sum().div(weights.numel);
  return reduction === 'sum' ? weighed.sum() : weighed.mean();
}

function lossOf(where: string, criterion: Criterion, output: unknown, { targets, weights }: Batch): Tensor {
  if (weights !== null) return weighedLoss(where, criterion, output, targets, weights);
  const loss = tensorOf(where, 'the criterion', criterion.forward(output, ...targets));
  if (loss.numel === 1) return loss;
  throw rangeError(
    where,
    `expected the criterion to give one number, got shape [${loss.shape.join(', ')}]`,
    'reduction: "mean", or mean() of it',
  );
}

/** A training step over a group of batches, each of which has the same weight, as in most training loops. */
export const trainingTask = (
  where: string,
  { model, criterion, layout, selectOutputs, classes, precision }: LossTaskOptions,
  optimizer: Stepper,
  group: Group,
  looksForNaN: boolean,
  { afterBackward, afterStep }: { afterBackward: () => void; afterStep: (() => void) | null },
): LossTask => ({
  where,
  group,
  classes,
  precision,
  sumsLosses: false,
  run: (...tensors) => {
    const batches = group.split(tensors).map((batch) => {
      checkInputs(where, model, layout, batch.length);
      return divideBatch(where, layout, batch);
    });
    optimizer.zeroGrad();
    const forwardBackward = (batch: Batch, isLast: boolean) => {
      const output = forward(where, model, batch.inputs);
      const loss = lossOf(where, criterion!, output, batch);
      const backward = (): void => (batches.length === 1 ? loss : loss.div(batches.length)).backward();
      if (isLast) backward();
      else withoutGradientSync(model, backward);
      return { loss, outputs: selectOutputs(output, batch.targets), rows: rowsOf(batch) };
    };
    // If the optimizer is going to refuse the step, it is run outside of recordings.
    const done = atPrecision(precision, () => batches.map((batch, i) => forwardBackward(batch, i === batches.length - 1)));
    afterBackward();
    if (looksForNaN) withoutPadding(() => optimizer.step());
    else optimizer.step();
    if (afterStep !== null) ignoreRejection(noGrad(afterStep));
    return {
      losses: done.map(({ loss }) => loss),
      outputs: done.flatMap(({ outputs }) => outputs),
      rows: done.reduce((sum, { rows }) => sum + rows, 0),
    };
  },
});

/**
 * Puts a model that is in evaluation mode into training mode. If the model is in training mode, its modules in evaluation mode stay so, because the user has frozen
 * them in this way. Returns a function that undoes the changes.
 */
export function enterTrainingMode(model: Module): () => void {
  const switched = model.training ? [] : model.modules().filter((module) => !module.training);
  for (const module of switched) module.training = true;
  return () => {
    for (const module of switched) module.training = false;
  };
}

/** Calls `fn` with every module in evaluation mode. */
export function inEvaluationMode<T>(modules: readonly Module[], fn: () => T): T {
  const training = modules.filter((module) => module.training);
  for (const module of training) module.training = false;
  try {
    return fn();
  } finally {
    for (const module of training) module.training = true;
  }
}

/**
 * The loss and the output in evaluation mode, without optimizer steps. The loss is what the criterion would give for all rows in one batch, however they are
 * divided into batches: a mean over rows, or with `reduction: "sum"` a sum.
 */
export function evaluationTask(where: string, { model, criterion, layout, selectOutputs, classes, precision }: LossTaskOptions): LossTask {
  const sums = (): boolean => criterion !== null && reductionOf(criterion) === 'sum'; // read each time, because a callback may change it
  return {
    where,
    classes,
    precision,
    get sumsLosses() {
      return sums();
    },
    lossWeight: (rows) => (sums() ? 1 : rows),
    mode: (fn) => inEvaluationMode(model.modules(), fn),
    run: (...tensors) => {
      const asRecorded = sums();
      recorder?.guard(() => sums() === asRecorded);
      return noGrad(() => {
        checkInputs(where, model, layout, tensors.length);
        const batch = divideBatch(where, layout, tensors);
        const output = forward(where, model, batch.inputs);
        const losses = criterion === null ? [] : [lossOf(where, criterion, output, batch)];
        return { losses, outputs: selectOutputs(output, batch.targets), rows: rowsOf(batch) };
      });
    },
  };
}

/** The results of a prediction: the tensors of the model's output, in a form. */
export interface Prediction extends Results {
  readonly structure: OutputStructure;
}

/** Predicts the model's output for the inputs of a batch: all of its tensors, or those in front of targets and weights. */
export const predictionTask = (
  where: string,
  model: Module,
  layout: Layout,
  precision: Task['precision'],
): LossTask & { run(...batch: Tensor[]): Prediction } => ({
  where,
  precision,
  sumsLosses: false,
  lossWeight: () => 1,
  mode: (fn) => inEvaluationMode(model.modules(), fn),
  run: (...batch) =>
    noGrad(() => {
      const inputs = batch.slice(0, checkPredicted(where, model, layout, batch.length));
      const structure = flattenOutput(
        where,
        'output',
        'the model to give',
        (model.call as (...args: Tensor[]) => unknown).call(model, ...inputs),
      );
      return { losses: [], outputs: structure.leaves, rows: batch[0]!.shape[0] ?? 1, structure };
    }),
});
