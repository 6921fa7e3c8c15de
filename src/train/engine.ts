// The engine of fits and evaluations: runs tasks over the batches of loaders, segment by segment, on a native thread.
import type { Steps } from '../data/ahead';
import { DataLoader } from '../data/loader';
import { rangeError, SimdnnError } from '../errors';
import type { Limits, LoopReport } from '../native';
import type { RecordedStep } from '../recording';
import type { Tensor } from '../tensor';
import { type AfterSteps, nothingAfter } from './ahead';
import { awaited } from './batch';
import { type Batches, checkBatch, checkLoader, stepsIn, warnOfMany } from './batches';
import { eachOnce, Feed, type Known } from './feed';
import { countRows, isCounted, type Phase, segmentOfRows } from './phase';
import { refuseData, refuseReport } from './refusals';
import { type Ahead, Rounds, type RoundsOf } from './rounds';
import { copyRows } from './rows';
import { batchesOf, type Outputs, rowsIn, type Segment, segmentOfBatches, sum, weightOf } from './segment';
import { Session } from './session';
import type { Source } from './source';
import { RandomStream } from './stream';
import type { LossTask } from './tasks';
import { hurry, isBusy, ownTurn, patientTurn, takeTurn } from './turns';

/** The options of an engine. */
export interface EngineOptions {
  /** Whether it runs on the threads for fits rather than on the thread for evaluations and predictions. */
  forFits: boolean;
  /** Whether JavaScript may change what a step does, so that recordings are checked before each segment. */
  changes: boolean;
  /** Whether callbacks run in the middle of epochs. */
  interrupts: boolean;
  /** The number of epochs before this run, for messages. */
  epochsBefore?: number;
  /** Whether a single tensor is a batch. */
  alone?: boolean;
  /** Called with all recordings of a session that is being made, before any other code may use the JavaScript thread. */
  found?: (kind: RecordedStep) => void;
  /** Called with the new recordings of each phase: all of them, or one for a new shape. */
  made?: (fresh: readonly (readonly RecordedStep[])[]) => void;
}

export class Engine implements RoundsOf {
  /** The random numbers of the run. */
  readonly stream = new RandomStream();
  readonly phases: readonly Phase[];
  private session: Session | null = null;
  private ahead: Rounds | null = null;
  private isStopped = false;
  /** Whether the source of any phase's batches has changed since the session was made. */
  private isStale = false;

  constructor(
    private readonly where: string,
    tasks: readonly { task: LossTask; loader: Batches }[],
    private readonly options: EngineOptions,
  ) {
    try {
      this.phases = tasks.map(({ task, loader }) => {
        checkLoader(where, loader);
        const batches = loader instanceof DataLoader ? loader.rows() : null;
        const rows = batches && { batches, handle: copyRows(where, batches) };
        if (task.group !== undefined && batches !== null) task.group.width = batches.tensors.length;
        const isResumed = loader instanceof DataLoader && loader.isResumed;
        return { task, loader, rows, examples: [], feed: null, place: null, isResumed, batch: 0, handedOut: 0, epochsDone: 0, last: null };
      });
    } catch (error) {
      this.stream.close();
      throw error;
    }
  }

  /** The recordings of all phases if they exist and are still valid, else null. */
  get validSession(): Session | null {
    const { session } = this;
    return session !== null && !this.isStale && (!this.options.changes || session.isValid(this.stream.position)) ? session : null;
  }

  /** Makes the recordings of all phases, even if there are some, without giving way to the event loop. */
  record(): Session {
    const making = this.making();
    for (;;) {
      const { done, value } = making.next();
      if (done) return value;
    }
  }

