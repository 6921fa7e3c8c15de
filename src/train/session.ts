// Recorded functions run over batches on a native thread, which works on copies of all memory that lasts.
import type { RowBatches } from '../data/loader';
import { rangeError, SimdnnError } from '../errors';
import type { TensorData } from '../memory';
import {
  addLoop,
  type Course,
  createRows,
  createSession,
  type Limits,
  type LoopReport,
  type LoopRun,
  type RowsHandle,
  readLasting,
  runLoop,
  type SessionHandle,
  stopSession,
  writeLasting,
} from '../native';
import type { RandomPosition } from '../random';
import { Detached, type Results, stretchesOf } from '../recording';
import { empty, type Tensor } from '../tensor';

/** What is done with a batch. */
export interface Task {
  /** For messages. */
  where: string;
  run: (...batch: Tensor[]) => Results;
  /** Calls what it is given in the modes that the task wants; absent where it trains: in the present ones. */
  mode?: <T>(fn: () => T) => T;
  /** Whether the batch's last tensor is gathered beside the output. */
  withTarget: boolean;
}

/** Where the batches of a loop come from: rows of tensors, or batches like these that are brought along. */
export type Source = { batches: RowBatches; rows: RowsHandle } | { examples: readonly (readonly Tensor[])[] };

interface Loop {
  number: number;
  kinds: Detached[];
  source: Source;
  task: Task;
}

/** What a run may do; `random` is where its random numbers begin. */
export interface RunLimits extends Limits {
  random: RandomPosition;
  given?: LoopRun['batches'];
}

/** The rows of a loader's tensors, in native memory. */
export const copyRows = ({ tensors }: RowBatches): RowsHandle =>
  createRows(
    tensors.map(({ values }) => values),
    tensors[0]!.shape[0]!,
  );

const inMode = <T>(task: Task, fn: () => T): T => (task.mode === undefined ? fn() : task.mode(fn));

// Tensors like those of a batch of `size` rows.
const batchLike = (tensors: readonly Tensor[], size: number): Tensor[] => tensors.map((t) => empty([size, ...t.shape.slice(1)], t.dtype));

/** Throws what a run ended with, if that was an error; `at` says where it was. */
export function refuseReport(where: string, { end, kind, call, message }: LoopReport, kinds: readonly Detached[], at: string): void {
  if (end === 'refused') throw rangeError(where, at === '' ? message! : `${message}, ${at}`);
  if (end === 'out of memory') throw rangeError(where, 'out of memory');
  if (end === 'not finite') {
    throw new SimdnnError(
      'SIMDNN_NOT_FINITE',
      `[${where}] ${at} a value is not finite for the first time after ${kinds[kind]!.callText(call)}`,
    );
  }
}

export class Session {
  private readonly handle: SessionHandle;
  private readonly pieces: Float32Array[];
  private readonly loops: Loop[];
  private readonly changed: (Float32Array | null)[];
  private readonly changedWithGradients: (Float32Array | null)[];

  /** Records every task. Where `before` was in the middle of an epoch the new session goes on. */
  constructor(specs: readonly { task: Task; source: Source }[], ownThread: boolean, before: Session | null) {
    const recorded = specs.map(({ task, source }) => {
      const record = (batch: readonly Tensor[]) => inMode(task, () => new Detached(task.where, task.run, batch));
      if ('examples' in source) return source.examples.map(record);
      const { tensors, count, batchSize, batches } = source.batches;
      const last = Math.min(batchSize, count - (batches - 1) * batchSize);
      const sizes = batches > 1 && last !== batchSize ? [batchSize, last] : [last];
      return sizes.map((size) => record(batchLike(tensors, size)));
    });
    const all = recorded.flat();
    this.pieces = stretchesOf(all.flatMap(({ lasting }) => [...lasting]));
    const holding = (arrays: readonly TensorData[]) =>
      this.pieces.map((piece) =>
        arrays.some(
          (a) =>
            a.buffer === piece.buffer &&
            a.byteOffset < piece.byteOffset + piece.byteLength &&
            piece.byteOffset < a.byteOffset + a.byteLength,
        )
          ? piece
          : null,
      );
    this.changed = holding(all.flatMap(({ changed }) => [...changed]));
    this.changedWithGradients = holding(all.flatMap(({ written }) => [...written]));
    this.handle = createSession(this.pieces, ownThread);
    this.loops = specs.map(({ task, source }, i) => {
      const kinds = recorded[i]!;
      const steps = kinds.map((kind) => ({
        plan: kind.plan(this.pieces).handle,
        arguments: kind.argumentCount,
        draws: kind.draws,
        loss: kind.place('loss', this.pieces),
        output: kind.place('output', this.pieces),
        withTarget: task.withTarget,
      }));
      const goOnWith = before !== null && 'rows' in source ? before.handle : null;
      return { number: addLoop(this.handle, steps, courseOf(source, kinds.length), goOnWith, i), kinds, source, task };
    });
  }

