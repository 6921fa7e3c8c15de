// What training and evaluation do with a batch.

import { noGrad } from '../autograd';
import { isPromise } from '../brands';
import { describe, typeError } from '../errors';
import { Module } from '../nn';
import { withoutPadding } from '../optim/runs';
import { recorder } from '../recorder';
import type { Results } from '../recording';
import { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import type { Task } from './session';

/** A task whose losses make one figure for an epoch. */
export interface LossTask extends Task {
  /** Whether that is their sum; otherwise it is their mean. */
  sumsLosses: boolean;
}

/** A loss: anything with a `forward` of output and target. */
export interface Criterion {
  /** The loss, one number. */
  forward(output: Tensor, target: Tensor): Tensor;
}

/** A loss as a plain function. */
export type CriterionFunction = (output: Tensor, target: Tensor) => Tensor;

/** A criterion given as either. */
export function criterionOf(where: string, given: unknown): Criterion {
  if (typeof given === 'function') {
    if (given.prototype instanceof Module) {
      throw typeError(where, `expected criterion to be a module or a function, got the class ${given.name}`, `new nn.${given.name}()`);
    }
    return { forward: given as CriterionFunction };
  }
  if (typeof (given as Partial<Criterion> | null | undefined)?.forward !== 'function') {
    throw typeError(where, `expected criterion with a method forward, got ${describe(given)}`);
  }
  return given as Criterion;
}

/** What steps the parameters. */
export interface Stepper {
  zeroGrad(): void;
  step(): void;
}

/** A batch's output, handed on as it is or as the classes with the highest scores. */
export type OutputWanted = 'none' | 'whole' | 'classes';

/** What an async function gives where none is expected is refused: its own error then is nobody's. */
export function leaveAlone(value: unknown): void {
  if (isPromise(value)) value.catch(() => {});
}

function tensorOf(where: string, what: string, value: unknown): Tensor {
  leaveAlone(value);
  if (!(value instanceof Tensor)) throw typeError(where, `expected ${what} to give a tensor, got ${describe(value)}`);
  return value;
}

// All tensors of a batch but the last go into the model.
function forward(where: string, model: Module, inputs: readonly Tensor[]): Tensor {
  return tensorOf(where, 'the model', (model.call as (...args: Tensor[]) => unknown).call(model, ...inputs));
}

function wanted(output: Tensor, how: OutputWanted): Tensor | null {
  if (how === 'none') return null;
  return how === 'classes' && output.dtype === 'float32' && output.shape.length === 2 ? noGrad(() => output.argmax(1)) : output.detach();
}

/** A training step. The losses of the batches count alike, as in most loops. */
export const trainingTask = (
  where: string,
  model: Module,
  criterion: Criterion,
  optimizer: Stepper,
  output: OutputWanted,
  looksForNaN: boolean,
  afterBackward: () => void = () => {},
): LossTask => ({
  where,
  withTarget: output !== 'none',
  sumsLosses: false,
  run: (...batch) => {
    checkInputs(where, model, batch.length);
    optimizer.zeroGrad();
    const result = forward(where, model, batch.slice(0, -1));
    const loss = tensorOf(where, 'the criterion', criterion.forward(result, batch.at(-1)!));
    loss.backward();
    afterBackward();
    if (looksForNaN) withoutPadding(() => optimizer.step());
    else optimizer.step();
    return { loss, output: wanted(result, output) };
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

// Calls `fn` with every module in evaluation mode.
function inEvaluation<T>(model: Module, fn: () => T): T {
  const training = model.modules().filter((module) => module.training);
  for (const module of training) module.training = false;
  try {
    return fn();
  } finally {
    for (const module of training) module.training = true;
  }
}

const rowsOf = (target: Tensor): number => target.shape[0] ?? 1;

/**
 * The loss and the output, without steps, in evaluation mode. The loss is what the criterion would give for all rows in one batch, however
 * they are divided: a mean over rows, or with `reduction: "sum"` a sum.
 */
export function evaluationTask(where: string, model: Module, criterion: Criterion | null, output: OutputWanted): LossTask {
  const sums = (): boolean => (criterion as { reduction?: unknown } | null)?.reduction === 'sum'; // a callback may have changed it
  return {
    where,
    withTarget: output !== 'none',
    get sumsLosses() {
      return sums();
    },
    lossWeight: (target) => (sums() ? 1 : rowsOf(target)),
    mode: (fn) => inEvaluation(model, fn),
    run: (...batch) => {
      const asRecorded = sums();
      recorder?.guard(() => sums() === asRecorded);
      return noGrad(() => evaluated(where, model, criterion, output, batch));
    },
  };
}

function evaluated(where: string, model: Module, criterion: Criterion | null, output: OutputWanted, batch: readonly Tensor[]): Results {
  checkInputs(where, model, batch.length);
  const result = forward(where, model, batch.slice(0, -1));
  const loss = criterion === null ? null : tensorOf(where, 'the criterion', criterion.forward(result, batch.at(-1)!));
  return { loss, output: wanted(result, output) };
}

/** The output of a model whose inputs are all the tensors of a batch. */
export const predictionTask = (where: string, model: Module): Task => ({
  where,
  withTarget: false,
  mode: (fn) => inEvaluation(model, fn),
  run: (...batch) => noGrad(() => ({ loss: null, output: forward(where, model, batch) })),
});
