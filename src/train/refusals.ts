// What a run ended with, as an error.
import { SimdnnError } from '../errors';
import type { Tensor } from '../tensor';

/**
 * Throws where the data of a step are not finite: the first operation on them is not to blame. `memory` is what the step was given, `width` how many of that are a batch of a
 * group, and `at` says which batch that is.
 */
export function refuseData(
  where: string,
  tensors: readonly Tensor[],
  memory: readonly ArrayBuffer[],
  width: number | undefined,
  at: (among: number) => string,
): void {
  memory.forEach((own, argument) => {
    const tensor = tensors[argument % tensors.length]!; // rows are those of each batch in a group
    if (tensor.dtype !== 'float32') return;
    const values = new Float32Array(own);
    const position = values.findIndex((x) => !Number.isFinite(x));
    if (position < 0) return;
    const row = Math.floor(position / tensor.shape.slice(1).reduce((a, b) => a * b, 1));
    const inBatch = width || memory.length; // tensors
    throw new SimdnnError(
      'SIMDNN_NOT_FINITE',
      `[${where}] the data of ${at(Math.floor(argument / inBatch))} are not finite: tensor ${argument % inBatch} of the batch has ${values[position]} in row ${row}`,
    );
  });
}
