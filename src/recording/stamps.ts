// Whether tensors still have the values that they had.
import type { Version } from '../tensor';

/** Whether whoever changes the memory counts that: not while a fit works on it, nor where JavaScript has an array on it. */
export const isCounted = ({ exposed, holder }: Version): boolean => !exposed && holder === null;

/** The versions of some memory as they were last looked at. */
export class Stamps {
  private readonly counts: number[];
  private readonly taken: number[];

  constructor(private readonly versions: readonly Version[]) {
    this.counts = versions.map(({ count }) => count);
    this.taken = versions.map(({ taken }) => taken);
  }

  /** Whether nothing has changed since this was last asked, or since the beginning; false where that cannot be known. */
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
