// Batches of tables whose columns come in blocks, as from files that may be larger than memory.
import { isBigInt64Array, isBigUint64Array } from '../brands';
import { describe, rangeError, typeError } from '../errors';
import type { RandomPosition } from '../random';
import type { Tensor } from '../tensor';
import { type Batching, batchCount, batchOf, beginShuffle, Rebatcher, type RowShape } from './row-batches';
import { byName } from './table';

/** Some rows of all columns. */
export interface Block {
  rows: number;
  /** Numbers, texts, booleans, and null or undefined where a value is missing. */
  columns: readonly ArrayLike<unknown>[];
}

/** A table that can be read again and again. */
export interface BlockSource {
  where: string;
  /** What messages call it. */
  label: string;
  names: readonly string[];
  /** Begins to read it. */
  blocks(): Iterable<Block>;
}

/** What is requested of the table. */
export interface Wanted {
  features: readonly string[];
  targets: readonly string[];
  isOne: boolean;
  dtype: 'float32' | 'int32' | undefined;
  batching: Batching;
}

const beyondFloat32 = 2 ** 128 - 2 ** 103; // smaller numbers are rounded to a finite float32

export const isPlain = (values: ArrayLike<unknown>): values is Float64Array =>
  ArrayBuffer.isView(values) && !isBigInt64Array(values) && !isBigUint64Array(values);

/** A column of numbers, or of texts as their numbers. The first value that is not missing decides which. */
class BlockColumn {
  kind: 'open' | 'number' | 'text' = 'open';
  texts: string[] = [];
  private codes = new Map<string, number>();
  private isClosed = false;

  constructor(
    private readonly source: BlockSource,
    readonly name: string,
  ) {}

  /** Writes the values' numbers to `out` from `to` on, `width` apart; the first value belongs to row `row`. */
  write(values: ArrayLike<unknown>, rows: number, out: Float64Array, to: number, width: number, row: number): void {
    if (values.length < rows) throw rangeError(this.source.where, `${this.source.label}: column ${describe(this.name)} ends too early`);
    if (isPlain(values) && this.kind !== 'text') {
      for (let i = 0, at = to; i < rows; i++, at += width) {
        const value = values[i]!;
        if (!(Math.abs(value) < beyondFloat32) && !Number.isNaN(value)) this.finite(value, row + i);
        out[at] = value;
        if (this.kind === 'open' && !Number.isNaN(value)) this.kind = 'number';
      }
    } else {
      for (let i = 0, at = to; i < rows; i++, at += width) out[at] = this.numberOf(values[i], row + i);
    }
  }

  /** Numbers the texts in the order of their code units, and accepts no further ones. */
  close(): void {
    this.texts.sort((a, b) => (a < b ? -1 : 1));
    this.codes = new Map(this.texts.map((text, code) => [text, code]));
    this.isClosed = true;
  }

  refuse(row: number, message: string, hint?: string): never {
    throw rangeError(this.source.where, `${this.source.label}: column ${describe(this.name)}, row ${row}: ${message}`, hint);
  }

  private numberOf(value: unknown, row: number): number {
    if (value === null || value === undefined) return Number.NaN;
    if (typeof value === 'string') {
      if (this.kind === 'number') this.refuse(row, `expected a number, got ${describe(value)}`);
      this.kind = 'text';
      return this.codes.get(value) ?? this.newText(value, row);
    }
    if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean') {
      this.refuse(row, `expected numbers or texts, got ${describe(value)}`, 'leave the column out by naming the others');
    }
    const number = Number(value);
    return Number.isNaN(number) ? number : this.finite(number, row);
  }

  private finite(value: number, row: number): number {
    if (this.kind === 'text') this.refuse(row, `expected a text, got ${value}`);
    this.kind = 'number';
    if (!Number.isFinite(Math.fround(value))) this.refuse(row, `${value} is no finite float32 number`);
    return value;
  }

  private newText(text: string, row: number): number {
    if (this.isClosed) this.refuse(row, `${describe(text)} was not there before`);
    const code = this.texts.length;
    this.texts.push(text);
    this.codes.set(text, code);
    return code;
  }
}

/** Interleaves the columns of a block to rows, in memory that all blocks use. */
class Interleaver {
  private values = new Float64Array(0);

  constructor(private readonly columns: readonly BlockColumn[]) {}

  take({ rows, columns }: Block, row: number): Float64Array {
    const width = this.columns.length;
    if (this.values.length < rows * width) this.values = new Float64Array(rows * width);
    for (const [c, column] of this.columns.entries()) column.write(columns[c]!, rows, this.values, c, width, row);
    return this.values;
  }
}

interface Found {
  source: BlockSource;
  columns: readonly BlockColumn[];
  rows: number;
  shape: RowShape;
  wanted: Wanted;
}

/**
 * The batches of a table that may be larger than memory, `[x, y]` or `[x]`, which reads it again in each epoch: the result of `parquetBatches` and
 * `arrowBatches`, which `train.fit` accepts as a loader. As a `torch.utils.data.IterableDataset`.
 *
 * Texts become their numbers in the order of their code units, and missing values become NaN, as in `Table.toTensors`.
 *
 * @example
 * import { parquetWriteBuffer } from 'hyparquet-writer';
 * import { writeFileSync } from 'node:fs';
 * const columnData = [{ name: 'age', data: [31, 28, 40] }, { name: 'city', data: ['Oslo', 'Bonn', 'Oslo'] }];
 * writeFileSync('build/people.parquet', Buffer.from(parquetWriteBuffer({ columnData })));
 * const batches = await data.parquetBatches('build/people.parquet', { target: 'city', batchSize: 2 });
 * [...batches].map(([x, y]) => y.toArray()); // [[1, 0], [1]]
 * batches.classes; // ['Bonn', 'Oslo']
 */
