// The rounds of a fit, counted while it runs.
import { vi } from 'vitest';
import { KeptRounds } from '../../src/train/kept-rounds';
import { Session } from '../../src/train/session';

/** How many rounds each run had, and how often some were taken back, while `work` ran. */
export async function counted(work: () => Promise<unknown>): Promise<{ rounds: number[]; takenBack: number }> {
  const begun = vi.spyOn(Session.prototype, 'rounds');
  const taken = vi.spyOn(KeptRounds.prototype, 'takeBack');
  try {
    await work();
    return { rounds: begun.mock.calls.map(([, , live]) => live.length), takenBack: taken.mock.calls.length };
  } finally {
    begun.mockRestore();
    taken.mockRestore();
  }
}
