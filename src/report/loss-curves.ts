// The losses of a fit.
import { type CurveFigureOptions, checkCurveFrame, drawCurves } from './curves';
import { figureOptions } from './figure';
import { epochsOf, type History } from './history';

/**
 * The losses of a fit as a figure, SVG text: the training loss and the validation loss (if any) of each epoch, with the best epoch marked.
 *
 * `history` is the result of `train.fit`, or `{ loss, validationLoss, bestEpoch }`. A loss that is NaN or infinite is a gap, and is counted in the remark below
 * the title.
 *
 * It needs the package `echarts`, which is loaded in the first call: a SimdnnError `SIMDNN_PACKAGE` if it is not installed. A RangeError without epochs.
 *
 * @example
 * const svg = report.lossCurves({ loss: [2, 1, 0.5], validationLoss: [2.5, 1.5, 1.75], bestEpoch: 2 });
 * svg.startsWith('<svg'); // true
 */
export function lossCurves(history: History, options?: CurveFigureOptions): string {
  const where = 'report.lossCurves';
  const frame = checkCurveFrame(where, figureOptions(where, options, 'Loss', { scale: 'auto', initialEpoch: 0 }));
  const { loss, validationLoss, bestEpoch } = epochsOf(where, history);
  const curves: [string, readonly number[]][] = [['training', loss]];
  if (validationLoss !== null) curves.push(['validation', validationLoss]);
  return drawCurves(where, frame, 'loss', curves, bestEpoch);
}
