// Ensures that only one run at a time works on a model.
import { SimdnnError } from '../errors';
import type { Holder } from '../holders';
import { hold, type Tensor } from '../tensor';

/** Throws if another run works on any of the tensors. */
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

/** Takes tensors whose values must not change until the returned function is called, which releases them. */
export function takeAll(where: string, tensors: readonly Tensor[]): () => void {
  refuseTaken(where, tensors, null);
  const self: Holder = { name: where, sync: () => {} };
  for (const tensor of tensors) hold(tensor, self);
  return () => {
    for (const tensor of tensors) hold(tensor, null);
  };
}
