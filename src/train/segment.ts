// What became of a segment: the steps between two looks at what JavaScript may have changed.
import type { LoopReport } from '../native';
import type { RecordedStep } from '../recording';
import type { Task } from './task';

/** What became of a segment. */
export interface Segment {
  /** The loss of each epoch that was finished. */
  losses: number[];
  /** Batches done of the epoch that is under way, and the sum of their losses. */
  batch: number;
  lossSum: number;
  /** Batches of the epoch that a loader ended whose length need not be known; absent within an epoch. */
  ofEpoch?: number;
  /** Steps and samples done in this segment; where it brought outputs, the recording that each step was done with. */
  steps: number;
  rows: number;
  kinds: readonly RecordedStep[];
  /** Of all steps, each output of a step by itself; of those that are counted none. */
  outputs: readonly ArrayBuffer[];
  counted: LoopReport['counted'];
}

/** The sum of some numbers. */
export const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** The recording of a segment's last step. With rows the smaller last batch comes last; a failed step is not the last that was done. */
export const lastKind = ({ batch, steps }: LoopReport): number => (batch === 0 ? steps.length - 1 : 0);

/** How many batches a step is made of. */
export const batchesOf = ({ results }: RecordedStep): number => Math.max(1, results.losses.length);

/** How much the losses of one step count in the mean of an epoch's. */
export const weightOf = ({ task }: { task: Task }, kind: RecordedStep): number =>
  (task.lossWeight?.(kind.results.rows) ?? 1) * batchesOf(kind);

/** What a segment brought of its steps' outputs. */
export type Outputs = Pick<LoopReport, 'outputs' | 'counted'>;

/** A segment of batches that were brought along, each step's recording known. */
export const fedSegment = (
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
