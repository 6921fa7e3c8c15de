// A fit that several ranks do together. The ranks sum their figures before they decide anything on them, so that all decide the same.
import { isError } from '../brands';
import { announceStop, broadcastMemory, currentGroup, sumNumbers } from '../distributed/group';
import type { Module } from '../nn';
import { DistributedDataParallel } from '../nn/parallel';
import { Tensor } from '../tensor';

// Identifies a collective call, so that MPI code detects ranks that make different calls. Some calls add a number in the higher bits.
enum Call {
  mean = 9,
  any = 10,
  add = 11,
  gather = 12,
  end = 13,
  // 14 is the sum of an epoch's losses and counts, which native threads make: native/plan/loop.cc
}

const parallelIn = (model: Module): DistributedDataParallel[] =>
  model.modules().filter((module): module is DistributedDataParallel => module instanceof DistributedDataParallel);

/** Calls `fn`, in which gradients accumulate without being summed over ranks: `no_sync` of PyTorch's DistributedDataParallel. */
export const withoutGradientSync = <R>(model: Module, fn: () => R): R =>
  parallelIn(model).reduceRight<() => R>((inner, module) => () => module.noSync(inner), fn)();

// Batches as bytes: their types and shapes as JSON, and their values one tensor after another.
interface Packed {
  head: Uint8Array;
  body: Uint8Array;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

function pack(batches: readonly (readonly Tensor[])[]): Packed {
  const all = batches.flat().map(({ values, numel }) => bytesOf(values.subarray(0, numel)));
  const body = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    body.set(part, at);
    at += part.length;
  }
  const shapes = batches.map((batch) => batch.map(({ dtype, shape }) => ({ dtype, shape })));
  return { head: new TextEncoder().encode(JSON.stringify(shapes)), body };
}

function unpack({ head, body }: Packed): Tensor[][] {
  const shapes = JSON.parse(new TextDecoder().decode(head)) as Pick<Tensor, 'dtype' | 'shape'>[][];
  let at = 0;
  return shapes.map((batch) =>
    batch.map(({ dtype, shape }) => {
      const n = shape.reduce((a, b) => a * b, 1);
      const values = dtype === 'float32' ? new Float32Array(body.buffer, at, n) : new Int32Array(body.buffer, at, n);
      at += values.byteLength;
      return new Tensor(values.slice(), shape);
    }),
  );
}

/** The ranks that do a fit together. A process without a group is a single rank. */
export class Ranks {
  /** Whether there are several ranks. */
  readonly isDistributed: boolean;
  /** Whether this is rank 0, which alone shows progress and writes files. */
  readonly isFirst: boolean;
  private hasAgreedOnEnd = false;
  /** The error of a run whose results JavaScript did not get. */
  private notedError: string | null = null;
  /** Whether the native threads sum the figures over ranks at the end of each epoch, so that JavaScript code need not agree on anything before the end of the fit. */
  joins = false;

  constructor(model: Module) {
    const group = currentGroup();
    this.isDistributed = group !== null && group.size > 1 && parallelIn(model).length > 0;
    this.isFirst = !this.isDistributed || group!.rank === 0;
  }

  /**
   * Whether several ranks agree in JavaScript after each epoch: they do if any rank asks for it. An agreement wakes JavaScript on all ranks, and all wait for the last.
   * Otherwise the native threads sum losses and counts at the end of each epoch, each rank handles its epochs independently, and all agree only at the end. All ranks
   * call this once, before the first step.
   */
  agreeByEpoch(asks: boolean): boolean {
    this.joins = this.isDistributed && !this.any(asks);
    return this.isDistributed && !this.joins;
  }

  /** The mean of a figure over the rows of all ranks; `rows` is the number of this rank's rows. If native threads have summed the figure, it is returned as it is. */
  mean(figure: number, rows: number): number {
    if (!this.isDistributed || this.joins) return figure;
    const sums = Float64Array.of(rows === 0 ? 0 : figure * rows, rows);
    sumNumbers(Call.mean, sums);
    return sums[0]! / sums[1]!;
  }

  /** Replaces numbers by their sums over the ranks. All ranks must pass the same number of them. */
  sum(parts: readonly Float64Array[]): void {
    const sums = new Float64Array(parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of parts) {
      sums.set(part, at);
      at += part.length;
    }
    sumNumbers(Call.add + 16 * sums.length, sums);
    at = 0;
    for (const part of parts) {
      part.set(sums.subarray(at, at + part.length));
      at += part.length;
    }
  }

  /** Rank 0's figures, for all ranks. A metric that draws random numbers has other figures on each rank, but all ranks must decide on the same ones. */
  broadcastFigures(figures: Record<string, number>): Record<string, number> {
    const numbers = Float64Array.from(Object.values(figures), (figure) => (this.isFirst ? figure : 0));
    this.sum([numbers]);
    return Object.fromEntries(Object.keys(figures).map((name, i) => [name, numbers[i]!]));
  }

  /** The batches of each rank, in the order of the ranks: all-gather. */
  *gather(batches: readonly (readonly Tensor[])[]): Generator<Tensor[][]> {
    const { rank, size } = currentGroup()!;
    for (let sender = 0; sender < size; sender++) {
      let sent = sender === rank ? pack(batches) : null;
      const lengths = Float64Array.of(sent?.head.length ?? 0, sent?.body.length ?? 0);
      sumNumbers(Call.gather + 16 * sender, lengths); // if a rank has stopped in the meantime, this throws
      sent ??= { head: new Uint8Array(lengths[0]!), body: new Uint8Array(lengths[1]!) };
      broadcastMemory(sent.head, sender);
      broadcastMemory(sent.body, sender);
      yield unpack(sent);
    }
  }

  /** Whether `says` is true on any rank. If native threads sum the figures, this rank's value is returned: no rank has anything to report before the end. */
  any(says: boolean): boolean {
    if (!this.isDistributed || this.joins) return says;
    const sums = Float64Array.of(says ? 1 : 0);
    sumNumbers(Call.any, sums);
    return sums[0]! > 0;
  }

  /** Agrees with the other ranks that there are no further collective calls. From then on an error of one rank does not concern the others. */
  agreeOnEnd(): void {
    if (this.joins) sumNumbers(Call.end, new Float64Array(0));
    this.hasAgreedOnEnd = this.isDistributed;
  }

  /** Notes the error of a run that ended when the fit was already ending. */
  noteError(message: string | null): void {
    this.notedError = message;
  }

  /** Whether the signal has aborted the fit before the ranks agreed on its end. */
  isAborted(signal: AbortSignal | undefined): boolean {
    return !this.hasAgreedOnEnd && signal?.aborted === true;
  }

  /** Announces to the other ranks that this one has stopped, unless they know it. Returns whether it stopped because of another rank. */
  announceFailure(error: unknown): boolean {
    if (!this.isDistributed || this.hasAgreedOnEnd || currentGroup() === null) return false;
    const message = this.notedError ?? (isError(error) ? error.message : '');
    const areOthers = message.includes('another rank has stopped');
    if (!areOthers && !message.includes('the ranks do different things')) announceStop();
    return areOthers;
  }
}
