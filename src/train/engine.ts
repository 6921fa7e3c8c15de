// Tasks over the batches of loaders, leg by leg, on a native thread: what fit, evaluate and predict are made of.
import { DataLoader, type RowBatches } from '../data/loader';
import { describe, rangeError, typeError } from '../errors';
import type { Limits, LoopReport, LoopRun, RowsHandle } from '../native';
import { type RandomPosition, randomPosition, setRandomPosition } from '../random';
import { Tensor } from '../tensor';
import { copyRows, refuseReport, Session, type Source, type Task } from './session';

/** Batches, each a list of tensors: a `DataLoader`, or whatever else can be gone through again and again. */
export interface Batches extends Iterable<readonly Tensor[]> {
  /** The number of batches, where it is known. */
  readonly length?: number;
}

/** What became of a leg. */
export interface Leg {
  /** The mean loss of each epoch that was finished. */
  losses: number[];
  /** Batches done of the epoch that is under way, and the sum of their losses. */
  batch: number;
  lossSum: number;
  /** Batches done in this leg. */
  batches: number;
  stopped: boolean;
  outputs: ArrayBuffer | undefined;
  targets: ArrayBuffer | undefined;
}

// How long batches are collected on the JavaScript thread in one go: the event loop waits meanwhile.
const collectMilliseconds = 4;

interface Fed {
  iterator: Iterator<readonly Tensor[]>;
  done: boolean;
  batch: number;
  lossSum: number;
  ready: Collected | null;
}

interface Collected {
  batches: NonNullable<LoopRun['batches']>;
  /** A batch of a shape that was not met before: it waits for a recording. */
  unknown: Tensor[] | null;
  done: boolean;
  error: unknown;
}

interface Part {
  task: Task;
  loader: Batches;
  rows: { batches: RowBatches; handle: RowsHandle } | null;
  /** Of a loader that JavaScript goes through: a batch of each shape met. */
  examples: Tensor[][];
  fed: Fed | null;
  epochsBegun: number;
  epochsDone: number;
}

const sameKind = (a: readonly Tensor[], b: readonly Tensor[]): boolean =>
  a.length === b.length && a.every((t, i) => t.dtype === b[i]!.dtype && String(t.shape) === String(b[i]!.shape));

function checkBatch(where: string, batch: unknown): readonly Tensor[] {
  if (!Array.isArray(batch) || batch.length === 0 || !batch.every((t) => t instanceof Tensor)) {
    throw typeError(
      where,
      `expected the loader to give lists of tensors, got ${describe(batch)}`,
      'data.TensorDataset, or items of tensors',
    );
  }
  return batch as Tensor[];
}

export class Engine {
  private readonly parts: Part[];
  private session: Session | null = null;
  private random: RandomPosition | null = null;
  private reservedTo = 0;

  constructor(
    private readonly where: string,
    tasks: readonly { task: Task; loader: Batches }[],
    private readonly ownThread: boolean,
  ) {
    this.parts = tasks.map(({ task, loader }) => {
      if (typeof loader?.[Symbol.iterator] !== 'function') {
        throw typeError(where, `expected a loader of batches, got ${describe(loader)}`, 'new data.DataLoader(dataset, { batchSize })');
      }
      if (loader.length === 0) throw rangeError(where, 'the loader has no batches');
      const batches = loader instanceof DataLoader ? loader.rows() : null;
      const rows = batches && { batches, handle: copyRows(batches) };
      return { task, loader, rows, examples: [], fed: null, epochsBegun: batches?.epoch ?? 0, epochsDone: 0 };
    });
  }

  /** The recordings of a part, made or made again where they do not hold. */
  ready(): Session {
    const before = this.session;
    if (before?.holds(this.position())) return before;
    before?.sync();
    this.session = new Session(
      this.parts.map(({ task, rows, examples }) => ({
        task,
        source: (rows ? { batches: rows.batches, rows: rows.handle } : { examples }) satisfies Source,
      })),
      this.ownThread,
      before,
    );
    return this.session;
  }

  /** Takes the random numbers that the parts over rows will use in so many epochs out of the sequence: nobody else draws them. */
  reserve(epochs: number): void {
    const session = this.ready();
    const anEpoch = sum(this.parts.map((_, part) => session.drawsOfEpoch(part)));
    const counters = Math.min(epochs * anEpoch, 2 ** 52); // of 2^53 that there are
    if (counters === 0) return;
    const { seed, offset } = randomPosition();
    this.random = { seed, offset };
    this.reservedTo = offset + counters;
    setRandomPosition({ seed, offset: this.reservedTo });
  }

  /** Gives back what was not drawn, unless others have drawn since. */
  release(): void {
    if (this.random === null) return;
    const { seed, offset } = randomPosition();
    if (seed === this.random.seed && offset === this.reservedTo) setRandomPosition(this.random);
    this.random = null;
  }

  stop(): void {
    this.session?.stop();
  }
  sync(): void {
    this.session?.sync();
  }
  /** Copies all that the steps changed, gradients too, into JavaScript's memory. */
  finish(): void {
    this.session?.finish();
  }
  /** Takes over what JavaScript has changed. */
  write(): void {
    this.session?.write();
  }

