// Recorded functions run over batches on a native thread, which works on copies of all persistent memory.
import type { RowBatches } from '../data/loader-state';
import { rangeError, SimdnnError } from '../errors';
import { refuseHeld } from '../holders';
import { liesIn } from '../memory';
import {
  addKind,
  addLoop,
  addPersistent,
  createSession,
  type Limits,
  type LoopReport,
  type LoopRun,
  type LoopStep,
  type RowsHandle,
  readLasting,
  runLoop,
  type SessionHandle,
  stopSession,
  writeLasting,
} from '../native';
import type { RandomPosition } from '../random';
import { MemoryMap, RecordedStep, stretchesOf } from '../recording';
import { refuseLost, type Tensor } from '../tensor';
import { type AfterSteps, type BetweenSteps, type NextStep, nothingAfter, StepsAhead } from './ahead';
import { Captured } from './captured';
import { linearNumbers } from './linear';
import { holding } from './pieces';
import { rowsIn } from './rows';
import { sum } from './segment';
import { epochRowsOf, nextSteps, type RowsSource, type Source, stepsLike } from './source';
import { countedClasses, type Task } from './task';
import { ownTurn, segmentBegins, segmentEnds } from './turns';

interface Loop {
  number: number;
  kinds: RecordedStep[];
  source: Source;
  task: Task;
  /** Steps whose numbers are told one by one, where they must be. */
  ahead: StepsAhead;
}

/** What a run may do; `random` is where its random numbers begin. */
export interface RunLimits extends Limits {
  random: RandomPosition;
  given?: LoopRun['batches'];
  /** Batches done of the epoch that is under way, over rows; default 0: none is. */
  batch?: number;
  /** What is done between two steps and changes their numbers; default null. */
  between?: BetweenSteps | null;
}

/** The rows of a loader's tensors, in native memory: a copy, which others may share. */
export function copyRows(where: string, { tensors }: RowBatches): RowsHandle {
  for (const t of tensors) {
    refuseHeld(where, t);
    refuseLost(where, t);
  }
  return rowsIn(tensors);
}

const inMode = <T>(task: Task, fn: () => T): T => (task.mode === undefined ? fn() : task.mode(fn));

const numberOf = <T>(numbers: Map<T, number>, key: T): number => {
  if (!numbers.has(key)) numbers.set(key, numbers.size);
  return numbers.get(key)!;
};

// To be verified before it runs. `given`: the batches are the caller's own memory, which a step on copies would not change.
function recordStep(task: Task, batch: readonly Tensor[], given: boolean, packs: boolean): RecordedStep {
  const step = inMode(task, () => new RecordedStep(task.where, task.run, batch, packs));
  if (given && step.trace.changesArguments) {
    throw new SimdnnError(
      'SIMDNN_NOT_RECORDABLE',
      `[${task.where}] a batch is changed in place, and the loader's own memory would not be\n  hint: clone() it first, or give out batches by a DataLoader`,
    );
  }
  return step;
}

// Records once more: what comes out otherwise the second time is carried from call to call by JavaScript, which a replay does not run.
const verifyStep = (task: Task, step: RecordedStep): void => inMode(task, () => step.verify(task.where, task.run));

/** Throws what a run ended with, if that was an error; `at` says where it was. */
export function refuseReport(where: string, { end, kind, call, message }: LoopReport, kinds: readonly RecordedStep[], at: string): void {
  if (end === 'refused') throw rangeError(where, at === '' ? message! : `${message}, ${at}`);
  if (end === 'out of memory') throw rangeError(where, 'out of memory');
  if (end === 'not finite') {
    throw new SimdnnError(
      'SIMDNN_NOT_FINITE',
      `[${where}] ${at} a value is not finite for the first time after ${kinds[kind]!.trace.callText(call)}`,
    );
  }
}

/** What a session does: tasks, each over its batches. */
export type Specs = readonly { task: Task; source: Source }[];

export class Session {
  private readonly handle: SessionHandle;
  private readonly pieces: Float32Array[];
  private readonly map: MemoryMap<{ memory: Float32Array }>;
  private readonly loops: Loop[] = [];
  private readonly clocks = new Map<string, number>();
  private readonly clocksOfKinds = new Map<RecordedStep, number>();
  private readonly counters = new Map<object, number>();
  private readonly captured = new Captured();
  private changed: (Float32Array | null)[] = [];
  private changedWithGradients: (Float32Array | null)[] = [];