  /** The recordings of a loop: whole batches first, then a smaller last one. */
  kinds(loop: number): readonly Detached[] {
    return this.loops[loop]!.kinds;
  }

  /** Every leaf that any loop uses. */
  get leaves(): Tensor[] {
    return this.loops.flatMap(({ kinds }) => kinds.flatMap(({ leaves }) => leaves));
  }

  /** Philox counters that an epoch of a loop over rows uses, its order included. */
  drawsOfEpoch(loop: number): number {
    const { kinds, source } = this.loops[loop]!;
    if ('examples' in source) return 0;
    const { batches, shuffle, seed, count } = source.batches;
    const order = shuffle && seed === undefined ? count : 0;
    return order + (batches - 1) * kinds[0]!.draws + kinds.at(-1)!.draws;
  }

  /** Whether every recording would still come out the same. */
  holds(random: RandomPosition): boolean {
    return this.loops.every(({ kinds, task }) => inMode(task, () => kinds.every((kind) => kind.holds(random))));
  }

  /** Runs a loop from where its last run ended, and counts what it did. */
  async run(loop: number, limits: RunLimits, epochsBegun = 0): Promise<LoopReport> {
    const { number, kinds, source, task } = this.loops[loop]!;
    const { live, steady } = inMode(task, () => liveNumbers(kinds, limits.random));
    const report = await runLoop(this.handle, number, {
      epochs: limits.epochs,
      milliseconds: steady ? limits.milliseconds : 0, // what the first step changes is recorded again before the second
      outputBytes: limits.outputBytes,
      finite: limits.finite,
      seed: limits.random.seed,
      randomOffset: limits.random.offset,
      orderOffset: 'batches' in source ? epochsBegun * source.batches.count : 0,
      live,
      ...(limits.given && { batches: limits.given }),
    });
    for (const [i, kind] of kinds.entries()) kind.commit(report.steps[i]!);
    return report;
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

  /** Copies JavaScript's memory into the thread's. */
  write(): void {
    writeLasting(this.handle, this.pieces);
  }
}

function courseOf(source: Source, kinds: number): Course | null {
  if ('examples' in source) return null;
  const { subset, batchSize, count, batches, shuffle, seed, epoch } = source.batches;
  return {
    rows: source.rows,
    subset,
    batch: Math.min(batchSize, count),
    batches,
    full: 0,
    last: kinds - 1,
    shuffle,
    ownSeed: seed !== undefined,
    seed: seed ?? 0,
    orderOffset: epoch * count,
  };
}

// Every live number of every kind of step as a linear function of the random numbers drawn and the steps done: found by asking what it
// would be one further. Not steady: after one step the calls are others than were recorded (the first step with a momentum).
function liveNumbers(kinds: readonly Detached[], random: RandomPosition): { live: number[][][]; steady: boolean } {
  let steady = true;
  const live = kinds.map((kind) => {
    const base = kind.numbers(random)!;
    const oneDrawn = kind.numbers({ seed: random.seed, offset: random.offset + 1 })!;
    const oneStep = kinds.map((other) => other.peek(() => kind.numbers(random)));
    if (oneStep.includes(null)) steady = false;
    return base.map((value, i) => [value, oneDrawn[i]! - value, ...oneStep.map((numbers) => (numbers === null ? 0 : numbers[i]! - value))]);
  });
  return { live, steady };
}
