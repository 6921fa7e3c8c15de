export { Accuracy, type AccuracyOptions } from './accuracy';
export { CatMetric, MaxMetric, MinMetric, SumMetric } from './aggregation';
export type { AggregationOptions, NanStrategy } from './aggregator';
export { type BootStrapped, BootStrapper, type BootStrapperOptions, type SamplingStrategy } from './bootstrapper';
export { CalibrationError, type CalibrationErrorOptions } from './calibration-error';
export { type ClassificationReportOptions, classificationReport } from './classification-report';
export { ClasswiseWrapper, type ClasswiseWrapperOptions } from './classwise';
export { CohenKappa, type CohenKappaOptions } from './cohen-kappa';
export { type CollectedMetrics, type CollectedValues, MetricCollection } from './collection';
export { ConfusionMatrix, type ConfusionMatrixOptions, type Normalize } from './confusion-matrix';
export { ContinuousRankedProbabilityScore } from './continuous-ranked-probability-score';
export {
  ConcordanceCorrCoef,
  type ConcordanceCorrCoefOptions,
  PearsonCorrCoef,
  type PearsonCorrCoefOptions,
  SpearmanCorrCoef,
  type SpearmanCorrCoefOptions,
} from './correlation';
export { CosineSimilarity, type CosineSimilarityOptions } from './cosine-similarity';
export type { MultidimAverage, StatScoresOptions } from './counts';
export { CriticalSuccessIndex, type CriticalSuccessIndexOptions } from './critical-success-index';
export type { CurveOptions, Thresholds } from './curve';
export type { AreaOptions } from './curve-average';
export type { CurveAverage, Curves } from './curve-mean';
export {
  PrecisionAtFixedRecall,
  type PrecisionAtFixedRecallOptions,
  RecallAtFixedPrecision,
  type RecallAtFixedPrecisionOptions,
  SensitivityAtSpecificity,
  type SensitivityAtSpecificityOptions,
  SpecificityAtSensitivity,
  type SpecificityAtSensitivityOptions,
} from './curve-points';
export { EER, type EEROptions } from './eer';
export { ExactMatch, type ExactMatchOptions } from './exact-match';
export { ExplainedVariance, type ExplainedVarianceOptions, type Multioutput, R2Score, type R2ScoreOptions } from './explained-variance';
export { F1Score, type F1ScoreOptions, FBetaScore, type FBetaScoreOptions } from './f-beta';
export { FleissKappa, type FleissKappaOptions } from './fleiss-kappa';
export { HammingDistance, type HammingDistanceOptions } from './hamming-distance';
export { HingeLoss, type HingeLossOptions, type MulticlassMode } from './hinge-loss';
export { JaccardIndex, type JaccardIndexOptions } from './jaccard-index';
export { KendallRankCorrCoef, type KendallRankCorrCoefOptions, type KendallVariant } from './kendall';
export { JensenShannonDivergence, type JensenShannonDivergenceOptions, KLDivergence, type KLDivergenceOptions } from './kl-divergence';
export { LogAUC, type LogAUCOptions } from './log-auc';
export { MatthewsCorrCoef, type MatthewsCorrCoefOptions } from './matthews-corr-coef';
export { MeanMetric, type MeanMetricOptions } from './mean';
export {
  LogCoshError,
  type LogCoshErrorOptions,
  MeanAbsoluteError,
  type MeanAbsoluteErrorOptions,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  type MeanSquaredErrorOptions,
  MeanSquaredLogError,
  SymmetricMeanAbsolutePercentageError,
} from './mean-errors';
export { Metric } from './metric';
export { type MinMaxFigures, MinMaxMetric } from './min-max';
export { MinkowskiDistance, type MinkowskiDistanceOptions } from './minkowski-distance';
export {
  MultilabelCoverageError,
  MultilabelRankingAveragePrecision,
  MultilabelRankingLoss,
  type MultilabelRankingOptions,
} from './multilabel-ranking';
export { MultioutputWrapper, type MultioutputWrapperOptions } from './multioutput';
export { NegativePredictiveValue, type NegativePredictiveValueOptions } from './negative-predictive-value';
export {
  type BiasCorrectedOptions,
  CramersV,
  type NominalOptions,
  PearsonsContingencyCoefficient,
  TheilsU,
  TschuprowsT,
} from './nominal';
export { Perplexity, type PerplexityOptions } from './perplexity';
export { Precision, type PrecisionOptions, Recall, type RecallOptions } from './precision-recall';
export {
  AveragePrecision,
  type AveragePrecisionOptions,
  type PrecisionRecall,
  PrecisionRecallCurve,
  type PrecisionRecallCurveOptions,
} from './precision-recall-curve';
export {
  type ErrorNormalization,
  NormalizedRootMeanSquaredError,
  type NormalizedRootMeanSquaredErrorOptions,
  RelativeSquaredError,
  type RelativeSquaredErrorOptions,
  WeightedMeanAbsolutePercentageError,
} from './relative-errors';
export { RetrievalMRR, RetrievalNormalizedDCG, type RetrievalOptions, type RetrievalUpdateOptions } from './retrieval';
export {
  RetrievalAUROC,
  type RetrievalAUROCOptions,
  RetrievalFallOut,
  RetrievalHitRate,
  RetrievalMAP,
  RetrievalPrecision,
  type RetrievalPrecisionOptions,
  RetrievalRecall,
  RetrievalRPrecision,
} from './retrieval-ranks';
export { AUROC, type AUROCOptions, ROC, type ROCCurve, type ROCOptions } from './roc';
export type { RowReduction } from './row-figures';
export { Running, type RunningAggregationOptions, RunningMean, type RunningOptions, RunningSum } from './running';
export { Specificity, type SpecificityOptions } from './specificity';
export { StatScores } from './stat-scores';
export type { Average, Task, TaskOptions, ThresholdOptions } from './task';
export { type BestFigure, MetricTracker, type MetricTrackerOptions, type Tracked } from './tracker';
export { TweedieDevianceScore, type TweedieDevianceScoreOptions } from './tweedie-deviance';
