export { Accuracy, type AccuracyOptions, type Average } from './accuracy';
export { Metric } from './metric';
