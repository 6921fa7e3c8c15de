// What evaluations and predictions have in common.
import { describe, SimdnnError, typeError } from '../errors';
import { syncHeld } from '../holders';
import { Module } from '../nn';
import type { RecordedStep } from '../recording';

/** Predictions and other evaluations wait no longer than this, and one step, for the thread that they share. */
export const segmentMilliseconds = 4;

/** Refuses what is no module. */
export function checkModel(where: string, model: unknown): Module {
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  // A model that a fit works on is taken as of its last finished step.
  syncHeld([...model.parameters(), ...model.buffers()]);
  return model;
}

/** They work on copies: what the model changed there would be lost. */
export function refuseChanges(where: string, kinds: readonly RecordedStep[]): void {
  if (kinds.every(({ trace }) => trace.written.length === 0)) return;
  throw new SimdnnError(
    'SIMDNN_NOT_RECORDABLE',
    `[${where}] the model changes a tensor in place in evaluation mode, and would change a copy of it\n  hint: if (this.training) around the change, or a loop of one's own`,
  );
}
