// The metrics of a fit.
import { rangeError } from '../errors';
import { type CurveFigureOptions, checkCurveFrame, drawCurves } from './curves';
import { figureOptions } from './figure';
import { epochsOf, type History } from './history';

/**
 * The metrics of each epoch as a figure, SVG text, together with those of `trainMetrics`.
 *
 * `history` is the result of `train.fit`. It needs the package `echarts`, as `lossCurves` does. A RangeError for a history without metrics.
 *
 * @example
 * report.metricCurves({ loss: [2, 1], metrics: { accuracy: [0.5, 0.75] } }).startsWith('<svg'); // true
 */
export function metricCurves(history: History, options?: CurveFigureOptions): string {
  const where = 'report.metricCurves';
  const frame = checkCurveFrame(where, figureOptions(where, options, 'Metrics', { scale: 'auto', initialEpoch: 0 }));
  const { metrics, trainMetrics, bestEpoch } = epochsOf(where, history);
  const curves = [...metrics, ...trainMetrics.map(([name, values]) => [`${name} (training)`, values] as const)];
  if (curves.length === 0) throw rangeError(where, 'the history has no metrics');
  return drawCurves(where, frame, curves.length === 1 ? curves[0]![0] : 'value', curves, bestEpoch);
}
