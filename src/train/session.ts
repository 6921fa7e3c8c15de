import { liesIn } from '../memory';
import {
  addKind,
  addLoop,
  addPersistent,
  createSession,
  type LoopReport,
  type LoopRun,
  type LoopStep,
  readPersistent,
  runLoops,
  type SessionHandle,
  stopSession,
  writePersistent,
} from '../native';
import type { RandomPosition } from '../random';
import { MemoryMap, type RecordedStep, stretchesOf } from '../recording';
import type { Tensor } from '../tensor';
import { type AfterSteps, nothingAfter, StepsAhead } from './ahead';
import { Captured } from './captured';
import { KeptRounds } from './kept-rounds';
import type { Clocks } from './linear';
import { areNumbers, type LiveOfLoops, type Loop, linearOf, type NumbersLater, numbersOf, type RunLimits, tellOn } from './numbers';
import { holding } from './pieces';
import { divisorOf, rowsIn, sum } from './segment';
import { epochRowsOf, type Source, stepsLike } from './source';
import { inMode, recordStep, verifyStep } from './step-recording';
import { countedClasses, type Task } from './task';
import { numbersOfRounds, type ToldRound } from './told-rounds';
import { ownTurn, segmentBegins, segmentEnds } from './turns';

const numberOf = <T>(numbers: Map<T, number>, key: T): number => {
  if (!numbers.has(key)) numbers.set(key, numbers.size);
  return numbers.get(key)!;
};

const runOf = ({ source, task, kinds }: Loop, limits: RunLimits, live: LoopRun['live'], epochsBegun: number): LoopRun => ({
  epochs: limits.epochs,
  milliseconds: limits.milliseconds,
  outputBytes: limits.outputBytes,
  finite: limits.finite,
  seed: limits.random.seed,
  randomOffset: limits.random.offset,
  orderOffset: 'batches' in source ? epochsBegun * source.batches.drawn : 0,
  live,
  ...(limits.given && { batches: limits.given }),
  ...(limits.joins &&
    'batches' in source && { joining: { divisor: divisorOf(task, source.batches, kinds), rows: rowsIn(source.batches) } }),
});

/** The tasks of a session, each with the source of its batches. */
export type Specs = readonly { task: Task; source: Source }[];

export class Session {
  private readonly handle: SessionHandle;
  private readonly pieces: Float32Array[];
  private readonly map: MemoryMap<{ memory: Float32Array }>;
  /** Those of a fit are its training, then its validations. */
  readonly loops: Loop[] = [];
  private readonly clocks = new Map<string, number>();
  private readonly clocksOfKinds = new Map<RecordedStep, number>();
  private readonly counters = new Map<object, number>();
  private readonly captured = new Captured();
  private changed: (Float32Array | null)[] = [];
  private changedWithGradients: (Float32Array | null)[] = [];
  /** Snapshots of the memory that steps change, after rounds that may be taken back. */
  kept: KeptRounds | null = null;

  /**
   * Records all tasks. This is a generator so that others may use the JavaScript thread in between: it yields between parts. Each kind of batch is recorded in
   * one part, after which `found` is called, and verified in the next. The first part copies the persistent memory. If `before` was in the middle of an epoch,
   * the new session continues there.
   */
  static *making(
    specs: Specs,
    forFits: boolean,
    before: Session | null,
    found: (kind: RecordedStep) => void = () => {},
  ): Generator<void, Session> {
    const recorded: RecordedStep[][] = specs.map(() => []);
    let session: Session | null = null;
    let verify = (): void => {};
    for (const [i, { task, source }] of specs.entries()) {
      for (const batch of stepsLike(source, task.group?.size)) {
        if (session !== null) yield;
        verify();
        const kind = recordStep(task, batch, 'examples' in source, !forFits);
        verify = () => verifyStep(task, kind);
        found(kind);
        kind.pack();
        recorded[i]!.push(kind);
        const fresh = session === null ? null : session.freshOf(kind);
        if (session === null || fresh === null) session = new Session(recorded.flat(), forFits);
        else session.reach(kind, fresh);
      }
    }
    if (session !== null) yield;
    verify();
    session ??= new Session([], forFits);
    session.addLoops(specs, recorded, before);
    return session;
  }