  /** Goes on with a part until its epochs are done or a limit is reached. */
  async leg(part: number, limits: Limits): Promise<Leg> {
    const state = this.parts[part]!;
    return state.rows === null ? this.fedLeg(part, state, limits) : this.rowsLeg(part, state, limits);
  }

  private position(): RandomPosition {
    return this.random ?? randomPosition();
  }

  private async rowsLeg(part: number, state: Part, limits: Limits): Promise<Leg> {
    const session = this.ready();
    const report = await session.run(part, { ...limits, random: this.position() }, state.epochsBegun);
    if (this.random !== null) this.random = { seed: this.random.seed, offset: report.randomOffset };
    state.epochsBegun += report.orders;
    (state.loader as DataLoader<unknown>).countEpochs(report.orders);
    state.epochsDone += report.epochLosses.length;
    this.refuse(session, part, report);
    return legOf(report, report.epochLosses, report.batch, report.lossSum);
  }

  // A leg is what was collected while the leg before ran.
  private async fedLeg(part: number, state: Part, limits: Limits): Promise<Leg> {
    state.fed ??= { iterator: state.loader[Symbol.iterator](), done: false, batch: 0, lossSum: 0, ready: null };
    const { fed } = state;
    let collected = fed.ready ?? this.collect(part, state, fed);
    fed.ready = null;
    if (collected.batches.length === 0 && collected.unknown !== null) {
      const known = collected.unknown;
      state.examples.push(known);
      this.sync();
      this.session = null;
      collected = this.collect(part, state, fed, known);
    }
    if (collected.batches.length === 0) {
      if (collected.error !== null) throw collected.error;
      return this.endFedEpoch(state, fed, emptyReport);
    }
    const session = this.ready();
    const given = collected.batches;
    const { seed } = randomPosition();
    const running = session.run(part, { ...limits, random: { seed, offset: given[0]!.randomOffset }, given });
    const next = isOpen(collected) ? this.collect(part, state, fed) : { ...collected, batches: [] };
    const report = await running;
    const done = sum(report.steps);
    fed.batch += done;
    fed.lossSum += report.lossSum;
    if (report.end === 'stopped' || report.end === 'refused' || report.end === 'not finite') {
      if (done < given.length) setRandomPosition({ seed, offset: given[done]!.randomOffset });
      this.refuse(session, part, report);
      return legOf(report, [], fed.batch, fed.lossSum);
    }
    this.refuse(session, part, report);
    fed.ready = { ...next, batches: [...given.slice(done), ...next.batches] };
    if (fed.ready.batches.length === 0 && next.error !== null) throw next.error;
    const ended = fed.ready.batches.length === 0 && next.done;
    return ended ? this.endFedEpoch(state, fed, report) : legOf(report, [], fed.batch, fed.lossSum);
  }

  private endFedEpoch(state: Part, fed: Fed, report: LoopReport): Leg {
    state.fed = null;
    state.epochsDone++;
    if (fed.batch === 0) throw rangeError(this.where, 'the loader has no batches');
    return legOf(report, [fed.lossSum / fed.batch], 0, 0);
  }

  // Goes through the loader for a few milliseconds. The random numbers of each step come right after those that its batch was made with,
  // as in a loop of steps.
  private collect(part: number, { examples }: Part, fed: Fed, first: Tensor[] | null = null): Collected {
    const collected: Collected = { batches: [], unknown: null, done: false, error: null };
    const kinds = this.ready().kinds(part);
    const end = performance.now() + collectMilliseconds;
    try {
      for (let next = first; ; next = null) {
        let batch = next;
        if (batch === null) {
          const item = fed.iterator.next();
          if (item.done === true) {
            collected.done = true;
            break;
          }
          batch = [...checkBatch(this.where, item.value)];
        }
        const kind = examples.findIndex((example) => sameKind(example, batch));
        if (kind < 0) {
          collected.unknown = batch;
          break;
        }
        const { seed, offset } = randomPosition();
        collected.batches.push({ kind, randomOffset: offset, tensors: batch.map(({ values }) => values.slice()) });
        setRandomPosition({ seed, offset: offset + kinds[kind]!.draws });
        if (performance.now() > end) break;
      }
    } catch (error) {
      collected.error = error;
    }
    return collected;
  }

  private refuse(session: Session, part: number, report: LoopReport): void {
    const { fed, epochsDone, task } = this.parts[part]!;
    const epoch = task.mode === undefined ? ` of epoch ${epochsDone + 1}` : '';
    refuseReport(this.where, report, session.kinds(part), `in batch ${(fed?.batch ?? report.batch) + 1}${epoch}`);
  }

  /** The recordings of a part. */
  kinds(part: number): ReturnType<Session['kinds']> {
    return this.ready().kinds(part);
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const isOpen = ({ unknown, done, error }: Collected): boolean => unknown === null && !done && error === null;

const emptyReport = { end: 'done', steps: [] } as unknown as LoopReport;

const legOf = ({ end, steps, outputs, targets }: LoopReport, losses: number[], batch: number, lossSum: number): Leg => ({
  losses,
  batch,
  lossSum,
  batches: sum(steps),
  stopped: end === 'stopped',
  outputs,
  targets,
});
