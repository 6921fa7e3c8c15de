// The rounds of a fit, counted while it runs.
import { vi } from 'vitest';
import { Session } from '../../src/train/session';
import { Snapshots } from '../../src/train/snapshots';

/** How many rounds each run had, and how often some were taken back, while `work` ran. */
export async function counted(work: () => Promise<unknown>): Promise<{ rounds: number[]; takenBack: number }> {
  const begun = vi.spyOn(Session.prototype, 'runRounds');
  const taken = vi.spyOn(Snapshots.prototype, 'rollBack');
  try {
    await work();
    return { rounds: begun.mock.calls.map(([, , live]) => live.length), takenBack: taken.mock.calls.length };
  } finally {
    begun.mockRestore();
    taken.mockRestore();
  }
}
