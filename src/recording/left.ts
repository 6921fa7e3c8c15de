// A recorded function may store a tensor in an outer variable or a field without returning it. A replay does not write such a tensor, so every later use of it throws
// an error that explains this.
import { SimdnnError } from '../errors';
import type { Holder } from '../holders';
import type { Tensor } from '../tensor';

/** The holder of such a tensor. It refuses every use. */
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

/** Marks tensors whose memory no replay writes. */
export function leave(where: string, tensors: Iterable<Tensor>): void {
  const left = new Left(where);
  for (const { version } of tensors) version.holder = left;
}
