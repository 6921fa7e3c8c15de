// The holder of a tensor's memory: the fit or prediction that works on the memory on another thread, and what others may do with the tensor meanwhile.
import { SimdnnError } from './errors';

/** Something that works on a copy of a piece of memory on another thread. */
export interface Holder {
  /** Its name in messages: `train.fit`. */
  readonly name: string;
  /** Copies the values as of the last finished step into the memory. */
  sync(): void;
  /** The error for any use of the memory; absent if others may record with it. */
  refusal?(where: string): Error;
}

let holdersMatter = true;

/** Brings the values of tensors that have a holder up to date, as of its last finished step. */
export function syncHeld(tensors: readonly { readonly version: { readonly holder: Holder | null } }[]): void {
  for (const holder of new Set(tensors.map(({ version }) => version.holder))) holder?.sync();
}

/** Throws if another thread works on the tensor at present. */
export function refuseHeld(where: string, { version: { holder } }: { readonly version: { readonly holder: Holder | null } }): void {
  if (holder === null) return;
  if (holder.refusal !== undefined) throw holder.refusal(where);
  if (!holdersMatter) return;
  throw new SimdnnError(
    'SIMDNN_IN_USE',
    `[${where}] a tensor is in use by ${holder.name}\n  hint: await it first; meanwhile data, item() and toArray() read its values, and train.predict and train.evaluate work on a copy`,
  );
}

/** Calls `fn`, which may use tensors that another thread works on: it records, and calculates nothing. */
export function ignoringHolders<T>(fn: () => T): T {
  holdersMatter = false;
  try {
    return fn();
  } finally {
    holdersMatter = true;
  }
}
