// Draws how often each class was predicted as each class.
import { checkInteger, rangeError } from '../errors';
import { nameAxis } from './axes';
import { draw, type FigureOptions, figureOptions } from './figure';
import { cellColors, colors } from './palette';
import { counted, grouped, shortNumber } from './text';
import { classNamesOf, labelsOf, type Matrix, matrixOf, type Rows } from './values';

/** The options of `confusionMatrix`. */
export interface ConfusionFigureOptions extends FigureOptions {
  /** The names of the classes; by default their numbers. */
  classNames?: readonly (string | number)[] | null;
  /** The number of classes with their own row and column, 2 to 100; with more classes, those with the most errors, and the others share one (25). */
  maxClasses?: number;
}

// The counts of the `chosen` classes, followed by those of all others together.
function gathered({ rows, values }: Rows, chosen: readonly number[]): Rows {
  const size = chosen.length + 1;
  const placeOf = new Int32Array(rows).fill(chosen.length);
  for (const [place, c] of chosen.entries()) placeOf[c] = place;
  const out = new Float64Array(size * size);
  values.forEach((count, i) => {
    out[placeOf[Math.floor(i / rows)]! * size + placeOf[i % rows]!]! += count;
  });
  return { rows: size, columns: size, values: out };
}

// For each class the samples that were predicted as others, and those of others that were predicted as it.
function errorsOf({ rows, values }: Rows): Float64Array {
  const errors = new Float64Array(rows);
  values.forEach((count, i) => {
    const [wanted, guess] = [Math.floor(i / rows), i % rows];
    if (wanted === guess) return;
    errors[wanted]! += count;
    errors[guess]! += count;
  });
  return errors;
}

/** The argument by which echarts describes a cell. */
interface CellApi {
  value(dimension: number): number;
  coord(at: [number, number]): [number, number];
  size(of: [number, number]): [number, number];
}

function cellAt(api: CellApi, share: number, isNumbered: boolean): object {
  const [x, y] = api.coord([api.value(0), api.value(1)]);
  const [width, height] = api.size([1, 1]);
  const { fill, ink } = cellColors(share);
  return {
    type: 'rect',
    shape: { x: x - width / 2, y: y - height / 2, width, height },
    style: { fill, stroke: colors.surface, lineWidth: 1 },
    ...(isNumbered && {
      textContent: { type: 'text', style: { text: shortNumber(api.value(2)), fill: ink, fontSize: 11 } },
      textConfig: { position: 'inside' },
    }),
  };
}

/**
 * A confusion matrix as a figure, SVG text: rows are true classes and columns predicted ones; the color of a cell is its share of its row.
 *
 * `matrix` is the result of `metrics.ConfusionMatrix`, `[classes, classes]`, counts or (normalized) shares. With more than `maxClasses` classes, those with the
 * most errors have their own rows and columns, and the others share one. It needs the package `echarts`, as `lossCurves` does. A RangeError for a matrix that
 * is not square, is empty or has negative values.
 *
 * @example
 * const svg = report.confusionMatrix(tensor([[5, 1], [0, 4]]), { classNames: ['cat', 'dog'] });
 * svg.includes('>cat</text>'); // true
 */
export function confusionMatrix(matrix: Matrix, options?: ConfusionFigureOptions): string {
  const where = 'report.confusionMatrix';
  const frame = figureOptions<ConfusionFigureOptions>(where, options, 'Confusion matrix', { classNames: undefined, maxClasses: 25 });
  const maxClasses = checkInteger(where, 'maxClasses', frame.maxClasses, 2, 100);
  const whole = matrixOf(where, 'matrix', matrix);
  if (whole.rows === 0 || whole.rows !== whole.columns)
    throw rangeError(where, `expected matrix [classes, classes], got [${whole.rows}, ${whole.columns}]`);
  const odd = whole.values.findIndex((count) => !(count >= 0 && count < Infinity));
  if (odd >= 0)
    throw rangeError(where, `expected counts, got ${whole.values[odd]} at [${Math.floor(odd / whole.rows)}, ${odd % whole.rows}]`);
  const names = classNamesOf(where, frame.classNames, whole.rows);

  let [shown, labels, remark] = [whole, labelsOf(names), ''];
  if (whole.rows > maxClasses) {
    const errors = errorsOf(whole);
    const order = [...errors.keys()].sort((a, b) => errors[b]! - errors[a]! || a - b).slice(0, maxClasses - 1);
    const chosen = order.sort((a, b) => a - b);
    shown = gathered(whole, chosen);
    labels = [...labelsOf(chosen.map((c) => names[c]!)), `${grouped(whole.rows - chosen.length)} others`];
    remark = `The ${counted(chosen.length, 'class')} of ${grouped(whole.rows)} with the most errors; the others together.`;
  }
  const size = shown.rows;
  const sums = Array.from({ length: size }, (_, i) => shown.values.subarray(i * size, (i + 1) * size).reduce((a, b) => a + b, 0));
  const cell = Math.max(18, Math.min(72, Math.floor((frame.width - 190) / size)));
  const isNumbered = cell >= 30 && size <= 16;
  const shareOf = (i: number): number => {
    const sum = sums[Math.floor(i / size)]!;
    return sum > 0 ? shown.values[i]! / sum : 0;
  };
  const longest = Math.max(...labels.map((label) => label.length));
  const slanted = longest * 7 > cell;
  const below = slanted ? Math.min(130, 16 + longest * 4.4) : 26;
  const left = Math.min(190, 44 + longest * 7);
  return draw(where, frame, cell * size + below + 110, remark, {
    grid: { left, top: remark === '' ? 52 : 68, width: Math.min(frame.width - left - 24, cell * size), bottom: below + 30 },
    xAxis: nameAxis('predicted', labels, {
      nameGap: below + 4,
      axisLabel: { color: colors.muted, interval: 0, rotate: slanted ? 45 : 0, fontSize: 11 },
    }),
    yAxis: nameAxis('true', labels, { inverse: true, nameGap: left - 24, axisLabel: { color: colors.muted, interval: 0, fontSize: 11 } }),
    series: [
      {
        type: 'custom',
        silent: true,
        data: Array.from(shown.values, (count, i) => [i % size, Math.floor(i / size), count]).filter(
          ([, , count]) => isNumbered || count! > 0,
        ),
        renderItem: (_: unknown, api: CellApi) => cellAt(api, shareOf(api.value(1) * size + api.value(0)), isNumbered),
      },
    ],
  });
}
