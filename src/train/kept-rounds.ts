// Snapshots of the memory that steps change, made by the training thread after each of its last rounds. The thread works ahead of JavaScript, which sees the memory
// as it was after the round that was last returned to it. Rounds that were done ahead can be taken back.
import { isRound, keepRounds, readPersistent, type SessionHandle, takeBack } from '../native';

// The most bytes of snapshots of one fit: for a larger model an epoch takes so long that working ahead gains nothing. And of all fits together: a thousand fits keep
// the threads busy without working ahead.
const [mostBytes, mostOfAll] = [4 << 20, 64 << 20];
let bytesOfAll = 0;

export class KeptRounds {
  /** The number of rounds that a run may have; 0: none can be kept. */
  readonly most: number;
  private bytes = 0;
  /** The round as of which JavaScript sees the memory; null: it sees the memory as it is. */
  shown: number | null = null;

  /** `pieces` is all memory, and `changes` are the pieces that steps change. A run has at most `rounds` rounds. */
  constructor(
    private readonly session: SessionHandle,
    private readonly pieces: readonly Float32Array[],
    changes: readonly (Float32Array | null)[],
    rounds: number,
  ) {
    const bytes = Math.max(
      1,
      changes.reduce((sum, piece) => sum + (piece?.byteLength ?? 0), 0),
    );
    // The rounds of a run that was not returned to JavaScript yet, those of the run that follows it, and the round that was returned last.
    const placesOf = (most: number): number => 2 * most + 1;
    this.most = Math.max(0, Math.min(rounds, Math.floor((Math.min(mostBytes, mostOfAll - bytesOfAll) / bytes - 1) / 2)));
    if (this.most === 0) return;
    const numbers = changes.flatMap((piece, i) => (piece === null ? [] : [i]));
    keepRounds(session, numbers, placesOf(this.most));
    this.bytes = placesOf(this.most) * bytes;
    bytesOfAll += this.bytes;
  }

  /** Frees the memory, when no run is under way. */
  close(): void {
    if (this.bytes > 0) keepRounds(this.session, [], 0);
    bytesOfAll -= this.bytes;
    [this.bytes, this.shown] = [0, null];
  }

  /** Copies the pieces into the arrays, as JavaScript sees them. */
  read(arrays: (Float32Array | null)[]): void {
    readPersistent(this.session, arrays, this.shown);
  }

  /** Whether callbacks, which had the tensors, have left their values unchanged. */
  get areLeft(): boolean {
    return this.shown !== null && isRound(this.session, this.pieces, this.shown);
  }

  /** Drops what was done after the round that JavaScript sees. */
  takeBack(): void {
    if (this.shown !== null) takeBack(this.session, this.shown);
    this.shown = null;
  }
}
