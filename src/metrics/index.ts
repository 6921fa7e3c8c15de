export { Accuracy, type AccuracyOptions, type Average } from './accuracy';
export { MeanMetric, type MeanMetricOptions, type NanStrategy } from './mean';
export { Metric } from './metric';
