// Who works on a tensor's memory on another thread, and what others are told meanwhile.
import { SimdnnError } from './errors';

/** Whoever works on a piece of memory off the JavaScript thread, on a copy. */
export interface Holder {
  /** Who, for messages: `train.fit`. */
  readonly name: string;
  /** Copies the values as of the last finished step into the memory. */
  sync(): void;
  /** Why nobody may use the memory at all; absent where others may record with it. */
  refusal?(where: string): Error;
}

let holdersMatter = true;

/** Has whoever works on these tensors bring their values up to date: as of the last finished step. */
export function syncHeld(tensors: readonly { readonly version: { readonly holder: Holder | null } }[]): void {
  for (const holder of new Set(tensors.map(({ version }) => version.holder))) holder?.sync();
}

/** Refuses a tensor that another thread works on at present. */
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
