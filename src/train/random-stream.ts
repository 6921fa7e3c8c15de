// The random numbers of a run. A plain loop draws everything from one sequence, in order: the order of the rows, the steps, the callbacks. A run continues the sequence
// that was current at its call, and so does JavaScript code that belongs to the run (callbacks, batches of user datasets). All other code draws from another
// sequence meanwhile, so that no result depends on the speed of a thread, and no number is drawn twice.
import { type RandomPosition, randomPosition, setRandomPosition } from '../random';

const isSamePosition = (a: RandomPosition, b: RandomPosition): boolean => a.seed === b.seed && a.offset === b.offset;

// The beginning of the other sequence that belongs to a position. Its seed is splitmix64 of seed and offset.
function derivedSequence({ seed, offset }: RandomPosition): RandomPosition {
  const mixed = [seed, offset].reduce((state, n) => {
    let z = BigInt.asUintN(64, (state ^ BigInt(n)) + 0x9e3779b97f4a7c15n);
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }, 0n);
  return { seed: Number(mixed >> 11n), offset: 0 }; // a seed has 53 bits
}

// The runs whose JavaScript code is active, the current one last.
const activeStreams: RandomStream[] = [];
// The position of the sequence from which code outside of runs draws.
let outsidePosition: RandomPosition = { seed: 0, offset: 0 };

// The sequence of a trial or of a metric, while it draws from its own.
let owner: RandomSequence | null = null;

/** A sequence of random numbers that belongs to one trial or metric, which draws the same numbers whatever other code draws in between. */
export class RandomSequence {
  /** The present position. */
  position: RandomPosition;

  constructor(seed: number) {
    this.position = { seed, offset: 0 };
  }

  /** Calls a function that draws from the sequence until it returns. A run that begins in the function also continues the sequence, until it ends. */
  run<T>(fn: () => T): T {
    const [before, ownerBefore] = [randomPosition(), owner];
    owner = this;
    setRandomPosition(this.position);
    try {
      return fn();
    } finally {
      this.position = randomPosition();
      setRandomPosition(before);
      owner = ownerBefore;
    }
  }
}

/** The seed of the `n`th of the sequences that are derived from one seed. */
export const seedOf = (seed: number, n: number): number => derivedSequence({ seed, offset: n }).seed;

export class RandomStream {
  /** The position of the run's numbers, while none of its JavaScript code is active. */
  position: RandomPosition = randomPosition();
  private readonly outsideStart = derivedSequence(this.position);
  private readonly owner = owner;

  /** Takes over the current sequence. Until `close`, other code draws from another one. */
  constructor() {
    setRandomPosition(this.outsideStart);
  }

  /** Lets JavaScript code draw from this run's numbers until `exit`. */
  enter(): void {
    const present = activeStreams.at(-1);
    if (present === undefined) outsidePosition = randomPosition();
    else present.position = randomPosition();
    activeStreams.push(this);
    setRandomPosition(this.position);
  }

  /** Ends `enter`. The run continues where the JavaScript code has stopped drawing. */
  exit(): void {
    const at = activeStreams.indexOf(this);
    activeStreams.splice(at, 1);
    if (at < activeStreams.length) return; // another run has begun since and has stored the position
    this.position = randomPosition();
    setRandomPosition(activeStreams.at(-1)?.position ?? outsidePosition);
  }

  /** Calls a function that draws from this run's numbers. */
  within(call: () => void): void {
    this.enter();
    try {
      call();
    } finally {
      this.exit();
    }
  }

  /** Gives the sequence back at the run's position, unless other code has drawn from the other sequence in the meantime. */
  close(): void {
    if (this.owner !== owner) {
      if (this.owner !== null && isSamePosition(this.owner.position, this.outsideStart)) this.owner.position = this.position;
      return;
    }
    if (isSamePosition(randomPosition(), this.outsideStart)) setRandomPosition(this.position);
    else if (activeStreams.length > 0 && isSamePosition(outsidePosition, this.outsideStart)) outsidePosition = this.position;
    else for (const other of activeStreams) if (isSamePosition(other.position, this.outsideStart)) other.position = this.position;
  }
}
