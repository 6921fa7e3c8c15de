// Where the batches of a loop come from, and the steps that they make.
import type { RowBatches } from '../data/loader-state';
import type { EpochRows, RowsHandle } from '../native';
import type { RecordedStep } from '../recording';
import { empty, type Tensor } from '../tensor';
import type { NextStep } from './ahead';

/** Where the batches of a loop come from: rows of tensors, or batches like these that are brought along. */
export type RowsSource = { batches: RowBatches; rows: RowsHandle };
export type Source = RowsSource | { examples: readonly (readonly Tensor[])[] };

// Tensors like those of a batch of `size` rows.
const batchLike = (tensors: readonly Tensor[], size: number): Tensor[] => tensors.map((t) => empty([size, ...t.shape.slice(1)], t.dtype));

/** What steps over a source are given, one of each kind: whole groups first, then the last one, whose last batch may be smaller. */
export function stepsLike(source: Source, group = 1): (readonly Tensor[])[] {
  if ('examples' in source) return [...source.examples];
  const { tensors, count, batchSize, batches } = source.batches;
  const sizeOf = (batch: number): number => Math.min(batchSize, count - batch * batchSize);
  const like = (begin: number, end: number): Tensor[] =>
    Array.from({ length: end - begin }, (_, i) => batchLike(tensors, sizeOf(begin + i))).flat();
  const before = Math.floor((batches - 1) / group); // groups before the last one
  const last = like(before * group, batches);
  const isWhole = batches % group === 0 && sizeOf(batches - 1) === batchSize;
  return before > 0 && !isWhole ? [like(0, group), last] : [last];
}

/** The steps that come, `most` of them, but not those of the next epoch: `batch` of this one are done, 0 where it has not begun. Random numbers go on at `begin`. */
export function nextSteps(
  { batches, shuffle, seed, count }: RowBatches,
  kinds: readonly RecordedStep[],
  group = 1,
  most: number,
  begin: number,
  batch: number,
): NextStep[] {
  const steps = Math.ceil(batches / group);
  const next: NextStep[] = [];
  let offset = begin + (batch === 0 && shuffle && seed === undefined ? count : 0);
  for (let step = batch / group; step < steps && next.length < most; step++) {
    const kind = step < steps - 1 ? 0 : kinds.length - 1;
    next.push({ kind, offset });
    offset += kinds[kind]!.trace.draws;
  }
  return next;
}

/** Which rows make the batches of an epoch; null: batches are brought along. */
export function epochRowsOf(source: Source, kinds: number, group = 1): EpochRows | null {
  if ('examples' in source) return null;
  const { subset, batchSize, count, drawn, ranks, rank, batches, shuffle, seed, epoch } = source.batches;
  return {
    rows: source.rows,
    subset,
    batch: Math.min(batchSize, count),
    batches,
    group,
    full: 0,
    last: kinds - 1,
    ranks,
    rank,
    items: count,
    shuffle,
    ownSeed: seed !== undefined,
    seed: seed ?? 0,
    orderOffset: epoch * drawn,
  };
}
