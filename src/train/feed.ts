// Provides the batches of an epoch that JavaScript makes one by one. They are made in advance while the thread works on earlier ones, and with the random
// numbers that a plain loop of steps would have drawn. Batches that are promises are requested one at a time while steps run.
import { isPromise, type Steps } from '../data/ahead';
import type { LoopRun } from '../native';
import { drawingFrom, type RandomPosition, useSequencesApart } from '../random';
import type { Tensor } from '../tensor';
import { awaited } from './batch';
import type { RandomStream } from './stream';

// The time in which batches are made without letting the event loop run.
const makingMilliseconds = 4;

// The most batches of a loader of promises that wait for their step; only `leastAhead` if they are large.
const mostAhead = 64;
const leastAhead = 2;
const mostBytesAhead = 1 << 26;

const nothing = (): void => {};

/** What was drawn before a step: a number of Philox counters, or a new position if `manualSeed` was called. */
type Drawn = number | RandomPosition;

/** What a feed needs to know about the recordings: the shapes that they accept, and how many counters a step of each draws. */
export interface Known {
  examples: readonly (readonly Tensor[])[];
  kinds: readonly { readonly draws: number }[];
}

interface Made {
  kind: number;
  tensors: NonNullable<LoopRun['batches']>[number]['tensors'];
  drawn: Drawn;
}

/** The tensors of a batch without repetitions, as they are passed to the thread. */
export const eachOnce = (batch: readonly Tensor[]): Tensor[] => batch.filter((t, i) => batch.indexOf(t) === i);

// What all batches of one recording have in common: types, shapes, and which of their tensors are the same.
const signatureOf = (batch: readonly Tensor[]): string => batch.map((t) => `${t.dtype} ${t.shape} ${batch.indexOf(t)}`).join('; ');

const after = ({ seed, offset }: RandomPosition, drawn: Drawn): RandomPosition =>
  typeof drawn === 'number' ? { seed, offset: offset + drawn } : drawn;

const drawnSince = (before: RandomPosition, now: RandomPosition): Drawn =>
  now.seed === before.seed && now.offset >= before.offset ? now.offset - before.offset : { ...now };

export class Feed {
  /** The number of batches done, the sum of their weights, and the weighted sum of their losses. */
  batch = 0;
  weight = 0;
  lossSum = 0;
  /** A batch with shapes that are new: it must be recorded before it can be used. */
  unknown: { tensors: readonly Tensor[]; drawn: Drawn } | null = null;

  private readonly steps: Steps<unknown>;
  private readonly queue: Made[] = [];
  /** The indices of the recordings by the signatures of their batches. */
  private readonly kinds = new Map<string, number>();
  private ended = false;
  private failure: { error: unknown } | null = null;
  /** What the loader drew after its last batch. */
  private tail: Drawn = 0;
  /** The positions of the random numbers after each of the steps that were last handed out. */
  private reached: RandomPosition[] = [];
  private enough = Infinity;
  private draws = false;
  /** The batch that is awaited, if any; and whether the loader ever returned a promise. */
  private pending: Promise<void> | null = null;
  private waits = false;
  /** Whether steps are under way: if so, more batches are requested when the awaited one arrives. */
  private isRunning = false;
  /** Resolves the promise of `settling`. */
  private wake: () => void = () => {};
  private leaving: Promise<void> | null = null;
  private readonly endSequences = useSequencesApart();

  /** Begins an epoch of the loader. With `oneByOne`, batches that draw random numbers are not made in advance, because a callback may draw before them. */
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

  /** Whether all batches of the epoch were taken. */
  get isOver(): boolean {
    return this.isEmpty && this.unknown === null && this.ended;
  }

  /** Whether the loader has thrown an error. `finish` throws it when the batches before it are done. */
  get hasFailed(): boolean {
    return this.failure !== null;
  }

  /** Whether nothing was drawn in advance, so that a callback which draws now gets the same numbers as in a plain loop. */
  get isSettled(): boolean {
    return this.pending === null && this.tail === 0 && this.queue.every(({ drawn }) => drawn === 0) && (this.unknown?.drawn ?? 0) === 0;
  }

  /** A promise that resolves when the awaited batch has arrived or `rouse` is called. Null if no batch is awaited. */
  get settling(): Promise<void> | null {
    if (this.pending === null) return null;
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** The same, but null if a step can be done before the batch arrives. */
  get arriving(): Promise<void> | null {
    return this.isEmpty && this.unknown === null ? this.settling : null;
  }

  /** Resolves the promise of `settling` at once. */
  rouse(): void {
    this.wake();
  }

  /** Makes batches for some milliseconds, until there are enough (or `most`), or until one is a promise. */
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

  /** Called when the batch with new shapes has been recorded. */
  recognise(kind: number): void {
    const { tensors, drawn } = this.unknown!;
    this.unknown = null;
    this.push(kind, tensors, drawn);
  }

  /** The batches of the next segment: of those that are ready, as many as the segment will probably have time for. */
  take({ kinds }: Known, atMost: number): { random: RandomPosition; given: NonNullable<LoopRun['batches']> } {
    const given: NonNullable<LoopRun['batches']> = [];
    let position = this.stream.position;
    let random: RandomPosition | null = null;
    this.reached = [];
    for (const { kind, tensors, drawn } of this.queue.slice(0, Math.min(atMost, 2 * this.enough))) {
      if (random !== null && typeof drawn !== 'number') break; // all steps of a run use the same seed
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

  /** Called when `steps` of the batches that were last handed out are done. */
  took(steps: number, outOfTime: boolean): void {
    if (steps > 0) this.stream.position = this.reached[steps - 1]!;
    this.queue.splice(0, steps);
    this.enough = outOfTime ? Math.max(1, steps) : Infinity;
  }

  /** Called when all batches were taken: advances the random numbers by what the loader drew after its last batch, and throws the error that it threw. */
  finish(): void {
    this.stream.position = after(this.stream.position, this.tail);
    if (this.failure !== null) throw this.failure.error;
    this.endSequences();
  }

  /**
   * Ends the loader early, as leaving a `for` loop does. If the loader's `return` gives a promise, that promise is returned; not if a batch is still awaited,
   * because it may never arrive.
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

  // Whether enough batches are ready. A loader that returns promises is asked for more while steps run, for as long as these take, up to this limit.
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

  // Requests the next batch. Its random numbers begin at `position`, which is moved behind the batch's step. False if no batch that has a recording is there at
  // once.
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

  // As in a `for` loop that an error leaves: errors of the loader's `return` are ignored in favour of the first one.
  private leave(position: RandomPosition): void {
    try {
      const left: unknown = drawingFrom(position, () => this.steps.return?.());
      if (isPromise(left)) this.leaving = Promise.resolve(left).then(nothing, nothing);
    } catch {}
  }

  // The position of the random numbers after all batches that are ready.
  private endOf(kinds: Known['kinds']): RandomPosition {
    return this.queue.reduce((position, { kind, drawn }) => after(after(position, drawn), kinds[kind]!.draws), {
      ...this.stream.position,
    });
  }
}
