// The random numbers of a run. In a loop of steps there is one sequence for all: orders, steps, callbacks draw one after another. A run goes
// on in the sequence from where it was called, and has JavaScript draw from it whenever it is JavaScript's turn in that run (callbacks, batches
// of own datasets). Whoever else draws meanwhile has a sequence beside it, so that nothing depends on how fast a thread is and nothing is drawn twice.
import { type RandomPosition, randomPosition, setRandomPosition } from '../random';

const same = (a: RandomPosition, b: RandomPosition): boolean => a.seed === b.seed && a.offset === b.offset;

// The beginning of another sequence for each position: splitmix64 of both numbers makes its seed.
function beside({ seed, offset }: RandomPosition): RandomPosition {
  const mixed = [seed, offset].reduce((state, n) => {
    let z = BigInt.asUintN(64, (state ^ BigInt(n)) + 0x9e3779b97f4a7c15n);
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }, 0n);
  return { seed: Number(mixed >> 11n), offset: 0 }; // seeds have 53 bits
}

// The runs in which it is JavaScript's turn, the one whose numbers are drawn last; and where everybody else's sequence stands meanwhile.
const turns: RandomStream[] = [];
let elsewhere: RandomPosition = { seed: 0, offset: 0 };

// Whose numbers are drawn at present, where that is a trial's or a metric's of their own.
let owner: OwnSequence | null = null;

/** Random numbers of a trial of its own: whatever else is drawn meanwhile, its model and its fits draw the same. */
export class OwnSequence {
  /** Where it stands. */
  position: RandomPosition;

  constructor(seed: number) {
    this.position = { seed, offset: 0 };
  }

  /** Calls a function that draws from it, until it returns. A run that begins there gives the sequence back when it ends. */
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

/** The seed of the `n`th of the sequences that follow from one seed. */
export const seedOf = (seed: number, n: number): number => beside({ seed, offset: n }).seed;

export class RandomStream {
  /** Where the run stands, while it is not JavaScript's turn. */
  position: RandomPosition = randomPosition();
  private readonly left = beside(this.position);
  private readonly owner = owner;

  /** Takes over the sequence: others draw from one beside it until `close`. */
  constructor() {
    setRandomPosition(this.left);
  }

  /** From now on JavaScript draws from this run's numbers. */
  begin(): void {
    const present = turns.at(-1);
    if (present === undefined) elsewhere = randomPosition();
    else present.position = randomPosition();
    turns.push(this);
    setRandomPosition(this.position);
  }

  /** And now no longer: the run goes on from where JavaScript has come to. */
  end(): void {
    const at = turns.indexOf(this);
    turns.splice(at, 1);
    if (at < turns.length) return; // another run's turn has begun since, and has kept the position
    this.position = randomPosition();
    setRandomPosition(turns.at(-1)?.position ?? elsewhere);
  }

  /** Gives the sequence back where the run has come to, unless others have drawn since it took it over. */
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
