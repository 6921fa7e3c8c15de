// The tensors that the steps of a session read but do not write. They are captured by the recorded function, and user code may change them at any time.
import { liesIn, overlap, type TensorData } from '../memory';
import { isCounted, type RecordedStep } from '../recording';
import type { Tensor } from '../tensor';

const mayHaveChanged = ([{ version, values }, count]: [Tensor, number]): boolean =>
  version.holder === null && values.length > 0 && (version.count !== count || !isCounted(version));

export class CapturedTensors {
  /** The version of each tensor whose values the session has; -1 if it is an older one. */
  private readonly versions = new Map<Tensor, number>();

  /** Adds the captured tensors of a recording. `fresh` is the memory that the session copied for it; null: all of its memory. */
  add({ leaves, trace }: RecordedStep, fresh: readonly TensorData[] | null): void {
    for (const leaf of leaves) {
      const isWritten = trace.written.some(({ array }) => overlap(array, leaf.values)); // a gradient that is clipped is also a leaf
      if (leaf.requiresGrad || trace.changes.includes(leaf) || isWritten || this.versions.has(leaf)) continue;
      const isCopied = fresh === null || fresh.some((memory) => liesIn(memory, leaf.values));
      this.versions.set(leaf, isCopied ? leaf.version.count : -1);
    }
  }

  /** Whether any may have changed since the last call of `takeChanged`. */
  get haveChanged(): boolean {
    return [...this.versions].some(mayHaveChanged);
  }

  /** Returns the tensors that may have changed since the last call. */
  takeChanged(): Tensor[] {
    const changed = [...this.versions].filter(mayHaveChanged).map(([t]) => t);
    for (const t of changed) this.versions.set(t, t.version.count);
    return changed;
  }
}
