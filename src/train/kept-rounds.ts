// What steps change, kept on the thread's side after each of the last rounds: JavaScript sees the memory as of the round that it has been handed, while the
// thread is further, and what the thread did ahead can be taken back.
import { isRound, keepRounds, readPersistent, type SessionHandle, takeBack } from '../native';

// An epoch of a model for which this is too little takes so long that nothing is gained by going ahead.
const mostBytes = 8 << 20;

export class KeptRounds {
  /** The number of rounds that a run may have; 0: none can be kept. */
  readonly most: number;
  /** The round as of which JavaScript sees the memory; null: it sees the memory as it is. */
  shown: number | null = null;

  /** `changes` are the pieces that steps change. A run has at most `rounds` rounds. */
  constructor(
    private readonly session: SessionHandle,
    changes: readonly (Float32Array | null)[],
    rounds: number,
  ) {
    const bytes = changes.reduce((sum, piece) => sum + (piece?.byteLength ?? 0), 0);
    // Those of a run that is not handed out yet and of the one that follows it, and the one that was handed out last.
    this.most = Math.min(rounds, Math.floor((mostBytes / Math.max(bytes, 1) - 1) / 2));
    const numbers = changes.flatMap((piece, i) => (piece === null ? [] : [i]));
    if (this.most > 0) keepRounds(session, numbers, 2 * this.most + 1);
  }

  /** Copies the pieces into the arrays, as JavaScript sees them. */
  read(arrays: (Float32Array | null)[]): void {
    readPersistent(this.session, arrays, this.shown);
  }

  /** Whether the arrays have what JavaScript sees. */
  areShown(arrays: readonly Float32Array[]): boolean {
    return this.shown !== null && isRound(this.session, arrays, this.shown);
  }

  /** Drops what was done after the round that JavaScript sees. */
  takeBack(): void {
    if (this.shown !== null) takeBack(this.session, this.shown);
    this.shown = null;
  }
}