  /**
   * Records every task, in parts between which others may have the thread: it yields where one ends. Each kind of batch is recorded in one, where `found` is
   * told of it, and verified in the next; the first copies the persistent memory. Where `before` was in the middle of an epoch the new session goes on.
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

  /** The same in one go. */
  static make(specs: Specs, forFits: boolean, before: Session | null): Session {
    const making = Session.making(specs, forFits, before);
    for (;;) {
      const { done, value } = making.next();
      if (done) return value;
    }
  }

  // Over the memory of some kinds, which it copies.
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

  // The persistent memory of a kind that is not the session's yet; null where the session has a part of some.
  private freshOf({ persistent }: RecordedStep): Float32Array[] | null {
    const fresh: Float32Array[] = [];
    for (const memory of stretchesOf(persistent)) {
      const meeting = this.map.meeting(memory);
      if (meeting.length === 0) fresh.push(memory);
      else if (meeting.length > 1 || !liesIn(meeting[0]!.memory, memory)) return null;
    }
    return fresh;
  }

  // Copies the memory of one more kind.
  private reach(kind: RecordedStep, fresh: readonly Float32Array[]): void {
    if (fresh.length > 0) addPersistent(this.handle, [...fresh]);
    for (const memory of fresh) this.map.add({ memory });
    this.pieces.push(...fresh);
    this.captured.add(kind, fresh);
  }

