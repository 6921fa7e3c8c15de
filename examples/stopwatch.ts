// Measures the parts of a run: `lap(part)` adds the time since the last lap to that part.
export class Stopwatch {
  readonly seconds = new Map<string, number>();
  #last = performance.now();

  lap(part: string): void {
    const now = performance.now();
    this.seconds.set(part, (this.seconds.get(part) ?? 0) + (now - this.#last) / 1000);
    this.#last = now;
  }

  get total(): number {
    return [...this.seconds.values()].reduce((sum, seconds) => sum + seconds, 0);
  }
}
