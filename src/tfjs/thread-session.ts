// The steps of a fit on the library's training thread: replays over a copy of the variables. Code that reads a variable meanwhile ends the run after its present
// step and gets the values of that step. Code that may change a variable also makes the next run begin with a new copy.
import { rangeError } from '../errors';
import {
  addLoop,
  createSession,
  type LoopReport,
  type LoopRun,
  type LoopStep,
  type RowsHandle,
  readPersistent,
  runLoops,
  type SessionHandle,
  stopSession,
  writePersistent,
} from '../native';
import { type RandomPosition, randomPosition, setRandomPosition } from '../random';
import { stretchesOf } from '../recording';
import { linearNumbers } from '../train/linear-numbers';
import { overlappingRegions } from '../train/regions';
import { type NextStep, StepPrecomputation } from '../train/step-precomputation';
import { numbersOf, remoteSteps } from './optimizers';
import { simdnnBackend } from './registry';
import type { Replay } from './replay';
import { type RemoteOwner, setRemote, type TensorStorage } from './storage';

/** What a run did: the number of its steps, the results of each, and its duration. */
export interface RunReport {
  steps: number;
  outputs: Float32Array[];
  seconds: number;
  /** Whether a kernel refused the values of the next batch. */
  isRefused: boolean;
}

const clock = { count: 1, of: () => 0 }; // all steps advance the same optimizer

function loopStepOf({ trace }: Replay, pieces: readonly Float32Array[]): LoopStep {
  const outputs = trace.inputs.flatMap(({ role, memory }, input) =>
    role === 'result' ? [{ input, offset: 0, bytes: memory.byteLength }] : [],
  );
  return {
    plan: trace.plan(pieces).handle,
    arguments: trace.inputs.length - outputs.length,
    draws: trace.draws,
    clock: 0,
    losses: [],
    outputs,
    lossWeight: 1,
    classes: 0,
  };
}

/** A session over the variables of a fit. */
export class ThreadSession {
  private readonly handle: SessionHandle;
  private readonly pieces: Float32Array[];
  /** The pieces that steps write, and those that other code may hold arrays of; null in place of the others. */
  private readonly written: (Float32Array | null)[];
  private readonly exposed: (Float32Array | null)[];
  private readonly bindings: Replay['bindings'];
  private readonly optimizer: object;
  /** The storages whose newest values the session has; empty while JavaScript owns the variables. */
  private readonly owned = new Map<TensorStorage, RemoteOwner>();
  private readonly ahead = new StepPrecomputation();
  private isFirstRun = true;
  private isRunning = false;
  private isAdvancing = false;
  /** The number of steps that the optimizer's counts include, and the number that the values in the storages include. */
  private countedSteps = 0;
  private fetchedSteps = 0;

  /**
   * `replays`: the step of a batch of `size` rows and, if the last batch is smaller, its step. Batches are gathered from `rows`; an epoch has `items` of them.
   */
  constructor(
    readonly replays: readonly Replay[],
    rows: RowsHandle,
    private readonly size: number,
    items: number,
  ) {
    const bindings = replays.flatMap((replay) => replay.bindings);
    this.bindings = bindings;
    this.optimizer = replays[0]!.trace.stepCounters[0]!.stepCounter.counter;
    for (const { storage } of bindings) storage.remote?.reclaim();
    this.pieces = stretchesOf(replays.flatMap(({ trace }) => trace.persistent.map(({ memory }) => memory)));
    const piecesOf = (isIncluded: (binding: Replay['bindings'][number]) => boolean): (Float32Array | null)[] =>
      overlappingRegions(
        this.pieces,
        bindings.filter(isIncluded).map(({ values: array }) => ({ array })),
      );
    this.written = piecesOf(({ isWritten }) => isWritten);
    this.exposed = piecesOf(({ storage }) => !storage.isUpdatedInPlace);
    this.handle = createSession(this.pieces, true);
    const steps = replays.map((replay) => loopStepOf(replay, this.pieces));
    addLoop(this.handle, steps, {
      rows,
      subset: null,
      batch: size,
      batches: Math.ceil(items / size),
      items,
      full: 0,
      last: replays.length - 1,
      ordered: true,
      group: 1,
      ranks: 1,
      rank: 0,
      shuffle: false,
      ownSeed: false,
      seed: 0,
      orderOffset: 0,
    });
  }

  // Becomes the remote owner of the variables and of the optimizer's counts, which other fits then give up.
  private own(): void {
    const reclaim = (): void => this.reclaim();
    const fetch = (): void => this.fetch();
    const fetchIfRunning = (): void => {
      if (this.isRunning) this.fetch();
    };
    const noop = (): void => {};
    for (const { storage, isWritten } of this.bindings) this.owned.set(storage, { reclaim, fetch: isWritten ? fetch : noop });
    for (const { tensor, isCounted } of numbersOf(this.optimizer)) {
      this.owned.set(simdnnBackend().storageOf(tensor.dataId), { reclaim, fetch: isCounted ? fetchIfRunning : noop });
    }
    for (const storage of this.owned.keys()) storage.remote?.reclaim();
    remoteSteps.get(this.optimizer)?.reclaim();
    for (const [storage, owner] of this.owned) setRemote(storage, owner);
    remoteSteps.set(this.optimizer, { reclaim, fetch: fetchIfRunning });
  }

