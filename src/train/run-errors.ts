// The errors of a failed native run.
import { rangeError, SimdnnError } from '../errors';
import type { LoopReport } from '../native';
import type { RecordedStep } from '../recording';
import type { Tensor } from '../tensor';

/**
 * Throws if the inputs of a step are not finite, because then the operation that noticed it is not to blame. `memory` are the step's inputs, of which each
 * batch of a group has `width`, and `at` names the batch in the error.
 */
export function refuseData(
  where: string,
  tensors: readonly Tensor[],
  memory: readonly ArrayBuffer[],
  width: number | undefined,
  at: (among: number) => string,
): void {
  memory.forEach((own, argument) => {
    const tensor = tensors[argument % tensors.length]!; // a step of a group has the tensors of each batch
    if (tensor.dtype !== 'float32') return;
    const values = new Float32Array(own);
    const position = values.findIndex((x) => !Number.isFinite(x));
    if (position < 0) return;
    const row = Math.floor(position / tensor.shape.slice(1).reduce((a, b) => a * b, 1));
    const inBatch = width || memory.length; // the number of tensors in a batch
    throw new SimdnnError(
      'SIMDNN_NOT_FINITE',
      `[${where}] the data of ${at(Math.floor(argument / inBatch))} are not finite: tensor ${argument % inBatch} of the batch has ${values[position]} in row ${row}`,
    );
  });
}

/** Throws the error with which a run ended, if any; `at` describes the batch. */
export function refuseReport(where: string, { end, kind, call, message }: LoopReport, kinds: readonly RecordedStep[], at: string): void {
  if (end === 'refused') throw rangeError(where, at === '' ? message! : `${message}, ${at}`);
  if (end === 'out of memory') throw rangeError(where, 'out of memory');
  if (end === 'not finite') {
    throw new SimdnnError(
      'SIMDNN_NOT_FINITE',
      `[${where}] ${at} a value is not finite for the first time after ${kinds[kind]!.trace.callText(call)}`,
    );
  }
}
