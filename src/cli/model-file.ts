// Files of models that `simdnn train` writes: the network, the preprocessing of its inputs, and a description for the command line.
import { data, io, nn } from '../index';
import { CliError } from './errors';
import type { Dialect } from './table';
import type { Scale, Task } from './target';

/** The description that is saved with the network and its preprocessing. */
export interface Description {
  /** The version of the description's layout. */
  format: 'simdnn train 1';
  version: string;
  task: Task;
  target: string;
  /** Whether the target's values are texts. */
  targetIsText: boolean;
  numbers: string[];
  texts: string[];
  dialect: Dialect;
  /** The unit of a regression network's outputs. */
  scale: Scale | null;
  seed: number;
  sha256: string;
}

/** A model with all that is needed to apply it to rows of a file. */
export interface TrainedModel {
  network: nn.Sequential;
  inputs: data.ColumnTransformer;
  description: Description;
  /** The names of the classes; null for a regression. */
  classes: data.Label[] | null;
}

/** Writes a model's file. */
export const saveModel = (path: string, { network, inputs, description, classes }: TrainedModel): Promise<void> =>
  io.saveModel(path, network, { preprocessing: { inputs, description }, ...(classes && { classes }) });

const format: Description['format'] = 'simdnn train 1';

/** Reads a model's file; a `CliError` for any other file. */
export async function loadModel(path: string): Promise<TrainedModel> {
  const { model, preprocessing, classes } = await io.loadModel(path);
  const { inputs, description } = (preprocessing ?? {}) as { inputs?: unknown; description?: Partial<Description> };
  if (description?.format !== format || !(inputs instanceof data.ColumnTransformer) || !(model instanceof nn.Sequential)) {
    throw new CliError(`${path} is a model that simdnn train has not written: it does not say which columns it takes`);
  }
  return { network: model, inputs, description: description as Description, classes };
}