  /** Runs batches of these rows until the time is over or other code reads a variable. The replays must be valid. */
  async run(order: Int32Array, milliseconds: number): Promise<RunReport> {
    this.begin();
    const random = randomPosition();
    const steps = this.stepsOf(order, random);
    const numbers = this.whileAdvancing(() => this.liveNumbersOf(steps, random));
    const last = steps[(this.ahead.current?.steps ?? steps).length - 1]!;
    const reserved = last.offset + this.replays[last.kind]!.trace.draws;
    const countBefore = this.countedSteps;
    const limits = { epochs: 1, milliseconds, outputBytes: Number.MAX_SAFE_INTEGER, finite: false };
    const running = runLoops(
      this.handle,
      [0],
      [{ ...limits, seed: random.seed, randomOffset: random.offset, orderOffset: 0, order, ...numbers }],
      1,
      null,
    );
    this.isRunning = true;
    if (reserved > random.offset) setRandomPosition({ seed: random.seed, offset: reserved }); // other code draws the numbers after those of the run
    let report: LoopReport;
    try {
      report = (await running)[0]!;
    } finally {
      this.isRunning = false;
    }
    const stepsDone = report.steps.reduce((a, b) => a + b, 0);
    this.advanceTo(countBefore + stepsDone);
    this.ahead.recordProgress(stepsDone);
    const now = randomPosition();
    if (now.seed === random.seed && now.offset === reserved) setRandomPosition({ seed: random.seed, offset: report.randomOffset });
    return {
      steps: stepsDone,
      outputs: report.outputs.map((of) => new Float32Array(of)),
      seconds: report.seconds,
      isRefused: this.isRefusal(report),
    };
  }

  private isRefusal({ end, kind, call, message }: LoopReport): boolean {
    if (end === 'out of memory') throw rangeError('model.fit', end);
    if (end === 'refused' && call > this.replays[kind]!.firstWrite) throw rangeError('model.fit', message!);
    return end === 'refused';
  }

  private stepsOf(order: Int32Array, { offset: begin }: RandomPosition): NextStep[] {
    let offset = begin;
    return Array.from({ length: Math.ceil(order.length / this.size) }, (_, i) => {
      const kind = order.length - i * this.size < this.size ? this.replays.length - 1 : 0;
      const step = { kind, offset };
      offset += this.replays[kind]!.trace.draws;
      return step;
    });
  }

  // The optimizer's numbers for these steps: as linear functions of the step where they are, otherwise listed step by step.
  private liveNumbersOf(steps: readonly NextStep[], random: RandomPosition): Pick<LoopRun, 'live' | 'ahead'> {
    this.ahead.current = null;
    if (this.replays.every(({ trace }) => trace.steady)) {
      const { live, steady } = linearNumbers(this.replays, new Set(this.replays.keys()), random, clock);
      if (steady) return { live };
    }
    const { numbers } = this.ahead.precompute(this.replays, (most) => steps.slice(0, most), random.seed, null);
    return { live: this.replays.map(() => null), ahead: numbers };
  }

  // Gives the session the present values of the variables. If it owns them already, only memory that other code may have written into is copied.
  private begin(): void {
    if (this.owned.size > 0) {
      writePersistent(this.handle, this.exposed);
      return;
    }
    this.own();
    if (!this.isFirstRun) writePersistent(this.handle, this.pieces);
    this.isFirstRun = false;
  }

  /** Copies the values after the last complete step to the storages. A run that is under way ends with its present step. */
  fetch(): void {
    if (this.isAdvancing || (!this.isRunning && this.fetchedSteps === this.countedSteps)) return;
    if (this.isRunning) stopSession(this.handle);
    this.isRunning = false;
    this.fetchedSteps = readPersistent(this.handle, this.written, null);
    this.advanceTo(this.fetchedSteps);
  }

  /** Does the same and gives the ownership of the variables back to JavaScript. */
  reclaim(): void {
    if (this.isAdvancing) return;
    this.fetch();
    for (const storage of this.owned.keys()) setRemote(storage, null);
    this.owned.clear();
    remoteSteps.delete(this.optimizer);
  }

  private advanceTo(steps: number): void {
    const more = steps - this.countedSteps;
    this.countedSteps = steps;
    this.whileAdvancing(() => this.replays[0]!.trace.commit(more));
  }

  // The session's own reads and writes of the optimizer's counts must not call `fetch` and `reclaim`.
  private whileAdvancing<T>(fn: () => T): T {
    this.isAdvancing = true;
    try {
      return fn();
    } finally {
      this.isAdvancing = false;
    }
  }
}
