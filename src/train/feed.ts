// An epoch of batches that JavaScript makes: they are made ahead, while the thread works on those before, with the random numbers that a loop
// of steps would have made them with.
import type { LoopRun } from '../native';
import { type RandomPosition, randomPosition, setRandomPosition } from '../random';
import type { Tensor } from '../tensor';
import type { RandomStream } from './stream';

// How long batches are made on the JavaScript thread in one go: the event loop waits meanwhile.
const makingMilliseconds = 4;

/** What is drawn before a step: so many counters, or another place where `manualSeed` was called. */
type Drawn = number | RandomPosition;

/** What a feed must know of the recordings: the shapes that they take, and what a step of each draws. */
export interface Known {
  examples: readonly (readonly Tensor[])[];
  kinds: readonly { readonly draws: number }[];
}

interface Made {
  kind: number;
  tensors: NonNullable<LoopRun['batches']>[number]['tensors'];
  drawn: Drawn;
}

/** The tensors of a batch, one that it has twice once: so they are handed to the thread. */
export const eachOnce = (batch: readonly Tensor[]): Tensor[] => batch.filter((t, i) => batch.indexOf(t) === i);

// What batches for one recording have in common: types, shapes, and which tensors are one.
const signatureOf = (batch: readonly Tensor[]): string => batch.map((t) => `${t.dtype} ${t.shape} ${batch.indexOf(t)}`).join('; ');

const after = ({ seed, offset }: RandomPosition, drawn: Drawn): RandomPosition =>
  typeof drawn === 'number' ? { seed, offset: offset + drawn } : drawn;

const drawnSince = (before: RandomPosition): Drawn => {
  const now = randomPosition();
  return now.seed === before.seed && now.offset >= before.offset ? now.offset - before.offset : now;
};

export class Feed {
  /** Batches done, and the sums of their weights and of their losses, weighted. */
  batch = 0;
  weight = 0;
  lossSum = 0;
  /** A batch of a shape that was not met before: it waits for a recording. */
  unknown: { tensors: readonly Tensor[]; drawn: Drawn } | null = null;

  private readonly iterator: Iterator<unknown>;
  private readonly queue: Made[] = [];
  /** The numbers of the examples by their signatures. */
  private readonly kinds = new Map<string, number>();
  private ended = false;
  private failure: { error: unknown } | null = null;
  /** What the loader drew after its last batch. */
  private tail: Drawn = 0;
  /** The positions after the steps that were handed out last. */
  private reached: RandomPosition[] = [];
  private enough = Infinity;
  private draws = false;

  /** Begins an epoch of the loader. `oneByOne`: batches that draw are not made ahead, since a callback may draw before them. */
  constructor(
    begin: () => Iterator<unknown>,
    private readonly stream: RandomStream,
    private readonly oneByOne: boolean,
    private readonly check: (batch: unknown) => readonly Tensor[],
  ) {
    stream.begin();
    try {
      this.iterator = begin();
    } finally {
      stream.end();
    }
  }

  /** Whether no batch is ready. */
  get isEmpty(): boolean {
    return this.queue.length === 0;
  }

  /** Whether every batch was taken. */
  get isOver(): boolean {
    return this.isEmpty && this.unknown === null && this.ended;
  }

  /** Whether the loader has thrown: `finish` hands that on when the batches before it are done. */
  get hasFailed(): boolean {
    return this.failure !== null;
  }

  /** Whether a callback that draws now draws what it would in a loop. */
  get isSettled(): boolean {
    return this.tail === 0 && this.queue.every(({ drawn }) => drawn === 0) && (this.unknown?.drawn ?? 0) === 0;
  }

