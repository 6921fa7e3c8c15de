// What a session does with each batch.
import type { Float32MatmulPrecision } from '../precision';
import type { RecordedStep, Results } from '../recording';
import type { Tensor } from '../tensor';
import type { Group } from './batch';

/** What is done with a batch. */
export interface Task {
  /** For messages. */
  where: string;
  run: (...batch: Tensor[]) => Results;
  /** Calls a function with the model in the modes that the task needs; absent for training, which uses the present modes. */
  mode?: <T>(fn: () => T) => T;
  /** The precision of its large products; absent: that of the environment. */
  precision?: Float32MatmulPrecision;
  /** Whether the figure of an epoch is the sum of its losses; otherwise it is their mean. */
  sumsLosses?: boolean;
  /** The weight of the loss of a batch with this number of samples; absent: all batches have the same weight. */
  lossWeight?: (rows: number) => number;
  /** If the outputs are pairs of predicted classes and targets: the number of classes, whose pairs are only counted. 0 or absent: the outputs are collected. */
  classes?: number;
  /** How batches are grouped into steps; absent: each batch is a step. */
  group?: Group;
}

/** The number of classes for which a step's outputs are counted; 0: the outputs are collected. */
export const countedClasses = ({ classes = 0 }: Pick<Task, 'classes'>, { results }: RecordedStep): number =>
  results.outputs.every(({ dtype, shape, numel }, i, all) => dtype === 'int32' && shape.length === 1 && numel === all[i ^ 1]?.numel)
    ? classes
    : 0;
