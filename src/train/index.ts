// The public names of `train`, nothing else.
export type { EarlyStoppingOptions } from './early-stopping';
export type { Batches } from './engine';
export { type BatchReport, type EpochReport, type FitOptions, type FitResult, fit, type Scheduler } from './fit';
export { type EvaluateOptions, evaluate, predict } from './inference';
export type { Criterion } from './tasks';
