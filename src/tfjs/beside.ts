// Batches of a fit on the library's thread for fits, beside JavaScript: replays over a copy of the variables. Whoever reads a variable meanwhile ends the run after
// its present step and has the values of then; whoever may change one has the next run begin with a new copy.
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
import { numbersOf, stepsElsewhere } from './optimizers';
import type { Replay } from './recorded';
import { backendNow } from './registry';
import { type Elsewhere, type Piece, setElsewhere } from './storage';

/** What a run did: its steps, the numbers that each gave, and how long it took. */
export interface Done {
  steps: number;
  outputs: Float32Array[];
  seconds: number;
  /** Whether a kernel refused the values of the batch that comes next. */
  isRefused: boolean;
}

const clock = { count: 1, of: () => 0 }; // all kinds of step are those of one optimizer

function stepOf({ trace }: Replay, pieces: readonly Float32Array[]): LoopStep {
  const outputs = trace.inputs.flatMap(({ role, memory }, input) =>
    role === 'result' ? [{ input, offset: 0, bytes: memory.byteLength }] : [],
  );
  const given = trace.inputs.length - outputs.length;
  return {
    plan: trace.plan(pieces).handle,
    arguments: given,
    draws: trace.draws,
    clock: 0,
    losses: [],
    outputs,
    lossWeight: 1,
    classes: 0,
  };
}

/** The variables of a fit, and its steps over them. */
export class Beside {
  private readonly handle: SessionHandle;
  private readonly pieces: Float32Array[];
  /** Those of them that steps write, and those that others may have arrays of. */
  private readonly written: (Float32Array | null)[];
  private readonly exposed: (Float32Array | null)[];
  private readonly homes: Replay['homes'];
  private readonly optimizer: object;
  private readonly watched = new Map<Piece, Elsewhere>();
  private readonly ahead = new StepPrecomputation();
  private isFresh = true;
  private isRunning = false;
  private isCounting = false;
  /** How many steps the counters of the optimizer know of, and how many the values that are here. */
  private counted = 0;
  private fetched = 0;

  /** `kinds`: the step of a batch of `size` rows, and where there is one that of fewer; batches are made of `rows`, of at most `items` at a time. */
  constructor(
    readonly kinds: readonly Replay[],
    rows: RowsHandle,
    private readonly size: number,
    items: number,
  ) {
    const homes = kinds.flatMap((kind) => kind.homes);
    this.homes = homes;
    this.optimizer = kinds[0]!.trace.stepCounters[0]!.stepCounter.counter;
    for (const { piece } of homes) piece.elsewhere?.take();
    this.pieces = stretchesOf(kinds.flatMap(({ trace }) => trace.persistent.map(({ memory }) => memory)));
    const arrays = homes.map(({ values: array, isWritten, piece }) => ({ array, isWritten, isExposed: !piece.isHome }));
    this.written = overlappingRegions(
      this.pieces,
      arrays.filter(({ isWritten }) => isWritten),
    );
    this.exposed = overlappingRegions(
      this.pieces,
      arrays.filter(({ isExposed }) => isExposed),
    );
    this.handle = createSession(this.pieces, true);
    const steps = kinds.map((kind) => stepOf(kind, this.pieces));
    const batches = Math.ceil(items / size);
    const parts = { group: 1, ranks: 1, rank: 0, shuffle: false, ownSeed: false, seed: 0, orderOffset: 0 };
    addLoop(this.handle, steps, {
      rows,
      subset: null,
      batch: size,
      batches,
      items,
      full: 0,
      last: kinds.length - 1,
      ordered: true,
      ...parts,
    });
  }

  private watch(): void {
    const take = (): void => this.leave();
    const look = (): void => this.fetch();
    const lookAtCounts = (): void => {
      if (this.isRunning) this.fetch();
    };
    const nothing = (): void => {};
    for (const { piece, isWritten } of this.homes) this.watched.set(piece, { take, look: isWritten ? look : nothing });
    for (const { tensor, isCounted } of numbersOf(this.optimizer)) {
      this.watched.set(backendNow().piece(tensor.dataId), { take, look: isCounted ? lookAtCounts : nothing });
    }
    for (const { elsewhere } of [...this.watched.keys(), { elsewhere: stepsElsewhere.get(this.optimizer) }]) elsewhere?.take();
    for (const [piece, own] of this.watched) setElsewhere(piece, own);
    stepsElsewhere.set(this.optimizer, { take, look: lookAtCounts });
  }