  /**
   * Records a task for one more kind of batch. Null, and nothing done, where it uses memory of which the session has a part only: then all is to be
   * recorded again.
   */
  add(loop: number, batch: readonly Tensor[]): RecordedStep | null {
    const { number, kinds, task } = this.loops[loop]!;
    const kind = recordStep(task, batch, true, !this.forFits);
    verifyStep(task, kind);
    const fresh = this.freshOf(kind);
    if (fresh === null) return null;
    kind.pack();
    const step = this.stepOf(kind, task, [...this.pieces, ...fresh]); // refuses numbers that a kernel would refuse: nothing is changed by then
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
      lossWeight: task.lossWeight?.(kind.results.rows) ?? 1,
      classes: countedClasses(task, kind),
    };
  }

  // Kinds that count the same along share a clock.
  private clockOf(kind: RecordedStep): number {
    const known = this.clocksOfKinds.get(kind);
    if (known !== undefined) return known;
    const key = kind.trace.progresses.map(({ progress: { counter } }) => numberOf(this.counters, counter)).join(' ');
    const clock = numberOf(this.clocks, key);
    this.clocksOfKinds.set(kind, clock);
    return clock;
  }

  // The pieces that kinds of step change, beside those of the kinds before.
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

  /** What its copies of persistent memory take. */
  get bytes(): number {
    return this.pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The recordings of a loop: whole batches first, then a smaller last one. */
  kinds(loop: number): readonly RecordedStep[] {
    return this.loops[loop]!.kinds;
  }

  /** Philox counters that an epoch of a loop over rows uses, its order included. */
  drawsOfEpoch(loop: number): number {
    const { kinds, source, task } = this.loops[loop]!;
    if ('examples' in source) return 0;
    const { batches, shuffle, seed, count } = source.batches;
    const order = shuffle && seed === undefined ? count : 0;
    return order + (Math.ceil(batches / (task.group?.size ?? 1)) - 1) * kinds[0]!.trace.draws + kinds.at(-1)!.trace.draws;
  }

  /** Whether every recording would still come out the same. */
  holds(random: RandomPosition): boolean {
    return this.loops.every(({ kinds, task }) => inMode(task, () => kinds.every((kind) => kind.holds(random))));
  }

  /** Throws unless every task, recorded again, does the same. */
  verify(): void {
    for (const { task, kinds } of this.loops) for (const kind of kinds) verifyStep(task, kind);
  }

  /** Runs a loop from where its last run ended. What it did is then to be counted: `commit`. */
  async run(loop: number, limits: RunLimits, epochsBegun = 0): Promise<LoopReport> {
    const state = this.loops[loop]!;
    const { number, source, task } = state;
    const { live, told } = inMode(task, () => this.numbersOf(state, limits));
    const running = runLoop(this.handle, number, {
      epochs: limits.epochs,
      milliseconds: limits.milliseconds,
      outputBytes: limits.outputBytes,
      finite: limits.finite,
      seed: limits.random.seed,
      randomOffset: limits.random.offset,
      orderOffset: 'batches' in source ? epochsBegun * source.batches.drawn : 0,
      live,
      ...(told && { ahead: told.numbers }),
      ...(limits.given && { batches: limits.given }),
    });
    if (this.forFits) segmentBegins();
    if (told !== null) inMode(task, () => this.tellOn(state, limits, told.steps));
    let report: LoopReport;
    try {
      report = await running;
    } finally {
      if (this.forFits) segmentEnds();
    }
    if (this.forFits) await ownTurn();
    state.ahead.ran(sum(report.steps));
    return report;
  }

  /** Counts what a run did; `done` is called after so many steps: after each where the numbers of the next may depend on what it does. */
  commit(loop: number, { steps }: LoopReport, after: AfterSteps = nothingAfter): void {
    const { kinds, ahead } = this.loops[loop]!;
    const all = sum(steps);
    if (ahead.told !== null) {
      ahead.commit(kinds, all, after);
      return;
    }
    for (const [i, { trace }] of kinds.entries()) trace.commit(steps[i]!);
    if (all > 0) after.done(all);
  }

  /** Ends the run that is under way after its present step. */
  stop(): void {
    stopSession(this.handle);
  }

  /** Copies what steps have changed into JavaScript's memory, as of the last step that ended: waits for one step at most. */
  sync(): void {
    readLasting(this.handle, this.changed);
  }

  /** The same with the gradients, when all is done. */
  finish(): void {
    readLasting(this.handle, this.changedWithGradients);
  }

  /** Copies what JavaScript has changed of tensors that steps only read. */
  refresh(): void {
    const changed = this.captured.changed();
    if (changed.length === 0) return;
    const pieces = holding(
      this.pieces,
      changed.map((t) => ({ array: t.values })),
    );
    // What steps change may lie in the same piece, and is newer here.
    const values = changed.map((t) => t.values.slice());
    readLasting(
      this.handle,
      pieces.map((piece, i) => (this.changedWithGradients[i] === null ? null : piece)),
    );
    for (const [i, t] of changed.entries()) t.values.set(values[i]!);
    writeLasting(this.handle, pieces);
  }

  /** Copies JavaScript's memory into the thread's. */
  write(): void {
    this.captured.changed();
    for (const { kinds } of this.loops) for (const kind of kinds) kind.pack();
    writeLasting(this.handle, this.pieces);
  }

  // What a run is told of its live numbers, and of how many steps where each is told by itself.
  private numbersOf(loop: Loop, limits: RunLimits): Pick<LoopRun, 'live'> & Pick<StepsAhead, 'told'> {
    const { kinds, task, ahead } = loop;
    const { random, given, between = null, batch = 0 } = limits;
    ahead.told = null;
    if (between === null) {
      const used = given === undefined ? kinds.map((_, i) => i) : given.map(({ kind }) => kind);
      const { live, steady } = linearNumbers(kinds, new Set(used), random, { count: this.clocks.size, of: (kind) => this.clockOf(kind) });
      if (steady) return { live, told: null };
    }
    const next = (most: number): NextStep[] =>
      given === undefined
        ? nextSteps((loop.source as RowsSource).batches, kinds, task.group?.size, most, random.offset, batch)
        : given.slice(0, most).map(({ kind, randomOffset }) => ({ kind, offset: randomOffset }));
    return { live: kinds.map(() => null), told: ahead.tell(kinds, next, random.seed, between) };
  }

  // The same of the run after one that does these steps, where which ones come then is known.
  private tellOn({ kinds, source, task, ahead }: Loop, { given, between = null, batch = 0 }: RunLimits, steps: readonly NextStep[]): void {
    if (given !== undefined) return;
    const { batches } = source as RowsSource;
    const { kind, offset } = steps.at(-1)!;
    const group = task.group?.size ?? 1;
    const done = batch + steps.length * group;
    const after = offset + kinds[kind]!.trace.draws;
    ahead.tellOn(kinds, (most) => nextSteps(batches, kinds, group, most, after, done < batches.batches ? done : 0), between);
  }
}
