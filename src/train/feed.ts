// An epoch of batches that JavaScript makes: they are made ahead, while the thread works on those before, with the random numbers that a loop
// of steps would have made them with. Those that have to be waited for are asked for one after the other, the next one while steps run.
import { isPromise, type Steps } from '../data/ahead';
import type { LoopRun } from '../native';
import { drawingFrom, type RandomPosition, useSequencesApart } from '../random';
import type { Tensor } from '../tensor';
import { awaited } from './batch';
import type { RandomStream } from './stream';

// How long batches are made on the JavaScript thread in one go: the event loop waits meanwhile.
const makingMilliseconds = 4;

// Of batches that have to be waited for so many wait for their step at most, or so few where they are large.
const mostAhead = 64;
const leastAhead = 2;
const mostBytesAhead = 1 << 26;

const nothing = (): void => {};

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

const drawnSince = (before: RandomPosition, now: RandomPosition): Drawn =>
  now.seed === before.seed && now.offset >= before.offset ? now.offset - before.offset : { ...now };

export class Feed {
  /** Batches done, and the sums of their weights and of their losses, weighted. */
  batch = 0;
  weight = 0;
  lossSum = 0;
  /** A batch of a shape that was not met before: it waits for a recording. */
  unknown: { tensors: readonly Tensor[]; drawn: Drawn } | null = null;

  private readonly steps: Steps<unknown>;
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
  /** A batch that is waited for, and whether one ever was. */
  private pending: Promise<void> | null = null;
  private waits = false;
  /** Whether steps are under way: then what comes is followed by more. */
  private isRunning = false;
  /** Tells whoever waits. */
  private wake: () => void = () => {};
  private leaving: Promise<void> | null = null;
  private readonly endSequences = useSequencesApart();

