// The options of `simdnn train`, with their defaults.
import type { activations, NetworkOptions, optimizers } from './network';
import type { Dialect } from './table';
import type { Task } from './target';

export const schedules = ['constant', 'cosine', 'plateau'] as const;

/** The options of a training, each checked when it was parsed. */
export interface TrainOptions extends NetworkOptions {
  file: string;
  target: string;
  dialect: Dialect;
  task: Task | undefined;
  columns: string[];
  drop: string[];
  text: string[];
  validation: number;
  test: number;
  activation: keyof typeof activations;
  epochs: number;
  batchSize: number | undefined;
  optimizer: keyof typeof optimizers;
  lr: number;
  weightDecay: number;
  schedule: (typeof schedules)[number];
  patience: number;
  classWeight: 'none' | 'balanced';
  seed: number;
  model: string | undefined;
  checkpoint: string | undefined;
  report: string | undefined;
  resume: boolean;
}

/** The defaults. */
export const trainDefaults = {
  validation: 0.2,
  test: 0,
  hidden: [64, 32],
  activation: 'relu',
  dropout: 0,
  epochs: 300,
  optimizer: 'adamw',
  lr: 0.002,
  weightDecay: 0.01,
  schedule: 'constant',
  patience: 25,
  classWeight: 'none',
  seed: 0,
} as const satisfies Partial<TrainOptions>;

/** The options that influence the result, as the record of the run has them. */
export function decisive(o: TrainOptions, batchSize: number): Record<string, string | number | boolean | number[]> {
  return {
    validation: o.validation,
    test: o.test,
    hidden: [...o.hidden],
    activation: o.activation,
    dropout: o.dropout,
    epochs: o.epochs,
    'batch-size': batchSize,
    optimizer: o.optimizer,
    lr: o.lr,
    'weight-decay': o.weightDecay,
    schedule: o.schedule,
    patience: o.patience,
    'class-weight': o.classWeight,
    seed: o.seed,
  };
}
