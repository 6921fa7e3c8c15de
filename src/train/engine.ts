// The engine of fits and evaluations: runs tasks over the batches of loaders, segment by segment, on a native thread.
import type { Steps } from '../data/ahead';
import { DataLoader } from '../data/loader';
import { rangeError, SimdnnError } from '../errors';
import type { Limits, LoopReport } from '../native';
import type { RecordedStep } from '../recording';
import type { Tensor } from '../tensor';
import { awaited } from './batch';
import { type Batches, checkBatch, stepsIn, theLoader, warnOfMany } from './batches';
import { areThreadsBusy, freeTurn, lowPriorityTurn, raisePriority, takeTurn } from './event-loop-turns';
import { countRows, isCounted, newPhase, type Phase, refillLoaders, segmentOfRows } from './phase';
import { eachOnce, type Known, Prefetcher } from './prefetcher';
import { RandomStream } from './random-stream';
import { type AheadOptions, RoundsAhead, type RoundsHost } from './rounds-ahead';
import { copyRows } from './rows';
import { refuseData, refuseReport } from './run-errors';
import { batchesOf, type Outputs, rowsPerEpoch, type Segment, segmentOfBatches, sum, weightOf } from './segment';
import { Session } from './session';
import type { Source } from './source';
import { type AfterSteps, nothingAfter } from './step-precomputation';
import type { LossTask } from './tasks';

/** The options of an engine. */
export interface EngineOptions {
  /** Whether it runs on the threads for fits rather than on the thread for evaluations and predictions. */
  forFits: boolean;
  /** Whether user code may change what a step does, so that recordings are checked before each segment. */
  mayChange: boolean;
  /** The number of epochs before this run, for messages. */
  epochsBefore?: number;
  /** Whether a single tensor is a batch. */
  acceptsTensors?: boolean;
  /** Called with each new recording, before other code may use the JavaScript thread. */
  onRecording?: (kind: RecordedStep) => void;
  /** Called when recordings are complete, with the new ones of each phase: all of them, or a single one for a batch of new shapes. */
  onRecorded?: (fresh: readonly (readonly RecordedStep[])[]) => void;
}

export class Engine implements RoundsHost {
  /** The random numbers of the run. */
  readonly stream = new RandomStream();
  readonly phases: readonly Phase[];
  private session: Session | null = null;
  private ahead: RoundsAhead | null = null;
  private isStopped = false;
  /** What has changed since the session was made: the kind of a phase's source, or the values of a dataset. */
  private stale: 'source' | 'values' | null = null;

  constructor(
    private readonly where: string,
    tasks: readonly { task: LossTask; loader: Batches; name?: string }[],
    private readonly options: EngineOptions,
  ) {
    try {
      this.phases = tasks.map(({ task, loader, name }) => newPhase(where, task, loader, name));
    } catch (error) {
      this.stream.close();
      throw error;
    }
  }

  /** The recordings of all phases if they exist and are still valid, else null. */
  get validSession(): Session | null {
    const { session } = this;
    return session !== null && this.stale === null && (!this.options.mayChange || session.isValid(this.stream.position)) ? session : null;
  }

  /** Records all phases, even if valid recordings exist, in one turn of the event loop. */
  record(): Session {
    const recording = this.recordInParts();
    for (;;) {
      const { done, value } = recording.next();
      if (done) return value;
    }
  }

  /**
   * Records all phases in several turns of the event loop. The first is the present one, or if `mayWait()` is true the one that `lowPriorityTurn` gives. Other code that
   * runs in between can invalidate the recordings, which `validSession` detects. It can also make a step differ when it is verified; then everything is recorded again
   * in one turn, which throws if the step itself cannot be recorded. If the engine is stopped before the end, no recordings are made.
   */
  async recordInTurns(mayWait = () => false): Promise<void> {
    const waits = areThreadsBusy() && mayWait();
    if (waits) await lowPriorityTurn(this);
    if (this.isStopped) return;
    takeTurn();
    const recording = this.recordInParts();
    let { done } = recording.next();
    while (!done) {
      await (this.options.forFits && !waits ? lowPriorityTurn(this) : freeTurn());
      if (this.isStopped) return;
      try {
        ({ done } = recording.next());
      } catch (error) {
        if (!(error instanceof SimdnnError) || error.code !== 'SIMDNN_RECORDING_DIFFERS') throw error;
        this.record();
        return;
      }
    }
  }