  /** Does batches of these rows, until so many milliseconds are over or somebody reads a variable. The steps must hold. */
  async run(order: Int32Array, milliseconds: number): Promise<Done> {
    this.begin();
    const random = randomPosition();
    const steps = this.stepsOf(order, random);
    const numbers = this.silently(() => this.numbersOf(steps, random));
    const last = steps[(this.ahead.current?.steps ?? steps).length - 1]!;
    const reserved = last.offset + this.kinds[last.kind]!.trace.draws;
    const begun = this.counted;
    const limits = { epochs: 1, milliseconds, outputBytes: Number.MAX_SAFE_INTEGER, finite: false };
    const running = runLoops(
      this.handle,
      [0],
      [{ ...limits, seed: random.seed, randomOffset: random.offset, orderOffset: 0, order, ...numbers }],
      1,
      null,
    );
    this.isRunning = true;
    if (reserved > random.offset) setRandomPosition({ seed: random.seed, offset: reserved }); // others draw what comes behind
    let report: LoopReport;
    try {
      report = (await running)[0]!;
    } finally {
      this.isRunning = false;
    }
    const done = report.steps.reduce((a, b) => a + b, 0);
    this.count(begun + done);
    this.ahead.recordProgress(done);
    const now = randomPosition();
    if (now.seed === random.seed && now.offset === reserved) setRandomPosition({ seed: random.seed, offset: report.randomOffset });
    return {
      steps: done,
      outputs: report.outputs.map((of) => new Float32Array(of)),
      seconds: report.seconds,
      isRefused: this.refuses(report),
    };
  }

  private refuses({ end, kind, call, message }: LoopReport): boolean {
    if (end === 'out of memory') throw rangeError('model.fit', end);
    if (end === 'refused' && call > this.kinds[kind]!.firstWrite) throw rangeError('model.fit', message!);
    return end === 'refused';
  }

  private stepsOf(order: Int32Array, { offset: begin }: RandomPosition): NextStep[] {
    let offset = begin;
    return Array.from({ length: Math.ceil(order.length / this.size) }, (_, i) => {
      const kind = order.length - i * this.size < this.size ? this.kinds.length - 1 : 0;
      const step = { kind, offset };
      offset += this.kinds[kind]!.trace.draws;
      return step;
    });
  }

  private numbersOf(steps: readonly NextStep[], random: RandomPosition): Pick<LoopRun, 'live' | 'ahead'> {
    this.ahead.current = null;
    if (this.kinds.every(({ trace }) => trace.steady)) {
      const { live, steady } = linearNumbers(this.kinds, new Set(this.kinds.keys()), random, clock);
      if (steady) return { live };
    }
    const { numbers } = this.ahead.precompute(this.kinds, (most) => steps.slice(0, most), random.seed, null);
    return { live: this.kinds.map(() => null), ahead: numbers };
  }

  // Has the variables there, as they are now.
  private begin(): void {
    if (this.watched.size > 0) {
      writePersistent(this.handle, this.exposed);
      return;
    }
    this.watch();
    if (!this.isFresh) writePersistent(this.handle, this.pieces);
    this.isFresh = false;
  }

  /** Has the values of the variables here, as of the last step that ended; a run that is under way ends with it. */
  fetch(): void {
    if (this.isCounting || (!this.isRunning && this.fetched === this.counted)) return;
    if (this.isRunning) stopSession(this.handle);
    this.isRunning = false;
    this.fetched = readPersistent(this.handle, this.written, null);
    this.count(this.fetched);
  }

  /** The same, and what is here then counts. */
  leave(): void {
    if (this.isCounting) return;
    this.fetch();
    for (const piece of this.watched.keys()) setElsewhere(piece, null);
    this.watched.clear();
    stepsElsewhere.delete(this.optimizer);
  }

  private count(steps: number): void {
    const fresh = steps - this.counted;
    this.counted = steps;
    this.silently(() => this.kinds[0]!.trace.commit(fresh));
  }

  // What reads and advances the counters here is no stranger.
  private silently<T>(fn: () => T): T {
    this.isCounting = true;
    try {
      return fn();
    } finally {
      this.isCounting = false;
    }
  }
}
