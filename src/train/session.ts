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
import { CapturedTensors } from './captured-tensors';
import { SessionClocks } from './clocks';
import { areManyBeginning, freeTurn, segmentBegan, segmentEnded } from './event-loop-turns';
import {
  type ExpectedNumbers,
  type LiveOfLoops,
  type Loop,
  linearNumbersOf,
  matchesNumbers,
  numbersForRun,
  precomputeNextRun,
  type RunLimits,
} from './live-numbers';
import { overlappingRegions } from './regions';
import { divisorOf, rowsPerEpoch, sum } from './segment';
import { type SimulatedRound, stepNumbersOf } from './simulated-rounds';
import { Snapshots } from './snapshots';
import { epochRowsOf, exampleBatches, type Source } from './source';
import { type AfterSteps, nothingAfter, StepPrecomputation } from './step-precomputation';
import { inMode, recordStep, verifyStep } from './step-recording';
import { countedClasses, type Task } from './task';

const runOf = ({ source, task, kinds }: Loop, limits: RunLimits, live: LoopRun['live'], epochsBegun: number): LoopRun => ({
  epochs: limits.epochs,
  milliseconds: limits.milliseconds,
  outputBytes: limits.outputBytes,
  finite: limits.finite,
  seed: limits.random.seed,
  randomOffset: limits.random.offset,
  orderOffset: 'batches' in source ? epochsBegun * source.batches.drawn : 0,
  live,
  ...(limits.given && { batches: limits.given, lossSum: limits.lossSum ?? 0 }),
  ...(limits.joins &&
    'batches' in source && { joining: { divisor: divisorOf(task, source.batches, kinds), rows: rowsPerEpoch(source.batches) } }),
});

/** The tasks of a session, each with the source of its batches. */
export type Specs = readonly { task: Task; source: Source }[];

export class Session {
  private readonly handle: SessionHandle;
  private readonly regions: Float32Array[];
  private readonly map: MemoryMap<{ memory: Float32Array }>;
  /** One for each task: of a fit, the training and then each validation set. */
  readonly loops: Loop[] = [];
  private readonly clocks = new SessionClocks();
  private readonly captured = new CapturedTensors();
  private written: (Float32Array | null)[] = [];
  private writtenWithGradients: (Float32Array | null)[] = [];
  /** Snapshots of the memory that steps change, after rounds that may be rolled back. */
  snapshots: Snapshots | null = null;

