// The public names of `train`, nothing else.
export type { EarlyStoppingOptions } from './early-stopping';
export type { Batches } from './engine';
export { fit } from './fit';
export { type EvaluateOptions, evaluate, predict } from './inference';
export type { BatchReport, EpochReport, FitOptions, FitResult } from './options';
export type { ScheduleOptions, Scheduler } from './schedule';
export type { Criterion } from './tasks';
