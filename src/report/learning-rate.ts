// The learning rate of a fit.
import { rangeError } from '../errors';
import { type CurveFigureOptions, checkCurveFrame, drawCurves } from './curves';
import { figureOptions } from './figure';
import { epochsOf, type History } from './history';

/**
 * The learning rate of each epoch's last step as a figure, SVG text.
 *
 * `history` is the result of `train.fit`; `scale` is `"linear"` by default. It needs the package `echarts`, as `lossCurves` does. A RangeError for a history
 * without `lr`.
 *
 * @example
 * report.learningRate({ loss: [2, 1], lr: [0.1, 0.05] }).startsWith('<svg'); // true
 */
export function learningRate(history: History, options?: CurveFigureOptions): string {
  const where = 'report.learningRate';
  const frame = checkCurveFrame(where, figureOptions(where, options, 'Learning rate', { scale: 'linear', initialEpoch: 0 }));
  const { lr } = epochsOf(where, history);
  if (lr === null) throw rangeError(where, 'the history has no lr');
  return drawCurves(where, frame, 'learning rate', [['learning rate', lr]]);
}
