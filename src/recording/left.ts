// Tensors that a recorded function made, or was called with, and left somewhere: a replay makes others. Each says so when it is used.
import { SimdnnError } from '../errors';
import type { Holder } from '../holders';
import type { Tensor } from '../tensor';

/** What takes the place of a holder in such a tensor. */
class Left implements Holder {
  constructor(readonly name: string) {}

  sync(): never {
    throw this.refusal('Tensor');
  }
  refusal(where: string): SimdnnError {
    return new SimdnnError(
      'SIMDNN_LEFT_RECORDING',
      `[${where}] this tensor was left by a function that ${this.name} recorded, by another way than its result: a replay does not write it` +
        '\n  hint: return it from the function; a buffer is changed in place (copy_, mul_, add_) and keeps its memory; what a hook or a field is to hold is calculated outside',
    );
  }
}

/** Marks tensors on memory that replays do not write. */
export function leave(where: string, tensors: Iterable<Tensor>): void {
  const left = new Left(where);
  for (const { version } of tensors) version.holder = left;
}
