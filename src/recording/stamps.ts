// Finds out whether tensors may have changed since they were last looked at.
import type { Version } from '../tensor';

/** Whether every change of the memory advances its version. This is not so while a fit works on it, nor where user code has an array on it. */
export const isCounted = ({ exposed, holder }: Version): boolean => !exposed && holder === null;

/** The versions of some tensors when they were last looked at. */
export class Stamps {
  private readonly counts: number[];
  private readonly taken: number[];

  constructor(private readonly versions: readonly Version[]) {
    this.counts = versions.map(({ count }) => count);
    this.taken = versions.map(({ taken }) => taken);
  }

  /** Whether nothing has changed since the last call, or since construction before the first. False where that cannot be known. */
  unchanged(): boolean {
    const { versions, counts, taken } = this;
    let same = true;
    for (let i = 0; i < versions.length; i++) {
      const version = versions[i]!;
      if (counts[i] === version.count && taken[i] === version.taken && isCounted(version)) continue;
      counts[i] = version.count;
      taken[i] = version.taken;
      same = false;
    }
    return same;
  }
}