  /**
   * Records all tasks. This is a generator, so that other code may use the JavaScript thread between its parts. Each kind of batch is recorded in one part, after
   * which `found` is called, and verified in the next part. The first part copies the persistent memory. If the session `before` was in the middle of an epoch, the
   * new session continues there.
   */
  static *makeInParts(
    specs: Specs,
    forFits: boolean,
    before: Session | null,
    found: (kind: RecordedStep) => void = () => {},
  ): Generator<void, Session> {
    const recorded: RecordedStep[][] = specs.map(() => []);
    let session: Session | null = null;
    let verify = (): void => {};
    for (const [i, { task, source }] of specs.entries()) {
      for (const batch of exampleBatches(source, task.group?.size)) {
        if (session !== null) yield;
        verify();
        const kind = recordStep(task, batch, 'examples' in source, !forFits);
        verify = () => verifyStep(task, kind);
        found(kind);
        kind.pack();
        recorded[i]!.push(kind);
        const fresh = session === null ? null : session.newRegionsOf(kind);
        if (session === null || fresh === null) session = new Session(recorded.flat(), forFits);
        else session.addRegions(kind, fresh);
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
    const making = Session.makeInParts(specs, forFits, before);
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
    this.regions = stretchesOf(kinds.flatMap(({ persistent }) => persistent));
    this.map = new MemoryMap(this.regions.map((memory) => ({ memory })));
    this.handle = createSession(this.regions, forFits);
    for (const kind of kinds) this.captured.add(kind, null);
  }

  private addLoops(specs: Specs, recorded: readonly RecordedStep[][], before: Session | null): void {
    for (const [i, { task, source }] of specs.entries()) {
      const kinds = recorded[i]!;
      const steps = kinds.map((kind) => this.stepOf(kind, task, this.regions));
      const goOnWith = before !== null && 'rows' in source ? before.handle : null;
      const number = addLoop(this.handle, steps, epochRowsOf(source, kinds.length, task.group?.size), goOnWith, i);
      this.loops.push({ number, kinds, source, task, precomputation: new StepPrecomputation() });
    }
    this.trackWrites(recorded.flat());
  }

  // The regions of a kind's persistent memory that the session does not have. Null if the session has a part of a region, because a copy of the whole would be separate
  // from the copy of the part.
  private newRegionsOf({ persistent }: RecordedStep): Float32Array[] | null {
    const fresh: Float32Array[] = [];
    for (const memory of stretchesOf(persistent)) {
      const meeting = this.map.meeting(memory);
      if (meeting.length === 0) fresh.push(memory);
      else if (meeting.length > 1 || !liesIn(meeting[0]!.memory, memory)) return null;
    }
    return fresh;
  }

  // Copies the memory of another kind of step into the session.
  private addRegions(kind: RecordedStep, fresh: readonly Float32Array[]): void {
    if (fresh.length > 0) addPersistent(this.handle, [...fresh]);
    for (const memory of fresh) this.map.add({ memory });
    this.regions.push(...fresh);
    this.captured.add(kind, fresh);
  }

  /**
   * Records a task for another kind of batch. If the session has only a part of a memory region that the task uses, the result is null, and the caller must record
   * everything again.
   */
  add(loop: number, batch: readonly Tensor[]): RecordedStep | null {
    const { number, kinds, task } = this.loops[loop]!;
    const kind = recordStep(task, batch, true, !this.forFits);
    verifyStep(task, kind);
    const fresh = this.newRegionsOf(kind);
    if (fresh === null) return null;
    kind.pack();
    const step = this.stepOf(kind, task, [...this.regions, ...fresh]); // this throws for numbers that a kernel would refuse, so it comes before any change
    this.addRegions(kind, fresh);
    this.trackWrites([]);
    addKind(this.handle, number, step);
    kinds.push(kind);
    this.trackWrites([kind]);
    return kind;
  }

  private stepOf(kind: RecordedStep, task: Task, regions: readonly Float32Array[]): LoopStep {
    return {
      plan: kind.plan(regions).handle,
      arguments: kind.given.length,
      draws: kind.trace.draws,
      clock: this.clocks.of(kind),
      losses: kind.places(kind.results.losses, regions),
      outputs: kind.places(kind.results.outputs, regions),
      undone: kind.places(kind.beforeMeeting, regions),
      lossWeight: task.lossWeight?.(kind.results.rows) ?? 1,
      classes: countedClasses(task, kind),
    };
  }

  // Adds the regions that these kinds of step write to the written ones.
  private trackWrites(fresh: readonly RecordedStep[]): void {
    const written = fresh.flatMap(({ trace }) => trace.written);
    const changed = overlappingRegions(
      this.regions,
      written.filter(({ base }) => base.role !== 'gradient'),
    );
    const changedWithGradients = overlappingRegions(this.regions, written);
    this.written = changed.map((region, i) => region ?? this.written[i] ?? null);
    this.writtenWithGradients = changedWithGradients.map((region, i) => region ?? this.writtenWithGradients[i] ?? null);
  }

  /** The size of its copies of persistent memory. */
  get bytes(): number {
    return this.regions.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The recordings of a loop. Over rows the first is for whole batches, and the second, if any, for a smaller last batch. */
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
    this.showLatest();
    const { live, precomputed } = inMode(state.task, () => numbersForRun(state, limits, this.clocks));
    const run = { ...runOf(state, limits, live, epochsBegun), ...(precomputed && { ahead: precomputed.numbers }) };
    const [report] = await this.runOnThread([state], [run], 1, () => {
      if (precomputed !== null) inMode(state.task, () => precomputeNextRun(state, limits, precomputed.steps));
    });
    state.precomputation.recordProgress(sum(report!.steps));
    return report!;
  }

  /**
   * Runs rounds, each of which is an epoch of every loop, all with the same limits. `begun` has the number of epochs that each loader has begun, `live` the live numbers
   * of each round, `simulated` the rounds whose step numbers are precomputed, and `round` the number of the first round if snapshots are made. `commit` must then
   * count each run in turn.
   */
  runRounds(
    limits: RunLimits,
    begun: readonly number[],
    live: readonly LiveOfLoops[],
    simulated: readonly SimulatedRound[] | null,
    round: number | null,
  ): Promise<LoopReport[]> {
    const runs = this.loops.map((loop, i): LoopRun => {
      loop.precomputation.current = null;
      const later = live.slice(1).map((all, at) => (all === live[at] ? null : all[i]!));
      const run = { ...runOf(loop, limits, live[0]![i]!, begun[i]!), ...(later.some((one) => one !== null) && { later }) };
      return simulated !== null && i === 0 ? { ...run, ahead: stepNumbersOf(simulated) } : run;
    });
    return this.runOnThread(this.loops, runs, live.length, () => {}, round);
  }

  /** The live numbers of all loops as linear functions; null if they are not linear. Those of the training are left out if its steps are precomputed. */
  liveOfLoops(limits: RunLimits, isPrecomputed = false): LiveOfLoops | null {
    const linear = (loop: Loop) => inMode(loop.task, () => linearNumbersOf(loop, limits, this.clocks));
    const live = this.loops.map((loop, i) => (isPrecomputed && i === 0 ? loop.kinds.map(() => null) : linear(loop)));
    return live.includes(null) ? null : (live as LiveOfLoops);
  }

  /** Calls a function as if the steps of these runs were counted, and restores the counters. */
  withCounted<T>(runs: readonly { phase: number; report: Pick<LoopReport, 'steps'> }[], fn: () => T): T {
    const restores = this.loops.flatMap(({ kinds }) => kinds.map(({ trace }) => trace.keep()));
    try {
      for (const { phase, report } of runs) this.count(phase, report);
      return fn();
    } finally {
      for (const restore of restores) restore();
    }
  }

  /** Makes snapshots of the memory that steps change after each round, from now on. A run has at most `most` rounds. */
  keepSnapshots(most: number): Snapshots {
    this.snapshots ??= new Snapshots(this.handle, this.regions, this.writtenWithGradients, most);
    return this.snapshots;
  }

  /** Whether the live numbers of the next steps are the expected ones. */
  matchesNumbers(numbers: ExpectedNumbers, random: RandomPosition): boolean {
    return matchesNumbers(this.loops, numbers, random, this.clocks);
  }

  private showLatest(): void {
    if (this.snapshots !== null) this.snapshots.visibleRound = null;
  }

  private async runOnThread(
    loops: readonly Loop[],
    runs: LoopRun[],
    rounds: number,
    meanwhile = (): void => {},
    round: number | null = null,
  ): Promise<LoopReport[]> {
    const numbers = loops.map(({ number }) => number);
    const running = runLoops(this.handle, numbers, runs, rounds, round, areManyBeginning());
    if (this.forFits) segmentBegan();
    meanwhile();
    try {
      return await running;
    } finally {
      if (this.forFits) {
        segmentEnded();
        await freeTurn();
      }
    }
  }

  /**
   * Counts the steps of a run, and reports them to `after`: all at once, or one by one if their numbers were precomputed.
   */
  commit(loop: number, { steps }: LoopReport, after: AfterSteps = nothingAfter): void {
    const { kinds, precomputation } = this.loops[loop]!;
    const all = sum(steps);
    if (precomputation.current !== null) {
      precomputation.commit(kinds, all, after);
      return;
    }
    this.count(loop, { steps });
    if (all > 0) after.stepsDone(all);
  }

  private count(loop: number, { steps }: Pick<LoopReport, 'steps'>): void {
    for (const [i, { trace }] of this.loops[loop]!.kinds.entries()) trace.commit(steps[i]!);
  }

  /** Ends the run that is under way after its present step. */
  stop(): void {
    stopSession(this.handle);
  }

  /** Copies the memory that steps have changed into the tensors, as of the last finished step. If a step is under way, it waits for its end. */
  sync(): void {
    this.read(this.written);
  }

  /** Copies all memory that steps have changed, including gradients, into the tensors. For the end of a run. */
  finish(): void {
    this.read(this.writtenWithGradients);
  }

  private read(arrays: (Float32Array | null)[]): void {
    if (this.snapshots === null) readPersistent(this.handle, arrays, null);
    else this.snapshots.read(arrays);
  }

  /** Whether user code has changed tensors that steps only read. */
  get isStale(): boolean {
    return this.captured.haveChanged;
  }

  /** Copies the tensors that user code has changed into the session. */
  refresh(): void {
    const changed = this.captured.takeChanged();
    if (changed.length === 0) return;
    this.showLatest();
    const regions = overlappingRegions(
      this.regions,
      changed.map((t) => ({ array: t.values })),
    );
    // A region of such a tensor may also have memory that steps change, whose newer values are in the session: these are read first, so that they are not overwritten.
    const values = changed.map((t) => t.values.slice());
    readPersistent(
      this.handle,
      regions.map((region, i) => (this.writtenWithGradients[i] === null ? null : region)),
      null,
    );
    for (const [i, t] of changed.entries()) t.values.set(values[i]!);
    writePersistent(this.handle, regions);
  }

  /** Copies the memory of all tensors into the session. */
  write(): void {
    this.captured.takeChanged();
    this.showLatest();
    for (const { kinds } of this.loops) for (const kind of kinds) kind.pack();
    writePersistent(this.handle, this.regions);
  }
}
