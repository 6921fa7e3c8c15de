// The tensors that the steps of a session only read. The recorded function has captured them, and user code may change them at any time.
import { liesIn, overlap, type TensorData } from '../memory';
import { isCounted, type RecordedStep } from '../recording';
import type { Tensor } from '../tensor';

const mayHaveChanged = ([{ version, values }, count]: [Tensor, number]): boolean =>
  version.holder === null && values.length > 0 && (version.count !== count || !isCounted(version));

export class Captured {
  /** The version of the values that were copied; -1 if an older one was. */
  private readonly versions = new Map<Tensor, number>();

  /** Adds the captured tensors of a recording. `fresh` is the memory that was copied for it; null: all of its memory was copied. */
  add({ leaves, trace }: RecordedStep, fresh: readonly TensorData[] | null): void {
    for (const leaf of leaves) {
      const isWritten = trace.written.some(({ array }) => overlap(array, leaf.values)); // a gradient that is clipped is a leaf too
      if (leaf.requiresGrad || trace.changes.includes(leaf) || isWritten || this.versions.has(leaf)) continue;
      const isCopied = fresh === null || fresh.some((memory) => liesIn(memory, leaf.values));
      this.versions.set(leaf, isCopied ? leaf.version.count : -1);
    }
  }

  /** Whether any may have changed since `changed` was last asked. */
  get haveChanged(): boolean {
    return [...this.versions].some(mayHaveChanged);
  }

  /** The tensors that may have changed since this was last asked. */
  changed(): Tensor[] {
    const changed = [...this.versions].filter(mayHaveChanged).map(([t]) => t);
    for (const t of changed) this.versions.set(t, t.version.count);
    return changed;
  }
}