  /** Records all tasks without interruption. */
  static make(specs: Specs, forFits: boolean, before: Session | null): Session {
    const making = Session.making(specs, forFits, before);
    for (;;) {
      const { done, value } = making.next();
      if (done) return value;
    }
  }

  // Copies the persistent memory of these kinds of step.
  private constructor(
    kinds: readonly RecordedStep[],
    private readonly forFits: boolean,
  ) {
    this.pieces = stretchesOf(kinds.flatMap(({ persistent }) => persistent));
    this.map = new MemoryMap(this.pieces.map((memory) => ({ memory })));
    this.handle = createSession(this.pieces, forFits);
    for (const kind of kinds) this.captured.add(kind, null);
  }

  private addLoops(specs: Specs, recorded: readonly RecordedStep[][], before: Session | null): void {
    for (const [i, { task, source }] of specs.entries()) {
      const kinds = recorded[i]!;
      const steps = kinds.map((kind) => this.stepOf(kind, task, this.pieces));
      const goOnWith = before !== null && 'rows' in source ? before.handle : null;
      const number = addLoop(this.handle, steps, epochRowsOf(source, kinds.length, task.group?.size), goOnWith, i);
      this.loops.push({ number, kinds, source, task, ahead: new StepsAhead() });
    }
    this.watch(recorded.flat());
  }

  // The persistent memory of a kind that the session does not have yet. Null if the session has only a part of some piece.
  private freshOf({ persistent }: RecordedStep): Float32Array[] | null {
    const fresh: Float32Array[] = [];
    for (const memory of stretchesOf(persistent)) {
      const meeting = this.map.meeting(memory);
      if (meeting.length === 0) fresh.push(memory);
      else if (meeting.length > 1 || !liesIn(meeting[0]!.memory, memory)) return null;
    }
    return fresh;
  }

  // Copies the memory of another kind of step.
  private reach(kind: RecordedStep, fresh: readonly Float32Array[]): void {
    if (fresh.length > 0) addPersistent(this.handle, [...fresh]);
    for (const memory of fresh) this.map.add({ memory });
    this.pieces.push(...fresh);
    this.captured.add(kind, fresh);
  }

  /**
   * Records a task for another kind of batch. If the task uses memory of which the session has only a part, nothing is done and the result is null: everything
   * must then be recorded again.
   */
  add(loop: number, batch: readonly Tensor[]): RecordedStep | null {
    const { number, kinds, task } = this.loops[loop]!;
    const kind = recordStep(task, batch, true, !this.forFits);
    verifyStep(task, kind);
    const fresh = this.freshOf(kind);
    if (fresh === null) return null;
    kind.pack();
    const step = this.stepOf(kind, task, [...this.pieces, ...fresh]); // throws for numbers that a kernel would refuse, before anything is changed
    this.reach(kind, fresh);
    this.watch([]);
    addKind(this.handle, number, step);
    kinds.push(kind);
    this.watch([kind]);
    return kind;
  }

  private stepOf(kind: RecordedStep, task: Task, pieces: readonly Float32Array[]): LoopStep {
    return {
      plan: kind.plan(pieces).handle,
      arguments: kind.given.length,
      draws: kind.trace.draws,
      clock: this.clockOf(kind),
      losses: kind.places(kind.results.losses, pieces),
      outputs: kind.places(kind.results.outputs, pieces),
      undone: kind.places(kind.beforeMeeting, pieces),
      lossWeight: task.lossWeight?.(kind.results.rows) ?? 1,
      classes: countedClasses(task, kind),
    };
  }

  // Kinds of step that advance the same counters share a clock.
  private clockOf(kind: RecordedStep): number {
    const known = this.clocksOfKinds.get(kind);
    if (known !== undefined) return known;
    const key = kind.trace.stepCounters.map(({ stepCounter: { counter } }) => numberOf(this.counters, counter)).join(' ');
    const clock = numberOf(this.clocks, key);
    this.clocksOfKinds.set(kind, clock);
    return clock;
  }