  /**
   * The same in several turns of the event loop, the first at once, or with `mayWait` when `patientTurn` allows it. JavaScript code that runs in between can
   * invalidate the recordings, which `held` detects. It can also make a step differ when it is verified; then everything is recorded again in one turn, which
   * throws if the step itself cannot be recorded. If the engine is stopped before the end, no recordings are made.
   */
  async recordInTurns(mayWait = () => false): Promise<void> {
    const waits = isBusy() && mayWait();
    if (waits) await patientTurn(this);
    if (this.isStopped) return;
    takeTurn();
    const making = this.making();
    let { done } = making.next();
    while (!done) {
      await (this.options.forFits && !waits ? patientTurn(this) : ownTurn());
      if (this.isStopped) return;
      try {
        ({ done } = making.next());
      } catch (error) {
        if (!(error instanceof SimdnnError) || error.code !== 'SIMDNN_RECORDING_DIFFERS') throw error;
        this.record();
        return;
      }
    }
  }

  private *making(): Generator<void, Session> {
    const before = this.session;
    if (before !== null && this.options.changes) this.finish(); // the next recording begins with the gradients of the last step
    const specs = this.phases.map(({ task, rows, examples }) => ({
      task,
      source: (rows ? { batches: rows.batches, rows: rows.handle } : { examples }) satisfies Source,
    }));
    const session = yield* Session.making(specs, this.options.forFits, this.isStale ? null : before, this.options.found);
    before?.kept?.close();
    this.session = session;
    this.isStale = false;
    for (const phase of this.phases) phase.last = null;
    this.options.made?.(this.phases.map((_, phase) => session.kinds(phase)));
    return session;
  }

  /** The number of rows of an epoch of a phase; null if it is not known. */
  rowsOf(phase: number): number | null {
    const { rows } = this.phases[phase]!;
    return rows && rowsIn(rows.batches);
  }

  /** Whether the thread knows where each epoch ends, and counts all that its metrics need. */
  get countsEpochs(): boolean {
    return this.phases.every((phase, i) => isCounted(phase, this.kinds(i)));
  }

  /** Whether a phase is between two epochs. */
  isBetweenEpochs(phase: number): boolean {
    return this.phases[phase]!.feed === null && this.phases[phase]!.handedOut === 0;
  }
  /** Whether a callback that draws random numbers now gets the same numbers as in a plain loop. */
  get isSettled(): boolean {
    return this.phases.every(({ feed }) => feed?.isSettled ?? true);
  }

  stop(): void {
    this.isStopped = true;
    hurry(this);
    this.session?.stop();
    for (const { feed } of this.phases) feed?.rouse();
  }
  /** Copies what steps have changed into JavaScript's memory. */
  sync(): void {
    this.session?.sync();
  }
  /** From now on JavaScript code draws from the run's random numbers, and has the model until `writing`. */
  lend(): void {
    if (this.ahead !== null) this.ahead.isPaused = true;
    this.stream.begin();
  }
  /** Copies what JavaScript has changed into the session; what was done ahead is then taken back. Null: at once. */
  writing(): Promise<void> | null {
    const { ahead, session } = this;
    if (ahead !== null && this.isAhead && ahead.hold) {
      ahead.isPaused = false;
      ahead.goOn();
      return null;
    }
    const takingBack = this.isAhead ? ahead!.takeBack() : null;
    if (takingBack !== null) return takingBack.then(() => session!.write());
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
    this.session?.kept?.close();
    const leaving = this.phases.flatMap(({ feed }) => feed?.close() ?? []);
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
    return group === undefined || group.size === 1 ? steps : group.of(steps, this.check);
  }

  private readonly check = (batch: unknown): readonly Tensor[] => checkBatch(this.where, batch, this.options.alone ?? false);

  /** Does a step of a phase with the first batches of its loader, in JavaScript and with the run's random numbers. */
  async stepHere(phase: number): Promise<void> {
    this.stream.begin();
    try {
      const steps = this.steps(phase);
      const { done, value } = await awaited(steps.next(), () => steps.return?.());
      try {
        if (done !== true) this.phases[phase]!.task.run(...this.check(value));
      } finally {
        if (done !== true) await steps.return?.();
      }
    } finally {
      this.stream.end();
    }
  }

  /** Whether a phase has a batch to do, or an epoch to begin. A loader that JavaScript iterates over is asked for its next batch. */
  hasNext(phase: number): boolean | Promise<boolean> {
    const { feed } = this.phases[phase]!;
    if (feed === null) return true;
    if (feed.isEmpty) feed.make(this.knownOf(phase), false, 1);
    const hasNext = (): boolean => !feed.isEmpty || feed.unknown !== null;
    return feed.arriving?.then(hasNext) ?? hasNext();
  }

