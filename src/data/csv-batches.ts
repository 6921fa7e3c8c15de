// Batches of a CSV file that may be larger than memory.

import { closeSync, openSync, readSync } from 'node:fs';
import { rangeError, typeError, withDefaults } from '../errors';
import type { RandomPosition } from '../random';
import type { Tensor } from '../tensor';
import { type CsvOptions, csvDefaults, type Dialect, dialectOf } from './csv-dialect';
import { ColumnKind, type Layout, layoutOf } from './csv-layout';
import { CsvScanner } from './csv-scanner';
import { checkSource, explained, pathOf, pieceBytes, piecesOf } from './csv-source';
import {
  type Batching,
  batchCount,
  batchingOf,
  batchOf,
  beginShuffle,
  Rebatcher,
  type RowBatchesOptions,
  rowBatchesDefaults,
} from './row-batches';
import { beyondInt32, byName, checkTarget } from './table';

/** The options of `csvBatches`. */
export interface CsvBatchesOptions extends CsvOptions, RowBatchesOptions {}

interface Found {
  path: string;
  dialect: Dialect;
  layout: Layout;
  rows: number;
  features: string[];
  targets: string[];
  isOne: boolean;
  isInt: boolean;
  batching: Batching;
}

/**
 * The batches of a CSV file, `[x, y]` or `[x]`, which reads the file again in each epoch: the result of `csvBatches`, which `train.fit` accepts as a loader. As a
 * `torch.utils.data.IterableDataset`.
 *
 * In memory are a piece of the file, a batch, and the buffer of `shuffle`. Without `shuffle` the rows are in the file's order.
 *
 * @example
 * const batches = await data.csvBatches('examples/data/digits.csv', { target: 'digit', batchSize: 64 });
 * batches.length; // 29
 * const [[x, y]] = batches;
 * x.shape; // [64, 64]
 */
export class CsvBatches implements Iterable<Tensor[]> {
  /** The number of rows in the file. */
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
    if (found?.layout === undefined) throw typeError('CsvBatches', 'is made by await data.csvBatches(path, options)');
    const { rows, batching, features, layout, targets, isOne } = found;
    this.found = found;
    this.rows = rows;
    this.batchSize = batching.batchSize;
    this.length = batchCount(rows, batching);
    this.columns = features;
    const categories = byName<readonly string[]>();
    for (const { name, kind, texts } of layout.read) if (kind === ColumnKind.text) categories[name] = texts;
    this.categories = categories;
    this.classes = isOne ? (categories[targets[0]!] ?? null) : null;
  }

  /** Begins an epoch: reads the file from its beginning. */
  [Symbol.iterator](): Generator<Tensor[], undefined> {
    return this.epoch(beginShuffle(this.rows, this.found.batching));
  }

  private *epoch(position: RandomPosition | null): Generator<Tensor[], undefined> {
    const { path, dialect, layout, batching } = this.found;
    const { batchSize, dropLast } = batching;
    const ready: Tensor[][] = [];
    const give = (values: Float64Array, rows: number): void => void ready.push(this.batchOf(values, rows));
    const rebatcher = position === null ? null : new Rebatcher(layout.read.length, batching, position, give);
    const scanner = new CsvScanner(
      dialect,
      path,
      (names) => {
        if (names.join('\0') !== layout.names.join('\0')) throw rangeError('csvBatches', `${path} has other columns than before`);
        return layout;
      },
      (values, _, rows) => {
        if (rebatcher !== null) rebatcher.push(values, rows);
        else if (rows === batchSize || !dropLast) give(values, rows);
      },
      batchSize,
    );
    let file = -1;
    try {
      file = openSync(path, 'r');
      const memory = Buffer.allocUnsafeSlow(pieceBytes);
      for (;;) {
        const read = readSync(file, memory, 0, pieceBytes, null);
        if (read === 0) break;
        scanner.push(memory.subarray(0, read));
        if (scanner.rows > this.rows) break;
        while (ready.length > 0) yield ready.shift()!;
      }
    } catch (error) {
      throw explained('csvBatches', path, error as NodeJS.ErrnoException);
    } finally {
      if (file >= 0) closeSync(file);
    }
    if (scanner.rows <= this.rows) scanner.end();
    if (scanner.rows !== this.rows) throw rangeError('csvBatches', `${path} has changed: it had ${this.rows} rows`);
    rebatcher?.end();
    yield* ready;
  }

  private batchOf(values: Float64Array, rows: number): Tensor[] {
    const { path, features, targets, isOne, isInt, layout } = this.found;
    const places = new Map(layout.read.map(({ name }, place) => [name, place]));
    const at = (names: readonly string[]): number[] => names.map((name) => places.get(name)!);
    const shape = { width: layout.read.length, features: at(features), targets: at(targets), isOne, isInt };
    return batchOf(shape, values, rows, (value) => {
      throw rangeError('csvBatches', `${path} has changed: a target is ${value}, and all were int32 before`);
    });
  }
}