  private *recordInParts(): Generator<void, Session> {
    const before = this.session;
    if (before !== null && this.options.mayChange) this.finish(); // the next recording begins with the gradients of the last step
    const specs = this.phases.map(({ task, rows, examples }) => ({
      task,
      source: (rows ? { batches: rows.batches, rows: rows.handle } : { examples }) satisfies Source,
    }));
    const session = yield* Session.makeInParts(
      specs,
      this.options.forFits,
      this.stale === 'source' ? null : before,
      this.options.onRecording,
    );
    before?.snapshots?.close();
    this.session = session;
    this.stale = null;
    for (const phase of this.phases) phase.last = null;
    this.options.onRecorded?.(this.phases.map((_, phase) => session.kinds(phase)));
    return session;
  }

  /** The number of rows in an epoch of a phase; null if it is not known. */
  rowsOf(phase: number): number | null {
    const { rows } = this.phases[phase]!;
    return rows && rowsPerEpoch(rows.batches);
  }

  /** Whether the thread knows where each epoch ends, and counts all that its metrics need. */
  get countsEpochs(): boolean {
    return this.phases.every((phase, i) => isCounted(phase, this.kinds(i)));
  }

  /** Whether a phase is between two epochs. */
  isBetweenEpochs(phase: number): boolean {
    return this.phases[phase]!.prefetcher === null && this.phases[phase]!.handedOut === 0;
  }

  stop(): void {
    this.isStopped = true;
    raisePriority(this);
    this.session?.stop();
    for (const { prefetcher } of this.phases) prefetcher?.interruptWait();
  }
  /** Copies what steps have changed into JavaScript's memory. */
  sync(): void {
    this.session?.sync();
  }
  /** Lends the model to JavaScript code until `reclaim`. That code draws from the run's random numbers. */
  lend(): void {
    if (this.ahead !== null) this.ahead.isPaused = true;
    this.stream.enter();
  }
  /** Ends `lend`: copies what JavaScript has changed into the session, and rolls back epochs that were done ahead without these changes. Null if nothing has to be awaited. */
  reclaim(): Promise<void> | null {
    if (refillLoaders(this.where, this.phases)) this.stale ??= 'values';
    const { ahead, session } = this;
    if (ahead !== null && this.isRunningAhead && ahead.isStateUnchanged) {
      ahead.isPaused = false;
      ahead.beginNextRun();
      return null;
    }
    const rollBackUnexpected = this.isRunningAhead ? ahead!.rollBack() : null;
    if (rollBackUnexpected !== null) return rollBackUnexpected.then(() => session!.write());
    session?.write();
    return null;
  }
  /** Copies everything that steps have changed, including gradients, into JavaScript's memory; the leaves then have gradients as after a compiled step. */
  finish(): void {
    const { session } = this;
    if (session === null) return;
    session.finish();
    this.phases.forEach(({ task, last }, phase) => {
      if (task.mode === undefined && last !== null) session.kinds(phase)[last]!.leaveGradients();
    });
  }

  /** Ends the run: closes loaders that are not at their end, and continues the caller's random numbers from the run's. Null if no loader has to be awaited. */
  close(): Promise<void> | null {
    this.session?.snapshots?.close();
    const leaving = this.phases.flatMap(({ prefetcher }) => prefetcher?.close() ?? []);
    if (leaving.length > 0) return Promise.all(leaving).then(() => this.stream.close());
    this.stream.close();
    return null;
  }

  /** The recordings of a phase. */
  kinds(phase: number): readonly RecordedStep[] {
    return this.session?.kinds(phase) ?? [];
  }

  // The inputs of the steps of a phase's next epoch, in the order of the loader.
  private steps(phase: number): Steps<unknown> {
    const { task, loader } = this.phases[phase]!;
    const { group } = task;
    const steps = stepsIn(loader);
    return group === undefined || group.size === 1 ? steps : group.of(steps, this.checkOf(phase));
  }

  private checkOf(phase: number): (batch: unknown) => readonly Tensor[] {
    return (batch) => checkBatch(this.where, this.phases[phase]!.name, batch, this.options.acceptsTensors ?? false);
  }

  /** Does the first step of an epoch of a phase in JavaScript, with the run's random numbers. */
  async stepInJavaScript(phase: number): Promise<void> {
    this.stream.enter();
    try {
      const steps = this.steps(phase);
      const { done, value } = await awaited(steps.next(), () => steps.return?.());
      try {
        if (done !== true) this.phases[phase]!.task.run(...this.checkOf(phase)(value));
      } finally {
        if (done !== true) await steps.return?.();
      }
    } finally {
      this.stream.exit();
    }
  }

