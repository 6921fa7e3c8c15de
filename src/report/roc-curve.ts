// Receiver operating characteristics.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import type { ROCCurve } from '../metrics';
import { legendBelow, line, numberAxis } from './axes';
import { draw, type FigureOptions, figureOptions } from './figure';
import { colors } from './palette';
import { counted, grouped } from './text';
import { thinnedPath } from './thin';
import { classNamesOf, labelsOf, type Numbers, numbersOf } from './values';

/** The options of `rocCurve`. */
export interface RocFigureOptions extends FigureOptions {
  /** The names of the classes, one for each curve; by default their numbers. */
  classNames?: readonly (string | number)[] | null;
  /** The areas under the curves, as `metrics.AUROC` returns them with `average: "none"`; by default those under the points of each curve. */
  areas?: Numbers;
  /** The largest number of curves, 1 to 8; of more curves those with the smallest areas are drawn (8). */
  maxCurves?: number;
}

interface Curve {
  name: string;
  fpr: Float64Array;
  tpr: Float64Array;
  area: number;
}

function rateOf(where: string, name: string, value: unknown): Float64Array {
  const rates = numbersOf(where, name, value);
  const odd = rates.findIndex((rate) => !(rate >= 0 && rate <= 1));
  if (odd >= 0) throw rangeError(where, `expected ${name} from 0 to 1, got ${rates[odd]} at position ${odd}`);
  return rates;
}

function areaUnder(fpr: Float64Array, tpr: Float64Array): number {
  let area = 0;
  for (let i = 1; i < fpr.length; i++) area += ((fpr[i]! - fpr[i - 1]!) * (tpr[i]! + tpr[i - 1]!)) / 2;
  return area;
}

function curvesOf(where: string, given: unknown, names: unknown, areas: unknown): Curve[] {
  const list = Array.isArray(given) ? given : [given];
  if (list.length === 0) throw rangeError(where, 'there is no curve');
  const known = areas === undefined ? null : numbersOf(where, 'areas', areas);
  if (known !== null && known.length !== list.length) throw rangeError(where, `expected ${list.length} areas, got ${known.length}`);
  const labels =
    Array.isArray(given) || (names !== undefined && names !== null) ? labelsOf(classNamesOf(where, names, list.length)) : ['scores'];
  return list.map((curve: Partial<ROCCurve> | null, i) => {
    if (typeof curve !== 'object' || curve === null)
      throw typeError(where, `expected what metrics.ROC gives, got ${describe(curve)}`, '{ fpr, tpr }, or a list of such');
    const [fpr, tpr] = [rateOf(where, 'fpr', curve.fpr), rateOf(where, 'tpr', curve.tpr)];
    if (fpr.length !== tpr.length || fpr.length === 0)
      throw rangeError(where, `expected fpr and tpr of the same points, got ${fpr.length} and ${tpr.length}`);
    return { name: labels[i]!, fpr, tpr, area: known?.[i] ?? areaUnder(fpr, tpr) };
  });
}

// Without targets of both kinds a rate is 0 everywhere, and the curve is meaningless.
const isCurve = ({ fpr, tpr }: Curve): boolean => fpr.at(-1)! > 0 && tpr.at(-1)! > 0;

/**
 * Receiver operating characteristics as a figure, SVG text: the true positive rate over the false positive rate, with the area under each curve.
 *
 * `curves` is the result of `metrics.ROC`: one `{ fpr, tpr }`, or one for each class. Of more than `maxCurves` those with the smallest areas are drawn. A curve
 * without targets, or with only targets, is omitted, and the remark below the title says so. Points closer than half a pixel are merged. It needs the package
 * `echarts`, as `lossCurves` does. A RangeError for rates outside [0, 1].
 *
 * @example
 * const roc = new metrics.ROC({ task: 'binary' });
 * roc.update(tensor([0.125, 0.5, 0.25, 0.75]), tensor(Int32Array.of(0, 0, 1, 1)));
 * report.rocCurve(roc.compute()).includes('area 0.75'); // true
 */
export function rocCurve(
  curves: Pick<ROCCurve, 'fpr' | 'tpr'> | readonly Pick<ROCCurve, 'fpr' | 'tpr'>[],
  options?: RocFigureOptions,
): string {
  const where = 'report.rocCurve';
  const frame = figureOptions<RocFigureOptions>(where, options, 'ROC', { classNames: undefined, areas: undefined, maxCurves: 8 });
  const maxCurves = checkInteger(where, 'maxCurves', frame.maxCurves, 1, 8);
  const all = curvesOf(where, curves, frame.classNames, frame.areas);
  const usable = all.filter(isCurve);
  const shown =
    usable.length <= maxCurves
      ? usable
      : [...usable.entries()]
          .sort(([i, a], [j, b]) => a.area - b.area || i - j)
          .slice(0, maxCurves)
          .map(([, curve]) => curve);
  const remarks = [
    ...(shown.length < usable.length ? [`The ${grouped(shown.length)} of ${grouped(usable.length)} with the smallest areas.`] : []),
    ...(usable.length < all.length ? [`${counted(all.length - usable.length, 'class')} without rows of both kinds left out.`] : []),
  ];
  const names = shown.map(({ name, area }) => `${name}: area ${Number(area.toFixed(4))}`);
  const side = Math.min(frame.width - 110, 460);
  const { legend, height } = legendBelow(names, frame.width);
  const below = 60 + height;
  const rate = (name: string) => numberAxis(name, { min: 0, max: 1, scale: false });
  return draw(where, frame, side + below + 76, remarks.join(' '), {
    grid: { left: 68, top: remarks.length > 0 ? 72 : 56, width: side, bottom: below },
    legend,
    xAxis: { ...rate('false positive rate'), nameGap: 26 },
    yAxis: { ...rate('true positive rate'), nameGap: 40 },
    series: [
      ...shown.map(({ fpr, tpr }, i) => line(names[i]!, thinnedPath(fpr, tpr, 0.5 / side), i, { showSymbol: false })),
      {
        ...line(
          'chance',
          [
            [0, 0],
            [1, 1],
          ],
          0,
          { showSymbol: false },
        ),
        lineStyle: { color: colors.muted, width: 1, type: 'dotted' },
      },
    ],
  });
}
