// What training and evaluation do with a batch.

import { noGrad } from '../autograd';
import { isPromise, isTypeError } from '../brands';
import { describe, rangeError, typeError } from '../errors';
import { Module } from '../nn';
import { forwardOn } from '../nn/forwards';
import { withoutPadding } from '../optim/runs';
import { atPrecision } from '../precision';
import { recorder } from '../recorder';
import type { Results } from '../recording';
import { Tensor } from '../tensor';
import { type Batch, divided, type Group, type Layout, rowsOf } from './batch';
import { type Form, formOf } from './forms';
import { checkInputs, checkPredicted } from './inputs';
import { leaveAlone } from './promises';
import { withoutSums } from './ranks';
import type { Task } from './task';

/** A task whose losses make one figure for an epoch. */
export interface LossTask extends Task {
  /** Whether that is their sum; otherwise it is their mean. */
  sumsLosses: boolean;
}

/** A loss: anything with a `forward` of what the model's `forward` returns and the batch's targets. */
export interface Criterion {
  /** The loss, one number. */
  // biome-ignore lint/suspicious/noExplicitAny: the model's own type, which may be a list or an object of tensors
  forward(output: any, ...targets: Tensor[]): Tensor;
}

/** A loss as a plain function of what the model's `forward` returns and the batch's targets. */
export type CriterionFunction = Criterion['forward'];

/** A criterion given as either. */
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

/** What steps the parameters. */
export interface Stepper {
  zeroGrad(): void;
  step(): void;
}

/** What a batch hands out for metrics, of what the model returns and the targets; each batch as many tensors. */
export type HandOut = (output: unknown, targets: readonly Tensor[]) => readonly Tensor[];

/** What training and evaluation have in common. */
export interface Trained {
  model: Module;
  /** Null: no loss is wanted. */
  criterion: Criterion | null;
  layout: Layout;
  handOut: HandOut;
  /** Where these are pairs of predicted classes and targets: how many classes are counted; 0: they are handed out. */
  classes: number;
  precision?: Task['precision'];
}

function tensorOf(where: string, what: string, value: unknown): Tensor {
  leaveAlone(value);
  if (!(value instanceof Tensor)) throw typeError(where, `expected ${what} to give a tensor, got ${describe(value)}`);
  return value;
}

// What it returns may be a tensor, a list or an object of tensors.
function forward(where: string, model: Module, inputs: readonly Tensor[]): unknown {
  const output = (model.call as (...args: Tensor[]) => unknown).call(model, ...inputs);
  leaveAlone(output);
  if (typeof output === 'object' && output !== null && !isPromise(output)) return output;
  throw typeError(where, `expected the model to give a tensor, or several in a list or an object, got ${describe(output)}`);
}

// A criterion that has one speaks of its own reduction; whatever else gives a loss for each row by itself.
const reductionOf = (criterion: Criterion): unknown => (criterion as { reduction?: unknown }).reduction;

// A criterion like this one with reduction "none", all else as it is there, also later: a change of its own field would be one that recordings see.
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

// mean (or with reduction "sum" the sum) over the rows' losses, each times its weight: as in Keras the mean's divisor is the number of losses.
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

/** A training step over a group of batches, whose losses count alike, as in most loops. */
export const trainingTask = (
  where: string,
  { model, criterion, layout, handOut, classes, precision }: Trained,
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
      return divided(where, layout, batch);
    });
    optimizer.zeroGrad();
    const passed = (batch: Batch, isLast: boolean) => {
      const output = forward(where, model, batch.inputs);
      const loss = lossOf(where, criterion!, output, batch);
      const backward = (): void => (batches.length === 1 ? loss : loss.div(batches.length)).backward();
      if (isLast) backward();
      else withoutSums(model, backward);
      return { loss, outputs: handOut(output, batch.targets), rows: rowsOf(batch) };
    };
    // A step that the optimizer will refuse is run outside of recordings.
    const done = atPrecision(precision, () => batches.map((batch, i) => passed(batch, i === batches.length - 1)));
    afterBackward();
    if (looksForNaN) withoutPadding(() => optimizer.step());
    else optimizer.step();
    if (afterStep !== null) leaveAlone(noGrad(afterStep));
    return {
      losses: done.map(({ loss }) => loss),
      outputs: done.flatMap(({ outputs }) => outputs),
      rows: done.reduce((sum, { rows }) => sum + rows, 0),
    };
  },
});

/**
 * Puts a model that was left in evaluation mode into training mode; parts of it that alone are in evaluation mode stay so, since that
 * freezes them. What is returned puts those back that are as this left them.
 */
export function intoTraining(model: Module): () => void {
  const switched = model.training ? [] : model.modules().filter((module) => !module.training);
  for (const module of switched) module.training = true;
  return () => {
    for (const module of switched) module.training = false;
  };
}

/** Calls `fn` with every module in evaluation mode. */
export function inEvaluation<T>(modules: readonly Module[], fn: () => T): T {
  const training = modules.filter((module) => module.training);
  for (const module of training) module.training = false;
  try {
    return fn();
  } finally {
    for (const module of training) module.training = true;
  }
}

/**
 * The loss and the output, without steps, in evaluation mode. The loss is what the criterion would give for all rows in one batch, however
 * they are divided: a mean over rows, or with `reduction: "sum"` a sum.
 */
export function evaluationTask(where: string, { model, criterion, layout, handOut, classes, precision }: Trained): LossTask {
  const sums = (): boolean => criterion !== null && reductionOf(criterion) === 'sum'; // a callback may have changed it
  return {
    where,
    classes,
    precision,
    get sumsLosses() {
      return sums();
    },
    lossWeight: (rows) => (sums() ? 1 : rows),
    mode: (fn) => inEvaluation(model.modules(), fn),
    run: (...tensors) => {
      const asRecorded = sums();
      recorder?.guard(() => sums() === asRecorded);
      return noGrad(() => {
        checkInputs(where, model, layout, tensors.length);
        const batch = divided(where, layout, tensors);
        const output = forward(where, model, batch.inputs);
        const losses = criterion === null ? [] : [lossOf(where, criterion, output, batch)];
        return { losses, outputs: handOut(output, batch.targets), rows: rowsOf(batch) };
      });
    },
  };
}

/** What a prediction gives out: its outputs are the tensors of a form. */
export interface Prediction extends Results {
  readonly form: Form;
}

/** The output of a model for the inputs of a batch: all of its tensors, or those in front of targets and weights. */
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
  mode: (fn) => inEvaluation(model.modules(), fn),
  run: (...batch) =>
    noGrad(() => {
      const inputs = batch.slice(0, checkPredicted(where, model, layout, batch.length));
      const form = formOf(where, 'output', 'the model to give', (model.call as (...args: Tensor[]) => unknown).call(model, ...inputs));
      return { losses: [], outputs: form.leaves, rows: batch[0]!.shape[0] ?? 1, form };
    }),
});
