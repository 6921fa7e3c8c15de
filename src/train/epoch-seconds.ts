// Measures the seconds of each epoch of a fit, without the time of callbacks.

/** Segments end when JavaScript needs a turn, often in the middle of an epoch, so the time of a segment is divided between the epochs of which it did a part. */
export class EpochSeconds {
  private threadSeconds = 0;
  /** The part of the present epoch that was done when the measured time began, and the seconds that it took. */
  private done = { part: 0, seconds: 0 };
  private began: number;

  /** Adds to `seconds`. `now` returns milliseconds. */
  constructor(
    private readonly seconds: number[],
    private readonly now: () => number = () => performance.now(),
  ) {
    this.began = now();
  }

  /**
   * Adds the time of a segment: `ofThread` is that of a segment that was done ahead of JavaScript, `waited` that which JavaScript has waited. After a segment of
   * an epoch that was done ahead, only such times count for this epoch.
   */
  addSegment(ofThread: number | undefined, waited: number): void {
    this.threadSeconds += ofThread ?? (this.threadSeconds > 0 ? waited : 0);
  }

  /** Leaves out milliseconds in which a callback ran. */
  leaveOut(milliseconds: number): void {
    this.began += milliseconds;
  }

  /** Begins the next epoch now. */
  restart(): void {
    this.began = this.now();
  }

  /** So many epochs have ended, and then a part of the next one was done: from 0 to 1, if the loader has told its true length. */
  end(epochs: number, nextPart: number): void {
    if (epochs === 0) return;
    const part = nextPart < 1 ? nextPart : 0;
    const now = this.now();
    const elapsed = this.threadSeconds || (now - this.began) / 1000;
    const each = elapsed / (epochs - this.done.part + part);
    this.seconds.push(this.done.seconds + (1 - this.done.part) * each);
    for (let i = 1; i < epochs; i++) this.seconds.push(each);
    this.done = { part, seconds: part * each };
    [this.began, this.threadSeconds] = [now, 0];
  }
}