  // Adds the pieces that these kinds of step write to those that earlier ones write.
  private watch(fresh: readonly RecordedStep[]): void {
    const written = fresh.flatMap(({ trace }) => trace.written);
    const changed = holding(
      this.pieces,
      written.filter(({ base }) => base.role !== 'gradient'),
    );
    const changedWithGradients = holding(this.pieces, written);
    this.changed = changed.map((piece, i) => piece ?? this.changed[i] ?? null);
    this.changedWithGradients = changedWithGradients.map((piece, i) => piece ?? this.changedWithGradients[i] ?? null);
  }

  /** The size of its copies of persistent memory. */
  get bytes(): number {
    return this.pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The recordings of a loop: that of whole batches first, then that of a smaller last batch. */
  kinds(loop: number): readonly RecordedStep[] {
    return this.loops[loop]!.kinds;
  }

  /** The number of Philox counters that an epoch of a loop over rows uses, including those for its order. */
  drawsOfEpoch(loop: number): number {
    const { kinds, source, task } = this.loops[loop]!;
    if ('examples' in source) return 0;
    const { batches, shuffle, seed, count } = source.batches;
    const order = shuffle && seed === undefined ? count : 0;
    return order + (Math.ceil(batches / (task.group?.size ?? 1)) - 1) * kinds[0]!.trace.draws + kinds.at(-1)!.trace.draws;
  }

  /** Whether all recordings are still valid. */
  isValid(random: RandomPosition): boolean {
    return this.loops.every(({ kinds, task }) => inMode(task, () => kinds.every((kind) => kind.isValid(random))));
  }

  /** Records every task again, and throws if one differs. */
  verify(): void {
    for (const { task, kinds } of this.loops) for (const kind of kinds) verifyStep(task, kind);
  }

  /** Runs a loop from where its last run ended. `commit` must then count what the run did. */
  async run(loop: number, limits: RunLimits, epochsBegun = 0): Promise<LoopReport> {
    const state = this.loops[loop]!;
    this.showPresent();
    const { live, told } = inMode(state.task, () => numbersOf(state, limits, this.allClocks));
    const run = { ...runOf(state, limits, live, epochsBegun), ...(told && { ahead: told.numbers }) };
    const [report] = await this.during([state], [run], 1, () => {
      if (told !== null) inMode(state.task, () => tellOn(state, limits, told.steps));
    });
    state.ahead.ran(sum(report!.steps));
    return report!;
  }

  /**
   * Runs an epoch of each loop in turn, in as many rounds as there are live numbers of all loops, with the same limits. `begun` has the epochs that each loader has
   * begun, `told` the rounds whose steps are told one by one, `round` is the number of the first round if they are kept. `commit` must then count each run in turn.
   */
  rounds(
    limits: RunLimits,
    begun: readonly number[],
    live: readonly LiveOfLoops[],
    told: readonly ToldRound[] | null,
    round: number | null,
  ): Promise<LoopReport[]> {
    const runs = this.loops.map((loop, i): LoopRun => {
      loop.ahead.told = null;
      const later = live.slice(1).map((all, at) => (all === live[at] ? null : all[i]!));
      const run = { ...runOf(loop, limits, live[0]![i]!, begun[i]!), ...(later.some((one) => one !== null) && { later }) };
      return told !== null && i === 0 ? { ...run, ahead: numbersOfRounds(told) } : run;
    });
    return this.during(this.loops, runs, live.length, () => {}, round);
  }

  /** The live numbers of all loops as linear functions; null if the numbers of steps must be told one by one. Those of the training are left out if they are. */
  liveOfLoops(limits: RunLimits, areTold = false): LiveOfLoops | null {
    const linear = (loop: Loop) => inMode(loop.task, () => linearOf(loop, limits, this.allClocks));
    const live = this.loops.map((loop, i) => (areTold && i === 0 ? loop.kinds.map(() => null) : linear(loop)));
    return live.includes(null) ? null : (live as LiveOfLoops);
  }

  /** Calls a function in the state that counters will have when what these runs did is counted. */
  whenCounted<T>(runs: readonly { phase: number; report: Pick<LoopReport, 'steps'> }[], fn: () => T): T {
    const putBack = this.loops.flatMap(({ kinds }) => kinds.map(({ trace }) => trace.keep()));
    try {
      for (const { phase, report } of runs) this.count(phase, report);
      return fn();
    } finally {
      for (const restore of putBack) restore();
    }
  }

  /** From now on keeps snapshots of the memory that steps change, after each round; a run has at most `most` rounds. */
  keepRounds(most: number): KeptRounds {
    this.kept ??= new KeptRounds(this.handle, this.pieces, this.changedWithGradients, most);
    return this.kept;
  }

  /** Whether the live numbers of the next steps are equal to the given ones. */
  hasNumbers(numbers: NumbersLater, random: RandomPosition): boolean {
    return areNumbers(this.loops, numbers, random, this.allClocks);
  }

  private showPresent(): void {
    if (this.kept !== null) this.kept.shown = null;
  }

  private async during(
    loops: readonly Loop[],
    runs: LoopRun[],
    rounds: number,
    meanwhile = (): void => {},
    round: number | null = null,
  ): Promise<LoopReport[]> {
    const numbers = loops.map(({ number }) => number);
    const running = runLoops(this.handle, numbers, runs, rounds, round);
    if (this.forFits) segmentBegins();
    meanwhile();
    try {
      return await running;
    } finally {
      if (this.forFits) {
        segmentEnds();
        await ownTurn();
      }
    }
  }

  /**
   * Counts the steps of a run. `after.done` is called with a number of steps, or after each step if the numbers of the next one may depend on it.
   */
  commit(loop: number, { steps }: LoopReport, after: AfterSteps = nothingAfter): void {
    const { kinds, ahead } = this.loops[loop]!;
    const all = sum(steps);
    if (ahead.told !== null) {
      ahead.commit(kinds, all, after);
      return;
    }
    this.count(loop, { steps });
    if (all > 0) after.done(all);
  }

  private count(loop: number, { steps }: Pick<LoopReport, 'steps'>): void {
    for (const [i, { trace }] of this.loops[loop]!.kinds.entries()) trace.commit(steps[i]!);
  }

  /** Ends the run that is under way after its present step. */
  stop(): void {
    stopSession(this.handle);
  }

  /** Copies the memory that steps have changed into the tensors, as of the last finished step. It waits for at most one step. */
  sync(): void {
    this.read(this.changed);
  }

  /** The same including gradients, at the end. */
  finish(): void {
    this.read(this.changedWithGradients);
  }

  private read(arrays: (Float32Array | null)[]): void {
    if (this.kept === null) readPersistent(this.handle, arrays, null);
    else this.kept.read(arrays);
  }

  /** Whether user code has changed tensors that steps only read. */
  get isStale(): boolean {
    return this.captured.haveChanged;
  }

  /** Copies these tensors. */
  refresh(): void {
    const changed = this.captured.changed();
    if (changed.length === 0) return;
    this.showPresent();
    const pieces = holding(
      this.pieces,
      changed.map((t) => ({ array: t.values })),
    );
    // The same piece may hold memory that steps change: there the session's values are newer.
    const values = changed.map((t) => t.values.slice());
    readPersistent(
      this.handle,
      pieces.map((piece, i) => (this.changedWithGradients[i] === null ? null : piece)),
      null,
    );
    for (const [i, t] of changed.entries()) t.values.set(values[i]!);
    writePersistent(this.handle, pieces);
  }

  /** Copies the tensors' memory into that of the session. */
  write(): void {
    this.captured.changed();
    this.showPresent();
    for (const { kinds } of this.loops) for (const kind of kinds) kind.pack();
    writePersistent(this.handle, this.pieces);
  }

  private get allClocks(): Clocks {
    return { count: this.clocks.size, of: (kind) => this.clockOf(kind) };
  }
}
