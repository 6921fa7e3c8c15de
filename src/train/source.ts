// The sources of a loop's batches, and the steps that they make.
import type { RowBatches } from '../data/loader-state';
import type { EpochRows, RowsHandle } from '../native';
import type { RecordedStep } from '../recording';
import { empty, type Tensor } from '../tensor';
import type { NextStep } from './step-precomputation';

/** The rows of tensors, from which the thread gathers batches. */
export type RowsSource = { batches: RowBatches; rows: RowsHandle };
/** The source of a loop's batches: rows, or batches that JavaScript passes, each with the types and shapes of one of the examples. */
export type Source = RowsSource | { examples: readonly (readonly Tensor[])[] };

// Empty tensors of the types and shapes of a batch with `size` rows.
const emptyBatch = (tensors: readonly Tensor[], size: number): Tensor[] => tensors.map((t) => empty([size, ...t.shape.slice(1)], t.dtype));

/** A batch for each kind of step over a source: for whole groups first, then for the last group, which may be smaller. */
export function exampleBatches(source: Source, group = 1): (readonly Tensor[])[] {
  if ('examples' in source) return [...source.examples];
  const { tensors, count, batchSize, batches } = source.batches;
  const sizeOf = (batch: number): number => Math.min(batchSize, count - batch * batchSize);
  const like = (begin: number, end: number): Tensor[] =>
    Array.from({ length: end - begin }, (_, i) => emptyBatch(tensors, sizeOf(begin + i))).flat();
  const before = Math.floor((batches - 1) / group); // the number of groups before the last one
  const last = like(before * group, batches);
  const isWhole = batches % group === 0 && sizeOf(batches - 1) === batchSize;
  return before > 0 && !isWhole ? [like(0, group), last] : [last];
}

/**
 * At most `most` of the next steps of an epoch of which `batch` batches are done; 0: it has not begun. Its random numbers continue at `begin`.
 */
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

/** The rows of each batch of an epoch; null if batches are given one by one. */
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
