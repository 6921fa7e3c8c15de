// Draws figures over epochs.
import { checkInteger, checkOneOf } from '../errors';
import { type AxisScale, axisUnit, inUnit, isLogarithmic, legendBelow, line, numberAxis } from './axes';
import { type Drawing, draw, type FigureOptions, type Frame } from './figure';
import { colors } from './palette';
import { counted } from './text';
import { thinnedLine } from './thin';
import { labelsOf } from './values';

/** The options of the figures over epochs. */
export interface CurveFigureOptions extends FigureOptions {
  /** The scale of the values: linear, logarithmic, or (`"auto"`) logarithmic if all are positive and the largest is at least a hundred times the smallest. */
  scale?: AxisScale;
  /** The number of epochs before, as `initialEpoch` of `train.fit` (0). */
  initialEpoch?: number;
}

/** The checked options of curves. */
export interface CurveFrame extends Frame {
  scale: AxisScale;
  initialEpoch: number;
}

/** Throws for invalid options. */
export function checkCurveFrame(where: string, o: Frame & { scale: unknown; initialEpoch: unknown }): CurveFrame {
  const scale = checkOneOf(where, 'scale', o.scale, ['auto', 'linear', 'log']);
  return { ...o, scale, initialEpoch: checkInteger(where, 'initialEpoch', o.initialEpoch) };
}

// Beyond these bounds the arithmetic of an axis overflows, or has no digits left.
const largest = 1e100;
const smallest = 1e-100;

// The range of the lines alone would be empty if all numbers are equal.
const spread = (name: string, log: boolean, unit: number): Drawing =>
  log
    ? numberAxis(name, { type: 'log', minorSplitLine: { show: false } })
    : numberAxis(name, { axisLabel: { color: colors.muted, formatter: inUnit(unit), hideOverlap: true } });

const bestMark = (epoch: number): Drawing => ({
  silent: true,
  symbol: 'none',
  animation: false,
  lineStyle: { color: colors.muted, type: 'dotted', width: 1 },
  label: { formatter: () => `best: ${epoch}`, color: colors.muted, fontSize: 11 },
  data: [{ xAxis: epoch }],
});

/** Draws lists of numbers, one number for each epoch, as lines. */
export function drawCurves(
  where: string,
  frame: CurveFrame,
  yName: string,
  curves: readonly (readonly [string, readonly number[]])[],
  bestEpoch = 0,
): string {
  const all = curves.flatMap(([, values]) => values);
  const log = isLogarithmic(
    frame.scale,
    all.filter((value) => Math.abs(value) <= largest),
  );
  const unit = log ? 1 : axisUnit(all.filter((value) => Math.abs(value) <= largest));
  const shown = (value: number): number | null => {
    if (!(Math.abs(value) <= largest) || (log && value < smallest)) return null;
    return Math.abs(value) < smallest ? 0 : value / unit;
  };
  const count = curves[0]![1].length;
  const [first, last] = [frame.initialEpoch + 1, frame.initialEpoch + count];
  const names = labelsOf(curves.map(([name]) => name));
  const lost = curves.flatMap(([, values], i) => {
    const missing = values.filter((value) => shown(value) === null).length;
    const why = values.every((value) => Math.abs(value) <= largest) ? 'not above 0' : 'NaN or infinite';
    return missing === 0 ? [] : [`${names[i]}: ${counted(missing, 'epoch')} ${why}`];
  });
  const series = curves.map(([, values], i) => {
    const points = values.map((value, k) => [first + k, shown(value)] as const);
    return line(names[i]!, thinnedLine(points), i, {
      // A point between two gaps has no line, so it is drawn as a point.
      showSymbol: count <= 40 || points.every(([, value], k) => value === null || k % 2 === 0),
      ...(i === 0 && bestEpoch >= first && bestEpoch <= last && count > 1 && { markLine: bestMark(bestEpoch) }),
    });
  });
  const ends = count === 1 ? { min: first - 1, max: last + 1 } : { min: first, max: last };
  const { legend, height } = legendBelow(curves.length > 1 ? names : [], frame.width);
  return draw(where, frame, 318 + height, lost.join('; '), {
    grid: { left: 68, right: 28, top: lost.length > 0 ? 76 : 60, bottom: 50 + height },
    legend,
    xAxis: numberAxis('epoch', { ...ends, minInterval: 1, nameGap: 26, splitLine: { show: false } }),
    yAxis: {
      ...spread(labelsOf([yName])[0]!, log, unit),
      nameGap: 52,
      ...(all.every((value) => shown(value) === null) && { min: 0, max: 1 }),
    },
    series,
  });
}
