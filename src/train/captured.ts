// Tensors that the steps of a session read and none of them writes: the code that was recorded found them somewhere, and JavaScript may change them at any time.
import { liesIn, type TensorData } from '../memory';
import { isCounted, type RecordedStep } from '../recording';
import type { Tensor } from '../tensor';

export class Captured {
  /** With the count of changes that was copied; -1: an older one was. */
  private readonly versions = new Map<Tensor, number>();

  /** Those of a recording; `fresh` is the memory that was copied for it, null: all was. */
  add({ leaves, trace }: RecordedStep, fresh: readonly TensorData[] | null): void {
    for (const leaf of leaves) {
      if (leaf.requiresGrad || trace.changes.includes(leaf) || this.versions.has(leaf)) continue;
      const isCopied = fresh === null || fresh.some((memory) => liesIn(memory, leaf.values));
      this.versions.set(leaf, isCopied ? leaf.version.count : -1);
    }
  }

  /** Those that may have changed since it was asked last. */
  changed(): Tensor[] {
    const changed: Tensor[] = [];
    for (const [t, count] of this.versions) {
      const { version } = t;
      if (version.holder !== null || t.values.length === 0 || (version.count === count && isCounted(version))) continue;
      this.versions.set(t, version.count);
      changed.push(t);
    }
    return changed;
  }
}
