// Who works on a model: one run at a time.
import { SimdnnError } from '../errors';
import type { Holder } from '../holders';
import { hold, type Tensor } from '../tensor';

/** Refuses tensors that somebody else works on. */
export function refuseTaken(where: string, tensors: Iterable<Tensor>, self: Holder | null): void {
  for (const { version } of tensors) {
    const { holder } = version;
    if (holder === null || holder === self) continue;
    throw new SimdnnError(
      'SIMDNN_IN_USE',
      `[${where}] the model or the optimizer is in use by another ${holder.name}\n  hint: await it first`,
    );
  }
}

/** Takes tensors whose values stay as they are until what it returns is called, which gives them back. */
export function takeAll(where: string, tensors: readonly Tensor[]): () => void {
  refuseTaken(where, tensors, null);
  const self: Holder = { name: where, sync: () => {} };
  for (const tensor of tensors) hold(tensor, self);
  return () => {
    for (const tensor of tensors) hold(tensor, null);
  };
}