  /** Resolves when no batch is awaited; null if none is. The loaders have then been read exactly as far as the steps are done. */
  settling(): Promise<void> | null {
    const waiting = this.phases.flatMap(({ feed }) => feed?.settling ?? []);
    if (waiting.length === 0) return null;
    return Promise.all(waiting).then(() => {
      for (const phase of this.phases) if (phase.feed !== null) this.standAt(phase, phase.feed.batch);
    });
  }

  private knownOf(phase: number): () => Known {
    const { examples } = this.phases[phase]!;
    return () => ({ examples, kinds: this.kinds(phase) });
  }

  /**
   * Continues a phase until its epochs are done or a limit is reached. `after` is called with the steps that were done, even if the next one fails. With `ahead`
   * several epochs may be done ahead, each followed by one of all other phases; the next calls return them.
   */
  async segment(phase: number, limits: Limits, after: AfterSteps = nothingAfter, ahead: Ahead | null = null): Promise<Segment> {
    const state = this.phases[phase]!;
    if (ahead !== null && ahead.rounds > 1 && !this.isAhead) {
      const session = this.isStopped ? null : this.validSession;
      this.ahead = session && new Rounds(this, session, limits, ahead, this.ahead);
    }
    if (this.isAhead) return this.ahead!.next();
    return state.rows === null ? this.runFed(phase, state, limits, after) : this.runRows(phase, state, limits, after);
  }

  /** Whether the next segment has begun already. */
  get isAhead(): boolean {
    return this.ahead?.areAhead ?? false;
  }

  /** Takes back what was done ahead, unless it is what follows. Null: at once. */
  takingBack(): Promise<void> | null {
    return this.ahead === null || this.ahead.follow ? null : this.ahead.takeBack();
  }

  /** Ends what is ahead, when the fit ends; the result is the error with which it has ended, if any. */
  async landing(): Promise<string | null> {
    if (this.ahead?.areRunning) this.stop();
    await this.ahead?.land();
    return this.ahead?.refused ?? null;
  }

  private async runRows(phase: number, state: Phase, limits: Limits, after: AfterSteps): Promise<Segment> {
    const session = this.session ?? this.record();
    const { epochsBegun } = state.loader as DataLoader<unknown>;
    const report = await session.run(phase, { ...after.within(limits), random: this.stream.position, batch: state.batch }, epochsBegun);
    const handOut = this.count(phase, session, report);
    session.commit(phase, report, after);
    return handOut();
  }

  /** Counts what a run over rows did; the result is its segment, and throws where the run has ended with an error. */
  count(phase: number, session: Session, report: LoopReport): () => Segment {
    const state = this.phases[phase]!;
    countRows(state, session.kinds(phase), report, this.stream);
    const { epochsDone } = state;
    return () => {
      state.handedOut = report.batch;
      this.refuse(session, phase, report, report.batch, epochsDone);
      return segmentOfRows(state, session.kinds(phase), report);
    };
  }

  // Begins an epoch of a loader that JavaScript iterates over.
  private begin(phase: number): Steps<unknown> {
    const state = this.phases[phase]!;
    const steps = this.steps(phase);
    state.place = state.loader instanceof DataLoader ? state.loader.underWay : null;
    return steps;
  }

  // Moves the loader's position back to the batches that are done, because it has made batches ahead.
  private standAt({ loader, place }: Phase, batch: number): void {
    if (loader instanceof DataLoader && place !== null) loader.standAt(place, batch);
  }

