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
  means = 13,
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
  /** Whether figures become means over the ranks at the end of the fit alone. */
  private areLate = false;
  /** Of each figure that waits for that: figure times rows, and rows. */
  private readonly waiting: number[] = [];

  constructor(model: Module) {
    const group = standing();
    this.areSeveral = group !== null && group.size > 1 && parallelIn(model).length > 0;
    this.isFirst = !this.areSeveral || group!.rank === 0;
  }

  /**
   * Whether the ranks of several agree after each epoch: they do if any of them asks for what they agree on, else at the end alone. Each agreement wakes JavaScript on
   * all ranks, and all wait for the last one. Called by all ranks, once, before the first step.
   */
  agreeByEpoch(asks: boolean): boolean {
    this.areLate = this.areSeveral && !this.any(asks);
    return this.areSeveral && !this.areLate;
  }

  /** The mean over the ranks, which have so many rows each; or the figure of this one, if they agree at the end. */
  mean(figure: number, rows: number): number {
    if (!this.areSeveral) return figure;
    const sums = Float64Array.of(rows === 0 ? 0 : figure * rows, rows);
    if (this.areLate) {
      this.waiting.push(...sums);
      return figure;
    }
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

  /** Whether one of them says so; if they agree at the end, none has anything to say before. */
  any(says: boolean): boolean {
    if (!this.areSeveral || this.areLate) return says;
    const sums = Float64Array.of(says ? 1 : 0);
    sumNumbers(Call.any, sums);
    return sums[0]! > 0;
  }

  /**
   * They have agreed that nothing more is to be done together: what befalls one of them from here on is not the others' matter. If they agree at the end, the figures in
   * these lists become means: of each epoch one figure has come to the lists of each kind, in turn.
   */
  end(kinds: readonly (readonly number[][])[]): void {
    if (this.areLate) {
      const sums = Float64Array.from(this.waiting);
      sumNumbers(Call.means + 16 * sums.length, sums);
      for (let i = 0; 2 * i < sums.length; i++) {
        for (const list of kinds[i % kinds.length]!) list[Math.floor(i / kinds.length)] = sums[2 * i]! / sums[2 * i + 1]!;
      }
    }
    this.haveEnded = this.areSeveral;
  }

  /** Whether the signal has come in time. */
  areStopped(signal: AbortSignal | undefined): boolean {
    return !this.haveEnded && signal?.aborted === true;
  }

  /** Tells the others that this one goes no further, unless they know. Whether it was one of them who stopped. */
  stop(error: unknown): boolean {
    if (!this.areSeveral || this.haveEnded || standing() === null) return false;
    const message = isError(error) ? error.message : '';
    const areOthers = message.includes('another rank has stopped');
    if (!areOthers && !message.includes('the ranks do different things')) announceStop();
    return areOthers;
  }
}
