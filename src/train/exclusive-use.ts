// Ensures that only one run at a time uses a model: a run holds the model's tensors, and another run throws.
import { SimdnnError } from '../errors';
import type { Holder } from '../holders';
import { hold, type Tensor } from '../tensor';

/** Throws if another run works on any of the tensors. */
export function refuseInUse(where: string, tensors: Iterable<Tensor>, self: Holder | null): void {
  for (const { version } of tensors) {
    const { holder } = version;
    if (holder === null || holder === self) continue;
    throw new SimdnnError(
      'SIMDNN_IN_USE',
      `[${where}] the model or the optimizer is in use by another ${holder.name}\n  hint: await it first`,
    );
  }
}

/** Holds tensors, so that nothing may change their values until the returned function releases them. */
export function holdAll(where: string, tensors: readonly Tensor[]): () => void {
  refuseInUse(where, tensors, null);
  const self: Holder = { name: where, sync: () => {} };
  for (const tensor of tensors) hold(tensor, self);
  return () => {
    for (const tensor of tensors) hold(tensor, null);
  };
}