export class TableBatches implements Iterable<Tensor[]> {
  /** The number of rows. */
  readonly rows: number;
  /** The number of batches. */
  readonly length: number;
  /** Rows in a batch. */
  readonly batchSize: number;
  /** The names of x's columns. */
  readonly columns: readonly string[];
  /** The classes of a target of text; null for others. */
  readonly classes: readonly string[] | null;
  /** The texts of each column of text, in the order of their numbers. */
  readonly categories: Readonly<Record<string, readonly string[]>>;
  private readonly found: Found;

  /** @internal */
  constructor(found: Found) {
    if (found?.columns === undefined) {
      throw typeError('TableBatches', 'is made by await data.parquetBatches(path, options) or data.arrowBatches(...)');
    }
    const { rows, columns, wanted } = found;
    this.found = found;
    this.rows = rows;
    this.batchSize = wanted.batching.batchSize;
    this.length = batchCount(rows, wanted.batching);
    this.columns = wanted.features;
    const categories = byName<readonly string[]>();
    for (const { name, kind, texts } of columns) if (kind === 'text') categories[name] = texts;
    this.categories = categories;
    this.classes = wanted.isOne ? (categories[wanted.targets[0]!] ?? null) : null;
  }

  /** Begins an epoch: goes through the table from its beginning. */
  [Symbol.iterator](): Generator<Tensor[], undefined> {
    return this.epoch(beginShuffle(this.rows, this.found.wanted.batching));
  }

  private *epoch(position: RandomPosition | null): Generator<Tensor[], undefined> {
    const { source, columns, shape, wanted } = this.found;
    const changed = (what: string): never => {
      throw rangeError(source.where, `${source.label} has changed: ${what}`);
    };
    const ready: Tensor[][] = [];
    const rebatcher = new Rebatcher(shape.width, wanted.batching, position, (values, rows) => {
      ready.push(batchOf(shape, values, rows, (value) => changed(`a target is ${value}, and all were int32 before`)));
    });
    const interleaver = new Interleaver(columns);
    let row = 0;
    for (const block of source.blocks()) {
      if (row + block.rows > this.rows) changed(`it had ${this.rows} rows`);
      rebatcher.push(interleaver.take(block, row), block.rows);
      row += block.rows;
      while (ready.length > 0) yield ready.shift()!;
    }
    if (row !== this.rows) changed(`it had ${this.rows} rows`);
    rebatcher.end();
    yield* ready;
  }
}

const turnMilliseconds = 10; // the longest time without a turn of the event loop

/** For long work: returns a function whose result is awaited now and then; it yields to the event loop when that is due. */
export function turns(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < turnMilliseconds) return undefined;
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      since = performance.now();
    });
  };
}

/** Reads a table once, to find the number of rows, the texts and the type of y, and to refuse what cannot be read. */
export async function tableBatches(source: BlockSource, wanted: Wanted): Promise<TableBatches> {
  const { where, label, names } = source;
  const { features, targets, isOne, dtype } = wanted;
  const columns = names.map((name) => new BlockColumn(source, name));
  const checked = dtype === 'float32' ? [] : columns.flatMap((column, place) => (targets.includes(column.name) ? [{ column, place }] : []));
  let isInteger = true;
  let beyond: { column: BlockColumn; row: number; value: number } | null = null;
  const interleaver = new Interleaver(columns);
  let rows = 0;
  const turn = turns();
  for (const block of source.blocks()) {
    const values = interleaver.take(block, rows);
    for (const { column, place } of checked) {
      for (let i = 0, at = place; i < block.rows; i++, at += columns.length) {
        const value = values[at]!;
        if ((value | 0) === value) continue;
        if (Number.isNaN(value)) column.refuse(rows + i, 'the target is missing', 'targetDtype: "float32" reads it as NaN');
        if (Number.isInteger(value)) beyond ??= { column, row: rows + i, value };
        else if (dtype === 'int32') column.refuse(rows + i, `${value} is no int32`);
        else isInteger = false;
      }
    }
    rows += block.rows;
    await turn();
  }
  if (rows === 0) throw rangeError(where, `${label} has no rows`);
  if (beyond !== null && isInteger) {
    const { column, row, value } = beyond as { column: BlockColumn; row: number; value: number };
    column.refuse(row, `${value} is an integer beyond int32`, 'targetDtype: "float32" rounds it');
  }
  for (const column of columns) column.close();
  const at = (some: readonly string[]): number[] => some.map((name) => names.indexOf(name));
  const isInt = isInteger && dtype !== 'float32';
  const shape = { width: names.length, features: at(features), targets: at(targets), isOne, isInt };
  return new TableBatches({ source, columns, rows, shape, wanted });
}

/** The columns of x: the requested ones, or all but the targets. */
export function featuresOf(
  where: string,
  label: string,
  names: readonly string[],
  asked: readonly string[] | undefined,
  targets: readonly string[],
): string[] {
  const missing = [...(asked ?? []), ...targets].filter((name) => !names.includes(name));
  if (missing.length > 0) {
    const hint = `its columns are ${names.slice(0, 30).map(describe).join(', ')}`;
    throw rangeError(where, `${label} has no column ${missing.map(describe).join(', ')}`, hint);
  }
  const features = asked === undefined ? names.filter((name) => !targets.includes(name)) : [...asked];
  if (features.length === 0) throw rangeError(where, 'there are no columns besides the target');
  return features;
}