  // The batches of a segment were made while the segment before it ran.
  private async runFed(phase: number, state: Phase, limits: Limits, after: AfterSteps): Promise<Segment> {
    state.feed ??= new Feed(() => this.begin(phase), this.stream, this.options.interrupts, this.check);
    const { feed, examples } = state;
    const known = this.knownOf(phase);
    if (feed.isEmpty) feed.make(known, false);
    const { arriving } = feed;
    if (arriving !== null) {
      await arriving;
      if (this.isStopped) return segmentOfBatches([], feed.batch, feed.lossSum, { outputs: [] }, []);
    }
    if (feed.isEmpty && feed.unknown !== null) {
      this.meet(phase, state, feed.unknown.tensors);
      feed.recognise(examples.length - 1);
      feed.make(known, false);
    }
    if (feed.isEmpty) return this.endFedEpoch(state, feed, { outputs: [] }, []);
    const session = this.session ?? this.record();
    const within = after.within(limits);
    const { random, given } = feed.take(known(), within.milliseconds === 0 ? 1 : Infinity);
    const running = session.run(phase, { ...within, random, given });
    const report = await (within.milliseconds > 0 ? feed.during(running, known) : running);
    const done = sum(report.steps);
    const order = given.slice(0, done).map(({ kind }) => session.kinds(phase)[kind]!);
    if (done > 0) state.last = given[done - 1]!.kind;
    feed.took(done, report.end === 'time');
    feed.batch += sum(order.map(batchesOf));
    feed.lossSum += report.lossSum;
    feed.weight += sum(order.map((kind) => weightOf(state, kind)));
    this.standAt(state, feed.batch);
    session.commit(phase, report, after);
    this.refuse(session, phase, report, feed.batch);
    return feed.isOver && !feed.hasFailed
      ? this.endFedEpoch(state, feed, report, order)
      : segmentOfBatches([], feed.batch, feed.lossSum, report, order);
  }

  // Records the task for a batch with a new shape.
  private meet(phase: number, { examples }: Phase, batch: readonly Tensor[]): void {
    examples.push(batch);
    warnOfMany(this.where, examples.length);
    const kind = this.validSession?.add(phase, batch) ?? null;
    if (kind === null) this.record();
    else this.options.made?.(this.phases.map((_, i) => (i === phase ? [kind] : [])));
  }

  private endFedEpoch(state: Phase, feed: Feed, outputs: Outputs, order: readonly RecordedStep[]): Segment {
    const { loader } = state;
    feed.finish();
    state.feed = null;
    if (loader instanceof DataLoader && state.place !== null) loader.standAt(null);
    state.place = null;
    const wasResumed = state.isResumed;
    if (wasResumed) this.takeRows(state, loader as DataLoader<unknown>);
    if (wasResumed && feed.batch === 0) return segmentOfBatches([], 0, 0, outputs, order); // all batches of that epoch were given before
    state.epochsDone++;
    if (feed.batch === 0) {
      const hint = 'an object whose [Symbol.asyncIterator] or [Symbol.iterator] begins anew: a generator is gone through once';
      throw rangeError(this.where, 'the loader has no batches', state.epochsDone > 1 ? hint : undefined);
    }
    return { ...segmentOfBatches([feed.lossSum / (state.task.sumsLosses ? 1 : feed.weight)], 0, 0, outputs, order), ofEpoch: feed.batch };
  }

  // The epochs after a resumed one are complete.
  private takeRows(state: Phase, loader: DataLoader<unknown>): void {
    state.isResumed = false;
    const batches = loader.rows();
    if (batches === null) return;
    state.rows = { batches, handle: copyRows(this.where, batches) };
    if (state.task.group !== undefined) state.task.group.width = batches.tensors.length;
    this.isStale = true;
  }

  private refuse(session: Session, phase: number, report: LoopReport, batch: number, epochsDone = this.phases[phase]!.epochsDone): void {
    const { task } = this.phases[phase]!;
    const ofEpoch = task.mode === undefined ? ` of epoch ${(this.options.epochsBefore ?? 0) + epochsDone + 1}` : '';
    const at = (among: number): string => `batch ${batch + among + 1}${ofEpoch}`;
    if (report.end === 'not finite') {
      const { rows, examples } = this.phases[phase]!;
      const tensors = rows?.batches.tensors ?? eachOnce(examples[report.kind]!);
      refuseData(this.where, tensors, report.batchTensors!, task.group?.width, at);
    }
    refuseReport(this.where, report, session.kinds(phase), `in ${at(0)}`);
  }
}
