// The record of a finished training run, as plain values: `--json` prints it without `validation`, and a report needs nothing
// else.

/** The role of a column of the file. */
export interface ColumnRecord {
  /** Its name in the file. */
  name: string;
  /** `"number"` and `"text"` columns are the model's inputs, `"dropped"` ones are not used. */
  role: 'number' | 'text' | 'target' | 'dropped';
  /** The number of rows without a value; 0 for a column that was not read. */
  missing: number;
  /** The values of a column of text that the model knows, in their order; null for other columns. */
  categories: string[] | null;
  /** Why the column was dropped; null if it was not. */
  reason: string | null;
}

/** Figures of each epoch: one number for each epoch done, including those before a `--resume`. */
export interface HistoryRecord {
  /** The mean loss over the training rows. */
  loss: number[];
  /** The loss over the validation rows. */
  validationLoss: number[];
  /** Each metric over the validation rows: `accuracy` of a classification, `mse`, `mae`, `r2` of a regression. */
  metrics: Record<string, number[]>;
  /** The learning rate of the epoch's last step. */
  lr: number[];
  /** The duration of the epoch in seconds. */
  epochSeconds: number[];
}

/** The trained model's predictions for the validation rows, in their order. */
export interface ValidationRecord {
  /** The number of each row in the file; the first row below the header is 1. */
  rows: number[];
  /** The class of each row as its number in `classes`, or the value of a regression. */
  targets: number[];
  /** The predicted class of each row as its number in `classes`, or the predicted value. */
  predictions: number[];
  /** The probability of each class, row by row; null for a regression. */
  probabilities: number[][] | null;
}

/** A training run. */
export interface RunRecord {
  /** The version of simdnn. */
  version: string;
  /** When it was started, in ISO 8601. */
  started: string;
  /** The training file: its name as given, the SHA-256 of its bytes in hexadecimal, and the number of rows used. */
  data: { file: string; sha256: string; bytes: number; rows: number };
  task: 'classification' | 'regression';
  /** The name of the target's column. */
  target: string;
  /** The columns of the file in its order, including the target, followed by those that `--drop` named. */
  columns: ColumnRecord[];
  /** The names of the classes; null for a regression. */
  classes: string[] | null;
  /** The seed of everything random. */
  seed: number;
  /** Every option that influences the result, by its name on the command line without dashes, with the value used. */
  options: Record<string, string | number | boolean | number[]>;
  /** The model as it is printed, and the number of its parameters. */
  model: { text: string; parameters: number };
  /** The number of rows in each split of the data; `test` is 0 if there is none. */
  rows: { train: number; validation: number; test: number };
  history: HistoryRecord;
  /** The epoch whose weights the model has, from 1; 0 if no epoch had a finite figure. */
  bestEpoch: number;
  /** Why training ended early; null if all epochs were done. */
  stopped: 'earlyStopping' | 'interrupted' | null;
  /** The duration of the training in this process. */
  seconds: number;
  /** Figures of the trained model over the validation rows: `loss`, and `accuracy`, `f1` (macro), or `mse`, `mae`, `r2`. */
  metrics: Record<string, number>;
  /** The same for the test rows; null if there are none. */
  testMetrics: Record<string, number> | null;
  validation: ValidationRecord;
  /** The instruction set, threads and platform of the run. */
  machine: { target: string; threads: number; platform: string; node: string };
}
