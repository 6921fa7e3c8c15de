// The phases of an engine: the training, and the evaluation on each validation set. After a run over a loader's rows, this file advances the phase, its loader and the
// random numbers.
import { DataLoader } from '../data/loader';
import type { Place, RowBatches } from '../data/loader-state';
import type { LoopReport, RowsHandle } from '../native';
import type { RecordedStep } from '../recording';
import type { Tensor } from '../tensor';
import { type Batches, checkLoader, theLoader } from './batches';
import type { Prefetcher } from './prefetcher';
import type { RandomStream } from './random-stream';
import { copyRows, updateRows } from './rows';
import { divisorOf, lastKind, type Segment, sum } from './segment';
import { countedClasses } from './task';
import type { LossTask } from './tasks';

/** A task and its loader: the training, or the evaluation on one validation set. */
export interface Phase {
  task: LossTask;
  loader: Batches;
  /** The loader's name in messages. */
  name: string;
  rows: { batches: RowBatches; handle: RowsHandle } | null;
  /** For a loader that JavaScript iterates over: a batch of each shape that occurred. */
  examples: (readonly Tensor[])[];
  prefetcher: Prefetcher | null;
  /** For the next prefetcher: the number of batches for which a segment has time. */
  wantedBatches: number;
  /** The epoch under way, as its `DataLoader` describes it; null if none is, or if the loader is no `DataLoader`. */
  place: Place | null;
  /** Whether its first epoch continues an interrupted one. JavaScript iterates over the rest of that epoch; the loader's rows are used from the next one on. */
  isResumed: boolean;
  /** For an epoch over rows that is under way: the number of batches done; 0 if none is under way. */
  batch: number;
  /** The number of these batches that JavaScript has got. */
  handedOut: number;
  epochsDone: number;
  /** The recording of the last step, if a step was done since the session was made. */
  last: number | null;
}

/** A phase before its first epoch. Throws unless the loader provides batches. */
export function newPhase(where: string, task: LossTask, loader: Batches, name = theLoader): Phase {
  checkLoader(where, loader, name);
  const batches = loader instanceof DataLoader ? loader.rows() : null;
  if (task.group !== undefined && batches !== null) task.group.width = batches.tensors.length;
  const rows = batches && { batches, handle: copyRows(where, batches) };
  const isResumed = loader instanceof DataLoader && loader.isResumed;
  const counts = { batch: 0, handedOut: 0, epochsDone: 0, last: null };
  return { task, loader, name, rows, examples: [], prefetcher: null, wantedBatches: Infinity, place: null, isResumed, ...counts };
}

/**
 * Called when a callback within an epoch is due. Returns whether the loaders have not gone beyond the steps that are done, as in a plain loop: then the callback may run.
 * Otherwise they are not prefetched until `refillLoaders`.
 */
export function drainLoaders(phases: readonly Phase[]): boolean {
  const prefetchers = phases.flatMap(({ prefetcher }) => prefetcher ?? []);
  for (const prefetcher of prefetchers) prefetcher.isDraining = true;
  return prefetchers.every(({ isDrained }) => isDrained);
}

/** Called after a callback. Copies the datasets again whose values it has changed, and returns whether there were any. */
export function refillLoaders(where: string, phases: readonly Phase[]): boolean {
  let hasChanged = false;
  for (const { prefetcher, rows } of phases) {
    if (prefetcher !== null) prefetcher.isDraining = false;
    if (rows !== null && updateRows(where, rows)) hasChanged = true;
  }
  return hasChanged;
}

// The position of the current epoch, which began in this run: where its order was drawn, and the batches done.
function placeOf(phase: Phase, kinds: readonly RecordedStep[], { randomOffset, batch }: LoopReport, streamSeed: number): Place {
  const { task, loader } = phase;
  const { shuffle, seed, drawn } = phase.rows!.batches;
  const epoch = (loader as DataLoader<unknown>).epochsBegun - 1;
  if (shuffle && seed !== undefined) return { position: { seed, offset: epoch * drawn }, batch, sampler: undefined };
  const steps = batch / (task.group?.size ?? 1); // complete groups
  const offset = randomOffset - steps * kinds[0]!.draws - (shuffle ? drawn : 0);
  return { position: { seed: streamSeed, offset }, batch, sampler: undefined };
}

/** Whether the thread knows where an epoch ends, and counts all that is kept of its outputs. */
export const isCounted = ({ task, rows }: Phase, kinds: readonly RecordedStep[]): boolean =>
  rows !== null && kinds.every((kind) => kind.results.outputs.length === 0 || countedClasses(task, kind) > 0);

/** Advances the loader, the random numbers and the phase to the end of a run over rows. */
export function countRows(phase: Phase, kinds: readonly RecordedStep[], report: LoopReport, stream: RandomStream): void {
  const loader = phase.loader as DataLoader<unknown>;
  const { seed } = stream.position;
  stream.position = { seed, offset: report.randomOffset };
  loader.countEpochs(report.orders);
  const isUnderWay = report.orders + (phase.place === null ? 0 : 1) > report.epochLossSums.length; // true also if its first step failed
  if (!isUnderWay) phase.place = null;
  else if (report.orders > 0) phase.place = placeOf(phase, kinds, report, seed);
  loader.standAt(phase.place, report.batch);
  phase.epochsDone += report.epochLossSums.length;
  phase.batch = report.batch;
  if (sum(report.steps) > 0) phase.last = lastKind(report);
}

/** The result of a run over rows. */
export function segmentOfRows(phase: Phase, kinds: readonly RecordedStep[], report: LoopReport): Segment {
  const { outputs, counted, batch, lossSum, joined } = report;
  const divisor = divisorOf(phase.task, phase.rows!.batches, kinds);
  const losses = report.epochLossSums.map((total, i) => (joined === undefined ? total / divisor : joined[2 * i]! / joined[2 * i + 1]!));
  const rows = sum(report.steps.map((steps, kind) => steps * kinds[kind]!.results.rows));
  // Outputs belong to one epoch, whose smaller last batch comes last.
  const isWanted = outputs.length > 0 || (counted?.targets.byteLength ?? 0) > 0;
  const order = !isWanted ? [] : report.steps.flatMap((steps, kind) => Array<RecordedStep>(steps).fill(kinds[kind]!));
  return { losses, batch, lossSum, steps: sum(report.steps), rows, kinds: order, outputs, counted };
}