  /** Whether a phase has a batch to do, or an epoch to begin. A loader that JavaScript iterates over is asked for its next batch. */
  hasNext(phase: number): boolean | Promise<boolean> {
    const { prefetcher } = this.phases[phase]!;
    if (prefetcher === null) return true;
    if (prefetcher.isEmpty) prefetcher.prefetch(this.knownOf(phase), false, 1);
    const hasNext = (): boolean => !prefetcher.isEmpty || prefetcher.unrecorded !== null;
    return prefetcher.arrivalNeeded?.then(hasNext) ?? hasNext();
  }

  /** Resolves when no batch is awaited any more; null if none is awaited now. The positions of the loaders are then those of the finished steps. */
  batchesArrived(): Promise<void> | null {
    const waiting = this.phases.flatMap(({ prefetcher }) => prefetcher?.arrival ?? []);
    if (waiting.length === 0) return null;
    return Promise.all(waiting).then(() => {
      for (const phase of this.phases) if (phase.prefetcher !== null) this.rewindLoader(phase, phase.prefetcher.batch);
    });
  }

  private knownOf(phase: number): () => Known {
    const { examples } = this.phases[phase]!;
    return () => ({ examples, kinds: this.kinds(phase) });
  }

  /**
   * Continues a phase until its epochs are done or a limit is reached. The finished steps are reported to `after`, even if a later step fails. With `ahead` the thread
   * may do further epochs of all phases; the next calls return them one by one.
   */
  async segment(phase: number, limits: Limits, after: AfterSteps = nothingAfter, ahead: AheadOptions | null = null): Promise<Segment> {
    const state = this.phases[phase]!;
    if (ahead !== null && ahead.maxRounds > 1 && !this.isRunningAhead) {
      const session = this.isStopped ? null : this.validSession;
      this.ahead = session && new RoundsAhead(this, session, limits, ahead, this.ahead);
    }
    if (this.isRunningAhead) return this.ahead!.next();
    return state.rows === null ? this.runPrefetched(phase, state, limits, after) : this.runRows(phase, state, limits, after);
  }

  /** Whether the next segment has already begun. */
  get isRunningAhead(): boolean {
    return this.ahead?.hasPending ?? false;
  }

  /** Rolls back the epochs that were done ahead, unless the next one began with the present state. Null if nothing has to be awaited. */
  takingBack(): Promise<void> | null {
    return this.ahead === null || this.ahead.isNextExpected ? null : this.ahead.rollBack();
  }

  /** Ends the epochs that are being done ahead, when the fit ends. Resolves to the message of the error with which they ended; null: none. */
  async settleAhead(): Promise<string | null> {
    if (this.ahead?.isRunning) this.stop();
    await this.ahead?.settle();
    return this.ahead?.unreportedError ?? null;
  }

  private async runRows(phase: number, state: Phase, limits: Limits, after: AfterSteps): Promise<Segment> {
    const session = this.session ?? this.record();
    const { epochsBegun } = state.loader as DataLoader<unknown>;
    const report = await session.run(phase, { ...after.limitRun(limits), random: this.stream.position, batch: state.batch }, epochsBegun);
    const takeSegment = this.count(phase, session, report);
    session.commit(phase, report, after);
    return takeSegment();
  }

  /** Counts what a run over rows did. The returned function returns the run's segment, or throws the error with which the run has ended. */
  count(phase: number, session: Session, report: LoopReport): () => Segment {
    const state = this.phases[phase]!;
    countRows(state, session.kinds(phase), report, this.stream);
    const { epochsDone } = state;
    return () => {
      state.handedOut = report.batch;
      this.throwIfFailed(session, phase, report, report.batch, epochsDone);
      return segmentOfRows(state, session.kinds(phase), report);
    };
  }

  // Begins an epoch of a loader that JavaScript iterates over.
  private beginEpoch(phase: number): Steps<unknown> {
    const state = this.phases[phase]!;
    const steps = this.steps(phase);
    state.place = state.loader instanceof DataLoader ? state.loader.underWay : null;
    return steps;
  }

  // Sets the loader's position to the batches that are done, because further batches were prefetched.
  private rewindLoader({ loader, place }: Phase, batch: number): void {
    if (loader instanceof DataLoader && place !== null) loader.standAt(place, batch);
  }

