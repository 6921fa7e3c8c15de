// How a task becomes a recorded step: in its mode and precision, and recorded twice to be sure that it is the same each time.
import { SimdnnError } from '../errors';
import { atPrecision } from '../precision';
import { RecordedStep } from '../recording';
import type { Tensor } from '../tensor';
import type { Task } from './task';

/** Calls a function as the task would be: with the model in its mode, with products of its precision. */
export const inMode = <T>({ mode, precision }: Task, fn: () => T): T =>
  atPrecision(precision, () => (mode === undefined ? fn() : mode(fn)));

/** Records a step, which is to be verified before it runs. With `given` the batches are the caller's own memory, which a step on copies would not change. */
export function recordStep(task: Task, batch: readonly Tensor[], given: boolean, packs: boolean): RecordedStep {
  const record = (): RecordedStep => inMode(task, () => new RecordedStep(task.where, task.run, batch, packs));
  let step = record();
  if (step.beginGradients()) step = record();
  if (given && step.trace.changesArguments) {
    throw new SimdnnError(
      'SIMDNN_NOT_RECORDABLE',
      `[${task.where}] a batch is changed in place, and the loader's own memory would not be\n  hint: clone() it first, or give out batches by a DataLoader`,
    );
  }
  return step;
}

/** Records the step once more. If it differs, JavaScript code carries state from call to call, which a replay would not do. */
export const verifyStep = (task: Task, step: RecordedStep): void => inMode(task, () => step.verify(task.where, task.run));
