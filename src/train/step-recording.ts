// Records a task's step in its mode and precision, and verifies it by a second recording.
import { SimdnnError } from '../errors';
import { atPrecision } from '../precision';
import { RecordedStep } from '../recording';
import type { Tensor } from '../tensor';
import type { Task } from './task';

/** Calls a function as the task is called: with the model in the task's mode, and products in its precision. */
export const inMode = <T>({ mode, precision }: Task, fn: () => T): T =>
  atPrecision(precision, () => (mode === undefined ? fn() : mode(fn)));

/**
 * Records a step, which must be verified before it runs. `given` says that the batches are the caller's memory: the thread works on copies, so a step that changes its
 * batch is refused.
 */
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
