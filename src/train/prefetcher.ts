// Prefetches the batches of an epoch from a loader that JavaScript iterates over, while the thread works on earlier ones. The loader draws the same random numbers as
// in a plain loop of steps. If its batches are promises, they are requested one at a time while steps run.
import { isPromise, type Steps } from '../data/ahead';
import type { LoopRun } from '../native';
import { drawingFrom, type RandomPosition, useSequencesApart } from '../random';
import type { Tensor } from '../tensor';
import { awaited } from './batch';
import type { RandomStream } from './random-stream';

// The time for which batches are prefetched before the event loop may continue.
const makingMilliseconds = 4;

// The most batches of an asynchronous loader that wait for their step: `maxAhead`, but only `minAhead` if they have `maxBytesAhead` bytes or more.
const maxAhead = 64;
const minAhead = 2;
const maxBytesAhead = 1 << 26;

const ignore = (): void => {};

/** What user code drew before a step: a number of Philox counters, or a new position if it called `manualSeed`. */
type Drawn = number | RandomPosition;

/** The recordings: an example of the batches that each accepts, and the number of Philox counters that a step of each draws. */
export interface Known {
  examples: readonly (readonly Tensor[])[];
  kinds: readonly { readonly draws: number }[];
}

interface QueuedBatch {
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

export class Prefetcher {
  /** The number of batches done, the sum of their weights, and the weighted sum of their losses. */
  batch = 0;
  weight = 0;
  lossSum = 0;
  /** A batch with new shapes, for which the step must be recorded before the batch can be used. */
  unrecorded: { tensors: readonly Tensor[]; drawn: Drawn } | null = null;

  private readonly steps: Steps<unknown>;
  private readonly queue: QueuedBatch[] = [];
  /** The indices of the recordings by the signatures of their batches. */
  private readonly kinds = new Map<string, number>();
  private hasEnded = false;
  private failure: { error: unknown } | null = null;
  /** The random numbers that the loader drew after its last batch. */
  private drawnAfterLast: Drawn = 0;
  /** The positions of the random numbers after each of the steps that `take` returned last. */
  private positionsAfter: RandomPosition[] = [];
  /** Whether a callback is due. Until it has run, no batch is requested before the step that needs it, because the callback may change what the loader reads. */
  isDraining = false;
  /** Settles when the requested batch has arrived; null if none is awaited. */
  private pending: Promise<void> | null = null;
  /** Whether the loader has returned a promise. */
  private isAsync = false;
  /** Whether steps are under way. Then the next batch is requested as soon as the awaited one arrives. */
  private isRunning = false;
  /** Resolves the promise of `arrival`. */
  private resolveArrival: () => void = () => {};
  private closing: Promise<void> | null = null;
  private readonly endSequences = useSequencesApart();

  /** Begins an epoch of the loader. */
  constructor(
    begin: () => Steps<unknown>,
    private readonly stream: RandomStream,
    private readonly check: (batch: unknown) => readonly Tensor[],
    /** The number of batches for which a segment is expected to have time. No more are prefetched, so that callbacks, which wait for these, are not late. */
    public wantedBatches: number,
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
    return this.isEmpty && this.unrecorded === null && this.hasEnded;
  }

  /** Whether the loader has thrown an error. `finish` throws it when the batches before it are done. */
  get hasFailed(): boolean {
    return this.failure !== null;
  }

  /** Whether the loader has not gone beyond the steps that are done, as in a plain loop. A callback may then draw random numbers and change what the loader reads. */
  get isDrained(): boolean {
    return this.pending === null && this.drawnAfterLast === 0 && this.isEmpty && this.unrecorded === null;
  }

  /** Resolves when the awaited batch has arrived or `interruptWait` is called. Null if no batch is awaited. */
  get arrival(): Promise<void> | null {
    if (this.pending === null) return null;
    return new Promise((resolve) => {
      this.resolveArrival = resolve;
    });
  }

  /** `arrival`, but null if a step can be done before the batch arrives. */
  get arrivalNeeded(): Promise<void> | null {
    return this.isEmpty && this.unrecorded === null ? this.arrival : null;
  }

  /** Resolves the promise of `arrival` at once. */
  interruptWait(): void {
    this.resolveArrival();
  }

  /** Requests batches until there are enough (at most `most`), some milliseconds have passed, or a batch is a promise. `ahead` says that steps are under way. */
  prefetch(known: () => Known, ahead: boolean, most = Infinity): void {
    if (
      this.pending !== null ||
      this.hasEnded ||
      this.unrecorded !== null ||
      this.queue.length >= this.wantedBatches ||
      (this.isDraining && (ahead || !this.isEmpty)) ||
      (this.isAsync && this.isFull)
    )
      return;
    const position = this.positionAfterQueue(known().kinds);
    const until = performance.now() + makingMilliseconds;
    do {
      if (!this.requestNext(position, known)) return;
    } while (!this.isDraining && performance.now() < until && this.queue.length < Math.min(this.wantedBatches, most));
  }

  /** Called when the batch with new shapes has been recorded. */
  addRecorded(kind: number): void {
    const { tensors, drawn } = this.unrecorded!;
    this.unrecorded = null;
    this.push(kind, tensors, drawn);
  }

