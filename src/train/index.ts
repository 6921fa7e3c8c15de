// The public names of `train`, nothing else.

export type { Batches } from './batches';
export type { BatchReport, BeginReport, Callback, EpochReport, TrainingReport } from './callbacks';
export type { CheckpointOptions } from './checkpointing';
export type { ClipNorm } from './clipping';
export {
  type CrossValidateOptions,
  type CrossValidation,
  crossValidate,
  type FoldInfo,
  type FoldPredictions,
  type FoldReport,
  type FoldTraining,
} from './cross-validate';
export type { EarlyStoppingOptions } from './early-stopping';
export { type EmaWeights, type EmaWeightsOptions, emaWeights } from './ema-weights';
export { type EvaluateOptions, evaluate } from './evaluation';
export type { SetFigures, SetHistory } from './figure-types';
export { fit } from './fit';
export { type CsvLoggerOptions, csvLogger, type JsonLoggerOptions, jsonLogger } from './loggers';
export type { GivenMetrics, MetricFunction, RoutedMetric } from './measures';
export type { FitOptions, FitResult, TrainingResult } from './options';
export { type PredictBatches, type Predicted, type PredictOptions, predict } from './prediction';
export { type LearningRateMonitor, type LearningRateMonitorOptions, learningRateMonitor } from './rate-monitor';
export type { ScheduleOptions, Scheduler } from './schedule';
export { type HalvingOptions, type SearchOptions, type SearchReport, search, type TrialInfo, type TrialReport } from './search';
export { choice, type Distribution, integer, logUniform, type Params, type Space, uniform } from './space';
export type { TableRow } from './table';
export type { Criterion, CriterionFunction } from './tasks';
export type { Training } from './trial';
export type { GivenValidation } from './validation';
