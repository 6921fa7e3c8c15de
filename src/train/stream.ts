// The random numbers of a run. A plain loop of steps draws everything from one sequence: orders, steps and callbacks, one after another. A run draws from the
// sequence of whoever called it, and so does JavaScript code that belongs to the run (callbacks, batches of the user's datasets). All other code draws from
// another sequence meanwhile, so that nothing depends on the speed of a thread and no number is drawn twice.
import { type RandomPosition, randomPosition, setRandomPosition } from '../random';

const same = (a: RandomPosition, b: RandomPosition): boolean => a.seed === b.seed && a.offset === b.offset;

// The beginning of the other sequence that belongs to a position. Its seed is splitmix64 of seed and offset.
function beside({ seed, offset }: RandomPosition): RandomPosition {
  const mixed = [seed, offset].reduce((state, n) => {
    let z = BigInt.asUintN(64, (state ^ BigInt(n)) + 0x9e3779b97f4a7c15n);
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }, 0n);
  return { seed: Number(mixed >> 11n), offset: 0 }; // a seed has 53 bits
}

// The runs whose JavaScript code is active, the current one last; and the position of the sequence from which all other code draws.
const turns: RandomStream[] = [];
let elsewhere: RandomPosition = { seed: 0, offset: 0 };

// Whose numbers are drawn at present, if a trial or a metric has a sequence of its own.
let owner: OwnSequence | null = null;

/** A sequence of random numbers that belongs to one trial: its model and its fits draw the same numbers, whatever else draws in between. */
export class OwnSequence {
  /** The present position. */
  position: RandomPosition;

  constructor(seed: number) {
    this.position = { seed, offset: 0 };
  }

  /** Calls a function that draws from the sequence until it returns. A run that begins there gives the sequence back when it ends. */
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
export const seedOf = (seed: number, n: number): number => beside({ seed, offset: n }).seed;

export class RandomStream {
  /** The position of the run's numbers, while none of its JavaScript code is active. */
  position: RandomPosition = randomPosition();
  private readonly left = beside(this.position);
  private readonly owner = owner;

  /** Takes over the present sequence. Until `close`, other code draws from another one. */
  constructor() {
    setRandomPosition(this.left);
  }

  /** From now on JavaScript code draws from this run's numbers. */
  begin(): void {
    const present = turns.at(-1);
    if (present === undefined) elsewhere = randomPosition();
    else present.position = randomPosition();
    turns.push(this);
    setRandomPosition(this.position);
  }

  /** Ends that. The run continues where the JavaScript code has stopped drawing. */
  end(): void {
    const at = turns.indexOf(this);
    turns.splice(at, 1);
    if (at < turns.length) return; // another run has begun since and has stored the position
    this.position = randomPosition();
    setRandomPosition(turns.at(-1)?.position ?? elsewhere);
  }

  /** Calls a function that draws from this run's numbers. */
  within(call: () => void): void {
    this.begin();
    try {
      call();
    } finally {
      this.end();
    }
  }

  /** Gives the sequence back at the run's position, unless other code has drawn from the other sequence in the meantime. */
  close(): void {
    if (this.owner !== owner) {
      if (this.owner !== null && same(this.owner.position, this.left)) this.owner.position = this.position;
      return;
    }
    if (same(randomPosition(), this.left)) setRandomPosition(this.position);
    else if (turns.length > 0 && same(elsewhere, this.left)) elsewhere = this.position;
    else for (const other of turns) if (same(other.position, this.left)) other.position = this.position;
  }
}
