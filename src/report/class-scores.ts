// Precision, recall and F1 of each class.
import { checkInteger, rangeError } from '../errors';
import { F1Score, Precision, Recall } from '../metrics';
import { checkTensor, type Tensor } from '../tensor';
import { legendBelow, nameAxis, numberAxis, textWidth } from './axes';
import { draw, type FigureOptions, figureOptions } from './figure';
import { colors, seriesColor } from './palette';
import { counted, grouped } from './text';
import { classNamesOf, labelsOf } from './values';

// A class needs a name, four figures and counts, so that a mistaken label of two billion would use up all memory.
const mostClasses = 1_000_000;

/** The options of `classScores`. */
export interface ScoreFigureOptions extends FigureOptions {
  /** The names of the classes; by default their numbers. */
  classNames?: readonly (string | number)[] | null;
  /** The number of classes; by default that of classNames, of columns of scores, or the largest class plus 1; at most a million. */
  numClasses?: number;
  /** The largest number of classes to show, 1 to 100; with more classes, those with the smallest F1 are shown (25). */
  maxClasses?: number;
}

/** The scores of one class. */
export interface ClassScore {
  precision: number;
  recall: number;
  f1: number;
  /** The number of rows of this class. */
  support: number;
}

/** Precision, recall and F1 of each class, computed by the library's metrics. */
export function scoresOf(preds: Tensor, target: Tensor, numClasses: number): ClassScore[] {
  // Metrics of several classes need at least two.
  const options = { task: 'multiclass', average: 'none', numClasses: Math.max(2, numClasses) } as const;
  const [precision, recall, f1] = [new Precision(options), new Recall(options), new F1Score(options)].map((metric) => {
    metric.update(preds, target);
    return metric.compute().data;
  });
  const support = new Float64Array(numClasses);
  for (const c of target.ints) support[c]!++;
  return Array.from({ length: numClasses }, (_, c) => ({
    precision: precision![c]!,
    recall: recall![c]!,
    f1: f1![c]!,
    support: support[c]!,
  }));
}

function classesIn(preds: Tensor, target: Tensor): number {
  let most = preds.shape.length === 2 ? preds.shape[1]! - 1 : -1;
  for (const { ints } of preds.dtype === 'int32' ? [preds, target] : [target]) for (const c of ints) most = Math.max(most, c);
  return most + 1;
}

/**
 * Precision, recall and F1 of each class as a figure, SVG text.
 *
 * preds are int32 classes `[n]` or float32 scores `[n, classes]`, target is int32 `[n]`, as for `metrics.classificationReport`. With more than `maxClasses`
 * classes, those with the smallest F1 are shown. It needs the package `echarts`, as `lossCurves` does. A RangeError for invalid classes and without samples.
 *
 * @example
 * const [preds, target] = [tensor(Int32Array.of(0, 1, 1)), tensor(Int32Array.of(0, 1, 0))];
 * report.classScores(preds, target, { classNames: ['cat', 'dog'] }).startsWith('<svg'); // true
 */
export function classScores(preds: Tensor, target: Tensor, options?: ScoreFigureOptions): string {
  const where = 'report.classScores';
  const frame = figureOptions<ScoreFigureOptions>(where, options, 'Scores of the classes', {
    classNames: undefined,
    numClasses: undefined,
    maxClasses: 25,
  });
  const maxClasses = checkInteger(where, 'maxClasses', frame.maxClasses, 1, 100);
  checkTensor(where, 'preds', preds);
  checkTensor(where, 'target', target, 'int32');
  if (target.numel === 0) throw rangeError(where, 'there are no samples');
  const given = Array.isArray(frame.classNames) ? frame.classNames.length : undefined;
  const numClasses = checkInteger(where, 'numClasses', frame.numClasses ?? given ?? classesIn(preds, target), 1, mostClasses);
  const names = classNamesOf(where, frame.classNames, numClasses);
  const found = classesIn(preds, target);
  if (found > numClasses) throw rangeError(where, `expected classes from 0 to ${numClasses - 1}, got ${found - 1}`);
  return drawScores(where, { ...frame, maxClasses }, names, scoresOf(preds, target, numClasses));
}

/** Draws given scores. */
export function drawScores(
  where: string,
  frame: Parameters<typeof draw>[1] & { maxClasses: number },
  names: readonly string[],
  scores: readonly ClassScore[],
): string {
  const isPart = scores.length > frame.maxClasses;
  const all = [...scores.keys()].filter((c) => !isPart || scores[c]!.support > 0);
  const shown = isPart ? all.sort((a, b) => scores[a]!.f1 - scores[b]!.f1 || a - b).slice(0, frame.maxClasses) : all;
  const remark = isPart ? `The ${grouped(shown.length)} with the smallest F1 of ${counted(all.length, 'class')} that occur.` : '';
  const labels = labelsOf(shown.map((c) => names[c]!));
  const kinds = [
    ['precision', 'precision'],
    ['recall', 'recall'],
    ['F1', 'f1'],
  ] as const;
  const longest = Math.max(...labels.map(textWidth));
  const { legend, height } = legendBelow(
    kinds.map(([name]) => name),
    frame.width,
  );
  return draw(where, frame, 108 + height + 34 * shown.length, remark, {
    grid: { left: Math.min(24 + longest, frame.width / 2), right: 48, top: isPart ? 64 : 48, bottom: 36 + height },
    legend: { ...legend, icon: 'rect', itemWidth: 12, itemHeight: 10 },
    xAxis: numberAxis('', { min: 0, max: 1, scale: false }),
    yAxis: nameAxis('', labels, { inverse: true, axisLabel: { color: colors.muted, interval: 0, fontSize: 11 } }),
    series: kinds.map(([name, kind], i) => ({
      type: 'bar',
      name,
      silent: true,
      data: shown.map((c) => scores[c]![kind]),
      barGap: '10%',
      barCategoryGap: '30%',
      itemStyle: { color: seriesColor(i) },
      label: {
        show: kind === 'f1',
        position: 'right',
        color: colors.muted,
        fontSize: 10,
        formatter: ({ value }: { value: number }) => value.toFixed(2),
      },
    })),
  });
}
