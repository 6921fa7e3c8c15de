// The public names of `report`, nothing else.
export { classScores, type ScoreFigureOptions } from './class-scores';
export { type ConfusionFigureOptions, confusionMatrix } from './confusion-matrix';
export type { CurveFigureOptions } from './curves';
export type { FigureOptions, Scheme } from './figure';
export type { History } from './history';
export { learningRate } from './learning-rate';
export { lossCurves } from './loss-curves';
export { metricCurves } from './metric-curves';
export { predictions } from './predictions';
export type { ColumnRecord, DataRecord, RunRecord } from './record';
export { type RocFigureOptions, rocCurve } from './roc-curve';
export type { Matrix, Numbers } from './values';
export { writeReport } from './write-report';
