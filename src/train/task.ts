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
  /** Calls what it is given in the modes that the task wants; absent where it trains: in the present ones. */
  mode?: <T>(fn: () => T) => T;
  /** How its large products take their operands; absent: as the environment has it. */
  precision?: Float32MatmulPrecision;
  /** How much the loss of a batch of so many samples counts beside the others'; absent: all count alike. */
  lossWeight?: (rows: number) => number;
  /** Where the outputs are pairs of predicted classes and targets: how many classes are counted; 0 or absent: they are handed out. */
  classes?: number;
  /** Batches that make up a step; absent: each is one. */
  group?: Group;
}

/** Of how many classes a step's outputs are counted; 0: they are handed out. */
export const countedClasses = ({ classes = 0 }: Pick<Task, 'classes'>, { results }: RecordedStep): number =>
  results.outputs.every(({ dtype, shape, numel }, i, all) => dtype === 'int32' && shape.length === 1 && numel === all[i ^ 1]?.numel)
    ? classes
    : 0;