  /** The batches of the next segment: at most twice as many as the last segment had time for. */
  take({ kinds }: Known, atMost: number): { random: RandomPosition; given: NonNullable<LoopRun['batches']> } {
    const given: NonNullable<LoopRun['batches']> = [];
    let position = this.stream.position;
    let random: RandomPosition | null = null;
    this.positionsAfter = [];
    for (const { kind, tensors, drawn } of this.queue.slice(0, Math.min(atMost, 2 * this.wantedBatches))) {
      if (random !== null && typeof drawn !== 'number') break; // all steps of a run use the same seed
      position = after(position, drawn);
      random ??= position;
      given.push({ kind, randomOffset: position.offset, tensors });
      position = after(position, kinds[kind]!.draws);
      this.positionsAfter.push(position);
    }
    return { random: random!, given };
  }

  /** Prefetches batches while these steps are under way. */
  async prefetchDuring<T>(steps: Promise<T>, known: () => Known): Promise<T> {
    this.isRunning = true;
    try {
      this.prefetch(known, true);
      return await steps;
    } finally {
      this.isRunning = false;
    }
  }

  /** Called when `steps` of the batches that `take` returned last are done. */
  confirm(steps: number, outOfTime: boolean): void {
    if (steps > 0) this.stream.position = this.positionsAfter[steps - 1]!;
    this.queue.splice(0, steps);
    this.wantedBatches = outOfTime ? Math.max(1, steps) : Math.max(this.wantedBatches, 2 * steps);
  }

  /** Called when all batches are done. Advances the random numbers by what the loader drew after its last batch, and throws the loader's error if there is one. */
  finish(): void {
    this.stream.position = after(this.stream.position, this.drawnAfterLast);
    if (this.failure !== null) throw this.failure.error;
    this.endSequences();
  }

  /**
   * Ends the loader early, as leaving a `for` loop does. Returns the promise of the loader's `return`, if that returns one. The promise of a batch that is still awaited
   * is not returned, because the batch may never arrive.
   */
  close(): Promise<void> | null {
    if (!this.hasEnded) {
      this.hasEnded = true;
      const position = { ...this.stream.position };
      const stand = (): void => {
        this.stream.position = position;
      };
      this.closeLoader(position);
      if (this.pending !== null) {
        void this.pending.then(this.endSequences);
        return null;
      }
      if (this.closing === null) stand();
      else this.closing = this.closing.then(stand);
    }
    if (this.closing !== null) return this.closing.then(this.endSequences);
    this.endSequences();
    return null;
  }

  // Whether as many batches of an asynchronous loader wait as may.
  private get isFull(): boolean {
    const bytes = this.queue.reduce((sum, { tensors }) => sum + tensors.reduce((all, { byteLength }) => all + byteLength, 0), 0);
    return this.queue.length >= maxAhead || (this.queue.length >= minAhead && bytes >= maxBytesAhead);
  }

  private push(kind: number, tensors: readonly Tensor[], drawn: Drawn): void {
    this.queue.push({ kind, drawn, tensors: eachOnce(tensors).map(({ values }) => values.slice()) });
  }

  private kindOf(examples: Known['examples'], batch: readonly Tensor[]): number | undefined {
    for (let i = this.kinds.size; i < examples.length; i++) this.kinds.set(signatureOf(examples[i]!), i);
    return this.kinds.get(signatureOf(batch));
  }

  // Requests the next batch, which draws from `position`; the position is then moved behind the batch's step. Returns false if the batch is a promise, has new shapes or
  // does not exist, so that no further one can be requested now.
  private requestNext(position: RandomPosition, known: () => Known): boolean {
    const before = { ...position };
    let step: ReturnType<typeof awaited>;
    try {
      step = drawingFrom(position, () => awaited(this.steps.next(), () => this.closeLoader(position)));
    } catch (error) {
      this.fail(error, drawnSince(before, position));
      return false;
    }
    if (!isPromise(step)) return this.arrive(step, before, position, known());
    this.isAsync = true;
    this.pending = step
      .then((arrived) => {
        if (!this.hasEnded) this.arrive(arrived, before, position, known());
      })
      .catch((error) => {
        if (!this.hasEnded) this.fail(error, drawnSince(before, position));
      })
      .then(() => {
        this.pending = null;
        if (this.isRunning) this.prefetch(known, true);
        this.resolveArrival();
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
      this.hasEnded = true;
      this.drawnAfterLast = drawn;
      return false;
    }
    let tensors: readonly Tensor[];
    try {
      tensors = this.check(value);
    } catch (error) {
      this.closeLoader(position);
      this.fail(error, drawnSince(before, position));
      return false;
    }
    const kind = this.kindOf(examples, tensors);
    if (kind === undefined) {
      this.unrecorded = { tensors, drawn };
      return false;
    }
    this.push(kind, tensors, drawn);
    position.offset += kinds[kind]!.draws;
    return true;
  }

  private fail(error: unknown, drawn: Drawn): void {
    this.hasEnded = true;
    this.failure = { error };
    this.drawnAfterLast = drawn;
  }

  // As in a `for` loop that an error leaves: errors of the loader's `return` are ignored in favour of the first one.
  private closeLoader(position: RandomPosition): void {
    try {
      const left: unknown = drawingFrom(position, () => this.steps.return?.());
      if (isPromise(left)) this.closing = Promise.resolve(left).then(ignore, ignore);
    } catch {}
  }

  // The position of the random numbers after the steps of all waiting batches.
  private positionAfterQueue(kinds: Known['kinds']): RandomPosition {
    return this.queue.reduce((position, { kind, drawn }) => after(after(position, drawn), kinds[kind]!.draws), {
      ...this.stream.position,
    });
  }
}