/**
 * Batches `[x, y]` of a CSV file, a path or a `file:` URL, that may be larger than memory; the file is read as by `readCsv`, with its options.
 *
 * The file is read once at the call, to find the number of rows, the texts and the type of y, and to refuse what cannot be read; then once in
 * each epoch. Errors are those of `readCsv`. If the file changes meanwhile, there is an error where that is noticed.
 *
 * With `shuffle: n` a batch's rows are drawn from a buffer of n rows, which is refilled in the file's order. Each epoch has another order, which follows
 * `manualSeed`, so that a run resumed from an epoch's checkpoint has the same orders.
 *
 * @example
 * const loader = await data.csvBatches('examples/data/digits.csv', { target: 'digit', batchSize: 128 });
 * const model = new nn.Linear(64, 10);
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
 * const { epochs } = await train.fit(model, { criterion: new nn.CrossEntropyLoss(), optimizer, loader, epochs: 1, progress: false });
 * epochs; // 1
 */
export async function csvBatches(source: string | URL, options?: CsvBatchesOptions): Promise<CsvBatches> {
  const where = 'csvBatches';
  const o = withDefaults(where, options, { ...csvDefaults, ...rowBatchesDefaults });
  const batching = batchingOf(where, o);
  const path = pathOf(where, source);
  if (path === null) throw typeError(where, 'expected a path or a file: URL: the file is read once for each epoch');
  const dialect = dialectOf(where, o, false);
  const targets = checkTarget(where, o.target, o.targetDtype);
  const facts = await learn(dialect, path, targets, o.targetDtype);
  const left = new Set([...targets, ...dialect.drop]);
  const features = [...(dialect.columns ?? facts.layout.names.filter((name) => !left.has(name)))];
  return new CsvBatches({ ...facts, path, dialect, features, targets, isOne: typeof o.target === 'string', batching });
}

// Reads the file once to learn its columns, texts and number of rows.
async function learn(
  dialect: Dialect,
  path: string,
  targets: readonly string[],
  dtype: 'float32' | 'int32' | undefined,
): Promise<Pick<Found, 'layout' | 'rows' | 'isInt'>> {
  let isInteger = true;
  let beyond: { value: number; line: number; name: string } | null = null;
  const scanner = new CsvScanner(
    dialect,
    path,
    (names) => {
      const layout = layoutOf(dialect, targets, names, path);
      for (const column of layout.read) column.isTarget = targets.includes(column.name) && dtype !== 'float32';
      return layout;
    },
    (values, lines, rows) => {
      const { read } = scanner.layout!;
      read.forEach(({ name, kind }, place) => {
        if (kind === ColumnKind.text || dtype === 'float32' || !targets.includes(name)) return;
        for (let row = 0, at = place; row < rows; row++, at += read.length) {
          const value = values[at]!;
          if ((value | 0) === value) continue;
          if (Number.isInteger(value)) beyond ??= { value, line: lines[row]!, name };
          else if (dtype === 'int32') scanner.refuse(`${value} is no int32`, undefined, name, lines[row]!);
          else isInteger = false;
        }
      });
    },
  );
  try {
    for await (const piece of piecesOf(dialect.where, checkSource(dialect.where, path))) scanner.push(piece);
  } catch (error) {
    throw explained(dialect.where, path, error as NodeJS.ErrnoException);
  }
  scanner.end();
  if (beyond !== null && isInteger) {
    const { value, line, name } = beyond as { value: number; line: number; name: string };
    scanner.refuse(...beyondInt32(name, value), name, line);
  }
  const layout = scanner.layout!;
  for (const column of layout.read) close(column);
  return { layout, rows: scanner.rows, isInt: isInteger && dtype !== 'float32' };
}

// Numbers the texts in the order of their code units, and accepts no further ones.
function close(column: Layout['read'][number]): void {
  if (column.kind === ColumnKind.open) column.kind = ColumnKind.number;
  column.texts.sort((a, b) => (a < b ? -1 : 1));
  column.codes = new Map(column.texts.map((text, code) => [text, code]));
  column.isClosed = true;
}
