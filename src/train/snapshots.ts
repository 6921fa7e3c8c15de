// Snapshots of the memory that steps change. The training thread makes one after each round, because it works ahead of JavaScript: JavaScript reads the memory as it
// was after the last round that it got, and rounds behind that one can be rolled back.
import { isRound, keepRounds, readPersistent, type SessionHandle, takeBack } from '../native';

// The limits in bytes for one fit and for all fits of this JavaScript thread. A model with larger snapshots has epochs so long that working ahead gains nothing, and a
// thousand fits keep the threads busy without working ahead.
const [maxBytes, maxBytesOfAll] = [4 << 20, 64 << 20];
let bytesOfAll = 0;

export class Snapshots {
  /** The number of rounds that a run may have; 0: there is no memory for snapshots. */
  readonly maxRounds: number;
  private bytes = 0;
  /** The round whose snapshot JavaScript reads; null: it reads the present memory. */
  visibleRound: number | null = null;

  /** `regions` is all memory of the session, `changes` has the regions that steps change, and a run has at most `rounds` rounds. */
  constructor(
    private readonly session: SessionHandle,
    private readonly regions: readonly Float32Array[],
    changes: readonly (Float32Array | null)[],
    rounds: number,
  ) {
    const bytes = Math.max(
      1,
      changes.reduce((sum, region) => sum + (region?.byteLength ?? 0), 0),
    );
    // One for each round of the run that JavaScript has not got yet and of the next run, and one for the round that it got last.
    const snapshotsFor = (most: number): number => 2 * most + 1;
    this.maxRounds = Math.max(0, Math.min(rounds, Math.floor((Math.min(maxBytes, maxBytesOfAll - bytesOfAll) / bytes - 1) / 2)));
    if (this.maxRounds === 0) return;
    const numbers = changes.flatMap((region, i) => (region === null ? [] : [i]));
    keepRounds(session, numbers, snapshotsFor(this.maxRounds));
    this.bytes = snapshotsFor(this.maxRounds) * bytes;
    bytesOfAll += this.bytes;
  }

  /** Frees the snapshots. No run may be under way. */
  close(): void {
    if (this.bytes > 0) keepRounds(this.session, [], 0);
    bytesOfAll -= this.bytes;
    [this.bytes, this.visibleRound] = [0, null];
  }

  /** Copies the regions into the arrays, as of the visible round. */
  read(arrays: (Float32Array | null)[]): void {
    readPersistent(this.session, arrays, this.visibleRound);
  }

  /** Whether JavaScript's memory still equals the snapshot of the visible round, after callbacks had the tensors. */
  get isMemoryUnchanged(): boolean {
    return this.visibleRound !== null && isRound(this.session, this.regions, this.visibleRound);
  }

  /** Restores the memory of the visible round. */
  rollBack(): void {
    if (this.visibleRound !== null) takeBack(this.session, this.visibleRound);
    this.visibleRound = null;
  }
}
