// What is known of a training run when it has ended, as plain values: `--json` prints it without `validation`, and whoever makes a page of it
// needs nothing else.

/** What a column of the file is to the model. */
export interface ColumnRecord {
  /** Its name in the file. */
  name: string;
  /** `"number"` and `"text"` are the model's inputs, `"dropped"` are left out. */
  role: 'number' | 'text' | 'target' | 'dropped';
  /** Rows of the file without a value in it; of a column that was not read 0. */
  missing: number;
  /** The values of a column of text that the model knows, in their order; null: not of text. */
  categories: string[] | null;
  /** Why it is left out; null: it is not. */
  reason: string | null;
}

/** Figures epoch by epoch: one number for each epoch that was done, those before a `--resume` included. */
export interface HistoryRecord {
  /** The mean loss over the training rows. */
  loss: number[];
  /** The loss over the validation rows. */
  validationLoss: number[];
  /** Each metric over the validation rows: `accuracy` of a classification, `mse`, `mae`, `r2` of a regression. */
  metrics: Record<string, number[]>;
  /** The learning rate of the epoch's last step. */
  lr: number[];
  /** Seconds the epoch took. */
  epochSeconds: number[];
}

/** What the trained model says of the validation rows, in their order. */
export interface ValidationRecord {
  /** Line by line the number of the row in the file, the first below the header being 1. */
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
  /** When it was started, as ISO 8601 has it. */
  started: string;
  /** The file it learned from: its name as it was given, the SHA-256 of its bytes in hexadecimal, and how many rows were used. */
  data: { file: string; sha256: string; bytes: number; rows: number };
  task: 'classification' | 'regression';
  /** The name of the target's column. */
  target: string;
  /** The columns of the file, in its order, the target among them; behind them those that `--drop` named. */
  columns: ColumnRecord[];
  /** The names of the classes; null for a regression. */
  classes: string[] | null;
  /** The seed of everything random. */
  seed: number;
  /** Every option that decides about the result, by the name it has on the command line without the dashes, with the value that was used. */
  options: Record<string, string | number | boolean | number[]>;
  /** The model as it is printed, and how many numbers it has learned. */
  model: { text: string; parameters: number };
  /** How many rows each part of the data has. `test` is 0 where none was asked for. */
  rows: { train: number; validation: number; test: number };
  history: HistoryRecord;
  /** The epoch whose weights the model has, 1 for the first; 0: no epoch had a finite figure. */
  bestEpoch: number;
  /** What ended it; null: that all epochs were done. */
  stopped: 'earlyStopping' | 'interrupted' | null;
  /** How long the training took, in this process. */
  seconds: number;
  /** Figures of the trained model over the validation rows: `loss`, and `accuracy`, `f1` (macro), or `mse`, `mae`, `r2`. */
  metrics: Record<string, number>;
  /** The same over the test rows; null where there are none. */
  testMetrics: Record<string, number> | null;
  validation: ValidationRecord;
  /** Instruction set, threads and platform on which it ran. */
  machine: { target: string; threads: number; platform: string; node: string };
}
