// Copies of datasets' tensors in native memory. Fits of the same tensors share a copy as long as the values are unchanged; otherwise 1,000 fits of one dataset would
// copy it 1,000 times.
import type { RowBatches } from '../data/loader-state';
import { refuseHeld } from '../holders';
import { createRows, type RowsHandle, rowsEqual } from '../native';
import { isCounted } from '../recording';
import { refuseLost, type Tensor } from '../tensor';

// A copy of some tensors. It keeps none of them alive.
interface Copy {
  readonly handle: WeakRef<RowsHandle>;
  /** The tensors after the first. */
  readonly others: readonly WeakRef<Tensor>[];
  /** For each tensor, how often it had been changed, and how often held or released, when the copy was made. */
  readonly stamps: readonly number[];
}

const copies = new WeakMap<Tensor, Copy>();

const stampsOf = (tensors: readonly Tensor[]): number[] => tensors.flatMap(({ version: { count, taken } }) => [count, taken]);

function isCopyOf({ others, stamps }: Copy, tensors: readonly Tensor[]): boolean {
  if (others.length !== tensors.length - 1 || others.some((other, i) => other.deref() !== tensors[i + 1])) return false;
  return stampsOf(tensors).every((stamp, i) => stamp === stamps[i]);
}

/** The rows of tensors, which all have the same number of rows. */
export function nativeRows(tensors: readonly Tensor[]): RowsHandle {
  const [first, ...others] = tensors as [Tensor, ...Tensor[]];
  // If the user has a typed array on the memory, its values may change without a change of the version, so no copy is reused.
  const isKnown = tensors.every(({ version, values }) => isCounted(version) && values.length > 0);
  const known = isKnown ? copies.get(first) : undefined;
  const shared = known !== undefined && isCopyOf(known, tensors) ? known.handle.deref() : undefined;
  if (shared !== undefined) return shared;
  const handle = createRows(
    tensors.map(({ values }) => values),
    first.shape[0]!,
  );
  if (isKnown)
    copies.set(first, { handle: new WeakRef(handle), others: others.map((other) => new WeakRef(other)), stamps: stampsOf(tensors) });
  return handle;
}

function refuseUnreadable(where: string, tensors: readonly Tensor[]): void {
  for (const t of tensors) {
    refuseHeld(where, t);
    refuseLost(where, t);
  }
}

/** Copies the tensors of a loader into native memory, which other sessions may share. */
export function copyRows(where: string, { tensors }: RowBatches): RowsHandle {
  refuseUnreadable(where, tensors);
  return nativeRows(tensors);
}

/** Copies a loader's tensors again if their values are no longer those of the copy, and returns whether they were not. */
export function updateRows(where: string, rows: { batches: RowBatches; handle: RowsHandle }): boolean {
  const { tensors } = rows.batches;
  refuseUnreadable(where, tensors);
  const values = tensors.map((t) => t.values);
  if (!tensors.every(({ version }) => isCounted(version)) && rowsEqual(rows.handle, values)) return false;
  const handle = nativeRows(tensors);
  if (handle === rows.handle) return false;
  rows.handle = handle;
  return true;
}
