// Helpers that evaluations and predictions share.
import { describe, SimdnnError, typeError } from '../errors';
import { syncHeld } from '../holders';
import { Module } from '../nn';
import type { RecordedStep } from '../recording';

/** The milliseconds of a segment: a prediction or an evaluation waits at most this long, plus one step, for the thread that all of them share. */
export const segmentMilliseconds = 4;

/** Throws unless the value is a module. */
export function checkModel(where: string, model: unknown): Module {
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  // A model that a fit works on is used as it was after the fit's last finished step.
  syncHeld([...model.parameters(), ...model.buffers()]);
  return model;
}

/** Throws if the model changes tensors: evaluations and predictions work on copies, so the changes would be lost. */
export function refuseChanges(where: string, kinds: readonly RecordedStep[]): void {
  if (kinds.every(({ trace }) => trace.written.length === 0)) return;
  throw new SimdnnError(
    'SIMDNN_NOT_RECORDABLE',
    `[${where}] the model changes a tensor in place in evaluation mode, and would change a copy of it\n  hint: if (this.training) around the change, or a loop of one's own`,
  );
}
