// A fit that several ranks make together: what they decide, they decide on the same numbers.
import { isError } from '../brands';
import { announceStop, broadcastMemory, standing, sumNumbers } from '../distributed/group';
import type { Module } from '../nn';
import { DistributedDataParallel } from '../nn/parallel';
import { Tensor } from '../tensor';

// What ranks say that they are about to do, with a number of its own in the bits above.
enum Call {
  mean = 9,
  any = 10,
  add = 11,
  gather = 12,
  end = 13,
  // 14 is that of an epoch's losses and counts, which threads join: native/plan/loop.cc
}

const parallelIn = (model: Module): DistributedDataParallel[] =>
  model.modules().filter((module): module is DistributedDataParallel => module instanceof DistributedDataParallel);

/** Calls `fn`, in which the model's gradients gather without a sum over ranks. */
export const withoutSums = <R>(model: Module, fn: () => R): R =>
  parallelIn(model).reduceRight<() => R>((inner, module) => () => module.noSync(inner), fn)();

// Batches as bytes: types and shapes, and then the values one after the other.
interface Packed {
  head: Uint8Array;
  body: Uint8Array;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

function packed(batches: readonly (readonly Tensor[])[]): Packed {
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

function unpacked({ head, body }: Packed): Tensor[][] {
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

/** The ranks of a fit; a process alone has one. */
export class Ranks {
  /** Whether there are others. */
  readonly areSeveral: boolean;
  /** Whether this one speaks and writes for all. */
  readonly isFirst: boolean;
  private haveEnded = false;
  /** With what a run has ended that nobody was handed. */
  private heard: string | null = null;
  /** Whether threads join the figures of epochs as they end, and nothing more is agreed on before the end. */
  joins = false;

  constructor(model: Module) {
    const group = standing();
    this.areSeveral = group !== null && group.size > 1 && parallelIn(model).length > 0;
    this.isFirst = !this.areSeveral || group!.rank === 0;
  }

  /**
   * Whether the ranks of several agree in JavaScript after each epoch: they do if any of them asks for it. Each agreement wakes JavaScript on all ranks, and all wait for
   * the last one. Else their threads join losses and counts as an epoch ends, each rank is handed its epochs whenever it comes to that, and they agree at the end.
   * Called by all ranks, once, before the first step.
   */
  agreeByEpoch(asks: boolean): boolean {
    this.joins = this.areSeveral && !this.any(asks);
    return this.areSeveral && !this.joins;
  }

  /** The mean over the ranks, which have so many rows each, of a figure that is not joined yet. */
  mean(figure: number, rows: number): number {
    if (!this.areSeveral || this.joins) return figure;
    const sums = Float64Array.of(rows === 0 ? 0 : figure * rows, rows);
    sumNumbers(Call.mean, sums);
    return sums[0]! / sums[1]!;
  }

  /** Makes the numbers, of which all ranks have as many, their sums over the ranks. */
  add(parts: readonly Float64Array[]): void {
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

  /** Rank 0's figures: a metric that draws at random has others on each rank, and what follows is decided on them. */
  ofFirst(figures: Record<string, number>): Record<string, number> {
    const numbers = Float64Array.from(Object.values(figures), (figure) => (this.isFirst ? figure : 0));
    this.add([numbers]);
    return Object.fromEntries(Object.keys(figures).map((name, i) => [name, numbers[i]!]));
  }

  /** The batches of each rank, sent to all of them one rank after the other. */
  *gather(batches: readonly (readonly Tensor[])[]): Generator<Tensor[][]> {
    const { rank, size } = standing()!;
    for (let sender = 0; sender < size; sender++) {
      let sent = sender === rank ? packed(batches) : null;
      const lengths = Float64Array.of(sent?.head.length ?? 0, sent?.body.length ?? 0);
      sumNumbers(Call.gather + 16 * sender, lengths); // a rank that has stopped in between says so here
      sent ??= { head: new Uint8Array(lengths[0]!), body: new Uint8Array(lengths[1]!) };
      broadcastMemory(sent.head, sender);
      broadcastMemory(sent.body, sender);
      yield unpacked(sent);
    }
  }

  /** Whether one of them says so; if threads join the figures, none has anything to say before the end. */
  any(says: boolean): boolean {
    if (!this.areSeveral || this.joins) return says;
    const sums = Float64Array.of(says ? 1 : 0);
    sumNumbers(Call.any, sums);
    return sums[0]! > 0;
  }

  /** They agree that nothing more is to be done together: what befalls one of them from here on is not the others' matter. */
  end(): void {
    if (this.joins) sumNumbers(Call.end, new Float64Array(0));
    this.haveEnded = this.areSeveral;
  }

  /** A run has ended with this error, when the fit was ending already. */
  hear(message: string | null): void {
    this.heard = message;
  }

  /** Whether the signal has come in time. */
  areStopped(signal: AbortSignal | undefined): boolean {
    return !this.haveEnded && signal?.aborted === true;
  }

  /** Tells the others that this one goes no further, unless they know. Whether it was one of them who stopped. */
  stop(error: unknown): boolean {
    if (!this.areSeveral || this.haveEnded || standing() === null) return false;
    const message = this.heard ?? (isError(error) ? error.message : '');
    const areOthers = message.includes('another rank has stopped');
    if (!areOthers && !message.includes('the ranks do different things')) announceStop();
    return areOthers;
  }
}
