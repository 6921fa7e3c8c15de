// The result of a segment: of the steps that a thread does before JavaScript continues.
import type { RowBatches } from '../data/loader-state';
import type { LoopReport } from '../native';
import type { RecordedStep } from '../recording';
import type { Task } from './task';

/** The result of a segment. */
export interface Segment {
  /** The loss of each epoch that was finished. */
  losses: number[];
  /** The number of batches done in the epoch that is under way, and the sum of their losses. */
  batch: number;
  lossSum: number;
  /** The number of batches of a loader's epoch that has ended, which a loader need not know in advance; absent within an epoch. */
  ofEpoch?: number;
  /** The steps and samples done in this segment; and, if there are outputs, the recording of each step. */
  steps: number;
  rows: number;
  kinds: readonly RecordedStep[];
  /** For each output of a step, the values of all steps; empty for outputs that were only counted. */
  outputs: readonly ArrayBuffer[];
  counted: LoopReport['counted'];
  /** The seconds that the thread took, if it worked ahead of JavaScript. */
  seconds?: number;
}

/** The sum of numbers. */
export const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** The recording of a segment's last step. Over rows the smaller last batch comes last. A step that failed was not done. */
export const lastKind = ({ batch, steps }: LoopReport): number => (batch === 0 ? steps.length - 1 : 0);

/** The number of batches in a step. */
export const batchesOf = ({ results }: RecordedStep): number => Math.max(1, results.losses.length);

/** The weight of one step's losses in the mean of the epoch. */
export const weightOf = ({ task }: { task: Task }, kind: RecordedStep): number =>
  (task.lossWeight?.(kind.results.rows) ?? 1) * batchesOf(kind);

/** The divisor that turns the sum of an epoch's losses over rows into its figure: the sum of the weights, or 1. */
export function divisorOf(task: Task, { batches }: RowBatches, kinds: readonly RecordedStep[]): number {
  if (task.sumsLosses) return 1;
  const steps = Math.ceil(batches / (task.group?.size ?? 1));
  return (steps - 1) * weightOf({ task }, kinds[0]!) + weightOf({ task }, kinds.at(-1)!);
}

/** The number of rows in an epoch. */
export const rowsPerEpoch = ({ count, batches, batchSize }: RowBatches): number => Math.min(count, batches * batchSize);

/** The outputs of a segment's steps. */
export type Outputs = Pick<LoopReport, 'outputs' | 'counted'>;

/** The result of a segment over given batches, with the recording of each step. */
export const segmentOfBatches = (
  losses: number[],
  batch: number,
  lossSum: number,
  { outputs, counted }: Outputs,
  kinds: readonly RecordedStep[],
): Segment => ({
  losses,
  batch,
  lossSum,
  steps: kinds.length,
  rows: sum(kinds.map(({ results }) => results.rows)),
  kinds,
  outputs,
  counted,
});
