// Arrays that grow at their end.

type Numbers = Float32Array | Int32Array | Float64Array;

/** A typed array that grows at its end: its memory doubles, so that appending a number takes constant time on average. */
export class Growing<T extends Numbers> {
  private memory: T;
  private used = 0;

  constructor(private readonly make: new (length: number) => T) {
    this.memory = new make(0);
  }

  /** The numbers so far, on memory that is valid until the next `append`. */
  get values(): T {
    return this.memory.subarray(0, this.used) as T;
  }

  append(values: ArrayLike<number>): void {
    const length = this.used + values.length;
    if (length > this.memory.length) {
      const larger = new this.make(Math.max(length, 2 * this.memory.length));
      larger.set(this.values);
      this.memory = larger;
    }
    this.memory.set(values, this.used);
    this.used = length;
  }

  /** Returns a function that removes all numbers appended after this call. */
  remember(): () => void {
    const { memory, used } = this;
    return () => {
      this.memory = memory;
      this.used = used;
    };
  }

  clear(): void {
    this.memory = new this.make(0);
    this.used = 0;
  }
}
