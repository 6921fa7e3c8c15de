// Draws predicted over true values of a regression.
import { rangeError } from '../errors';
import { axisUnit, inUnit, numberAxis } from './axes';
import { draw, type FigureOptions, figureOptions } from './figure';
import { colors, seriesColor } from './palette';
import { counted, grouped } from './text';
import { thinnedPoints } from './thin';
import { type Numbers, numbersOf } from './values';

const mostPoints = 3000;
const largest = 1e100; // beyond this the arithmetic of an axis overflows

const dotAt = ([x, y]: [number, number]): string => `M${x.toFixed(1)} ${y.toFixed(1)}h0.01`;

/**
 * The predictions of a regression over the true values as a figure, SVG text; correct predictions are on the diagonal.
 *
 * preds and target are numbers, `[n]` or `[n, 1]`. Rows with a number that is NaN or infinite (beyond 1e100) are omitted, and counted in the remark below the
 * title. Of points at the same position one is drawn, and at most 3,000 in all. It needs the package `echarts`, as `lossCurves` does. A RangeError for lists of
 * different lengths and for empty ones.
 *
 * @example
 * report.predictions(tensor([1.5, 2.5]), tensor([1, 3])).startsWith('<svg'); // true
 */
export function predictions(preds: Numbers, target: Numbers, options?: FigureOptions): string {
  const where = 'report.predictions';
  const frame = figureOptions<FigureOptions>(where, options, 'Predicted and true values', {});
  const [yGiven, xGiven] = [numbersOf(where, 'preds', preds), numbersOf(where, 'target', target)];
  if (xGiven.length !== yGiven.length) {
    throw rangeError(where, `expected preds and target of the same length, got ${yGiven.length} and ${xGiven.length}`);
  }
  if (xGiven.length === 0) throw rangeError(where, 'there are no samples');
  const within = [...xGiven.keys()].filter((i) => Math.abs(xGiven[i]!) <= largest && Math.abs(yGiven[i]!) <= largest);
  const unit = axisUnit(within.flatMap((i) => [xGiven[i]!, yGiven[i]!]));
  const [x, y] = [xGiven, yGiven].map((values) => (unit === 1 ? values : Array.from(values, (value) => value / unit))) as [
    typeof xGiven,
    typeof yGiven,
  ];
  const finite = within;
  let [low, high] = [Infinity, -Infinity];
  for (const i of finite) [low, high] = [Math.min(low, x[i]!, y[i]!), Math.max(high, x[i]!, y[i]!)];
  if (finite.length === 0) [low, high] = [0, 1];
  // A margin around the points, and around numbers that are all equal.
  const size = Math.max(Math.abs(low), Math.abs(high));
  const room = high - low > 1e-9 * size && high - low > 1 / largest ? (high - low) * 0.04 : Math.max(1, 0.1 * size);
  const axis = {
    min: low - room,
    max: high + room,
    axisLabel: { color: colors.muted, formatter: inUnit(unit), hideOverlap: true, showMinLabel: false, showMaxLabel: false },
  };
  const [fx, fy] = [finite.map((i) => x[i]!), finite.map((i) => y[i]!)];
  const apart = thinnedPoints(fx, fy, { low, high }, 240);
  const step = Math.max(1, apart.length / mostPoints);
  const shown = Array.from({ length: Math.min(apart.length, mostPoints) }, (_, k) => apart[Math.floor(k * step)]!);
  const lost = x.length - finite.length;
  const remarks = [
    ...(lost > 0 ? [`${counted(lost, 'row')} without finite numbers left out.`] : []),
    ...(apart.length > shown.length ? [`${grouped(shown.length)} of ${counted(finite.length, 'row')} drawn.`] : []),
  ];
  const side = Math.min(frame.width - 130, 460);
  return draw(where, frame, side + 130, remarks.join(' '), {
    grid: { left: 84, top: remarks.length > 0 ? 72 : 56, width: side, bottom: 62 },
    xAxis: { ...numberAxis('true', axis), nameGap: 28 },
    yAxis: { ...numberAxis('predicted', axis), nameGap: 64 },
    series: [
      {
        // A single path of round line ends without lines, which needs a tenth of the text of as many circles.
        type: 'custom',
        silent: true,
        data: shown.length === 0 ? [] : [[low, low]],
        renderItem: (_: unknown, api: { coord(at: [number, number]): [number, number] }) => ({
          type: 'path',
          shape: { pathData: shown.map((k) => dotAt(api.coord([fx[k]!, fy[k]!]))).join('') },
          style: { fill: 'none', stroke: seriesColor(0), lineWidth: 4, lineCap: 'round', opacity: 0.7 },
        }),
      },
      {
        type: 'line',
        silent: true,
        showSymbol: false,
        data: [
          [low, low],
          [high, high],
        ],
        lineStyle: { color: colors.muted, width: 1, type: 'dashed' },
      },
    ],
  });
}