  // A segment over the batches that were prefetched while the segment before it ran.
  private async runPrefetched(phase: number, state: Phase, limits: Limits, after: AfterSteps): Promise<Segment> {
    state.prefetcher ??= new Prefetcher(() => this.beginEpoch(phase), this.stream, this.checkOf(phase), state.wantedBatches);
    const { prefetcher, examples } = state;
    const known = this.knownOf(phase);
    if (prefetcher.isEmpty) prefetcher.prefetch(known, false);
    const { arrivalNeeded } = prefetcher;
    if (arrivalNeeded !== null) {
      await arrivalNeeded;
      if (this.isStopped) return segmentOfBatches([], prefetcher.batch, prefetcher.lossSum, { outputs: [] }, []);
    }
    if (prefetcher.isEmpty && prefetcher.unrecorded !== null) {
      this.recordShape(phase, state, prefetcher.unrecorded.tensors);
      prefetcher.addRecorded(examples.length - 1);
      prefetcher.prefetch(known, false);
    }
    if (prefetcher.isEmpty) return this.endPrefetchedEpoch(state, prefetcher, { outputs: [] }, []);
    const session = this.session ?? this.record();
    const within = after.limitRun(limits);
    const { random, given } = prefetcher.take(known(), within.milliseconds === 0 ? 1 : Infinity);
    const running = session.run(phase, { ...within, random, given, lossSum: prefetcher.lossSum });
    const report = await (within.milliseconds > 0 ? prefetcher.prefetchDuring(running, known) : running);
    const done = sum(report.steps);
    const order = given.slice(0, done).map(({ kind }) => session.kinds(phase)[kind]!);
    if (done > 0) state.last = given[done - 1]!.kind;
    prefetcher.confirm(done, report.end === 'time');
    prefetcher.batch += sum(order.map(batchesOf));
    prefetcher.lossSum = report.lossSum;
    prefetcher.weight += sum(order.map((kind) => weightOf(state, kind)));
    this.rewindLoader(state, prefetcher.batch);
    session.commit(phase, report, after);
    this.throwIfFailed(session, phase, report, prefetcher.batch);
    return prefetcher.isOver && !prefetcher.hasFailed
      ? this.endPrefetchedEpoch(state, prefetcher, report, order)
      : segmentOfBatches([], prefetcher.batch, prefetcher.lossSum, report, order);
  }

  // Records the task for a batch with a new shape.
  private recordShape(phase: number, { examples }: Phase, batch: readonly Tensor[]): void {
    examples.push(batch);
    warnOfMany(this.where, examples.length);
    const kind = this.validSession?.add(phase, batch) ?? null;
    if (kind === null) this.record();
    else this.options.onRecorded?.(this.phases.map((_, i) => (i === phase ? [kind] : [])));
  }

  private endPrefetchedEpoch(state: Phase, feed: Prefetcher, outputs: Outputs, order: readonly RecordedStep[]): Segment {
    const { loader } = state;
    feed.finish();
    state.prefetcher = null;
    state.wantedBatches = feed.wantedBatches;
    if (loader instanceof DataLoader && state.place !== null) loader.standAt(null);
    state.place = null;
    const wasResumed = state.isResumed;
    if (wasResumed) this.useRows(state, loader as DataLoader<unknown>);
    if (wasResumed && feed.batch === 0) return segmentOfBatches([], 0, 0, outputs, order); // the interrupted fit had done all batches of that epoch
    state.epochsDone++;
    if (feed.batch === 0) {
      const hint = 'an object whose [Symbol.asyncIterator] or [Symbol.iterator] begins anew: a generator is gone through once';
      throw rangeError(this.where, `${state.name} has no batches`, state.epochsDone > 1 ? hint : undefined);
    }
    return { ...segmentOfBatches([feed.lossSum / (state.task.sumsLosses ? 1 : feed.weight)], 0, 0, outputs, order), ofEpoch: feed.batch };
  }

  // After a resumed epoch, whose rest JavaScript iterates over, the thread gathers the batches of whole epochs.
  private useRows(state: Phase, loader: DataLoader<unknown>): void {
    state.isResumed = false;
    const batches = loader.rows();
    if (batches === null) return;
    state.rows = { batches, handle: copyRows(this.where, batches) };
    if (state.task.group !== undefined) state.task.group.width = batches.tensors.length;
    this.stale = 'source';
  }

  private throwIfFailed(
    session: Session,
    phase: number,
    report: LoopReport,
    batch: number,
    epochsDone = this.phases[phase]!.epochsDone,
  ): void {
    const { task, name } = this.phases[phase]!;
    const ofSet = name === theLoader ? '' : ` of ${name}`;
    const ofEpoch = task.mode === undefined ? ` of epoch ${(this.options.epochsBefore ?? 0) + epochsDone + 1}` : ofSet;
    const at = (among: number): string => `batch ${batch + among + 1}${ofEpoch}`;
    if (report.end === 'not finite') {
      const { rows, examples } = this.phases[phase]!;
      const tensors = rows?.batches.tensors ?? eachOnce(examples[report.kind]!);
      refuseData(this.where, tensors, report.batchTensors!, task.group?.width, at);
    }
    refuseReport(this.where, report, session.kinds(phase), `in ${at(0)}`);
  }
}