  /** Begins an epoch of the loader. `oneByOne`: batches that draw are not made ahead, since a callback may draw before them. */
  constructor(
    begin: () => Steps<unknown>,
    private readonly stream: RandomStream,
    private readonly oneByOne: boolean,
    private readonly check: (batch: unknown) => readonly Tensor[],
  ) {
    const position = { ...stream.position };
    try {
      this.steps = drawingFrom(position, begin);
    } catch (error) {
      this.endSequences();
      throw error;
    } finally {
      stream.position = position;
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
    return this.pending === null && this.tail === 0 && this.queue.every(({ drawn }) => drawn === 0) && (this.unknown?.drawn ?? 0) === 0;
  }

  /** Resolves when the batch that is waited for has come, or `rouse` is called; null: none is. */
  get settling(): Promise<void> | null {
    if (this.pending === null) return null;
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** The same where no step can be done before. */
  get arriving(): Promise<void> | null {
    return this.isEmpty && this.unknown === null ? this.settling : null;
  }

  /** Has nobody wait any longer. */
  rouse(): void {
    this.wake();
  }

  /** Makes batches for some milliseconds, or until there are enough, or `most`, or until one has to be waited for. */
  make(known: () => Known, ahead: boolean, most = Infinity): void {
    if (
      this.pending !== null ||
      this.ended ||
      this.unknown !== null ||
      this.queue.length >= this.enough ||
      (this.oneByOne && this.draws && (ahead || !this.isEmpty)) ||
      (this.waits && this.isFull)
    )
      return;
    const position = this.endOf(known().kinds);
    const until = performance.now() + makingMilliseconds;
    do {
      if (!this.pull(position, known)) return;
    } while (performance.now() < until && this.queue.length < Math.min(this.enough, most) && !(this.oneByOne && this.draws));
  }

  /** The batch that waited has a recording now. */
  recognise(kind: number): void {
    const { tensors, drawn } = this.unknown!;
    this.unknown = null;
    this.push(kind, tensors, drawn);
  }

  /** The next batches, for one segment: of those that are ready as many as it is likely to come to. */
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

  /** Makes batches while these steps are under way. */
  async during<T>(steps: Promise<T>, known: () => Known): Promise<T> {
    this.isRunning = true;
    try {
      this.make(known, true);
      return await steps;
    } finally {
      this.isRunning = false;
    }
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
    this.endSequences();
  }

  /**
   * Ends the loader before its end, as a loop that is left does. What it returns is waited for, where it is a promise; not where a batch is waited for, which
   * may never come.
   */
  close(): Promise<void> | null {
    if (!this.ended) {
      this.ended = true;
      const position = { ...this.stream.position };
      const stand = (): void => {
        this.stream.position = position;
      };
      this.leave(position);
      if (this.pending !== null) {
        void this.pending.then(this.endSequences);
        return null;
      }
      if (this.leaving === null) stand();
      else this.leaving = this.leaving.then(stand);
    }
    if (this.leaving !== null) return this.leaving.then(this.endSequences);
    this.endSequences();
    return null;
  }

  // Whether so much waits that no more is asked for: who gives batches by and by is asked for them while steps run, however long these take.
  private get isFull(): boolean {
    const bytes = this.queue.reduce((sum, { tensors }) => sum + tensors.reduce((all, { byteLength }) => all + byteLength, 0), 0);
    return this.queue.length >= mostAhead || (this.queue.length >= leastAhead && bytes >= mostBytesAhead);
  }

  private push(kind: number, tensors: readonly Tensor[], drawn: Drawn): void {
    this.queue.push({ kind, drawn, tensors: eachOnce(tensors).map(({ values }) => values.slice()) });
  }

  private kindOf(examples: Known['examples'], batch: readonly Tensor[]): number | undefined {
    for (let i = this.kinds.size; i < examples.length; i++) this.kinds.set(signatureOf(examples[i]!), i);
    return this.kinds.get(signatureOf(batch));
  }

  // Asks for the next batch, with the numbers from `position` on, which it moves behind the batch's step. False where none is there at once that has a recording.
  private pull(position: RandomPosition, known: () => Known): boolean {
    const before = { ...position };
    let step: ReturnType<typeof awaited>;
    try {
      step = drawingFrom(position, () => awaited(this.steps.next(), () => this.leave(position)));
    } catch (error) {
      this.fail(error, drawnSince(before, position));
      return false;
    }
    if (!isPromise(step)) return this.arrive(step, before, position, known());
    this.waits = true;
    this.pending = step
      .then((arrived) => {
        if (!this.ended) this.arrive(arrived, before, position, known());
      })
      .catch((error) => {
        if (!this.ended) this.fail(error, drawnSince(before, position));
      })
      .then(() => {
        this.pending = null;
        if (this.isRunning) this.make(known, true);
        this.wake();
      });
    return false;
  }

  private arrive(
    { done, value }: IteratorResult<unknown, undefined>,
    before: RandomPosition,
    position: RandomPosition,
    { examples, kinds }: Known,
  ): boolean {
    const drawn = drawnSince(before, position);
    if (done === true) {
      this.ended = true;
      this.tail = drawn;
      return false;
    }
    let tensors: readonly Tensor[];
    try {
      tensors = this.check(value);
    } catch (error) {
      this.leave(position);
      this.fail(error, drawnSince(before, position));
      return false;
    }
    if (drawn !== 0) this.draws = true;
    const kind = this.kindOf(examples, tensors);
    if (kind === undefined) {
      this.unknown = { tensors, drawn };
      return false;
    }
    this.push(kind, tensors, drawn);
    position.offset += kinds[kind]!.draws;
    return true;
  }

  private fail(error: unknown, drawn: Drawn): void {
    this.ended = true;
    this.failure = { error };
    this.tail = drawn;
  }

  // As in a loop that an error leaves: that error is the one that counts, not one of leaving.
  private leave(position: RandomPosition): void {
    try {
      const left: unknown = drawingFrom(position, () => this.steps.return?.());
      if (isPromise(left)) this.leaving = Promise.resolve(left).then(nothing, nothing);
    } catch {}
  }

  // Where the sequence stands when all that is ready is done.
  private endOf(kinds: Known['kinds']): RandomPosition {
    return this.queue.reduce((position, { kind, drawn }) => after(after(position, drawn), kinds[kind]!.draws), {
      ...this.stream.position,
    });
  }
}