  /** Makes batches for some milliseconds, or until there are enough, or `most`. */
  make({ examples, kinds }: Known, ahead: boolean, most = Infinity): void {
    if (
      this.ended ||
      this.unknown !== null ||
      this.queue.length >= this.enough ||
      (this.oneByOne && this.draws && (ahead || !this.isEmpty))
    )
      return;
    const { stream } = this;
    const done = stream.position;
    stream.position = this.endOf(kinds);
    stream.begin();
    const until = performance.now() + makingMilliseconds;
    try {
      do {
        const before = randomPosition();
        const tensors = this.next(before);
        if (tensors === null) break;
        const drawn = drawnSince(before);
        if (drawn !== 0) this.draws = true;
        const kind = this.kindOf(examples, tensors);
        if (kind === undefined) {
          this.unknown = { tensors, drawn };
          break;
        }
        this.push(kind, tensors, drawn);
        const { seed, offset } = randomPosition();
        setRandomPosition({ seed, offset: offset + kinds[kind]!.draws });
      } while (performance.now() < until && this.queue.length < Math.min(this.enough, most) && !(this.oneByOne && this.draws));
    } finally {
      stream.end();
      stream.position = done;
    }
  }

  /** The batch that waited has a recording now. */
  recognise(kind: number): void {
    const { tensors, drawn } = this.unknown!;
    this.unknown = null;
    this.push(kind, tensors, drawn);
  }

  /** The next batches, for one leg: of those that are ready as many as it is likely to come to. */
  take({ kinds }: Known, atMost: number): { random: RandomPosition; given: NonNullable<LoopRun['batches']> } {
    const given: NonNullable<LoopRun['batches']> = [];
    let position = this.stream.position;
    let random: RandomPosition | null = null;
    this.reached = [];
    for (const { kind, tensors, drawn } of this.queue.slice(0, Math.min(atMost, 2 * this.enough))) {
      if (random !== null && typeof drawn !== 'number') break; // a run has one seed
      position = after(position, drawn);
      random ??= position;
      given.push({ kind, randomOffset: position.offset, tensors });
      position = after(position, kinds[kind]!.draws);
      this.reached.push(position);
    }
    return { random: random!, given };
  }

  /** So many of the batches handed out last are done. */
  took(steps: number, outOfTime: boolean): void {
    if (steps > 0) this.stream.position = this.reached[steps - 1]!;
    this.queue.splice(0, steps);
    this.enough = outOfTime ? Math.max(1, steps) : Infinity;
  }

  /** When every batch was taken: throws what the loader threw, and draws what it drew after its last batch. */
  finish(): void {
    this.stream.position = after(this.stream.position, this.tail);
    if (this.failure !== null) throw this.failure.error;
  }

  /** Ends the loader before its end, as a loop that is left does. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.stream.begin();
    this.leave();
    this.stream.end();
  }

  private push(kind: number, tensors: readonly Tensor[], drawn: Drawn): void {
    this.queue.push({ kind, drawn, tensors: eachOnce(tensors).map(({ values }) => values.slice()) });
  }

  private kindOf(examples: Known['examples'], batch: readonly Tensor[]): number | undefined {
    for (let i = this.kinds.size; i < examples.length; i++) this.kinds.set(signatureOf(examples[i]!), i);
    return this.kinds.get(signatureOf(batch));
  }

  // The loader's next batch; null where it has ended or has failed.
  private next(before: RandomPosition): readonly Tensor[] | null {
    let item: IteratorResult<unknown>;
    try {
      item = this.iterator.next();
    } catch (error) {
      this.fail(error, before);
      return null;
    }
    if (item.done === true) {
      this.ended = true;
      this.tail = drawnSince(before);
      return null;
    }
    try {
      return this.check(item.value);
    } catch (error) {
      this.leave();
      this.fail(error, before);
      return null;
    }
  }

  private fail(error: unknown, before: RandomPosition): void {
    this.ended = true;
    this.failure = { error };
    this.tail = drawnSince(before);
  }

  private leave(): void {
    try {
      this.iterator.return?.();
    } catch {
      // as in a loop that an error leaves: that error is the one that counts
    }
  }

  // Where the sequence stands when all that is ready is done.
  private endOf(kinds: Known['kinds']): RandomPosition {
    return this.queue.reduce((position, { kind, drawn }) => after(after(position, drawn), kinds[kind]!.draws), this.stream.position);
  }
}
