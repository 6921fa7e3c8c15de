// Batches of rows of numbers that come in sequence, as from a file.
import { isInt32Array } from '../brands';
import { checkBoolean, checkInteger, describe, typeError } from '../errors';
import { draw, type RandomPosition } from '../random';
import { Tensor } from '../tensor';
import { ShuffleBuffer } from './shuffle-buffer';

/** The options that readers of batches share. */
export interface RowBatchesOptions {
  /** The column of y, or several. */
  target?: string | string[];
  /** The type of y; the default is int32 where all values are integers or texts, else float32. */
  targetDtype?: 'float32' | 'int32';
  /** The number of rows in a batch (1). */
  batchSize?: number;
  /** Whether a last batch that is not full is omitted (false). */
  dropLast?: boolean;
  /**
   * The size of the buffer from which each row of a batch is drawn at random (0: the rows are in the file's order). With a buffer as large as the file all orders
   * are equally probable. The draws follow `manualSeed`.
   */
  shuffle?: number;
}

/** The defaults of the options. */
export const rowBatchesDefaults = {
  target: undefined as string | string[] | undefined,
  targetDtype: undefined as 'float32' | 'int32' | undefined,
  batchSize: 1,
  dropLast: false,
  shuffle: 0,
};

/** How rows become batches, checked. */
export interface Batching {
  batchSize: number;
  dropLast: boolean;
  shuffle: number;
}

/** Throws for options that cannot be used. */
export function batchingOf(where: string, o: { batchSize: unknown; dropLast: unknown; shuffle: unknown }): Batching {
  if (typeof o.shuffle === 'boolean') {
    const hint = 'so many are held in memory, of which each place in a batch draws one';
    throw typeError(where, `expected shuffle to be a number of rows, got ${describe(o.shuffle)}`, hint);
  }
  return {
    batchSize: checkInteger(where, 'batchSize', o.batchSize, 1, 2 ** 31 - 1),
    dropLast: checkBoolean(where, 'dropLast', o.dropLast),
    shuffle: checkInteger(where, 'shuffle', o.shuffle, 0, 2 ** 31 - 1),
  };
}

/** The number of batches of `rows` rows. */
export const batchCount = (rows: number, { batchSize, dropLast }: Batching): number =>
  dropLast ? Math.floor(rows / batchSize) : Math.ceil(rows / batchSize);

/** Which numbers of a row belong to x and y. */
export interface RowShape {
  /** The number of numbers in a row. */
  width: number;
  /** The positions of x's columns, and of y's. */
  features: readonly number[];
  targets: readonly number[];
  /** Whether y is `[rows]`. */
  isOne: boolean;
  /** Whether y is int32. */
  isInt: boolean;
}

/** `[x, y]` or `[x]` of rows `[rows, width]`; calls `refuse` for a target that is not int32. */
export function batchOf(shape: RowShape, values: Float64Array, rows: number, refuse: (value: number) => never): Tensor[] {
  const { width, features, targets, isOne, isInt } = shape;
  const gather = <T extends Float32Array | Int32Array>(out: T, from: readonly number[]): T => {
    for (let row = 0, to = 0, base = 0; row < rows; row++, base += width) {
      for (let k = 0; k < from.length; k++, to++) {
        const value = values[base + from[k]!]!;
        if (isInt32Array(out) && (value | 0) !== value) refuse(value);
        out[to] = value;
      }
    }
    return out;
  };
  const x = new Tensor(gather(new Float32Array(rows * features.length), features), [rows, features.length]);
  if (targets.length === 0) return [x];
  const size = rows * targets.length;
  const y = isInt ? gather(new Int32Array(size), targets) : gather(new Float32Array(size), targets);
  return [x, new Tensor(y, isOne ? [rows] : [rows, targets.length])];
}

/** Where the random numbers of an epoch begin, which are reserved here all at once; null for an epoch in the file's order. */
export const beginShuffle = (rows: number, { shuffle }: Batching): RandomPosition | null =>
  shuffle === 0 ? null : draw(4 * ShuffleBuffer.counters(rows));

/** Takes blocks of any number of rows, and hands them on batch by batch. */
export class Rebatcher {
  private readonly buffer: ShuffleBuffer | null;
  private readonly batch: Float64Array;
  private filled = 0;

  /** `give` gets the values of a batch, which are valid until it returns. */
  constructor(
    private readonly width: number,
    private readonly batching: Batching,
    position: RandomPosition | null,
    private readonly give: (values: Float64Array, rows: number) => void,
  ) {
    this.batch = new Float64Array(batching.batchSize * width);
    this.buffer = position === null ? null : new ShuffleBuffer(batching.shuffle, width, position);
  }

  /** Adds rows `[rows, width]`. */
  push(values: Float64Array, rows: number): void {
    const { width, buffer } = this;
    for (let row = 0; row < rows; row++) {
      if (buffer === null) this.put(values, row * width);
      else if (buffer.push(values, row * width)) this.put(buffer.out, 0);
    }
  }

  /** Hands on what is left after the last rows. */
  end(): void {
    const { buffer, batching } = this;
    if (buffer !== null) while (buffer.pop()) this.put(buffer.out, 0);
    if (this.filled > 0 && !batching.dropLast) this.give(this.batch, this.filled);
    this.filled = 0;
  }

  private put(values: Float64Array, at: number): void {
    const { width, batch, batching } = this;
    for (let k = 0, to = this.filled * width; k < width; k++, to++) batch[to] = values[at + k]!;
    if (++this.filled < batching.batchSize) return;
    this.filled = 0;
    this.give(batch, batching.batchSize);
  }
}
